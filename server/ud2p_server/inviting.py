"""Invitations from the question to the introduction, or to their end.

An invitation is accepted only by its target, ended by either side, and expires. One to somebody who has invited oneself
accepts that one: there is never more than one between two clients. Who goes Offline or leaves ends all of
theirs. Both sides are told of every end.
"""

from __future__ import annotations

from collections.abc import Callable

from ud2p.contracts.gate import InviteRequest as Question
from ud2p.networks import counted_as, is_loopback
from ud2p.protocol.messages import (
    AcceptRequest,
    InvitationOver,
    InvitationPush,
    Invited,
    InviteRequest,
    RefuseRequest,
)
from ud2p.protocol.refusals import Code
from ud2p_server.buckets import Buckets
from ud2p_server.client import Client
from ud2p_server.gatekeepers import Gatekeepers
from ud2p_server.introductions import Introductions
from ud2p_server.invitations import Invitation, InvitationBook
from ud2p_server.limits import Limits
from ud2p_server.presence import Presence


class Inviting:
    """Handles ``$CON$``, ``$Y$`` and ``$N$``."""

    def __init__(
        self,
        presence: Presence,
        introductions: Introductions,
        gatekeepers: Gatekeepers,
        limits: Limits,
        random: Callable[[int], bytes],
        *,
        show_addresses: bool,
    ) -> None:
        self._presence = presence
        self._introductions = introductions
        self._gatekeepers = gatekeepers
        self._limits = limits
        self._random = random
        self._show_addresses = show_addresses
        self.book = InvitationBook()
        self._by_address = Buckets(limits.invitations_burst_per_address, limits.invitations_a_second_per_address)

    async def invite(self, client: Client, request: InviteRequest, now: float) -> None:
        """``$CON$``."""
        if not client.online:
            client.refuse(request, Code.OFFLINE)
            return
        if request.to.casefold() == client.name.casefold():
            client.refuse(request, Code.OWN_CLIENT)
            return
        reason = await self._gatekeepers.ask_broker_invite(Question(client.name, request.to))
        if reason is not None:
            client.refuse(request, Code.REFUSED, reason)
            return
        target = await self._presence.find(request.to)
        if client not in self._presence:
            return  # It left, or was replaced, while others were asked.
        if target is None:
            client.refuse(request, Code.UNKNOWN_CLIENT, f"nobody named {request.to} is connected; list shows who is")
        elif not target.online:
            text = f"{target.name} is offline; try again when {target.name} is online"
            client.refuse(request, Code.TARGET_OFFLINE, text)
        else:
            self._ask(client, target, request, now)

    def _ask(self, client: Client, target: Client, request: InviteRequest, now: float) -> None:
        self.handle_timer(now)
        crossing = self.book.between(target, client)
        if crossing is not None:
            client.link.send(self._invited(request, crossing, target, now))
            self._introduce(crossing, request.offer, now)
            return
        refusal = self._why_not(client, target, now)
        if refusal is not None:
            client.refuse(request, *refusal)
            return
        expires_at = now + self._limits.invitation_s
        invitation = Invitation(self._random(16), client, target, request.offer, expires_at)
        self.book.add(invitation)
        client.link.send(self._invited(request, invitation, target, now))
        target.link.send(
            InvitationPush(
                invitation=invitation.id,
                peer=client.name,
                offer=request.offer,
                expires_s=int(self._limits.invitation_s),
                address=client.address if self._show_addresses else None,
            )
        )

    def _invited(self, request: InviteRequest, invitation: Invitation, target: Client, now: float) -> Invited:
        seconds = int(invitation.expires_at - now)
        return Invited(re=request.id, invitation=invitation.id, to=target.name, expires_s=seconds)

    def _why_not(self, client: Client, target: Client, now: float) -> tuple[Code, str] | None:
        """Which limit stands against one more invitation."""
        limits = self._limits
        if self.book.between(client, target) is not None:
            return Code.ALREADY_INVITED, f"{target.name} is invited already; wait for the answer or withdraw it"
        if self.book.outgoing(client) >= limits.outgoing_invitations:
            return Code.TOO_MANY_INVITATIONS, "too many of your invitations wait for an answer; withdraw one or wait"
        if self.book.incoming(target) >= limits.incoming_invitations:
            return Code.TOO_MANY_INVITATIONS, f"too many invitations wait for {target.name}; try again later"
        if target.link.queued_bytes() > limits.busy_bytes:
            return Code.BUSY, f"{target.name} does not keep up with what comes in; try again later"
        if not client.may_invite(now, limits.invitations_burst, limits.invitations_a_second):
            return Code.TOO_MANY_INVITATIONS, "that was one invitation too many in a short time; wait a moment"
        if limits.spares_loopback and is_loopback(client.host):
            return None
        address = counted_as(client.host)
        waiting = self.book.incoming_from(target, lambda host: counted_as(host) == address)
        if waiting >= limits.incoming_invitations_per_address:
            return Code.TOO_MANY_INVITATIONS, f"too many from your address wait for {target.name}; try again later"
        if not self._by_address.take(address, now):
            return Code.TOO_MANY_INVITATIONS, "your address invites too many in a short time; wait a moment"
        return None

    def sweep(self, now: float) -> None:
        """Forget addresses that have been quiet."""
        self._by_address.sweep(now)

    def accept(self, client: Client, request: AcceptRequest, now: float) -> None:
        """``$Y$``."""
        invitation = self._find(client, request, now)
        if invitation is None:
            return
        if invitation.target is not client:
            client.refuse(request, Code.NOT_YOUR_INVITATION)
            return
        self._introduce(invitation, request.offer, now)

    def refuse(self, client: Client, request: RefuseRequest, now: float) -> None:
        """``$N$``."""
        invitation = self._find(client, request, now)
        if invitation is not None:
            reason = "declined" if client is invitation.target else "withdrawn"
            self._end(invitation, reason, request.reason)

    def _find(self, client: Client, request: AcceptRequest | RefuseRequest, now: float) -> Invitation | None:
        """The invitation that a request speaks of, if it still waits and is one of this client's."""
        self.handle_timer(now)
        invitation = self.book.get(request.invitation)
        if invitation is None:
            client.refuse(request, Code.NO_SUCH_INVITATION)
            return None
        if client is not invitation.target and client is not invitation.inviter:
            client.refuse(request, Code.NOT_YOUR_INVITATION)
            return None
        return invitation

    def _introduce(self, invitation: Invitation, offer: bytes, now: float) -> None:
        self.book.remove(invitation)
        self._introductions.introduce(invitation, offer, now)

    def end_of(self, client: Client, reason: str) -> None:
        """A client left (``gone``) or went ``offline``."""
        for invitation in self.book.of(client):
            self._end(invitation, reason)

    def _end(self, invitation: Invitation, reason: str, text: str = "") -> None:
        self.book.remove(invitation)
        for client in (invitation.inviter, invitation.target):
            peer = invitation.other(client).name
            client.link.send(InvitationOver(invitation=invitation.id, peer=peer, reason=reason, text=text))

    def next_timer(self) -> float | None:
        """When the next invitation expires."""
        return self.book.next_expiry()

    def handle_timer(self, now: float) -> None:
        """End those whose time is over."""
        for invitation in self.book.expired(now):
            self._end(invitation, "expired")
