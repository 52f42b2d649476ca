"""The suite of transports notices what breaks the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

import pytest
from tests.support.inner_runs import failures

from ud2p import Address, Candidate, Endpoint, ReceiveDatagrams, Transport, TransportInfo
from ud2p.testing import TransportConformance
from ud2p_plugins.transports.udp import UdpEndpoint, UdpTransport

pytest_plugins = ["pytester"]


class Raises(UdpEndpoint):
    """Once it is closed."""

    is_closed = False

    def send(self, datagram: bytes, to: Address) -> None:
        if self.is_closed:
            raise OSError(9, "Bad file descriptor")
        super().send(datagram, to)

    async def close(self) -> None:
        self.is_closed = True
        await super().close()


class ClosesOnce(UdpEndpoint):
    is_closed = False

    async def close(self) -> None:
        if self.is_closed:
            raise RuntimeError("closed already")
        self.is_closed = True
        await super().close()


class Complains(UdpEndpoint):
    """Of what the network can't do."""

    def send(self, datagram: bytes, to: Address) -> None:
        if len(datagram) > self.max_datagram:
            raise ValueError("too long")
        super().send(datagram, to)


class GoesOn(UdpEndpoint):
    """Receives, once it is closed; until the test is over."""

    open_ones: ClassVar[list[GoesOn]] = []

    async def close(self) -> None:
        self.open_ones.append(self)


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Iterator[None]:
    yield
    while GoesOn.open_ones:
        for sock in GoesOn.open_ones.pop()._sockets.values():
            sock.close()


class NoOnes(UdpEndpoint):
    """Says that everything comes from somewhere else."""

    def __init__(self, receive: ReceiveDatagrams, toward: Address) -> None:
        super().__init__(lambda datagrams: receive([(data, ("127.0.0.9", 9)) for data, _ in datagrams]), toward)


class Joins(UdpEndpoint):
    """Gives what was read at once as one datagram."""

    def __init__(self, receive: ReceiveDatagrams, toward: Address) -> None:
        super().__init__(lambda datagrams: receive([(b"".join(d for d, _ in datagrams), datagrams[0][1])]), toward)
        for sock in self._sockets.values():
            sock._attempts = 64


class Mutable(UdpEndpoint):
    """Gives views of the buffer that it reads into."""

    def __init__(self, receive: ReceiveDatagrams, toward: Address) -> None:
        super().__init__(lambda datagrams: receive([(bytearray(data), source) for data, source in datagrams]), toward)  # type: ignore[misc]


class Small(UdpEndpoint):
    max_datagram = 512


class Colours(UdpEndpoint):
    def describe(self, to: Address) -> str:
        return f"\x1b[1mdirect\x1b[0m {to[0]}"


class Anywhere(UdpEndpoint):
    def candidates(self) -> list[Candidate]:
        return [Candidate(("0.0.0.0", each.address[1]), each.kind) for each in super().candidates()]


class Deaf(UdpEndpoint):
    """Nothing long ever arrives."""

    def send(self, datagram: bytes, to: Address) -> None:
        if len(datagram) < 1000:
            super().send(datagram, to)


def making(kind: type[UdpEndpoint]) -> TransportInfo:
    class Broken(UdpTransport):
        async def bind(self, receive: ReceiveDatagrams, toward: Address) -> Endpoint:
            return kind(receive, toward)

    make: Callable[[], Transport] = Broken
    return TransportInfo("broken", make, "broken")


@pytest.mark.parametrize(
    ("kind", "test"),
    [
        (Raises, "test_an_endpoint_that_is_closed_neither_sends_nor_receives_nor_raises"),
        (ClosesOnce, "test_an_endpoint_that_is_closed_neither_sends_nor_receives_nor_raises"),
        (GoesOn, "test_an_endpoint_that_is_closed_neither_sends_nor_receives_nor_raises"),
        (Complains, "test_a_datagram_that_is_too_large_is_no_error"),
        (NoOnes, "test_datagrams_come_whole_with_the_address_of_their_sender"),
        (Joins, "test_nothing_arrives_that_nobody_sent"),
        (Mutable, "test_datagrams_come_whole_with_the_address_of_their_sender"),
        (Small, "test_an_endpoint_carries_the_datagrams_of_a_chat"),
        (Colours, "test_the_way_is_told_in_a_line"),
        (Anywhere, "test_candidates_are_addresses_that_others_could_use"),
    ],
)
def test_a_transport_that_breaks_its_contract_fails(
    pytester: pytest.Pytester, kind: type[UdpEndpoint], test: str
) -> None:
    assert failures(pytester, TransportConformance, making(kind), only=test) == {test}


def test_what_never_arrives_is_told_in_time(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ud2p.testing.endpoints.DEADLINE_S", 0.3)
    test = "test_datagrams_come_whole_with_the_address_of_their_sender"
    assert failures(pytester, TransportConformance, making(Deaf), only=test) == {test}


def test_a_good_one_passes_in_asyncios_strict_mode(pytester: pytest.Pytester) -> None:
    assert failures(pytester, TransportConformance, making(UdpEndpoint)) == set()
