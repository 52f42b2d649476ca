"""Datagrams from elsewhere, and addresses of others, between two real clients: nobody steers a chat, or uses it
against a third. What takes minutes is in tests/core/protocol/test_session_paths.py, on a clock of its own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from tests.support.brokers import broker_starter
from tests.support.people import Person, a_person, introduce, two_in_a_chat
from tests.support.wiretap import Outsider, Tap, come_true, port_of

from ud2p import Chat, MessageReceived, PluginManager
from ud2p.contracts import Address
from ud2p.protocol.candidates import MAX_CANDIDATES
from ud2p.protocol.messages import PeerAddress
from ud2p.protocol.path_probe import FAST_PROBE_S, PROBE_BURST, PROBES_PER_S
from ud2p.protocol.paths import OLD_ANSWERS_WITHIN_S
from ud2p.protocol.record import Drops
from ud2p.protocol.session import Session
from ud2p_server.server import Broker

SHORTEST_RECORD_BYTES = 100
"""An upper bound on the records that probes are."""


@pytest.fixture
def outsider() -> Iterator[Outsider]:
    with Outsider() as outsider:
        yield outsider


def session_of(chat: Chat) -> Session:
    session = chat.driver.session
    assert session is not None
    return session


def drops_of(chat: Chat) -> Drops:
    return session_of(chat).drops


@asynccontextmanager
async def settled_chat() -> AsyncIterator[tuple[Person, Chat, Person, Chat]]:
    """Two in a chat who have stopped looking for a better path."""
    async with two_in_a_chat() as (alice, mine, bob, theirs):
        await talk(alice, mine, bob, theirs)
        for chat in (mine, theirs):
            await come_true(lambda chat=chat: session_of(chat)._paths.next_timer() is None)  # type: ignore[misc]
        yield alice, mine, bob, theirs


async def talk(alice: Person, mine: Chat, bob: Person, theirs: Chat) -> None:
    for speaker, listener in ((mine, bob), (theirs, alice)):
        speaker.post("sho")
        assert (await listener.next(MessageReceived)).text == "sho"
    await mine.flush()
    await theirs.flush()


async def test_replays_from_elsewhere_are_answered_by_nothing(outsider: Outsider) -> None:
    async with settled_chat() as (alice, mine, bob, theirs):
        tap, path = Tap(mine), theirs.path
        await talk(alice, mine, bob, theirs)
        for datagram, _ in tap.copies:
            outsider.send(datagram, port_of(theirs))
        await come_true(lambda: drops_of(theirs).replayed == len(tap.copies))
        await talk(alice, mine, bob, theirs)
        assert theirs.path == path
        assert outsider.received == []


async def test_a_datagram_withheld_and_delivered_late_from_elsewhere_is_answered_by_nothing(outsider: Outsider) -> None:
    async with settled_chat() as (alice, mine, bob, theirs):
        tap, path = Tap(mine), theirs.path
        tap.passes = lambda datagram, to: datagram != tap.copies[0][0]
        await talk(alice, mine, bob, theirs)  # What the lost one said was said again.
        highest = session_of(theirs)._opener.highest
        outsider.send(tap.copies[0][0], port_of(theirs))
        await talk(alice, mine, bob, theirs)
        assert drops_of(theirs) == Drops(), "it opened, and still changed nothing"
        assert session_of(theirs)._opener.highest > highest
        assert theirs.path == path
        assert outsider.received == []


async def test_the_newest_datagram_delivered_from_elsewhere_moves_nothing(outsider: Outsider) -> None:
    """Nobody can tell it from a peer that has moved, so the old path is asked, and stays."""
    async with settled_chat() as (alice, mine, bob, theirs):
        tap, back, path = Tap(mine), Tap(theirs), theirs.path
        for _ in range(5):
            stolen = len(tap.copies)
            tap.passes = lambda datagram, to, stolen=stolen: datagram != tap.copies[stolen][0]  # type: ignore[misc]
            mine.post("sho")
            await come_true(lambda stolen=stolen: len(tap.copies) > stolen)  # type: ignore[misc]
            outsider.send(tap.copies[stolen][0], port_of(theirs))
            assert (await bob.next(MessageReceived)).text == "sho"
            await talk(alice, mine, bob, theirs)
            assert theirs.path == path
        to_outsider = [datagram for datagram, to in back.copies if to == outsider.address]
        assert sum(map(len, to_outsider)) <= outsider.sent_bytes
        assert max(map(len, to_outsider)) <= SHORTEST_RECORD_BYTES, "a challenge, never what was said"


async def test_an_address_that_sent_one_datagram_gets_one_while_the_path_is_silent(outsider: Outsider) -> None:
    async with settled_chat() as (_, mine, _, theirs):
        tap, back = Tap(mine), Tap(theirs)
        tap.passes = lambda datagram, to: False
        mine.post("sho")
        await come_true(lambda: bool(tap.copies))
        outsider.send(tap.copies[0][0], port_of(theirs))
        asked = 10  # For half a second.
        await come_true(lambda: [to for _, to in back.copies].count(port_of(mine)) >= asked)
        assert len(outsider.received) == 1
        assert len(outsider.received[0]) <= outsider.sent_bytes
        tap.passes = lambda datagram, to: True


async def test_a_stolen_answer_makes_no_other_address_the_path(outsider: Outsider) -> None:
    """All that one end says is intercepted and comes from elsewhere; what the other one says there is lost."""
    async with settled_chat() as (alice, mine, bob, theirs):
        tap, path, began = Tap(mine), theirs.path, mine.now()

        def steal(datagram: bytes, to: Address) -> bool:
            outsider.send(datagram, port_of(theirs))
            return False

        tap.passes = steal
        mine.post("sho")
        assert (await bob.next(MessageReceived)).text == "sho"
        await come_true(lambda: mine.now() > began + OLD_ANSWERS_WITHIN_S + 0.5)
        assert theirs.path == path
        tap.passes = lambda datagram, to: True
        await talk(alice, mine, bob, theirs)
        assert theirs.path == path


async def test_who_relays_quicker_than_the_path_for_a_moment_does_not_become_it(outsider: Outsider) -> None:
    async with settled_chat() as (alice, mine, bob, theirs):
        tap, path = Tap(mine), theirs.path
        tap.passes = lambda datagram, to: to == outsider.address
        mine.post("sho")
        await come_true(lambda: bool(tap.copies))
        outsider.send(tap.copies[0][0], port_of(theirs))
        with outsider.relaying(port_of(mine), port_of(theirs)) as relayed:
            # A challenge to alice, and her answer to it: the relay is a valid way.
            await come_true(lambda: {to for _, to in relayed} == {port_of(mine), port_of(theirs)})
            tap.passes = lambda datagram, to: True
            assert (await bob.next(MessageReceived)).text == "sho"
            await talk(alice, mine, bob, theirs)
            await come_true(lambda: session_of(theirs)._paths._doubted_at is None)
            assert theirs.path == path


async def test_forgeries_change_nothing(outsider: Outsider) -> None:
    async with settled_chat() as (alice, mine, bob, theirs):
        tap, path, forgeries = Tap(mine), theirs.path, 600
        await talk(alice, mine, bob, theirs)
        head = tap.copies[-1][0][:11]
        for number in range(forgeries):
            outsider.send(head + (2**40 + number).to_bytes(8, "big") + os.urandom(80), port_of(theirs))
            if number % 50 == 49:
                await come_true(lambda number=number: drops_of(theirs).not_opened == number + 1)  # type: ignore[misc]
        await talk(alice, mine, bob, theirs)
        assert theirs.path == path
        assert outsider.received == []


async def test_what_is_reflected_is_not_heard(outsider: Outsider) -> None:
    async with settled_chat() as (alice, mine, bob, theirs):
        tap, path = Tap(theirs), theirs.path
        await talk(alice, mine, bob, theirs)
        reflected = list(tap.copies)
        for datagram, _ in reflected:
            outsider.send(datagram, port_of(theirs))
        await come_true(lambda: drops_of(theirs).other_session == len(reflected))
        await talk(alice, mine, bob, theirs)
        assert theirs.path == path
        assert outsider.received == []


async def test_a_peer_can_not_flood_a_victim(outsider: Outsider) -> None:
    """It says, again and again, that it is at sixteen ports of somebody else's machine."""
    async with settled_chat() as (alice, mine, bob, theirs):
        victims = [Outsider() for _ in range(MAX_CANDIDATES)]
        began = mine.now()
        try:
            named = [victim.address for victim in victims]
            tap = Tap(mine)
            for _ in range(2 * PROBE_BURST // MAX_CANDIDATES):
                # A new list each time, each of other addresses, so that none of them counts as asked already.
                session_of(theirs).send_candidates([], theirs.now())
                session_of(theirs).send_candidates(named, theirs.now())
                theirs.driver.pump()
                generation = session_of(theirs)._generation
                await come_true(lambda generation=generation: session_of(mine)._paths._generation == generation)  # type: ignore[misc]
            to_victims = [datagram for datagram, to in tap.copies if to in named]
            most = PROBE_BURST + (mine.now() - began + 1) * PROBES_PER_S
            assert PROBE_BURST / 2 < len(to_victims) <= most
            assert max(map(len, to_victims)) <= SHORTEST_RECORD_BYTES
            await talk(alice, mine, bob, theirs)
            assert mine.path.endswith(f":{port_of(theirs)[1]}")
        finally:
            for victim in victims:
                victim.__exit__()


def tell(broker: Broker, name: str, chat: Chat, address: Address) -> None:
    """Let the broker say where the peer of a chat is."""
    assert broker._board is not None
    (client,) = (client for client in broker._board.hub.presence.clients() if client.name == name)
    client.link.send(PeerAddress(session=chat.session_id, ip=address[0], port=1, udp_port=address[1]))


async def test_a_broker_can_not_flood_many_victims() -> None:
    async with broker_starter([], tls=True) as start:
        broker = await start(plugins=PluginManager.load())
        where = f"{broker.host}:{broker.port}"
        async with a_person("alice", where) as alice, a_person("bob", where) as bob:
            mine, theirs = await introduce(alice, bob)
            tap = Tap(mine)
            victims = [("127.0.0.1", port) for port in range(1, 200)]
            for victim in victims:
                tell(broker, "alice", mine, victim)
            assert broker._board is not None
            await talk(alice, mine, bob, theirs)
            await come_true(lambda: session_of(mine)._paths.next_timer() is None)
            asked = {to for _, to in tap.copies if to in victims}
            assert 0 < len(asked) < MAX_CANDIDATES, "the peer's own address is one of the sixteen"
            quickest = 2 * 3.0 / FAST_PROBE_S
            assert all([to for _, to in tap.copies].count(victim) <= quickest for victim in asked)
