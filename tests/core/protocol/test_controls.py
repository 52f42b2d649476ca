from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ud2p.errors import RemoteProtocolError
from ud2p.protocol.controls import (
    MAX_TRANSFER_BODY_BYTES,
    Accept,
    Control,
    Decline,
    Entry,
    EntryKind,
    MoreEntries,
    Offer,
    Transfer,
    Withdraw,
    decode_control,
    encode_control,
)
from ud2p.protocol.frames import MAX_MESSAGE_BYTES

ID = "0123456789abcdef" * 2
IDS = st.sampled_from([ID, "f" * 32])
ENTRIES = st.lists(
    st.builds(
        Entry,
        path=st.text(max_size=50),
        kind=st.sampled_from(EntryKind),
        size_bytes=st.integers(0, 2**62 - 1),
        modified_ns=st.none() | st.integers(0, 2**63 - 1),
    ),
    max_size=3,
)
CONTROLS = st.one_of(
    st.builds(
        Offer,
        epoch=st.integers(0, 2**16 - 1),
        id=IDS,
        transfer=st.text(max_size=32),
        n_entries=st.integers(1, 2**63),
        entries=ENTRIES,
    ),
    st.builds(MoreEntries, id=IDS, entries=ENTRIES),
    st.builds(Accept, id=IDS),
    st.builds(Decline, id=IDS, reason=st.text(max_size=50)),
    st.builds(Withdraw, id=IDS, reason=st.text(max_size=50)),
    st.builds(Transfer, id=IDS, body=st.binary(max_size=200)),
)


@settings(deadline=None, max_examples=40)
@given(CONTROLS)
def test_a_control_comes_back(control: Control) -> None:
    assert decode_control(encode_control(control)) == control


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_control_or_refused(data: bytes) -> None:
    try:
        control = decode_control(data)
    except RemoteProtocolError:
        return
    assert isinstance(control, Control)


@settings(deadline=None, max_examples=40)
@given(CONTROLS, st.data())
def test_a_control_changed_anywhere_is_a_control_or_refused(control: Control, data: st.DataObject) -> None:
    good = encode_control(control)
    at = data.draw(st.integers(0, len(good)))
    try:
        decode_control(good[:at] + data.draw(st.binary(max_size=3)) + good[at + data.draw(st.integers(0, 3)) :])
    except RemoteProtocolError:
        return


def test_the_largest_control_fits_a_message() -> None:
    assert len(encode_control(Transfer(ID, bytes(MAX_TRANSFER_BODY_BYTES)))) <= MAX_MESSAGE_BYTES


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"{}",
        b'{"kind":"file-later"}',
        b'{"kind":"file-accept"}',
        b'{"kind":"file-accept","id":"%s"}' % ID[1:].encode(),
        b'{"kind":"file-accept","id":"%s"}' % ID.upper().encode(),
        b'{"kind":"file-accept","id":"%s\\n"}' % ID.encode(),
        b'{"kind":"file-offer","id":"%s","name":"n","size_bytes":-1,"transfer":"tcp"}' % ID.encode(),
        b'{"kind":"file-offer","id":"%s","name":"n","size_bytes":4611686018427387904,"transfer":"tcp"}' % ID.encode(),
        b'{"kind":"file-offer","id":"%s","name":"n","size_bytes":1.5,"transfer":"tcp"}' % ID.encode(),
        b'{"kind":"file-offer","id":"%s","name":"n","size_bytes":"1","transfer":"tcp"}' % ID.encode(),
        b'{"kind":"file-offer","id":"%s","name":"%s","size_bytes":1,"transfer":"tcp"}' % (ID.encode(), b"n" * 1025),
        b'{"kind":"file-decline","id":"%s","reason":"%s"}' % (ID.encode(), b"r" * 501),
        b'{"kind":"file-transfer","id":"%s","body":"not base64!"}' % ID.encode(),
        b'{"kind":"file-decline","id":"%s","reason":"\xff"}' % ID.encode(),
        b"[" * 60_000,
    ],
)
def test_what_no_version_says_is_refused(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_control(data)


def test_a_later_version_may_say_more() -> None:
    assert decode_control(b'{"kind":"file-accept","id":"%s","later":[1]}' % ID.encode()) == Accept(ID)
