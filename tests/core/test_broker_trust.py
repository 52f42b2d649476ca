"""Every row and column of the table in the module."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.certificates import make_leaf

from ud2p.broker_trust import BrokerTrust
from ud2p.errors import BrokerNotTrusted, BrokerUnreachable, UsageError
from ud2p.identity import fingerprint
from ud2p.known_brokers import KnownBroker, KnownBrokers, Vouched

LEAF, OTHER = make_leaf("chat.example"), make_leaf("chat.example")
KEY, OTHER_KEY = fingerprint(LEAF.public_key), fingerprint(OTHER.public_key)
WHERE = "chat.example:17280"
PINNED, AUTHORITY = Vouched.PINNED, Vouched.AUTHORITY


@pytest.fixture
def known(tmp_path: Path) -> KnownBrokers:
    return KnownBrokers(tmp_path / "known_brokers")


def trust(known: KnownBrokers, wanted: str | None = None) -> BrokerTrust:
    found = BrokerTrust("Chat.Example", 17280, known, wanted)
    found.begin()
    return found


@pytest.mark.parametrize("vouched", [PINNED, AUTHORITY])
def test_the_first_contact_is_kept_and_told(known: KnownBrokers, vouched: Vouched) -> None:
    first = trust(known)
    assert first.begin() is True
    shown = first.check(LEAF.der, vouched)
    assert (shown.certificate, shown.fingerprint, shown.vouched, shown.is_new) == (LEAF.der, KEY, vouched, True)
    assert known.find(WHERE) is None  # not before it has turned out to be a broker
    first.remember(shown)
    assert known.find(WHERE) == KnownBroker(vouched, KEY)
    again = trust(known)
    assert again.begin() is (vouched is AUTHORITY)
    assert again.check(LEAF.der, vouched).is_new is False


@pytest.mark.parametrize("vouched", [PINNED, AUTHORITY])
def test_another_key_than_the_pinned_one_is_a_hard_stop(known: KnownBrokers, vouched: Vouched) -> None:
    known.remember(WHERE, KnownBroker(PINNED, KEY))
    with pytest.raises(BrokerNotTrusted) as stopped:
        trust(known).check(OTHER.der, vouched)
    text = str(stopped.value)
    assert KEY in text
    assert f"ud2p --broker Chat.Example:17280 --trust-broker {OTHER_KEY}" in text
    assert stopped.value.exit_code == 5
    assert known.find(WHERE) == KnownBroker(PINNED, KEY)


def test_who_was_vouched_for_must_be_so_again(known: KnownBrokers) -> None:
    known.remember(WHERE, KnownBroker(AUTHORITY, KEY))
    for leaf in (LEAF, OTHER):
        with pytest.raises(BrokerNotTrusted, match="self-signed certificate") as stopped:
            trust(known).check(leaf.der, PINNED, "self-signed certificate")
        assert KEY in str(stopped.value)
        assert f"--trust-broker {fingerprint(leaf.public_key)}" in str(stopped.value)


def test_who_is_vouched_for_may_change_its_key(known: KnownBrokers) -> None:
    known.remember(WHERE, KnownBroker(AUTHORITY, KEY))
    later = trust(known)
    shown = later.check(OTHER.der, AUTHORITY)
    assert not shown.is_new
    later.remember(shown)
    assert known.find(WHERE) == KnownBroker(AUTHORITY, OTHER_KEY)


@pytest.mark.parametrize("before", [None, KnownBroker(PINNED, KEY), KnownBroker(AUTHORITY, KEY)])
@pytest.mark.parametrize("vouched", [PINNED, AUTHORITY])
def test_a_key_that_was_named_replaces_what_was_known(
    known: KnownBrokers, before: KnownBroker | None, vouched: Vouched
) -> None:
    if before is not None:
        known.remember(WHERE, before)
    told = trust(known, OTHER_KEY)
    assert told.begin() is True
    shown = told.check(OTHER.der, vouched)
    assert not shown.is_new
    told.remember(shown)
    assert known.find(WHERE) == KnownBroker(vouched, OTHER_KEY)


@pytest.mark.parametrize("before", [None, KnownBroker(PINNED, KEY), KnownBroker(AUTHORITY, KEY)])
def test_another_key_than_the_named_one_is_refused(known: KnownBrokers, before: KnownBroker | None) -> None:
    if before is not None:
        known.remember(WHERE, before)
    with pytest.raises(BrokerNotTrusted, match="does not have the key that you named"):
        trust(known, OTHER_KEY).check(LEAF.der, AUTHORITY)
    assert known.find(WHERE) == before


def test_another_broker_under_another_name_or_port_is_another(known: KnownBrokers) -> None:
    known.remember(WHERE, KnownBroker(PINNED, KEY))
    for host, port in (("chat.example", 17281), ("other.example", 17280)):
        elsewhere = BrokerTrust(host, port, known)
        assert elsewhere.begin() is True
        assert elsewhere.check(OTHER.der, PINNED).is_new


def test_a_certificate_that_is_none(known: KnownBrokers) -> None:
    with pytest.raises(BrokerNotTrusted, match="can't be read"):
        trust(known).check(b"\x30\x00", PINNED)


@pytest.mark.parametrize("wanted", ["", "SHA256:", "sha256:" + "A" * 43, "SHA256:" + "A" * 44, "\x1b[2J"])
def test_what_is_no_fingerprint(known: KnownBrokers, wanted: str) -> None:
    with pytest.raises(UsageError, match="is not a fingerprint") as error:
        BrokerTrust("chat.example", 17280, known, wanted)
    assert str(error.value).isprintable()


def test_a_name_that_tls_can_not_have(known: KnownBrokers) -> None:
    with pytest.raises(BrokerUnreachable, match="no name for TLS"):
        BrokerTrust("a" * 64 + ".example", 17280, known).tunnel(PINNED)
