"""What a client asks its broker, as verbs. Every ``send_*`` of a request returns the request's number, which its answer
carries in ``re``; all raise LocalProtocolError when it may not be asked now or can't be put into a line."""

from __future__ import annotations

from ud2p.protocol.messages import (
    PROTOCOL_VERSION,
    AcceptRequest,
    AvailableRequest,
    InviteRequest,
    LeaveRequest,
    ListRequest,
    Login,
    Message,
    PingRequest,
    RefuseRequest,
    Request,
    Signal,
    StatusRequest,
)

MAX_TEXT = 300
"""What the wire's ``Short`` holds."""


class ClientRequests:
    """The verbs of :class:`ud2p.protocol.broker.BrokerConnection` on a client's side."""

    __slots__ = ()

    @property
    def next_id(self) -> int:
        """The number of the next request."""
        raise NotImplementedError

    def send(self, message: Message, now: float | None = None) -> None:
        """Send any message."""
        raise NotImplementedError

    def _request(self, request: Request, now: float) -> int:
        self.send(request, now)
        return request.id

    def send_login(self, name: str, identity: bytes, signature: bytes, now: float, *, online: bool = True) -> int:
        """``$HI$``. Every ``send_*`` of a request returns its number, which the answer carries in ``re``.

        :param identity: both public keys, 64 bytes
        :param signature: see :func:`ud2p.protocol.login.sign_login`
        """
        login = Login(
            id=self.next_id,
            version=PROTOCOL_VERSION,
            name=name,
            identity=identity,
            signature=signature,
            online=online,
        )
        return self._request(login, now)

    def send_list(self, now: float, *, prefix: str = "", cursor: str = "", limit: int = 50) -> int:
        """``$L$``: everyone connected."""
        return self._request(ListRequest(id=self.next_id, prefix=prefix, cursor=cursor, limit=limit), now)

    def send_available(self, now: float, *, prefix: str = "", cursor: str = "", limit: int = 50) -> int:
        """``$C$``: those who are Online."""
        return self._request(AvailableRequest(id=self.next_id, prefix=prefix, cursor=cursor, limit=limit), now)

    def send_status(self, online: bool, now: float) -> int:
        """``$Stts$``."""
        return self._request(StatusRequest(id=self.next_id, online=online), now)

    def send_invite(self, to: str, offer: bytes, now: float) -> int:
        """``$CON$``."""
        return self._request(InviteRequest(id=self.next_id, to=to, offer=offer), now)

    def send_accept(self, invitation: bytes, offer: bytes, now: float) -> int:
        """``$Y$``; answered by an Introduction or a Refusal."""
        return self._request(AcceptRequest(id=self.next_id, invitation=invitation, offer=offer), now)

    def send_refuse(self, invitation: bytes, now: float, *, reason: str = "") -> int:
        """``$N$``: decline, or withdraw one's own; answered by an InvitationOver or a Refusal."""
        return self._request(RefuseRequest(id=self.next_id, invitation=invitation, reason=reason[:MAX_TEXT]), now)

    def send_signal(self, session: bytes, data: bytes, now: float) -> None:
        """``$SIG$``: opaque bytes for the other one of a session; not answered."""
        self.send(Signal(session=session, data=data), now)

    def send_ping(self, now: float) -> int:
        """``$PING$``, for whoever wants the Pong; the connection pings by itself when it is idle."""
        return self._request(PingRequest(id=self.next_id), now)

    def send_leave(self, now: float) -> int:
        """``$E$``; the broker answers Left and closes."""
        return self._request(LeaveRequest(id=self.next_id), now)
