"""Many clients of a broker in one process: blocking sockets, one line at a time, as little work as can be, so that what
is measured is the other side.

    python -m tests.bench.ends.line_load PORT [tls]
"""

from __future__ import annotations

import asyncio
import hashlib
import resource
import socket
import ssl
import struct
import sys
import time
from base64 import b64decode, b64encode

from tests.bench.ends.orders import obey
from tests.support.identities import identity_of
from tests.support.raw_client import any_broker

from ud2p.protocol.login import sign_login

AT_ONCE = 100
"""Clients that log in together."""
WAIT_S = 20.0
LOGIN = '$HI$ {{"id":1,"version":1,"name":"{}","identity":"{}","signature":"{}"}}\n'
REQUESTS = {"ping": b'$PING$ {"id":%d}\n', "list": b'$L$ {"id":%d,"limit":50}\n'}
RESET = struct.pack("ii", 1, 0)
"""For SO_LINGER: gone at once, so that no port of this machine is kept for a minute."""


class Crowd:
    """Clients that are logged in."""

    def __init__(self, port: int, context: ssl.SSLContext | None) -> None:
        """:param context: for TLS; None is plain text"""
        self._address = ("127.0.0.1", port)
        self._context = context
        self._sockets: list[socket.socket] = []

    async def login(self, count: int) -> dict[str, object]:
        """Let so many more connect and log in; the seconds until the last one was welcome."""
        began = time.perf_counter()
        for first in range(0, count, AT_ONCE):
            self._login(min(AT_ONCE, count - first))
        return {"seconds": time.perf_counter() - began}

    async def ask(self, what: str, clients: int, rounds: int) -> dict[str, object]:
        """Let the last ``clients`` ask ``rounds`` times each, one request under way at a time; the seconds it took."""
        asking = self._sockets[-clients:]
        request = REQUESTS[what]
        began = time.perf_counter()
        for sock in asking:
            sock.sendall(request % 1)
        for number in range(2, rounds + 1):
            line = request % number
            for sock in asking:
                _read_line(sock)
                sock.sendall(line)
        for sock in asking:
            assert b'"re":%d' % rounds in _read_line(sock)
        return {"seconds": time.perf_counter() - began}

    async def leave(self) -> None:
        """Let everybody go."""
        while self._sockets:
            sock = self._sockets.pop()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            sock.close()

    def _login(self, count: int) -> None:
        first = len(self._sockets)
        newcomers = [self._connect() for _ in range(count)]
        self._sockets += newcomers
        for number, sock in enumerate(newcomers, first):
            greeting = _read_line(sock)
            assert greeting.startswith(b"$HI$")
            nonce = b64decode(greeting.partition(b'"nonce":"')[2].partition(b'"')[0])
            sock.sendall(_login(f"c{number:05}", nonce, _certificate_hash(sock)))
        for sock in newcomers:
            assert b'"udp_port"' in _read_line(sock)

    def _connect(self) -> socket.socket:
        sock = socket.create_connection(self._address, WAIT_S)
        return sock if self._context is None else self._context.wrap_socket(sock)


def _certificate_hash(sock: socket.socket) -> bytes:
    if not isinstance(sock, ssl.SSLSocket):
        return b""
    return hashlib.sha256(sock.getpeercert(binary_form=True) or b"").digest()


def _login(name: str, nonce: bytes, certificate_hash: bytes) -> bytes:
    """A login of somebody who has that name alone."""
    identity = identity_of(name)
    keys = identity.public_keys
    signature = sign_login(identity.login_key, nonce, certificate_hash, name, keys)
    return LOGIN.format(name, b64encode(keys).decode(), b64encode(signature).decode()).encode()


def _read_line(sock: socket.socket) -> bytes:
    """One line; nothing comes behind it, for nothing more was asked."""
    data = sock.recv(1 << 16)
    while not data.endswith(b"\n"):
        more = sock.recv(1 << 16)
        assert more, f"the connection ended; so far: {data!r}"
        data += more
    return data


async def main(port: str, *tls: str) -> None:
    """Obey."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    crowd = Crowd(int(port), any_broker() if tls else None)
    await obey({"files": limit}, login=crowd.login, ask=crowd.ask, leave=crowd.leave)
    await crowd.leave()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
