"""Which of this machine's addresses faces another one, and whether an address is this machine's."""

from __future__ import annotations

import errno
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


def is_own_address(host: str) -> bool:
    """Whether an IP address is this machine's now; yes, where the system does not say.

    :param host: an IP address, with its zone where it needs one
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
    except OSError as error:
        return error.errno != errno.EADDRNOTAVAIL
    return True
