"""What a client has asked its broker and not been answered yet.

An answer is good only if it is of the kind that the request with its number is answered with. Two requests are
answered by a push that carries the invitation instead of the number: that push settles them.
"""

from __future__ import annotations

from collections import deque

from ud2p.protocol.broker_states import ANSWERS
from ud2p.protocol.messages import (
    AcceptRequest,
    Answer,
    Introduction,
    InvitationOver,
    Message,
    Refusal,
    RefuseRequest,
    Request,
)


class Outstanding:
    """The requests of one client that wait for their answers."""

    __slots__ = ("_settled", "next_id", "requests")

    def __init__(self) -> None:
        self.next_id = 1
        self.requests: dict[int, Request] = {}
        self._settled: deque[int] = deque(maxlen=64)

    def add(self, request: Request) -> None:
        """A request was sent."""
        self.requests[request.id] = request
        self.next_id = max(self.next_id, request.id + 1)

    def is_due(self, message: Message) -> bool:
        """Whether it is a push, or the right answer to something asked."""
        if isinstance(message, Answer):
            asked = self.requests.get(message.re)
            return asked is not None and ANSWERS[type(asked)] is type(message)
        if isinstance(message, Refusal) and message.re is not None:
            return message.re in self.requests or message.re in self._settled
        return True

    def settle(self, message: Message) -> bool:
        """Strike out what a due message answers.

        :returns: whether the user should see it; False for the refusal of what a push has settled already
        """
        if isinstance(message, Answer) or (isinstance(message, Refusal) and message.re is not None):
            assert message.re is not None
            return self.requests.pop(message.re, None) is not None
        if isinstance(message, Introduction | InvitationOver):
            self._settle_invitation(message.invitation)
        return True

    def _settle_invitation(self, invitation: bytes) -> None:
        """An invitation is decided: what was asked about it has its answer.

        The push may have crossed the request on its way, in which case the broker refuses the request; so such a
        refusal stays due, and is kept from the user, who has the answer.
        """
        for number, asked in list(self.requests.items()):
            if isinstance(asked, AcceptRequest | RefuseRequest) and asked.invitation == invitation:
                del self.requests[number]
                self._settled.append(number)
