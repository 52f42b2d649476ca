"""Somebody who is blocked comes back: under the same name, and under another one with the same key."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from tests.support.identities import identity_of
from tests.support.malicious_broker import a_malicious_broker
from tests.support.people import DEADLINE_S, Person, a_person, introduce

from ud2p import ChatEnded, ChatFailed, InvitationFailed, Invited, KnownPeers, PeerNotTrusted, UD2PError


@contextlib.asynccontextmanager
async def blocking() -> AsyncIterator[tuple[Person, Person, Person]]:
    """Alice, who has blocked Mallory after a chat; Mallory; and Mallory under another name."""
    async with contextlib.AsyncExitStack() as stack:
        broker = await stack.enter_async_context(a_malicious_broker())
        people = [
            await stack.enter_async_context(
                a_person(name, broker.address, identity=identity_of(owner), known_peers=KnownPeers())
            )
            for name, owner in (("alice", "alice"), ("mallory", "mallory"), ("carol", "mallory"))
        ]
        alice, mallory, carol = people
        await introduce(mallory, alice)
        await alice.client.block("mallory")
        assert (await mallory.next(ChatEnded)).by_peer
        yield alice, mallory, carol


async def test_a_name_that_is_blocked_is_declined_unseen_and_not_asked() -> None:
    async with blocking() as (alice, mallory, _):
        with pytest.raises(InvitationFailed, match="alice declined"):
            await mallory.client.invite("alice")
        with pytest.raises(PeerNotTrusted, match="mallory is blocked"):
            await alice.client.invite("mallory")
        assert not alice.client.invitations
        assert not alice.client.chats


@pytest.mark.parametrize("mallory_begins", [True, False])
async def test_a_key_that_is_blocked_is_not_let_in_under_another_name(mallory_begins: bool) -> None:
    async with blocking() as (alice, _, carol):
        inviter, target = (carol, alice) if mallory_begins else (alice, carol)
        inviting = asyncio.ensure_future(inviter.client.invite(target.client.name))
        invited = await target.next(Invited, lambda each: each.invitation.peer == inviter.client.name)
        answering = asyncio.ensure_future(target.client.answer(invited.invitation, accept=True))
        async with asyncio.timeout(DEADLINE_S):
            results = await asyncio.gather(inviting, answering, return_exceptions=True)
        assert all(isinstance(result, UD2PError) for result in results), results
        assert "whoever has that key, is blocked" in (await alice.next(ChatFailed)).reason
        assert not alice.client.chats
        assert not carol.client.chats
