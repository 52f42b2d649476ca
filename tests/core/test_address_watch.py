"""What one end tells the other of its addresses, and when."""

from __future__ import annotations

import pytest

from ud2p.address_watch import LOOKS_EVERY_S, AddressWatch
from ud2p.contracts import Address, Candidate
from ud2p.protocol.candidates import MAX_CANDIDATES

LAN, PHONE, OUTSIDE = ("192.168.7.1", 1111), ("10.9.9.9", 1111), ("198.51.100.1", 40_000)


class Machine:
    """An endpoint on a machine whose addresses a test changes."""

    max_datagram = 1200

    def __init__(self) -> None:
        self.addresses: list[Address] = [LAN]
        self.looks = 0

    def candidates(self) -> list[Candidate]:
        self.looks += 1
        return [Candidate(address, "host") for address in self.addresses]

    def send(self, datagram: bytes, to: Address) -> None:
        raise AssertionError("nothing is sent to find out")

    def describe(self, to: Address) -> str:
        raise AssertionError

    async def close(self) -> None:
        raise AssertionError


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def watch(machine: Machine) -> AddressWatch:
    return AddressWatch(machine)


def test_what_is_there_is_told_once(watch: AddressWatch, machine: Machine) -> None:
    assert watch.news(100.0) == [LAN]
    assert watch.news(100.1) is None
    assert watch.next_at == 100.0 + LOOKS_EVERY_S
    assert watch.news(watch.next_at) is None
    assert machine.looks == 2, "between two looks nobody is asked"


def test_what_was_told_is_told_again(watch: AddressWatch) -> None:
    watch.saw(OUTSIDE)
    assert watch.news(100.0) == [LAN, OUTSIDE]
    watch.tell_again()
    assert watch.next_at == 0
    assert watch.news(100.1) == [LAN, OUTSIDE]
    assert watch.news(watch.next_at) is None


def test_where_another_network_was_seen_is_not_told_again(watch: AddressWatch, machine: Machine) -> None:
    watch.saw(OUTSIDE)
    watch.news(100.0)
    machine.addresses = [PHONE]
    watch.tell_again()
    assert watch.news(100.1) == [PHONE]


def test_a_change_is_told(watch: AddressWatch, machine: Machine) -> None:
    watch.news(100.0)
    machine.addresses = [PHONE]
    assert watch.news(watch.next_at) == [PHONE]
    machine.addresses = []
    assert watch.news(watch.next_at) == []
    machine.addresses = [LAN, PHONE]
    assert watch.news(watch.next_at) == [LAN, PHONE]
    machine.addresses = [PHONE, LAN]
    assert watch.news(watch.next_at) is None, "another order says nothing new"


@pytest.mark.parametrize("when", ["before", "after"])
def test_where_the_rendezvous_sees_it_is_told_at_once(watch: AddressWatch, when: str) -> None:
    if when == "after":
        assert watch.news(100.0) == [LAN]
    watch.saw(OUTSIDE)
    assert watch.next_at == 0.0
    assert watch.news(100.1) == [LAN, OUTSIDE]
    watch.saw(OUTSIDE)
    assert watch.news(100.2) is None


def test_without_a_translation_it_is_the_same_address(watch: AddressWatch) -> None:
    watch.saw(LAN)
    assert watch.news(100.0) == [LAN]


def test_in_another_network_the_translation_is_another(watch: AddressWatch, machine: Machine) -> None:
    watch.saw(OUTSIDE)
    assert watch.news(100.0) == [LAN, OUTSIDE]
    machine.addresses = [PHONE]
    assert watch.news(watch.next_at) == [PHONE]


def test_sixteen_at_most_with_the_translation_among_them(watch: AddressWatch, machine: Machine) -> None:
    machine.addresses = [("10.0.0.1", port) for port in range(1, 40)]
    watch.saw(OUTSIDE)
    assert watch.news(100.0) == [*machine.addresses[: MAX_CANDIDATES - 1], OUTSIDE]


def test_what_means_nothing_to_others_is_not_told(watch: AddressWatch, machine: Machine) -> None:
    machine.addresses = [("fe80::1", 5), ("0.0.0.0", 5), ("224.0.0.1", 5), LAN]
    assert watch.news(100.0) == [LAN]
