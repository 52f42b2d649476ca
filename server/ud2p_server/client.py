"""A client as its broker knows it, and the wire to it as the hub sees it."""

from __future__ import annotations

from typing import Protocol

from ud2p.protocol.messages import Message, Refusal, Request, Signal
from ud2p.protocol.refusals import SENTENCES, Code

MAX_TEXT = 300
"""What a sentence on the wire may hold."""


class Link(Protocol):
    """The connection to one client. Nothing here raises, also when the client is gone."""

    def send(self, message: Message) -> None:
        """Send, or drop when the connection is over."""
        ...

    def welcomed(self) -> None:
        """The client is logged in."""
        ...

    def close(self) -> None:
        """Take no more from the client and close once what was sent has gone out."""
        ...

    def queued_bytes(self) -> int:
        """How much waits because the client does not read."""
        ...


class Client:
    """One connection; a client once it has logged in. Small, for there may be many."""

    __slots__ = (
        "address",
        "allowance",
        "allowance_at",
        "gone",
        "host",
        "identity",
        "link",
        "name",
        "nonce",
        "online",
        "port",
        "route",
    )

    def __init__(self, link: Link, host: str, port: int, route: str) -> None:
        """
        :param host: its IP address, in canonical form
        :param port: of its TCP connection
        :param route: unlike that of every other connection
        """
        self.link = link
        self.host = host
        self.port = port
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.route = route
        self.name = ""
        """As it logged in; empty until then."""
        self.nonce = b""
        """What its login has to sign; empty once it has."""
        self.identity = b""
        """Both its public keys; empty until its login."""
        self.online = False
        self.gone = False
        """Whether its connection has ended."""
        self.allowance = 0.0
        """Invitations that it may still make at once, as of :attr:`allowance_at`."""
        self.allowance_at: float | None = None

    def may_invite(self, now: float, burst: int, a_second: float) -> bool:
        """Take one invitation out of the allowance (a token bucket), if one is left."""
        since = self.allowance_at
        self.allowance = burst if since is None else min(burst, self.allowance + (now - since) * a_second)
        self.allowance_at = now
        if self.allowance < 1:
            return False
        self.allowance -= 1
        return True

    def refuse(self, message: Message, code: Code, text: str = "") -> None:
        """Answer a request with ``$ERR$``.

        :param text: what stands in for the code's own sentence
        """
        number = message.id if isinstance(message, Request) else None
        session = message.session if isinstance(message, Signal) else None
        self.link.send(Refusal(code=code, text=(text or SENTENCES[code])[:MAX_TEXT], re=number, session=session))
