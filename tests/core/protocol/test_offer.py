from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ud2p.errors import RemoteProtocolError
from ud2p.protocol.offer import (
    MAX_OFFER_BYTES,
    Offer,
    decode_offer,
    encode_offer,
    no_common_cipher_text,
    select_cipher,
)

NAMES = st.sampled_from(["aes-gcm", "fernet", "xchacha20", "0", "a.b-c", "x" * 32])
NAME_LISTS = st.lists(NAMES, max_size=4).map(tuple)
OFFERS = st.builds(
    Offer,
    versions=st.lists(st.integers(-(2**53), 2**53), max_size=3).map(tuple),
    ciphers=NAME_LISTS,
    transports=NAME_LISTS,
    file_transfers=NAME_LISTS,
    features=NAME_LISTS,
    packages=st.dictionaries(NAMES, st.text(max_size=9), max_size=2),
)
OFFER = Offer(versions=(1,), ciphers=("aes-gcm", "fernet"), transports=("udp",), file_transfers=("tcp",))


@settings(deadline=None, max_examples=40)
@given(OFFERS)
def test_an_offer_comes_back_in_the_very_same_bytes(offer: Offer) -> None:
    data = encode_offer(offer)
    assert decode_offer(data) == offer
    assert encode_offer(decode_offer(data)) == data


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_an_offer_or_refused(data: bytes) -> None:
    try:
        offer = decode_offer(data)
    except RemoteProtocolError:
        return
    assert encode_offer(offer) == data


@settings(deadline=None, max_examples=40)
@given(OFFERS, st.data())
def test_an_offer_changed_anywhere_is_another_or_refused(offer: Offer, data: st.DataObject) -> None:
    good = encode_offer(offer)
    at = data.draw(st.integers(0, len(good) - 1))
    changed = good[:at] + bytes([data.draw(st.integers(0, 255))]) + good[at + 1 :]
    try:
        assert (decode_offer(changed) == offer) is (changed == good)
    except RemoteProtocolError:
        assert changed != good


def test_its_bytes() -> None:
    assert encode_offer(OFFER) == (
        b'{"versions":[1],"ciphers":["aes-gcm","fernet"],"transports":["udp"],"file_transfers":["tcp"],'
        b'"features":[],"packages":{}}'
    )


def other_forms() -> dict[str, bytes]:
    good = encode_offer(OFFER)
    decoded = json.loads(good)
    backwards = dict(reversed(decoded.items()))
    return {
        "spaces": json.dumps(decoded).encode(),
        "another order": json.dumps(backwards, separators=(",", ":")).encode(),
        "a member left out": good.replace(b',"packages":{}', b""),
        "a member more": good.replace(b"{", b'{"later":1,', 1),
        "a member twice": good.replace(b'{"versions":[1]', b'{"versions":[2],"versions":[1]'),
        "behind it": good + b"\n",
        "escaped": good.replace(b"udp", rb"\u0075dp"),
        "upper case": good.replace(b"aes-gcm", b"AES-GCM"),
        "a line feed behind a name": good.replace(b"aes-gcm", rb"aes-gcm\n"),
        "half a surrogate": good.replace(b'"packages":{}', rb'"packages":{"own":"\ud800"}'),
        "control": good.replace(b"aes-gcm", rb"aes\u001b"),
        "not in utf-8": good.replace(b"udp", b"\xff\xff"),
        "null": good.replace(b'["udp"]', b"null"),
        "a number for a list": good.replace(b'["udp"]', b"7"),
        "deep": b'{"versions":' + b"[" * 4000,
        "too many names": good.replace(b'["udp"]', json.dumps([f"t{i}" for i in range(33)]).encode()),
        "nothing": b"",
    }


@pytest.mark.parametrize("name", other_forms())
def test_another_form_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(RemoteProtocolError, match=r"the peer's offer .*version of ud2p"):
        decode_offer(other_forms()[name])


def test_an_offer_holds_at_most_4096_bytes() -> None:
    big = Offer(
        versions=(1,),
        ciphers=tuple(f"cipher-{i:024}" for i in range(32)),
        transports=tuple(f"transport-{i:020}" for i in range(32)),
        file_transfers=tuple(f"transfer-{i:020}" for i in range(32)),
        features=tuple(f"feature-{i:020}" for i in range(32)),
    )
    with pytest.raises(ValueError, match="fewer ciphers"):
        encode_offer(big)
    with pytest.raises(RemoteProtocolError, match="too long"):
        decode_offer(b" " * (MAX_OFFER_BYTES + 1))


def offering(*ciphers: str) -> Offer:
    return Offer(versions=(1,), ciphers=ciphers, transports=("udp",), file_transfers=("tcp",))


@pytest.mark.parametrize(
    ("initiator", "responder", "chosen"),
    [
        (("aes-gcm", "fernet"), ("fernet", "aes-gcm"), "aes-gcm"),
        (("fernet", "aes-gcm"), ("aes-gcm", "fernet"), "fernet"),
        (("own", "fernet"), ("aes-gcm", "fernet"), "fernet"),
        (("own",), ("aes-gcm",), None),
        ((), ("aes-gcm",), None),
    ],
)
def test_the_initiators_first_that_both_have(
    initiator: tuple[str, ...], responder: tuple[str, ...], chosen: str | None
) -> None:
    assert select_cipher(offering(*initiator), offering(*responder)) == chosen


def test_none_in_common_is_a_sentence_that_names_both() -> None:
    theirs = Offer(
        versions=(1,), ciphers=("own",), transports=("udp",), file_transfers=("tcp",), packages={"own": "ud2p-own"}
    )
    text = no_common_cipher_text(offering("aes-gcm", "fernet"), theirs, "bob")
    assert "you offer aes-gcm, fernet" in text
    assert "bob offers own (from ud2p-own, it says)" in text
    assert "no chat was opened" in text
    assert "bob offers none" in no_common_cipher_text(offering("aes-gcm"), offering(), "bob")
