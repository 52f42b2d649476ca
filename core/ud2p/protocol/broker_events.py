"""What a broker connection tells its driver, beside the messages themselves; and its deadlines."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from ud2p.protocol.messages import Message


class Times(msgspec.Struct, frozen=True):
    """The deadlines of a connection, in seconds."""

    first_byte_s: float = 5.0
    """Until the first byte of TLS; who is silent for so long waits for a plain greeting, and is told (broker)."""
    tls_s: float = 10.0
    """Until TLS is done (broker; a client counts it into its 10 s for connecting)."""
    login_s: float = 10.0
    """Until the client's ``$HI$`` (broker); until the greeting, and then until the answer to ``$HI$`` (client)."""
    line_s: float = 10.0
    """From the first byte of a line to its last."""
    ping_after_s: float = 25.0
    """How long either direction may be idle before the client pings."""
    pong_s: float = 15.0
    """How long the client waits for a sign of life after a ping."""
    silence_s: float = 90.0
    """How long a client may be silent."""


TIMES = Times()


class BadInput(msgspec.Struct, frozen=True):
    """The other side sent what the protocol does not allow. Seen from a client, the connection is over."""

    code: str
    reason: str
    """A sentence. It may quote the other side: pass it through the gate before it is shown."""
    fatal: bool


class WrongService(msgspec.Struct, frozen=True):
    """What answers at this address does not speak as a broker does; the connection is over."""

    what: str
    """What it looks like: ``an SSH server``, or ``something else`` where that can't be told."""


class ConnectionLost(msgspec.Struct, frozen=True):
    """The last event of all: nothing more comes in, nothing more may be sent."""

    reason: str
    """A sentence."""
    clean: bool
    """Whether one side had said that it ends here (``$E$``, or a refused login)."""


Event: TypeAlias = Message | BadInput | WrongService | ConnectionLost
