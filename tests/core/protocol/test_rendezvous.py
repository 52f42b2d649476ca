from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ud2p.protocol.rendezvous import DATAGRAM_BYTES, RendezvousBook, RendezvousClient

ID, KEY = b"i" * 16, bytes(range(32))
OTHER_ID, OTHER_KEY = b"o" * 16, bytes(range(32, 64))
SOURCE = ("10.0.0.7", 40000)


@pytest.fixture
def book() -> RendezvousBook:
    book = RendezvousBook()
    book.add(ID, KEY, SOURCE[0], expires_at=130)
    book.add(OTHER_ID, OTHER_KEY, "fd00::8", expires_at=140)
    return book


def request(client: RendezvousClient, now: float) -> bytes:
    (datagram,) = client.datagrams_to_send(now)
    return datagram


def test_a_client_registers_and_learns_its_address(book: RendezvousBook) -> None:
    client = RendezvousClient(ID, KEY)
    answer = book.receive_datagram(request(client, 100), SOURCE, 100)
    assert answer is not None
    assert book.address_of(ID) == SOURCE
    assert book.events() == [ID]
    assert book.events() == []
    assert not client.registered
    assert client.receive_datagram(answer, 100)
    assert client.registered
    assert client.reflexive == SOURCE
    assert client.next_timer() is None
    assert client.datagrams_to_send(200) == []


@pytest.mark.parametrize("host", ["fd00::8", "fd00:0::8", "fd00::8%eth0"])
def test_ipv6(book: RendezvousBook, host: str) -> None:
    client = RendezvousClient(OTHER_ID, OTHER_KEY)
    answer = book.receive_datagram(request(client, 0), (host, 9), 0)
    assert answer is not None
    assert client.receive_datagram(answer, 0)
    assert client.reflexive == ("fd00::8", 9)


def test_a_mapped_ipv4_address_is_an_ipv4_address(book: RendezvousBook) -> None:
    client = RendezvousClient(ID, KEY)
    answer = book.receive_datagram(request(client, 0), ("::ffff:10.0.0.7", 40000), 0)
    assert answer is not None
    assert client.receive_datagram(answer, 0)
    assert client.reflexive == book.address_of(ID) == SOURCE


def test_the_client_repeats_itself_until_it_is_answered(book: RendezvousBook) -> None:
    client = RendezvousClient(ID, KEY)
    assert client.next_timer() is None
    times, sent = [], []
    now = 100.0
    for _ in range(10):
        sent += client.datagrams_to_send(now)
        times.append(round(now - 100, 3))
        due = client.next_timer()
        assert due is not None
        assert client.datagrams_to_send((now + due) / 2) == []
        now = due
    assert times == [0, 0.1, 0.2, 0.3, 0.4, 0.65, 0.9, 1.15, 1.4, 1.65]
    assert len(set(sent)) == len(sent) == 10
    answers = [book.receive_datagram(datagram, SOURCE, 100) for datagram in sent]
    assert all(answers)
    assert client.receive_datagram(answers[3] or b"", now)  # a late answer is as good
    assert client.datagrams_to_send(now + 60) == []


def test_the_newest_registration_counts(book: RendezvousBook) -> None:
    client = RendezvousClient(ID, KEY)
    first = request(client, 0)
    second = request(client, 1)
    assert book.receive_datagram(second, (SOURCE[0], 2), 0) is not None
    assert book.receive_datagram(first, (SOURCE[0], 1), 0) is None
    assert book.receive_datagram(second, (SOURCE[0], 3), 0) is None  # a replay moves nothing
    assert book.address_of(ID) == (SOURCE[0], 2)
    assert book.dropped == 2
    third = request(client, 2)
    assert book.receive_datagram(third, (SOURCE[0], 4), 0) is not None
    assert book.address_of(ID) == (SOURCE[0], 4)


def test_a_new_socket_goes_on_counting(book: RendezvousBook) -> None:
    old, new = RendezvousClient(ID, KEY), RendezvousClient(ID, KEY, counter=1000)
    late = request(old, 0)
    assert book.receive_datagram(request(new, 0), (SOURCE[0], 2), 0) is not None
    assert book.receive_datagram(late, (SOURCE[0], 1), 0) is None
    assert book.address_of(ID) == (SOURCE[0], 2)


def test_an_answer_is_never_larger_than_its_request(book: RendezvousBook) -> None:
    datagram = request(RendezvousClient(ID, KEY), 0)
    answer = book.receive_datagram(datagram, SOURCE, 0)
    assert answer is not None
    assert len(answer) <= len(datagram) == DATAGRAM_BYTES


@pytest.mark.parametrize("position", range(DATAGRAM_BYTES))
def test_a_request_changed_anywhere_is_dropped(book: RendezvousBook, position: int) -> None:
    datagram = bytearray(request(RendezvousClient(ID, KEY), 0))
    datagram[position] ^= 1
    assert book.receive_datagram(bytes(datagram), SOURCE, 0) is None
    assert book.address_of(ID) is None
    assert book.events() == []
    assert book.dropped == 1


@pytest.mark.parametrize("position", range(DATAGRAM_BYTES))
def test_an_answer_changed_anywhere_is_dropped(book: RendezvousBook, position: int) -> None:
    client = RendezvousClient(ID, KEY)
    answer = bytearray(book.receive_datagram(request(client, 0), SOURCE, 0) or b"")
    answer[position] ^= 1
    assert not client.receive_datagram(bytes(answer), 0)
    assert not client.registered


def test_a_stranger_can_not_register_for_another(book: RendezvousBook) -> None:
    """Spoofed datagrams: a wrong key, an unknown id, another client's credentials."""
    for id, key in ((ID, OTHER_KEY), (ID, bytes(32)), (b"x" * 16, KEY)):
        assert book.receive_datagram(request(RendezvousClient(id, key), 0), SOURCE, 0) is None
    assert book.address_of(ID) is None
    assert book.dropped == 3


def test_nobody_can_point_a_peer_at_a_victim(book: RendezvousBook) -> None:
    """Valid credentials with a forged source: the victim is neither answered nor handed out as a candidate."""
    client = RendezvousClient(ID, KEY)
    assert book.receive_datagram(request(client, 0), ("10.0.0.8", 40000), 0) is None
    assert book.receive_datagram(request(client, 1), (SOURCE[0], 0), 0) is None
    assert book.address_of(ID) is None


def test_requests_and_answers_are_not_mistaken_for_each_other(book: RendezvousBook) -> None:
    """Reflected to its sender, either is dropped; so the MACs differ in more than the first byte."""
    client = RendezvousClient(ID, KEY)
    datagram = request(client, 0)
    answer = book.receive_datagram(datagram, SOURCE, 0)
    assert answer is not None
    assert not client.receive_datagram(datagram, 0)
    assert not client.receive_datagram(b"\x02" + datagram[1:], 0)
    later = request(client, 1)
    assert book.receive_datagram(answer, SOURCE, 0) is None
    assert book.receive_datagram(b"\x01" + answer[1:], SOURCE, 0) is None
    assert book.receive_datagram(later, SOURCE, 0) is not None


def test_an_answer_to_a_request_never_made_is_dropped(book: RendezvousBook) -> None:
    other = RendezvousClient(ID, KEY, counter=50)
    answer = book.receive_datagram(request(other, 0), SOURCE, 0)
    assert answer is not None
    client = RendezvousClient(ID, KEY)
    client.datagrams_to_send(0)
    assert not client.receive_datagram(answer, 0)


def test_nothing_is_taken_after_its_time(book: RendezvousBook) -> None:
    datagram = request(RendezvousClient(ID, KEY), 0)
    assert book.receive_datagram(datagram, SOURCE, 130) is None
    book.remove(OTHER_ID)
    book.remove(OTHER_ID)
    assert len(book) == 1
    assert book.address_of(OTHER_ID) is None


def test_who_connects_anew_registers_anew(book: RendezvousBook) -> None:
    """From another address, after the time of the first registration; what was used of the counter stays used."""
    client = RendezvousClient(ID, KEY)
    first = request(client, 100)
    answer = book.receive_datagram(first, SOURCE, 100)
    assert answer is not None
    assert client.receive_datagram(answer, 100)
    elsewhere = ("10.9.9.9", 40000)
    book.renew(ID, elsewhere[0], expires_at=230)
    assert book.address_of(ID) is None
    assert book.receive_datagram(first, elsewhere, 200) is None, "replayed"
    client.begin_again()
    assert not client.registered
    second = request(client, 200)
    assert book.receive_datagram(second, SOURCE, 200) is None, "from where the connection came before"
    renewed = book.receive_datagram(second, elsewhere, 200)
    assert renewed is not None
    assert not client.receive_datagram(answer, 200), "the answer to what was asked before"
    assert client.receive_datagram(renewed, 200)
    assert client.reflexive == book.address_of(ID) == elsewhere


@settings(deadline=None)
@given(st.binary(max_size=100) | st.binary(min_size=74, max_size=74).map(lambda rest: b"\x01" + rest))
def test_no_datagram_makes_either_side_raise(data: bytes) -> None:
    book = RendezvousBook()
    book.add(ID, KEY, SOURCE[0], 100)
    client = RendezvousClient(ID, KEY)
    client.datagrams_to_send(0)
    assert book.receive_datagram(data, SOURCE, 0) is None
    assert not client.receive_datagram(data, 0)
    assert not client.receive_datagram(b"\x02" + data[1:], 0)
