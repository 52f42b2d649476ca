"""Whoever reads everything, now and later: the broker's lines, the datagrams, and in the end the keys."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from tests.support.identities import identity_of
from tests.support.malicious_broker import MaliciousBroker, a_malicious_broker
from tests.support.people import Person, a_person, introduce
from tests.support.tapped_transport import Tap
from tests.support.tricks import HANDSHAKE, psk_of, transcript_of

from ud2p import Chat, ChatFailed, CipherInfo, Invited, KnownPeers, MessageReceived, UD2PError
from ud2p.errors import RemoteProtocolError
from ud2p.protocol import handshake, noise
from ud2p.protocol.keys import Master, Role
from ud2p.protocol.messages import Introduction, Message, Signal
from ud2p.protocol.record import BUCKET_BYTES, HEADER_BYTES, RecordOpener

SECRET = "the attic, at noon"


@dataclass
class Scene:
    """A chat, and everything that was recorded of it."""

    broker: MaliciousBroker
    alice: Person
    bob: Person
    taps: tuple[Tap, Tap]
    chats: list[tuple[Chat, Chat]] = field(default_factory=list)

    async def meet(self) -> tuple[Chat, Chat]:
        self.chats.append(await introduce(self.alice, self.bob))
        return self.chats[-1]

    async def say(self, text: str) -> None:
        """Alice says something, and Bob has it."""
        self.chats[-1][0].post(text)
        assert (await self.bob.next(MessageReceived)).text == text

    def introduction(self, to: str) -> Introduction:
        return [m for who, m in self.broker.sent if who == to and isinstance(m, Introduction)][-1]

    def signals(self, to: str) -> list[bytes]:
        """The handshake's messages to somebody in the newest session."""
        session = self.introduction(to).session
        return [
            m.data
            for who, m in self.broker.sent
            if who == to and isinstance(m, Signal) and m.session == session and m.data[0] in HANDSHAKE
        ]


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    taps = Tap(), Tap()
    async with contextlib.AsyncExitStack() as stack:
        broker = await stack.enter_async_context(a_malicious_broker())
        people = [
            await stack.enter_async_context(
                a_person(name, broker.address, plugins=tap.plugins, transport="tapped", known_peers=KnownPeers())
            )
            for name, tap in zip(("alice", "bob"), taps, strict=True)
        ]
        yield Scene(broker, people[0], people[1], taps)


async def test_nothing_of_a_chat_is_seen(scene: Scene) -> None:
    """Neither a word nor a name, nor how long a message is, but in steps of 64 bytes."""
    await scene.meet()
    for length in range(1, 65):
        await scene.say(SECRET + "." * length)
    lines = b"".join(msgspec.json.encode(m) for m in (*scene.broker.heard, *(m for _, m in scene.broker.sent)))
    signals = b"".join(m.data for m in scene.broker.heard if isinstance(m, Signal))
    datagrams = [datagram for tap in scene.taps for datagram, _ in (*tap.sent, *tap.received)]
    for haystack in (lines, signals, *datagrams):
        assert SECRET.encode() not in haystack
        assert b"attic" not in haystack
    for datagram in datagrams:
        assert b"alice" not in datagram.lower()
        assert b"bob" not in datagram.lower()
    sizes = {len(record) for tap in scene.taps for record in tap.records}
    overheads = {(size - HEADER_BYTES) % BUCKET_BYTES for size in sizes}
    assert overheads == {16}, "a length shows through the buckets"
    assert len(sizes) <= 4


async def test_messages_of_one_bucket_look_alike(scene: Scene) -> None:
    """Two that differ by a byte take as many records of the same sizes: taken together, not only one by one."""
    await scene.meet()
    looks = []
    for text in ("a", "a" * 20, "yes", "no!"):
        before = len(scene.taps[0].records)
        await scene.say(text)
        looks.append(len(scene.taps[0].records[before]))
    assert len(set(looks)) == 1


async def test_another_sessions_handshake_is_worth_nothing(scene: Scene) -> None:
    """Replayed before the true messages it is passed over, in their place it ends the introduction."""
    first, _ = await scene.meet()
    old = {to: scene.signals(to) for to in ("alice", "bob")}
    assert [len(old[to]) for to in ("alice", "bob")] == [1, 2]
    await first.leave()

    def before(broker: MaliciousBroker, to: str, message: Message) -> Iterable[Message]:
        if isinstance(message, Signal) and message.data[0] in HANDSHAKE:
            # What was taken once must not come again and differ.
            late = [data for data in old[to] if data[0] >= message.data[0]]
            return (*(msgspec.structs.replace(message, data=data) for data in late), message)
        return (message,)

    scene.broker.trick = before
    chats = await scene.meet()
    assert chats[0].words == chats[1].words != first.words
    await scene.say("and still")


async def test_another_sessions_handshake_in_place_of_the_true_one(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = await scene.meet()
    old = {to: scene.signals(to) for to in ("alice", "bob")}
    earlier = {to: scene.introduction(to) for to in ("alice", "bob")}
    await first.leave()
    monkeypatch.setattr(handshake, "HANDSHAKE_DEADLINE_S", 2.0)

    def instead(broker: MaliciousBroker, to: str, message: Message) -> Iterable[Message]:
        if isinstance(message, Introduction):  # Even the session and the psk are those of that time.
            past = earlier[to]
            return (msgspec.structs.replace(message, session=past.session, key=past.key),)
        if isinstance(message, Signal):
            return [msgspec.structs.replace(message, data=d) for d in old[to] if d[0] == message.data[0]]
        return (message,)

    scene.broker.trick = instead
    inviting = asyncio.ensure_future(scene.alice.client.invite("bob"))
    invited = await scene.bob.next(Invited)
    answering = asyncio.ensure_future(scene.bob.client.answer(invited.invitation, accept=True))
    async with asyncio.timeout(15):
        results = await asyncio.gather(inviting, answering, return_exceptions=True)
    assert all(isinstance(result, UD2PError) for result in results), results
    for person in (scene.alice, scene.bob):
        assert (await person.next(ChatFailed)).reason
        assert not person.client.chats


async def test_records_of_an_earlier_session_are_dropped(scene: Scene) -> None:
    """As they were, and under the head of the present one."""
    mine, theirs = await scene.meet()
    await scene.say("once")
    old = list(scene.taps[0].records)
    await mine.leave()
    mine, theirs = await scene.meet()
    await scene.say("first")
    heads = [record[:HEADER_BYTES] for record in scene.taps[0].records[len(old) :]]
    session = theirs.driver.session
    assert session is not None
    dropped = session.drops.other_session
    spliced = [head + record[HEADER_BYTES:] for head in heads for record in old]
    theirs.driver.receive([(each, ("127.0.0.1", 9)) for each in (*old, *spliced)])
    assert session.drops.other_session >= dropped + len(old)
    await scene.say("second")
    assert theirs.is_open


# Keys that are learned later


class Recorder:
    """Has every message of a handshake, the psk, and by now both static keys; works through the pattern as both did.

    What it can't compute (the agreement of two keys that nobody has any more) it has to leave out.
    """

    def __init__(self, scene: Scene) -> None:
        to_bob, to_alice = scene.introduction("bob"), scene.introduction("alice")
        first, third = scene.signals("bob")
        (second,) = scene.signals("alice")
        self._messages = (first[1:], second[1:], third[1:])
        self._statics = {
            "initiator": identity_of("alice").session_key,
            "responder": identity_of("bob").session_key,
        }
        self._symmetric = noise._Symmetric(b"Noise_XXpsk0_25519_ChaChaPoly_SHA256")
        self._symmetric.mix_hash(transcript_of(to_bob, to_alice, "bob").prologue())
        self._psk = psk_of(to_bob)
        self._publics: dict[str, bytes] = {}

    def master(self) -> Master:
        """
        :raises RemoteProtocolError: a message does not open
        """
        symmetric = self._symmetric
        symmetric.mix_key_and_hash(self._psk)
        for number, (tokens, message) in enumerate(zip(noise._TOKENS, self._messages, strict=True)):
            side = "initiator" if number % 2 == 0 else "responder"
            for token in tokens:
                if token == "e":
                    self._publics["e" + side], message = message[:32], message[32:]
                    symmetric.mix_hash(self._publics["e" + side])
                    symmetric.mix_key(self._publics["e" + side])
                elif token == "s":
                    sealed, message = message[:48], message[48:]
                    self._publics["s" + side] = symmetric.open(sealed)
                else:
                    shared = self._agreement(token)
                    if shared is not None:
                        symmetric.mix_key(shared)
            symmetric.open(message)
        keys = symmetric.expand(b"", 2)
        return Master.extract(symmetric.hash, keys[0] + keys[1])

    def _agreement(self, token: str) -> bytes | None:
        pairs = ((token[0], "initiator", token[1], "responder"), (token[1], "responder", token[0], "initiator"))
        for mine, side, theirs, other in pairs:
            if mine == "s":
                return self._exchange(self._statics[side], self._publics[theirs + other])
        return None

    @staticmethod
    def _exchange(key: X25519PrivateKey, public: bytes) -> bytes:
        return key.exchange(X25519PublicKey.from_public_bytes(public))


def opened(scene: Scene, master: Master, cipher: CipherInfo) -> int:
    """How many of the recorded datagrams to Bob open."""
    key = master.traffic_key(Role.INITIATOR, 0, cipher.name, cipher.key_size)
    opener = RecordOpener(cipher, key, master.session_id(Role.RESPONDER))
    return sum(opener.open(record) is not None for record in scene.taps[0].records)


async def test_what_was_recorded_stays_closed_when_all_long_lived_keys_are_known(scene: Scene) -> None:
    mine, _ = await scene.meet()
    await scene.say(SECRET)
    cipher = scene.alice.client.plugins.ciphers[mine.cipher]
    try:
        master = Recorder(scene).master()
    except RemoteProtocolError:
        return  # The handshake's own messages do not open.
    assert opened(scene, master, cipher) == 0


async def test_with_the_keys_of_the_moment_the_recorder_reads_all(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the test above does not hold because the recorder is a fool."""
    ephemerals: dict[bytes, X25519PrivateKey] = {}
    make = handshake.Handshake.__init__

    def spied(self: handshake.Handshake, *args: object, **kwargs: object) -> None:
        make(self, *args, **kwargs)  # type: ignore[arg-type]
        own = self._noise._ephemeral
        ephemerals[own.public_key().public_bytes_raw()] = own

    monkeypatch.setattr(handshake.Handshake, "__init__", spied)
    mine, _ = await scene.meet()
    await scene.say(SECRET)
    recorder = Recorder(scene)
    agreement = recorder._agreement

    def knows_all(token: str) -> bytes | None:
        if token == "ee":
            publics = recorder._publics
            return recorder._exchange(ephemerals[publics["einitiator"]], publics["eresponder"])
        return agreement(token)

    monkeypatch.setattr(recorder, "_agreement", knows_all)
    cipher = scene.alice.client.plugins.ciphers[mine.cipher]
    assert opened(scene, recorder.master(), cipher) == len(scene.taps[0].records) > 0
