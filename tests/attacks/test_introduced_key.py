"""A broker that introduces people with keys that are not theirs."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.brokers import broker_starter
from tests.support.people import DEADLINE_S, a_person

from ud2p import ChatError, ChatFailed, Invited, PluginManager, UD2PError
from ud2p_server.server import Broker


def swap_key(broker: Broker, name: str) -> None:
    """Let the broker pass another key on than the one that was signed."""
    assert broker._board is not None
    (client,) = (client for client in broker._board.hub.presence.clients() if client.name == name)
    client.identity = client.identity[:32] + b"k" * 32


@pytest.mark.parametrize("swapped", ["alice", "bob"])
async def test_a_swapped_key_ends_the_introduction_on_both_screens(swapped: str) -> None:
    async with broker_starter([], tls=True) as start:
        broker = await start(plugins=PluginManager.load())
        where = f"{broker.host}:{broker.port}"
        async with a_person("alice", where) as alice, a_person("bob", where) as bob:
            swap_key(broker, swapped)
            inviting = asyncio.ensure_future(alice.client.invite("bob"))
            invited = await bob.next(Invited)
            answering = asyncio.ensure_future(bob.client.answer(invited.invitation, accept=True))
            async with asyncio.timeout(DEADLINE_S):
                results = await asyncio.gather(inviting, answering, return_exceptions=True)
            assert all(isinstance(result, UD2PError) for result in results), results
            noticed = results[1] if swapped == "alice" else results[0]
            assert isinstance(noticed, ChatError)
            assert "not the one that it signed for the broker" in str(noticed)
            for person in (alice, bob):
                assert (await person.next(ChatFailed)).reason
                assert not person.client.chats
