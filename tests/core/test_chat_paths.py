"""How two real clients find a path: by what each tells the other, sealed, over the broker's signals."""

from __future__ import annotations

import pytest
from tests.support.people import Person, two_in_a_chat

from ud2p import Chat, ChatMoved, MessageReceived
from ud2p.contracts import Address
from ud2p_server.introductions import Introductions


def own(chat: Chat) -> list[Address]:
    endpoint = chat.driver.endpoint
    assert endpoint is not None
    return [candidate.address for candidate in endpoint.candidates()]


async def talk(one: Person, one_chat: Chat, other: Person, other_chat: Chat) -> None:
    one_chat.post("sho")
    assert (await other.next(MessageReceived)).text == "sho"
    other_chat.post("Awe Gee")
    assert (await one.next(MessageReceived)).text == "Awe Gee"


async def test_two_on_one_machine_meet_on_loopback() -> None:
    async with two_in_a_chat() as (alice, mine, bob, theirs):
        await talk(alice, mine, bob, theirs)
        for chat, peer in ((mine, theirs), (theirs, mine)):
            (port,) = {port for host, port in own(peer) if host == "127.0.0.1"}
            assert chat.path == f"direct 127.0.0.1:{port}"


async def test_a_broker_that_tells_no_address_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Introductions, "_tell", lambda self, session, seat: None)
    async with two_in_a_chat() as (alice, mine, bob, theirs):
        await talk(alice, mine, bob, theirs)


async def test_a_broker_that_passes_no_candidates_on_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    passed = Introductions.pass_on
    record = b"\x08"
    monkeypatch.setattr(
        Introductions, "pass_on", lambda self, signal, to: signal.data[:1] == record or passed(self, signal, to)
    )
    async with two_in_a_chat() as (alice, mine, bob, theirs):
        await talk(alice, mine, bob, theirs)


async def test_an_end_whose_socket_is_another_one_is_found_again() -> None:
    """As behind a NAT that forgot: the same session goes on from another port."""
    async with two_in_a_chat() as (alice, mine, bob, theirs):
        await talk(alice, mine, bob, theirs)
        before = mine.path
        old = theirs.driver.endpoint
        assert old is not None
        transport = bob.client.plugins.transports["udp"].make()
        theirs.driver.endpoint = await transport.bind(theirs.driver.receive, ("127.0.0.1", 9))
        await old.close()
        await talk(bob, theirs, alice, mine)
        endpoint = theirs.driver.endpoint
        moved = await alice.next(ChatMoved, lambda moved: moved.path != before)
        assert moved.path in {endpoint.describe(address) for address in own(theirs)}
