"""Which of this machine's addresses faces another one."""

from __future__ import annotations

import socket


def local_address_toward(host: str, port: int = 9) -> str:
    """The own IP address from which ``host`` is reached, as the routing table has it; nothing is sent.

    :param host: an IP address
    :raises OSError: when no route leads there
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((host, port))
        return str(probe.getsockname()[0])
