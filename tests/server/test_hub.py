"""What a broker does, without its sockets: every rule and every refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import msgspec
import pytest
from tests.support.hub_rig import Keepers, Person, Rig
from tests.support.identities import identity_of

from ud2p.contracts.directory import DirectoryPage
from ud2p.contracts.gate import InviteRequest, LoginRequest
from ud2p.identity import Identity
from ud2p.protocol import messages as wire
from ud2p.protocol.login import sign_login
from ud2p.protocol.messages import Message
from ud2p.protocol.refusals import SENTENCES, Code
from ud2p_plugins.directories.memory import MemoryDirectory
from ud2p_server.limits import Limits


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
async def alice(rig: Rig) -> Person:
    return await rig.join("alice", host="10.0.0.1")


@pytest.fixture
async def bob(rig: Rig) -> Person:
    return await rig.join("Bob", host="10.0.0.2")


@pytest.fixture
async def carol(rig: Rig) -> Person:
    return await rig.join("carol", host="10.0.0.3")


async def refusal(got: Awaitable[list[Message]]) -> tuple[str, str]:
    (message,) = await got
    assert isinstance(message, wire.Refusal), message
    assert message.re is not None or message.session is not None
    return message.code, message.text


async def invitation(inviter: Person, target: Person) -> bytes:
    (invited,) = await inviter.invite(target.client.name)
    assert isinstance(invited, wire.Invited), invited
    push = target.take_one(wire.InvitationPush)
    assert push.invitation == invited.invitation
    return push.invitation


# Coming and going


async def test_the_greeting_and_the_welcome(rig: Rig) -> None:
    person = rig.connect("10.1.2.3")
    greeting = person.take_one(wire.Greeting)
    assert greeting.version == 1
    assert greeting.nonce != rig.connect().take_one(wire.Greeting).nonce
    (welcome,) = await person.login("Alice")
    assert isinstance(welcome, wire.Welcome)
    assert (welcome.name, welcome.udp_port) == ("Alice", 17280)
    assert welcome.address == "10.1.2.3:40001"


async def test_an_ipv6_address_is_bracketed(rig: Rig) -> None:
    (welcome,) = await rig.connect("fd00::1").login("alice")
    assert isinstance(welcome, wire.Welcome)
    assert welcome.address == "[fd00::1]:40001"


@pytest.mark.parametrize("name", ["alice", "ALICE", "aLiCe"])
async def test_a_name_is_taken_whatever_its_case(rig: Rig, alice: Person, name: str) -> None:
    person = rig.connect()
    code, text = await refusal(person.login(name, identity=identity_of("another")))
    assert (code, text) == (Code.NAME_TAKEN, f"the name {name} is taken; choose another")
    assert person.closed
    assert (await alice.listing()).total == 1


@pytest.mark.parametrize("name", ["X", "x", "Q", "q"])
async def test_what_people_type_to_leave_is_no_name(rig: Rig, name: str) -> None:
    person = rig.connect()
    assert await refusal(person.login(name)) == (Code.NAME_INVALID, SENTENCES[Code.NAME_INVALID])
    assert person.closed


async def test_another_version_of_the_protocol(rig: Rig) -> None:
    person = rig.connect()
    person.take()
    keys = identity_of("alice").public_keys
    person.client_side.send(wire.Login(id=1, version=2, name="alice", identity=keys, signature=bytes(64)))
    await person.flush()
    (message,) = person.take()
    assert isinstance(message, wire.Refusal)
    assert message.code == Code.VERSION
    assert "version 1 of the protocol, the client version 2" in message.text
    assert person.closed


async def test_a_gatekeeper_refuses_a_login() -> None:
    rig = Rig(keepers=Keepers(login="members only"))
    person = rig.connect("10.0.0.9")
    assert await refusal(person.login("alice")) == (Code.REFUSED, "members only")
    assert person.closed
    assert rig.keepers.asked == [LoginRequest("alice", "10.0.0.9:40001")]
    assert await rig.directory.find("alice") is None


async def test_a_gatekeepers_long_reason_is_cut() -> None:
    rig = Rig(keepers=Keepers(login="no" * 500))
    _, text = await refusal(rig.connect().login("alice"))
    assert len(text) == 300


async def test_leaving_frees_the_name(rig: Rig, alice: Person) -> None:
    assert await alice.leave() == [wire.Left(re=2)]
    assert alice.closed
    assert len(rig.hub.presence) == 0
    await rig.join("ALICE")


async def test_a_cut_connection_frees_the_name(rig: Rig, alice: Person) -> None:
    await alice.vanish()
    await alice.vanish()
    await rig.join("alice")
    assert len(rig.hub.presence) == 1


async def test_who_is_gone_before_the_login_is_done_leaves_nothing(rig: Rig) -> None:
    person = rig.connect()
    await person.login("alice")
    await person.vanish()
    assert await rig.directory.find("alice") is None


async def test_of_two_logins_at_once_one_wins(rig: Rig) -> None:
    people = [rig.connect() for _ in range(5)]
    logins = (person.login("alice", identity=identity_of(f"p{n}")) for n, person in enumerate(people))
    kinds = [type(answer) for (answer,) in await asyncio.gather(*logins)]
    assert kinds.count(wire.Welcome) == 1
    assert kinds.count(wire.Refusal) == 4


async def test_of_five_logins_of_one_identity_the_last_one_stays(rig: Rig) -> None:
    people = [rig.connect() for _ in range(5)]
    answers = await asyncio.gather(*(person.login("alice") for person in people))
    assert all(isinstance(each[0], wire.Welcome) for each in answers)
    assert [person.closed for person in people].count(False) == 1
    (left,) = (person for person in people if not person.closed)
    assert len(rig.hub.presence) == 1
    assert (await left.listing()).total == 1


# The same client again


async def test_the_same_identity_replaces_an_older_connection(rig: Rig, alice: Person, bob: Person) -> None:
    first = await invitation(alice, bob)
    newer = rig.connect("10.0.0.77")
    (welcome,) = await newer.login("Alice", online=False)
    assert isinstance(welcome, wire.Welcome)
    (goodbye, over) = [*alice.take(), *bob.take()]
    assert isinstance(goodbye, wire.Goodbye)
    assert goodbye.reason == "replaced"
    assert over == wire.InvitationOver(invitation=first, peer="alice", reason="gone")
    assert alice.closed
    # The older connection's end takes nothing from the newer.
    await alice.vanish()
    page = await bob.listing()
    assert [(client.name, client.online) for client in page.clients] == [("Alice", False), ("Bob", True)]


@pytest.mark.parametrize("name", ["alice", "ALICE", "aLiCe"])
async def test_another_identity_replaces_nobody(rig: Rig, alice: Person, name: str) -> None:
    assert (await refusal(rig.connect().login(name, identity=identity_of("mallory"))))[0] == Code.NAME_TAKEN
    assert not alice.closed
    assert alice.take() == []


async def test_a_name_stays_its_owners_while_they_are_away(rig: Rig, alice: Person) -> None:
    await alice.vanish()
    for name in ("alice", "ALICE"):
        assert await refusal(rig.connect().login(name, identity=identity_of("mallory"))) == (
            Code.NAME_TAKEN,
            f"the name {name} is taken; choose another",
        )
    (welcome,) = await rig.connect().login("Alice")
    assert isinstance(welcome, wire.Welcome)


async def test_a_released_name_is_for_whoever_comes_first_but_not_while_it_is_in_use(rig: Rig, alice: Person) -> None:
    assert await rig.names.release("ALICE")
    mallory = identity_of("mallory")
    assert (await refusal(rig.connect().login("alice", identity=mallory)))[0] == Code.NAME_TAKEN
    assert not alice.closed
    await alice.vanish()
    assert await rig.names.release("alice") is True  # it was claimed by then, though not come by
    assert isinstance((await rig.connect().login("alice", identity=mallory))[0], wire.Welcome)
    assert (await refusal(rig.connect().login("alice")))[0] == Code.NAME_TAKEN


async def test_one_identity_has_so_many_names(rig: Rig) -> None:
    owner = identity_of("collector")
    for number in range(Limits().names_per_identity):
        assert isinstance((await rig.connect().login(f"n{number}", identity=owner))[0], wire.Welcome)
    code, text = await refusal(rig.connect().login("onemore", identity=owner))
    assert code == Code.TOO_MANY_NAMES
    assert text == SENTENCES[Code.TOO_MANY_NAMES]
    assert isinstance((await rig.connect().login("N3", identity=owner))[0], wire.Welcome)
    assert isinstance((await rig.connect().login("onemore"))[0], wire.Welcome)


async def test_one_address_takes_so_many_new_names_a_day(rig: Rig) -> None:
    """However many identities it has: they cost nothing."""
    here, elsewhere = "198.51.100.7", "198.51.100.8"
    for number in range(Limits().new_names_per_address):
        assert isinstance((await rig.connect(here).login(f"n{number}"))[0], wire.Welcome)
    sentence = "too many new names came from your address today; use one that you have"
    assert await refusal(rig.connect(here).login("late")) == (Code.TOO_MANY_NAMES, sentence)
    assert isinstance((await rig.connect(here).login("n3"))[0], wire.Welcome)  # no new one
    assert isinstance((await rig.connect(elsewhere).login("late"))[0], wire.Welcome)
    rig.wait(86_400)
    rig.hub.sweep(rig.now)
    assert isinstance((await rig.connect(here).login("nextday"))[0], wire.Welcome)


async def test_a_broker_has_so_many_names_in_all() -> None:
    rig = Rig(limits=Limits(names=2))
    await rig.join("alice")
    await rig.join("bob")
    code, text = await refusal(rig.connect().login("carol"))
    assert code == Code.TOO_MANY_NAMES
    assert "ask whoever runs it" in text
    assert isinstance((await rig.connect().login("bob"))[0], wire.Welcome)


async def test_a_gatekeeper_is_asked_before_anybody_is_replaced(rig: Rig, alice: Person) -> None:
    rig.keepers.login = "closed today"
    assert await refusal(rig.connect().login("alice")) == (Code.REFUSED, "closed today")
    assert not alice.closed


async def test_who_is_refused_owns_nothing(rig: Rig) -> None:
    rig.keepers.login = "closed today"
    await rig.connect().login("alice")
    assert await rig.names.owner("alice") is None


# The proof


def proof(person: Person, rig: Rig, **other: bytes | str) -> bytes:
    """A signature over what a login of alice signs, or over something else."""
    (greeting,) = person.greetings
    assert isinstance(greeting, wire.Greeting)
    alice = identity_of("alice")
    said: dict[str, Any] = {
        "nonce": greeting.nonce,
        "certificate_hash": rig.certificate_hash,
        "name": "alice",
        "keys": alice.public_keys,
        **other,
    }
    return sign_login(alice.login_key, **said)


async def test_the_right_proof_is_believed(rig: Rig) -> None:
    person = rig.connect()
    assert isinstance((await person.login("alice", signature=proof(person, rig)))[0], wire.Welcome)


@pytest.mark.parametrize(
    "other",
    [
        {"nonce": bytes(32)},
        {"nonce": b""},
        {"certificate_hash": b""},
        {"certificate_hash": b"the hash of another one's"},
        {"name": "Alice"},
        {"name": "alicf"},
        {"keys": identity_of("mallory").public_keys},
        {"keys": identity_of("alice").login_public + identity_of("mallory").session_public},
    ],
)
async def test_a_proof_of_something_else_is_none(rig: Rig, other: dict[str, Any]) -> None:
    person = rig.connect()
    said = await refusal(person.login("alice", signature=proof(person, rig, **other)))
    assert said == (Code.BAD_SIGNATURE, SENTENCES[Code.BAD_SIGNATURE])
    assert person.closed
    assert await rig.names.owner("alice") is None
    assert len(rig.hub.presence) == 0


async def test_a_proof_that_another_connection_saw_is_none(rig: Rig) -> None:
    first, second = rig.connect(), rig.connect()
    seen = proof(first, rig)
    assert isinstance((await first.login("alice", signature=seen))[0], wire.Welcome)
    assert (await refusal(second.login("alice", signature=seen)))[0] == Code.BAD_SIGNATURE
    assert not first.closed


def forged_identity(keys: bytes) -> Identity:
    """One that shows any bytes as its public keys."""
    forged = Identity.generate()
    forged.__dict__.update(login_public=keys[:32], session_public=keys[32:])
    return forged


@pytest.mark.parametrize("signature", [bytes(64), b"\xff" * 64])
async def test_garbage_proves_nothing(rig: Rig, signature: bytes) -> None:
    for identity in (identity_of("alice"), forged_identity(b"\x02" * 64), forged_identity(b"\xff" * 64)):
        person = rig.connect()
        assert (await refusal(person.login("alice", signature=signature, identity=identity)))[0] == Code.BAD_SIGNATURE


async def test_the_peers_identity_comes_with_the_introduction(rig: Rig, alice: Person, bob: Person) -> None:
    for_alice, for_bob = await rig.introduce(alice, bob)
    assert for_alice.identity == identity_of("bob").session_public
    assert for_bob.identity == identity_of("alice").session_public


async def test_what_the_older_one_had_asked_comes_to_nothing(rig: Rig, alice: Person, bob: Person) -> None:
    """Replaced while the directory is asked: no invitation from a connection that is over."""
    alice.client_side.send_invite("bob", b"", rig.now)
    newer = rig.connect()
    await asyncio.gather(alice.flush(), newer.login("alice"))
    pushes = [message for message in bob.take() if isinstance(message, wire.InvitationPush)]
    overs = len(rig.hub.inviting.book)
    assert overs == 0
    assert len(pushes) <= 1


# Lists


async def test_lists(rig: Rig, alice: Person, bob: Person) -> None:
    await rig.join("Zoe", online=False)
    page = await alice.listing()
    assert page.clients == (
        wire.ListedClient("alice", True),
        wire.ListedClient("Bob", True),
        wire.ListedClient("Zoe", False),
    )
    assert (page.total, page.cursor) == (3, None)
    available = await alice.available()
    assert available.clients == (wire.ListedClient("Bob", True),)
    assert (available.total, available.cursor) == (1, None)


async def test_addresses_are_shown_only_where_they_should_be() -> None:
    hidden, shown = Rig(), Rig(show_addresses=True)
    for rig, expected in ((hidden, None), (shown, "10.0.0.1:40001")):
        alice = await rig.join("alice")
        bob = await rig.join("bob")
        assert (await alice.listing()).clients[0].address == expected
        assert (await bob.available()).clients[0].address == expected
        await alice.invite("bob")
        assert bob.take_one(wire.InvitationPush).address == expected


async def test_prefix_and_pages(rig: Rig, alice: Person) -> None:
    for number in range(10):
        await rig.join(f"n{number}")
    page = await alice.listing(prefix="N", limit=4)
    assert [client.name for client in page.clients] == ["n0", "n1", "n2", "n3"]
    assert page.total == 10
    page = await alice.listing(prefix="N", limit=40, cursor=page.cursor or "")
    assert [client.name for client in page.clients] == [f"n{number}" for number in range(4, 10)]
    assert page.cursor is None


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
async def test_the_asker_is_never_available_and_leaves_no_gap(rig: Rig, limit: int) -> None:
    people = [await rig.join(name) for name in ("a", "b", "c", "d", "e")]
    for asker in people:
        cursor: str | None = ""
        seen: list[str] = []
        while cursor is not None:
            page = await asker.available(limit=limit, cursor=cursor)
            assert page.total == 4
            assert page.clients or page.cursor is None
            seen += [client.name for client in page.clients]
            cursor = page.cursor
        assert seen == [name for name in "abcde" if name != asker.client.name]


async def test_an_offline_asker_is_not_counted(rig: Rig, alice: Person, bob: Person) -> None:
    await alice.status(False)
    assert (await alice.available()).total == 1
    assert (await bob.available()).total == 0
    assert (await bob.available(prefix="b")).total == 0


@pytest.mark.parametrize("show_addresses", [False, True])
async def test_the_longest_page_fits_into_a_line(show_addresses: bool) -> None:
    rig = Rig(show_addresses=show_addresses, directory=MemoryDirectory(), limits=Limits(new_names_per_address=300))
    host = "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
    people = [await rig.join(f"n{number:031}", online=False, host=host) for number in range(300)]
    page = await people[0].listing(limit=500)
    assert len(page.clients) >= 120
    assert page.total == 300
    assert page.cursor is not None
    for person in people:
        await person.status(True)
    available = await people[0].available(limit=500)
    assert len(available.clients) >= 120
    assert available.total == 299


async def test_ping(rig: Rig, alice: Person) -> None:
    alice.client_side.send_ping(rig.now)
    await alice.flush()
    assert alice.take() == [wire.Pong(re=2)]


# Status


async def test_offline_and_back(rig: Rig, alice: Person, bob: Person) -> None:
    assert await alice.status(False) == [wire.StatusSet(re=2, online=False)]
    assert [client.online for client in (await bob.listing()).clients] == [False, True]
    assert await alice.status(True) == [wire.StatusSet(re=3, online=True)]
    assert (await bob.available()).total == 1


async def test_who_is_offline_can_not_invite(alice: Person, bob: Person) -> None:
    await alice.status(False)
    expected = "You cannot connect to another client while offline"
    assert await refusal(alice.invite("bob")) == (Code.OFFLINE, expected)
    assert bob.take() == []


async def test_who_is_offline_can_not_be_invited(alice: Person, bob: Person) -> None:
    await bob.status(False)
    code, text = await refusal(alice.invite("bob"))
    assert (code, text) == (Code.TARGET_OFFLINE, "Bob is offline; try again when Bob is online")
    assert bob.take() == []


async def test_going_offline_ends_invitations_both_ways(alice: Person, bob: Person, carol: Person) -> None:
    to_bob = await invitation(alice, bob)
    to_alice = await invitation(carol, alice)
    alice.take()
    got = await alice.status(False)
    assert got == [
        wire.InvitationOver(invitation=to_bob, peer="Bob", reason="offline"),
        wire.InvitationOver(invitation=to_alice, peer="carol", reason="offline"),
        wire.StatusSet(re=3, online=False),
    ]
    assert bob.take() == [wire.InvitationOver(invitation=to_bob, peer="alice", reason="offline")]
    assert carol.take() == [wire.InvitationOver(invitation=to_alice, peer="alice", reason="offline")]
    assert (await refusal(bob.accept(to_bob)))[0] == Code.NO_SUCH_INVITATION


# Invitations


async def test_an_invitation_is_asked_and_accepted(rig: Rig, alice: Person, bob: Person) -> None:
    (invited,) = await alice.invite("BOB", b"offer of alice")
    assert invited == wire.Invited(re=2, invitation=invited.invitation, to="Bob", expires_s=60)  # type: ignore[attr-defined]
    push = bob.take_one(wire.InvitationPush)
    assert (push.peer, push.offer, push.expires_s, push.address) == ("alice", b"offer of alice", 60, None)
    (for_bob,) = await bob.accept(push.invitation, b"offer of bob")
    for_alice = alice.take_one(wire.Introduction)
    assert isinstance(for_bob, wire.Introduction)
    assert for_alice.invitation == for_bob.invitation == push.invitation
    assert for_alice.session == for_bob.session
    assert for_alice.key == for_bob.key
    assert (for_alice.initiator, for_bob.initiator) == (True, False)
    assert (for_alice.peer, for_bob.peer) == ("Bob", "alice")
    assert (for_alice.offer, for_bob.offer) == (b"offer of bob", b"offer of alice")
    assert for_alice.rendezvous != for_bob.rendezvous
    assert for_alice.rendezvous_key != for_bob.rendezvous_key


async def test_every_introduction_is_fresh(rig: Rig, alice: Person, bob: Person) -> None:
    secrets: list[bytes] = []
    for _ in range(3):
        for introduction in await rig.introduce(alice, bob):
            secrets += [introduction.rendezvous, introduction.rendezvous_key]
        secrets += [introduction.session, introduction.key]
    assert len(set(secrets)) == len(secrets)


async def test_declined(alice: Person, bob: Person) -> None:
    id = await invitation(alice, bob)
    assert await bob.refuse(id, "später ✓") == [
        wire.InvitationOver(invitation=id, peer="alice", reason="declined", text="später ✓")
    ]
    assert alice.take() == [wire.InvitationOver(invitation=id, peer="Bob", reason="declined", text="später ✓")]
    assert (await refusal(bob.accept(id)))[0] == Code.NO_SUCH_INVITATION


async def test_withdrawn(alice: Person, bob: Person) -> None:
    id = await invitation(alice, bob)
    assert await alice.refuse(id) == [wire.InvitationOver(invitation=id, peer="Bob", reason="withdrawn")]
    assert bob.take() == [wire.InvitationOver(invitation=id, peer="alice", reason="withdrawn")]
    assert (await refusal(bob.accept(id)))[0] == Code.NO_SUCH_INVITATION


async def test_only_the_target_accepts(alice: Person, bob: Person, carol: Person) -> None:
    id = await invitation(alice, bob)
    for person in (alice, carol):
        assert await refusal(person.accept(id)) == (Code.NOT_YOUR_INVITATION, SENTENCES[Code.NOT_YOUR_INVITATION])
    assert (await refusal(carol.refuse(id)))[0] == Code.NOT_YOUR_INVITATION
    assert alice.take() == bob.take() == []
    (introduction,) = await bob.accept(id)
    assert isinstance(introduction, wire.Introduction)
    assert (await refusal(bob.accept(id)))[0] == Code.NO_SUCH_INVITATION


async def test_an_invitation_that_never_was(alice: Person) -> None:
    for answer in (alice.accept(bytes(16)), alice.refuse(bytes(16))):
        assert await refusal(answer) == (Code.NO_SUCH_INVITATION, SENTENCES[Code.NO_SUCH_INVITATION])


async def test_an_invitation_expires(rig: Rig, alice: Person, bob: Person) -> None:
    id = await invitation(alice, bob)
    assert rig.hub.next_timer() == rig.now + 60
    rig.wait(59.9)
    assert alice.take() == bob.take() == []
    rig.wait(0.1)
    assert alice.take() == [wire.InvitationOver(invitation=id, peer="Bob", reason="expired")]
    assert bob.take() == [wire.InvitationOver(invitation=id, peer="alice", reason="expired")]
    assert (await refusal(bob.accept(id)))[0] == Code.NO_SUCH_INVITATION
    assert rig.hub.next_timer() is None
    await invitation(alice, bob)


async def test_an_answer_in_the_moment_of_expiry_is_late(rig: Rig, alice: Person, bob: Person) -> None:
    """The clock decides, not which timer ran first."""
    id = await invitation(alice, bob)
    rig.now += 60
    # The refusal follows; bob's machine keeps it to itself, for the end of the invitation is the answer.
    assert await bob.accept(id) == [wire.InvitationOver(invitation=id, peer="alice", reason="expired")]


async def test_crossing_invitations_are_an_agreement(rig: Rig, alice: Person, bob: Person) -> None:
    first = await invitation(alice, bob)
    rig.wait(20)
    invited, for_bob = await bob.invite("alice", b"offer of bob")
    assert invited == wire.Invited(re=2, invitation=first, to="alice", expires_s=40)
    for_alice = alice.take_one(wire.Introduction)
    assert isinstance(for_bob, wire.Introduction)
    assert for_alice.invitation == for_bob.invitation == first
    assert (for_alice.initiator, for_bob.initiator) == (True, False)
    assert (for_alice.offer, for_bob.offer) == (b"offer of bob", b"offer")
    assert len(rig.hub.inviting.book) == 0


async def test_invitations_that_cross_in_the_same_moment(rig: Rig, alice: Person, bob: Person) -> None:
    alice.client_side.send_invite("bob", b"a", rig.now)
    bob.client_side.send_invite("alice", b"b", rig.now)
    await asyncio.gather(alice.flush(), bob.flush())
    introductions = [
        message for person in (alice, bob) for message in person.take() if isinstance(message, wire.Introduction)
    ]
    assert len(introductions) == 2
    assert introductions[0].session == introductions[1].session
    assert len(rig.hub.inviting.book) == 0


async def test_an_expired_invitation_does_not_cross(rig: Rig, alice: Person, bob: Person) -> None:
    await invitation(alice, bob)
    rig.now += 60
    over, invited = await bob.invite("alice")
    assert isinstance(over, wire.InvitationOver)
    assert isinstance(invited, wire.Invited)
    assert [type(message) for message in alice.take()] == [wire.InvitationOver, wire.InvitationPush]


async def test_nobody_of_that_name(alice: Person) -> None:
    code, text = await refusal(alice.invite("nobody"))
    assert (code, text) == (Code.UNKNOWN_CLIENT, "nobody named nobody is connected; list shows who is")


@pytest.mark.parametrize("name", ["alice", "ALICE"])
async def test_oneself(alice: Person, name: str) -> None:
    assert await refusal(alice.invite(name)) == (Code.OWN_CLIENT, SENTENCES[Code.OWN_CLIENT])


async def test_a_second_invitation_waits_for_the_first(alice: Person, bob: Person) -> None:
    await invitation(alice, bob)
    code, text = await refusal(alice.invite("bob"))
    assert (code, text) == (Code.ALREADY_INVITED, "Bob is invited already; wait for the answer or withdraw it")
    assert bob.take() == []


async def test_a_gatekeeper_refuses_an_invitation(rig: Rig, alice: Person, bob: Person) -> None:
    rig.keepers.invite = "not during the exam"
    assert await refusal(alice.invite("bob")) == (Code.REFUSED, "not during the exam")
    assert rig.keepers.asked[-1] == InviteRequest("alice", "bob")
    assert bob.take() == []


@pytest.mark.parametrize("leaver", ["inviter", "target"])
async def test_leaving_ends_invitations(rig: Rig, alice: Person, bob: Person, leaver: str) -> None:
    id = await invitation(alice, bob)
    gone, other = (alice, bob) if leaver == "inviter" else (bob, alice)
    await gone.vanish()
    assert other.take() == [wire.InvitationOver(invitation=id, peer=gone.client.name, reason="gone")]
    assert (await refusal(other.accept(id)))[0] == Code.NO_SUCH_INVITATION
    assert rig.hub.next_timer() is None


async def test_a_target_that_leaves_while_it_is_looked_up(rig: Rig, alice: Person, bob: Person) -> None:
    alice.client_side.send_invite("bob", b"", rig.now)
    await asyncio.gather(alice.flush(), bob.vanish())
    got = alice.take()
    assert len(rig.hub.inviting.book) == 0
    kinds = [type(message) for message in got]
    assert kinds in ([wire.Refusal], [wire.Invited, wire.InvitationOver])


async def test_an_inviter_that_leaves_while_the_target_is_looked_up(rig: Rig, alice: Person, bob: Person) -> None:
    alice.client_side.send_invite("bob", b"", rig.now)
    await asyncio.gather(alice.flush(), alice.vanish())
    assert len(rig.hub.inviting.book) == 0
    assert bob.take() == []


# Limits


async def test_pending_invitations_of_one_client() -> None:
    rig = Rig(limits=Limits(outgoing_invitations=3))
    alice = await rig.join("alice")
    people = [await rig.join(f"n{number}") for number in range(4)]
    ids = [await invitation(alice, person) for person in people[:3]]
    code, text = await refusal(alice.invite("n3"))
    assert code == Code.TOO_MANY_INVITATIONS
    assert "withdraw one or wait" in text
    await people[0].refuse(ids[0])
    alice.take()
    await invitation(alice, people[3])


async def test_pending_invitations_to_one_client() -> None:
    rig = Rig(limits=Limits(incoming_invitations=2))
    bob = await rig.join("bob")
    people = [await rig.join(f"n{number}") for number in range(3)]
    for person in people[:2]:
        await invitation(person, bob)
    code, text = await refusal(people[2].invite("bob"))
    assert (code, text) == (Code.TOO_MANY_INVITATIONS, "too many invitations wait for bob; try again later")
    assert bob.take() == []
    carol = await rig.join("carol")
    await invitation(people[2], carol)  # others are served


async def test_an_invitation_flood_is_slowed_down() -> None:
    rig = Rig(limits=Limits(invitations_burst=5, invitations_a_second=0.5))
    alice, bob = await rig.join("alice"), await rig.join("bob")

    async def pester() -> bool:
        (answer,) = await alice.invite("bob")
        if not isinstance(answer, wire.Invited):
            return False
        await bob.refuse(answer.invitation)
        alice.take()
        return True

    assert [await pester() for _ in range(7)] == [True] * 5 + [False] * 2
    rig.wait(2)
    assert [await pester() for _ in range(2)] == [True, False]
    rig.wait(1000)
    assert [await pester() for _ in range(6)] == [True] * 5 + [False]


async def test_nobody_is_drowned_by_others(rig: Rig, alice: Person, bob: Person) -> None:
    """A target that does not keep up gets no more from others; it is they who are told."""
    for_alice, _ = await rig.introduce(alice, bob)
    bob.queued = 200 * 1024
    assert (await refusal(alice.invite("bob")))[0] == Code.BUSY
    assert (await refusal(alice.signal(for_alice.session, b"x")))[0] == Code.BUSY
    assert bob.take() == []


async def test_the_oldest_of_too_many_sessions_ends() -> None:
    rig = Rig(limits=Limits(sessions=2))
    alice, bob = await rig.join("alice"), await rig.join("bob")
    first, second, third = [(await rig.introduce(alice, bob))[0] for _ in range(3)]
    alice.take()
    bob.take()
    assert (await refusal(alice.signal(first.session, b"x")))[0] == Code.NO_SUCH_SESSION
    for session in (second, third):
        assert await alice.signal(session.session, b"x") == []
    assert len(bob.take()) == 2
    assert len(rig.hub.introductions.rendezvous) == 4


# Introductions


async def test_both_are_told_as_soon_as_both_are_known(rig: Rig, alice: Person, bob: Person) -> None:
    for_alice, for_bob = await rig.introduce(alice, bob)
    assert rig.register(for_alice, ("10.0.0.1", 5001)) is not None
    assert alice.take() == bob.take() == []
    rig.wait(1)
    assert rig.register(for_bob, ("10.0.0.2", 5002)) is not None
    assert alice.take() == [wire.PeerAddress(session=for_alice.session, ip="10.0.0.2", port=40002, udp_port=5002)]
    assert bob.take() == [wire.PeerAddress(session=for_bob.session, ip="10.0.0.1", port=40001, udp_port=5001)]
    rig.wait(100)
    assert alice.take() == bob.take() == []


async def test_after_three_seconds_what_is_known_is_told(rig: Rig, alice: Person, bob: Person) -> None:
    for_alice, for_bob = await rig.introduce(alice, bob)
    rig.register(for_alice, ("10.0.0.1", 5001))
    rig.wait(2.9)
    assert alice.take() == bob.take() == []
    rig.wait(0.1)
    assert alice.take_one(wire.PeerAddress).udp_port is None
    assert bob.take_one(wire.PeerAddress).udp_port == 5001
    # Who comes later is told of then, once.
    rig.register(for_bob, ("10.0.0.2", 5002))
    assert alice.take_one(wire.PeerAddress).udp_port == 5002
    rig.now += 1
    rig.register(for_bob, ("10.0.0.2", 5003))
    rig.register(for_alice, ("10.0.0.1", 5004))
    assert alice.take() == bob.take() == []


async def test_a_spoofed_registration_tells_nobody_anything(rig: Rig, alice: Person, bob: Person) -> None:
    for_alice, for_bob = await rig.introduce(alice, bob)
    stolen = msgspec.structs.replace(for_alice, rendezvous_key=for_bob.rendezvous_key)
    assert rig.register(stolen, ("10.0.0.1", 6)) is None
    assert rig.register(for_alice, ("10.0.0.99", 6)) is None  # a victim's address
    rig.register(for_bob, ("10.0.0.2", 5002))
    assert bob.take() == []
    rig.wait(3)
    assert bob.take_one(wire.PeerAddress).udp_port is None


async def test_registrations_end(rig: Rig, alice: Person, bob: Person) -> None:
    for_alice, _ = await rig.introduce(alice, bob)
    rig.wait(31)
    assert rig.register(for_alice, ("10.0.0.1", 5001)) is None


async def test_signals_are_passed_on_unread(rig: Rig, alice: Person, bob: Person, carol: Person) -> None:
    for_alice, for_bob = await rig.introduce(alice, bob)
    data = bytes(range(256))
    assert await alice.signal(for_alice.session, data) == []
    assert bob.take() == [wire.Signal(session=for_alice.session, data=data)]
    assert await bob.signal(for_bob.session, b"") == []
    assert alice.take() == [wire.Signal(session=for_alice.session, data=b"")]
    # A third one has no part in it.
    assert (await refusal(carol.signal(for_alice.session, b"x")))[0] == Code.NO_SUCH_SESSION
    assert alice.take() == bob.take() == []


async def test_a_session_ends_with_either(rig: Rig, alice: Person, bob: Person) -> None:
    for_alice, for_bob = await rig.introduce(alice, bob)
    rig.register(for_alice, ("10.0.0.1", 5001))
    await alice.leave()
    # What was known of the one who left is told: the chat may go on without the broker.
    assert bob.take_one(wire.PeerAddress).udp_port == 5001
    code, text = await refusal(bob.signal(for_bob.session, b"x"))
    assert (code, text) == (Code.NO_SUCH_SESSION, SENTENCES[Code.NO_SUCH_SESSION])
    assert rig.hub.next_timer() is None
    assert len(rig.hub.introductions.rendezvous) == 0


async def test_who_comes_back_sits_down_where_it_sat(rig: Rig, alice: Person, bob: Person) -> None:
    for_alice, for_bob = await rig.introduce(alice, bob)
    rig.register(for_alice, ("10.0.0.1", 5001))
    rig.register(for_bob, ("10.0.0.2", 5002))
    alice.take(), bob.take()
    await alice.vanish()
    code, text = await refusal(bob.signal(for_bob.session, b"x"))
    assert (code, text) == (Code.PEER_AWAY, SENTENCES[Code.PEER_AWAY])
    rig.wait(299)
    alice = await rig.join("Alice", host="10.9.9.9")
    assert await alice.signal(for_alice.session, b"here I am") == []
    assert bob.take() == [wire.Signal(session=for_bob.session, data=b"here I am")]
    assert await bob.signal(for_bob.session, b"there you are") == []
    assert alice.take() == [wire.Signal(session=for_alice.session, data=b"there you are")]
    rig.wait(3)  # Enough for its first registration to be of no use any more.
    assert rig.register(for_alice, ("10.0.0.1", 5001)) is None
    assert rig.register(for_alice, ("10.9.9.9", 6001)) is not None
    told = bob.take_one(wire.PeerAddress)
    assert (told.ip, told.udp_port) == ("10.9.9.9", 6001)
    rig.wait(1000)
    assert await alice.signal(for_alice.session, b"x") == [], "kept for as long as both are here"


async def test_both_come_back(rig: Rig, alice: Person, bob: Person) -> None:
    for_alice, for_bob = await rig.introduce(alice, bob)
    rig.register(for_alice, ("10.0.0.1", 5001))
    rig.register(for_bob, ("10.0.0.2", 5002))
    await alice.vanish()
    rig.wait(200)
    await bob.vanish()
    rig.wait(200)
    alice = await rig.join("alice", host="10.9.9.1")
    rig.register(for_alice, ("10.9.9.1", 6001))
    assert alice.take() == []
    bob = rig.connect(host="10.9.9.2")
    _, told = await bob.login("bob")
    assert isinstance(told, wire.PeerAddress)
    assert (told.session, told.ip, told.udp_port) == (for_bob.session, "10.9.9.1", 6001)
    rig.register(for_bob, ("10.9.9.2", 6002))
    assert alice.take_one(wire.PeerAddress).udp_port == 6002
    assert await alice.signal(for_alice.session, b"x") == []
    assert len(bob.take()) == 1


async def test_a_seat_is_kept_for_a_while(rig: Rig, alice: Person, bob: Person) -> None:
    _, for_bob = await rig.introduce(alice, bob)
    await alice.vanish()
    rig.wait(300)
    bob.take()
    assert (await refusal(bob.signal(for_bob.session, b"x")))[0] == Code.NO_SUCH_SESSION
    assert rig.hub.next_timer() is None
    assert len(rig.hub.introductions.rendezvous) == 0


async def test_seats_are_kept_for_so_many() -> None:
    rig = Rig(limits=Limits(kept_sessions=2))
    bob, people = await rig.join("bob"), [await rig.join(f"n{number}") for number in range(3)]
    sessions = [(await rig.introduce(person, bob))[1].session for person in people]
    for person in people:
        await person.vanish()
    bob.take()
    codes = [(await refusal(bob.signal(session, b"x")))[0] for session in sessions]
    assert codes == [Code.NO_SUCH_SESSION, Code.PEER_AWAY, Code.PEER_AWAY]


async def test_a_seat_is_its_identitys(rig: Rig, alice: Person, bob: Person) -> None:
    """Neither another identity under the name nor the identity under another name sits down there."""
    for_alice, for_bob = await rig.introduce(alice, bob)
    await alice.vanish()
    await rig.names.release("alice")
    thief = rig.connect()
    (welcome,) = await thief.login("alice", identity=identity_of("a thief"))
    assert isinstance(welcome, wire.Welcome)
    under_another_name = rig.connect()
    (welcome,) = await under_another_name.login("alice2", identity=identity_of("alice"))
    assert isinstance(welcome, wire.Welcome)
    for person in (thief, under_another_name):
        assert (await refusal(person.signal(for_alice.session, b"x")))[0] == Code.NO_SUCH_SESSION
    assert (await refusal(bob.signal(for_bob.session, b"x")))[0] == Code.PEER_AWAY
    assert thief.take() == under_another_name.take() == bob.take() == []


async def test_the_newer_connection_has_the_seat(rig: Rig, alice: Person, bob: Person) -> None:
    for_alice, for_bob = await rig.introduce(alice, bob)
    newer = await rig.join("alice")
    await alice.vanish()  # The broker hears of it later than of the newer connection.
    assert await bob.signal(for_bob.session, b"x") == []
    assert newer.take() == [wire.Signal(session=for_alice.session, data=b"x")]


async def test_going_offline_leaves_chats_alone(rig: Rig, alice: Person, bob: Person) -> None:
    for_alice, _ = await rig.introduce(alice, bob)
    await alice.status(False)
    assert await alice.signal(for_alice.session, b"x") == []
    assert len(bob.take()) == 1


# The end, and faults


async def test_shutting_down_tells_everybody(rig: Rig, alice: Person, bob: Person) -> None:
    stranger = rig.connect()
    stranger.take()
    rig.hub.shut_down()
    for person in (alice, bob):
        assert person.take_one(wire.Goodbye).reason == "shutdown"
    assert stranger.take() == []


class FaultyDirectory(MemoryDirectory):
    async def page(self, *, prefix: str, cursor: str, limit: int, only_online: bool) -> DirectoryPage:
        raise RuntimeError("the disk is full")


async def test_a_directory_that_raises() -> None:
    rig = Rig(directory=FaultyDirectory())
    alice = await rig.join("alice")
    request = wire.ListRequest(id=2)
    with pytest.raises(RuntimeError) as caught:
        await rig.hub.handle(alice.client, request, rig.now)  # type: ignore[misc]
    alice.client_side.send(request)
    rig.hub.fail(alice.client, request, caught.value)
    message = alice.take_one(wire.Refusal)
    assert (message.code, message.re) == (Code.INTERNAL, 2)
    assert "disk" not in message.text
    assert "alice" in rig.log[0]
    assert "the disk is full" in rig.log[0]


# Floods of one address, whoever it is logged in as


async def test_one_address_takes_up_a_share_of_what_may_wait_for_a_client(alice: Person, rig: Rig) -> None:
    mallories = [await rig.join(f"m{number}", host="198.51.100.7") for number in range(17)]
    for mallory in mallories[:16]:
        assert isinstance((await mallory.invite("alice"))[0], wire.Invited)
    code, text = await refusal(mallories[16].invite("alice"))
    assert (code, text) == (Code.TOO_MANY_INVITATIONS, "too many from your address wait for alice; try again later")
    bob = await rig.join("bob", host="198.51.100.8")
    assert isinstance((await bob.invite("alice"))[0], wire.Invited)
    push = next(got for got in alice.take() if isinstance(got, wire.InvitationPush))
    await alice.refuse(push.invitation)
    assert isinstance((await mallories[16].invite("alice"))[0], wire.Invited)


async def test_one_address_invites_so_often() -> None:
    rig = Rig(limits=Limits(invitations_burst_per_address=3, invitations_a_second_per_address=1))
    await rig.join("target", host="198.51.100.9")
    mallories = [await rig.join(f"m{number}", host="198.51.100.7") for number in range(4)]
    for mallory in mallories[:3]:
        assert isinstance((await mallory.invite("target"))[0], wire.Invited)
    code, text = await refusal(mallories[3].invite("target"))
    assert (code, text) == (
        Code.TOO_MANY_INVITATIONS,
        "your address invites too many in a short time; wait a moment",
    )
    bob = await rig.join("bob", host="198.51.100.8")
    assert isinstance((await bob.invite("target"))[0], wire.Invited)
    rig.wait(1)
    rig.hub.sweep(rig.now)
    assert isinstance((await mallories[3].invite("target"))[0], wire.Invited)
