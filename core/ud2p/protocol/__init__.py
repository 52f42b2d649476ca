"""The protocol machines of ud2p: bytes and `now` in, bytes, events and deadlines out; no I/O."""
