"""The hub under people who do anything at any time: what each of them believes and what the broker keeps must agree."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.support.hub_rig import Person, Rig
from tests.support.identities import identity_of

from ud2p.protocol import messages as wire
from ud2p.protocol.messages import Message
from ud2p_server.limits import Limits

T = TypeVar("T")
NAMES = st.sampled_from(["ann", "Ben", "cid", "dan"])
PICK = st.integers(0, 1000)


class Belief:
    """One person, and what it was told."""

    def __init__(self, person: Person, name: str, online: bool, sessions: dict[bytes, str] | None = None) -> None:
        """:param sessions: those of the connection before, which was lost"""
        self.person = person
        self.name = name
        self.online = online
        self.incoming: dict[bytes, str] = {}
        self.outgoing: dict[bytes, str] = {}
        self.sessions = {} if sessions is None else sessions

    def hear(self, messages: list[Message]) -> None:
        for message in messages:
            match message:
                case wire.InvitationPush():
                    assert self.online
                    assert message.invitation not in self.incoming
                    self.incoming[message.invitation] = message.peer
                case wire.Invited():
                    # Of crossing invitations the second is told the first's id; the introduction follows.
                    self.outgoing.setdefault(message.invitation, message.to)
                case wire.InvitationOver() | wire.Introduction():
                    known = self.incoming.pop(message.invitation, None) or self.outgoing.get(message.invitation)
                    self.outgoing.pop(message.invitation, None)
                    assert known is not None
                    assert known == message.peer
                    if isinstance(message, wire.Introduction):
                        self.sessions[message.session] = message.peer
                case wire.StatusSet():
                    self.online = message.online
                case wire.PeerAddress() | wire.Signal():
                    assert message.session in self.sessions


class Society(RuleBasedStateMachine):
    """People at one hub."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.rig = Rig(limits=Limits(invitations_burst=1000, outgoing_invitations=2, incoming_invitations=2))
        self.here: dict[str, Belief] = {}
        self.away: dict[str, Belief] = {}
        """Those who were here, and whose connection was lost."""

    def teardown(self) -> None:
        for belief in self.here.values():
            self.run(belief.person.vanish())
        self.rig.wait(self.rig.limits.seat_keep_s)
        assert len(self.rig.hub.introductions.rendezvous) == 0
        assert self.rig.hub.next_timer() is None
        self.loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def pick(self, number: int) -> Belief:
        return list(self.here.values())[number % len(self.here)]

    def spread(self) -> None:
        """Everybody hears what came."""
        for belief in self.here.values():
            belief.hear(belief.person.take())

    @rule(name=NAMES, online=st.booleans())
    def join(self, name: str, online: bool) -> None:
        person = self.rig.connect()
        owner = identity_of(name if name not in self.here else "another")
        answer, *rest = self.run(person.login(name, online=online, identity=owner))
        assert isinstance(answer, wire.Refusal if name in self.here else wire.Welcome)
        if name not in self.here:
            before = self.away.pop(name, None)
            self.here[name] = Belief(person, name, online, None if before is None else before.sessions)
            self.here[name].hear(rest)
        self.spread()

    @precondition(lambda self: self.here)
    @rule(number=PICK, online=st.booleans())
    def replace(self, number: int, online: bool) -> None:
        older = self.pick(number)
        person = self.rig.connect()
        answer, *rest = self.run(person.login(older.name, online=online))
        assert isinstance(answer, wire.Welcome)
        assert isinstance(older.person.take()[-1], wire.Goodbye)
        self.run(older.person.vanish())
        newer = self.here[older.name] = Belief(person, older.name, online, older.sessions)
        newer.hear(rest)
        self.spread()

    @precondition(lambda self: self.here)
    @rule(number=PICK, politely=st.booleans())
    def leave(self, number: int, politely: bool) -> None:
        belief = self.pick(number)
        del self.here[belief.name]
        self.run(belief.person.leave() if politely else belief.person.vanish())
        if not politely:
            self.away[belief.name] = belief
        self.spread()

    @precondition(lambda self: self.here)
    @rule(number=PICK, online=st.booleans())
    def status(self, number: int, online: bool) -> None:
        belief = self.pick(number)
        belief.hear(self.run(belief.person.status(online)))
        assert belief.online is online
        self.spread()

    @precondition(lambda self: self.here)
    @rule(number=PICK, name=NAMES)
    def invite(self, number: int, name: str) -> None:
        belief = self.pick(number)
        target = self.here.get(name)
        got = self.run(belief.person.invite(name))
        may = belief.online and target is not None and target is not belief and target.online
        if not may:
            assert [type(message) for message in got] == [wire.Refusal]
        belief.hear(got)
        self.spread()

    @precondition(lambda self: len(self.here) > 1)
    @rule(one=PICK, other=PICK)
    def invite_at_once(self, one: int, other: int) -> None:
        first, second = self.pick(one), self.pick(other)
        if first is second:
            return
        first.person.client_side.send_invite(second.name, b"", self.rig.now)
        second.person.client_side.send_invite(first.name, b"", self.rig.now)

        async def both() -> None:
            await asyncio.gather(first.person.flush(), second.person.flush())

        self.run(both())
        self.spread()

    def known(self) -> list[bytes]:
        return [id for belief in self.here.values() for id in (*belief.incoming, *belief.outgoing)]

    @precondition(lambda self: self.known())
    @rule(number=PICK, which=PICK, accepts=st.booleans())
    def answer(self, number: int, which: int, accepts: bool) -> None:
        belief, known = self.pick(number), self.known()
        id = known[which % len(known)]
        is_target, is_inviter = id in belief.incoming, id in belief.outgoing
        got = self.run(belief.person.accept(id) if accepts else belief.person.refuse(id))
        allowed = is_target if accepts else is_target or is_inviter
        assert isinstance(got[0], wire.Refusal) is not allowed
        belief.hear(got)
        self.spread()

    @precondition(lambda self: any(belief.sessions for belief in self.here.values()))
    @rule(number=PICK, which=PICK)
    def signal(self, number: int, which: int) -> None:
        belief = self.pick(number)
        sessions = [session for other in self.here.values() for session in other.sessions]
        session = sessions[which % len(sessions)]
        got = self.run(belief.person.signal(session, b"x"))
        assert session in belief.sessions or [type(message) for message in got] == [wire.Refusal]
        belief.hear(got)
        self.spread()

    @rule(seconds=st.sampled_from([0.5, 3.0, 30.0, 61.0, 300.0]))
    def wait(self, seconds: float) -> None:
        self.rig.wait(seconds)
        self.spread()

    @invariant()
    def the_broker_keeps_what_people_believe(self) -> None:
        book = self.rig.hub.inviting.book
        pending: set[bytes] = set()
        for belief in self.here.values():
            client = belief.person.client
            kept = book.of(client)
            assert {invitation.id for invitation in kept if invitation.target is client} == set(belief.incoming)
            assert {invitation.id for invitation in kept if invitation.inviter is client} == set(belief.outgoing)
            pending |= {invitation.id for invitation in kept}
            assert belief.online or not kept
            peers = [invitation.other(client) for invitation in kept]
            assert len(set(peers)) == len(peers)
            assert len(belief.incoming) <= 2
            assert len(belief.outgoing) <= 2
        assert len(pending) == len(book)

    @invariant()
    def everybody_is_listed_as_they_are(self) -> None:
        page = self.run(self.rig.directory.page(prefix="", cursor="", limit=500, only_online=False))
        assert {entry.name: entry.online for entry in page.entries} == {
            belief.name: belief.online for belief in self.here.values()
        }
        assert len(self.rig.hub.presence) == len(self.here)


TestSociety = Society.TestCase
TestSociety.settings = settings(deadline=None, max_examples=30, stateful_step_count=30)
