"""A client that types lines: bytes on a real socket, and what comes back; every wait has a deadline."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import socket
import ssl
from typing import Any

from tests.support.identities import login_fields

from ud2p.identity import Identity

WAIT_S = 10.0


def any_broker() -> ssl.SSLContext:
    """TLS 1.3 with whoever answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


class RawClient:
    """One TCP connection to a broker."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.nonce = b""
        """Of the greeting."""
        self.local_port = int(writer.get_extra_info("sockname")[1])

    @classmethod
    async def connect(
        cls, port: int, *, host: str = "127.0.0.1", source: str = "", receive_buffer: int = 0, tls: bool = False
    ) -> RawClient:
        """
        :param source: the address to come from
        :param tls: through asyncio's own TLS, whoever answers
        """
        sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            sock.bind((source, 0))
        sock.setblocking(False)
        try:
            async with asyncio.timeout(WAIT_S):
                await asyncio.get_running_loop().sock_connect(sock, (host, port))
                context = any_broker() if tls else None
                name = host if tls else None
                reader, writer = await asyncio.open_connection(
                    sock=sock, limit=1 << 20, ssl=context, server_hostname=name
                )
        except BaseException:
            sock.close()
            raise
        return cls(reader, writer)

    @classmethod
    async def login(
        cls, port: int, name: str, *, source: str = "", receive_buffer: int = 0, tls: bool = False, **fields: Any
    ) -> RawClient:
        client = await cls.connect(port, source=source, receive_buffer=receive_buffer, tls=tls)
        assert (await client.line())[0] == "$HI$"
        await client.hi(name, **fields)
        tag, welcome = await client.line()
        assert tag == "$HI$", (tag, welcome)
        return client

    def certificate_hash(self) -> bytes:
        """What a login has to be bound to."""
        tls = self.writer.get_extra_info("ssl_object")
        return b"" if tls is None else hashlib.sha256(tls.getpeercert(binary_form=True)).digest()

    async def hi(self, name: str, identity: Identity | None = None, **fields: Any) -> None:
        """A ``$HI$``, signed; the greeting has been read.

        :param identity: None is the one that belongs to the name
        """
        await self.send(self.hi_line(name, identity, **fields))

    def hi_line(self, name: str, identity: Identity | None = None, **fields: Any) -> bytes:
        """See :meth:`hi`."""
        proof = login_fields(name, self.nonce, self.certificate_hash(), identity)
        return b"$HI$ %s\n" % json.dumps({"id": 1, "version": 1, "name": name, **proof, **fields}).encode()

    async def send(self, data: bytes) -> None:
        """Bytes as they are."""
        self.writer.write(data)
        async with asyncio.timeout(WAIT_S):
            await self.writer.drain()

    async def type(self, tag: str, **fields: Any) -> None:
        """A proper line."""
        await self.send(f"{tag} {json.dumps(fields)}\n".encode())

    async def line(self) -> tuple[str, dict[str, Any]]:
        """The next line, as tag and members."""
        async with asyncio.timeout(WAIT_S):
            line = await self.reader.readline()
        assert line.endswith(b"\n"), f"the end instead of a line: {line!r}"
        tag, _, body = line.decode().partition(" ")
        fields = json.loads(body)
        assert isinstance(fields, dict)
        if tag == "$HI$" and "nonce" in fields:
            self.nonce = base64.b64decode(fields["nonce"])
        return tag, fields

    async def error(self) -> tuple[str, str]:
        """The next line, which is a refusal: its code and sentence."""
        tag, fields = await self.line()
        assert tag == "$ERR$", (tag, fields)
        return fields["code"], fields["text"]

    async def end(self) -> None:
        """Nothing more comes: the broker has closed its side."""
        async with asyncio.timeout(WAIT_S):
            rest = await self.reader.read()
        assert rest == b""

    async def lost(self) -> None:
        """The connection is closed or cut, whatever still came."""
        async with asyncio.timeout(WAIT_S):
            try:
                while await self.reader.read(65536):
                    pass
            except ConnectionError:
                pass

    async def ask(self, tag: str, **fields: Any) -> tuple[str, dict[str, Any]]:
        """A request and its answer."""
        await self.type(tag, **fields)
        return await self.line()

    async def is_served(self) -> bool:
        """Whether the broker answers."""
        return (await self.ask("$PING$", id=999)) == ("$PING$", {"re": 999})

    async def close(self) -> None:
        self.writer.close()
        try:
            async with asyncio.timeout(WAIT_S):
                await self.writer.wait_closed()
        except (ConnectionError, ssl.SSLError):  # asyncio's TLS minds what it was not given time to read
            pass
