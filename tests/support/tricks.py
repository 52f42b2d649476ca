"""What a malicious broker may do with the lines of an introduction. A trick is made anew for each broker."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from tests.support.forged_key import SMALL_ORDER, forged_key
from tests.support.malicious_broker import MaliciousBroker, Trick

from ud2p.protocol.keys import Role, Transcript
from ud2p.protocol.messages import Introduction, Message, PeerAddress, Signal
from ud2p.protocol.noise import NoiseXX

INITIATOR, RESPONDER = "alice", "bob"
HANDSHAKE = (1, 2, 3)
"""The first bytes of the handshake's messages."""


def introduction_with(change: Callable[[Introduction], dict[str, Any]], only_to: str = "") -> Callable[[], Trick]:
    """Introduce people with something that is not so.

    :param change: the fields that change
    :param only_to: who is lied to; empty for both
    """

    def trick(broker: MaliciousBroker, to: str, message: Message) -> Iterable[Message]:
        if isinstance(message, Introduction) and only_to in ("", to):
            return (msgspec.structs.replace(message, **change(message)),)
        return (message,)

    return lambda: trick


def offer_with(change: Callable[[dict[str, Any]], object], *, canonical: bool = True) -> Callable[[], Trick]:
    """Pass another offer on than the peer's, to both.

    :param canonical: in the form in which offers come; else with spaces
    """

    def changed(introduction: Introduction) -> dict[str, Any]:
        offer = json.loads(introduction.offer)
        change(offer)
        separators = (",", ":") if canonical else (", ", ": ")
        return {"offer": json.dumps(offer, separators=separators).encode()}

    return introduction_with(changed)


def signals_to(who: str, number: int, change: Callable[[Signal], Iterable[Signal]]) -> Callable[[], Trick]:
    """Do something to one message of the handshake.

    :param who: to whom it goes; empty for both
    :param number: its first byte
    """

    def trick(broker: MaliciousBroker, to: str, message: Message) -> Iterable[Message]:
        if isinstance(message, Signal) and who in ("", to) and message.data[0] == number:
            return change(message)
        return (message,)

    return lambda: trick


def _with(signal: Signal, data: bytes) -> Signal:
    return msgspec.structs.replace(signal, data=data)


def _garbage_around(signal: Signal) -> list[Signal]:
    number, body = signal.data[:1], signal.data[1:]
    junk = [number + bytes(len(body)), number, number + body[:-1], number + body + b"\0", b"\x09" + body]
    flipped = bytearray(signal.data)
    flipped[len(flipped) // 2] ^= 1
    return [*(_with(signal, each) for each in (*junk, bytes(flipped))), signal, signal, signal]


def garbage_between() -> Trick:
    """Junk, truncated, extended and flipped messages before each, and each three times."""

    def trick(broker: MaliciousBroker, to: str, message: Message) -> Iterable[Message]:
        if isinstance(message, Signal) and message.data[0] in HANDSHAKE:
            return _garbage_around(message)
        return (message,)

    return trick


def backwards() -> Trick:
    """Each message comes behind copies of itself that say that they are another."""

    def trick(broker: MaliciousBroker, to: str, message: Message) -> Iterable[Message]:
        if isinstance(message, Signal) and message.data[0] in HANDSHAKE:
            later = [n for n in (3, 2) if n != message.data[0]]  # The first was taken: a second one ends it.
            return [*(_with(message, bytes([n]) + message.data[1:]) for n in later), message]
        return (message,)

    return trick


def twice_and_different() -> Trick:
    """The first message, and then another one in its place: a broker knows the psk and can make one."""

    def trick(broker: MaliciousBroker, to: str, message: Message) -> Iterable[Message]:
        if isinstance(message, Signal) and message.data[0] == 1:
            return (message, _with(message, message.data[:-1] + bytes([message.data[-1] ^ 1])))
        return (message,)

    return trick


def small_order(point: bytes, only: int = 1) -> Callable[[], Trick]:
    """The ephemeral key of a message gives way to a point with which everybody agrees on zero. In the first, with all
    that the broker knows, so that it opens.
    """

    def make() -> Trick:
        introductions: dict[str, Introduction] = {}

        def trick(broker: MaliciousBroker, to: str, message: Message) -> Iterable[Message]:
            if isinstance(message, Introduction):
                introductions[to] = message
            if isinstance(message, Signal) and message.data[0] == only:
                if only == 1:
                    mine = introductions[to]
                    noise = NoiseXX(
                        Role.INITIATOR,
                        transcript_of(mine, introductions[INITIATOR], to).prologue(),
                        X25519PrivateKey.generate(),
                        forged_key(point),
                        [(0, psk_of(mine))],
                    )
                    return (_with(message, b"\x01" + noise.write_message(bytes(32))),)
                return (_with(message, message.data[:1] + point + message.data[33:]),)
            return (message,)

        return trick

    return make


def psk_of(introduction: Introduction) -> bytes:
    """The pre-shared key of a handshake: the broker knows it."""
    return HKDF(SHA256(), 32, introduction.session, b"ud2p/1 psk").derive(introduction.key)


def transcript_of(to_responder: Introduction, to_initiator: Introduction, responder: str) -> Transcript:
    """What both must have seen."""
    return Transcript(to_responder.session, to_responder.peer, responder, to_responder.offer, to_initiator.offer)


def one_way(who: str) -> Callable[[], Trick]:
    """Nothing of the handshake gets to somebody."""

    def trick(broker: MaliciousBroker, to: str, message: Message) -> Iterable[Message]:
        return () if isinstance(message, Signal) and to == who else (message,)

    return lambda: trick


def no_addresses() -> Trick:
    """Nobody is told where the other is."""

    def trick(broker: MaliciousBroker, to: str, message: Message) -> Iterable[Message]:
        return () if isinstance(message, PeerAddress) or _is_record(message) else (message,)

    return trick


def _is_record(message: Message) -> bool:
    return isinstance(message, Signal) and message.data[0] not in HANDSHAKE and message.data[0] != 0


def _without_ciphers(offer: dict[str, Any]) -> None:
    offer["ciphers"] = [name for name in offer["ciphers"] if name != "aes-gcm"]


def _weakest_first(offer: dict[str, Any]) -> None:
    offer["ciphers"].sort(key=lambda name: name != "fernet")


def _another_version(offer: dict[str, Any]) -> None:
    offer["versions"] = [2]


def _one_more_version(offer: dict[str, Any]) -> None:
    offer["versions"] = [1, 0]


def _one_more_feature(offer: dict[str, Any]) -> None:
    offer["features"] = ["plain"]


def _no_cipher(offer: dict[str, Any]) -> None:
    offer["ciphers"] = []


ENDING: dict[str, Callable[[], Trick]] = {
    "an offer without the best cipher": offer_with(_without_ciphers),
    "offers with the slowest cipher first": offer_with(_weakest_first),
    "offers without any cipher": offer_with(_no_cipher),
    "an offer with one more feature": offer_with(_one_more_feature),
    "an offer of another version": offer_with(_another_version),
    "an offer of one more version": offer_with(_one_more_version),
    "an offer in another form": offer_with(lambda offer: None, canonical=False),
    "no offer at all": introduction_with(lambda _: {"offer": b""}),
    "the initiator's own offer sent back": introduction_with(
        lambda i: {"offer": i.offer.replace(b'"features":[]', b'"features":["x"]')}, INITIATOR
    ),
    "another name to the initiator": introduction_with(lambda _: {"peer": "carol"}, INITIATOR),
    "another name to the responder": introduction_with(lambda _: {"peer": "carol"}, RESPONDER),
    "the name in other letters": introduction_with(lambda i: {"peer": i.peer.upper()}, RESPONDER),
    "two initiators": introduction_with(lambda _: {"initiator": True}),
    "two responders": introduction_with(lambda _: {"initiator": False}),
    "another session for one": introduction_with(lambda i: {"session": i.session[::-1]}, RESPONDER),
    "another key for one": introduction_with(lambda i: {"key": i.key[::-1]}, INITIATOR),
    "keys that are not theirs": introduction_with(lambda i: {"identity": i.identity[::-1]}),
    "a key that is not the responder's": introduction_with(lambda i: {"identity": bytes(32)}, INITIATOR),
    "no first message": signals_to("", 1, lambda _: ()),
    "no second message": signals_to("", 2, lambda _: ()),
    "no third message": signals_to("", 3, lambda _: ()),
    "a third message cut short": signals_to("", 3, lambda signal: (_with(signal, signal.data[:-1]),)),
    "a first message changed": signals_to("", 1, lambda s: (_with(s, s.data[:40] + b"\0" * (len(s.data) - 40)),)),
    "a message sent back to its sender": introduction_with(lambda i: {"initiator": True}),
    "a first message that comes twice and differs": twice_and_different,
    "zero for a first key": small_order(SMALL_ORDER[0]),
    "one for a first key": small_order(SMALL_ORDER[1]),
    "zero for a second key": small_order(SMALL_ORDER[0], only=2),
    "somebody who gives up for the peer": signals_to("", 2, lambda s: (_with(s, b"\x00handshake"),)),
    "somebody who gives up with an escape code": signals_to("", 2, lambda s: (_with(s, b"\x00\x1b[2Jhack"),)),
    "nothing to the initiator": one_way(INITIATOR),
    "nothing to the responder": one_way(RESPONDER),
}
"""With these no chat opens: who initiates is :data:`INITIATOR`."""

OPENING: dict[str, Callable[[], Trick]] = {
    "garbage between the messages": lambda: garbage_between(),
    "messages under other numbers before them": lambda: backwards(),
}
"""With these a chat opens all the same."""

TRICKS = {**ENDING, **OPENING}
