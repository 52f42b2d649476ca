from __future__ import annotations

from dataclasses import replace

import pytest

from ud2p.protocol.refusals import Code
from ud2p_server.admission import HEARD, Admission, Ticket, Verdict
from ud2p_server.limits import Limits

HERE, ELSEWHERE = "198.51.100.7", "198.51.100.8"
LIMITS = Limits(
    connections=1000, connections_per_address=10, newcomers_per_address=4, connects_burst=20, connects_a_second=2
)


def enter(admission: Admission, count: int, host: str = HERE, now: float = 0.0) -> list[Ticket]:
    return [admission.enter(host, now) for _ in range(count)]


def verdicts(tickets: list[Ticket]) -> list[Verdict]:
    return [ticket.verdict for ticket in tickets]


def why(ticket: Ticket) -> tuple[Code, str]:
    assert ticket.reason is not None
    return ticket.reason


def test_newcomers_of_one_address() -> None:
    admission = Admission(LIMITS)
    tickets = enter(admission, 5)
    assert verdicts(tickets) == [Verdict.ADMITTED] * 4 + [Verdict.REFUSED]
    code, text = why(tickets[4])
    assert (code, "not logged in" in text) == (Code.TOO_MANY_CONNECTIONS, True)
    assert admission.enter(ELSEWHERE, 0).verdict is Verdict.ADMITTED
    admission.logged_in(tickets[0])
    assert admission.enter(HERE, 0).verdict is Verdict.ADMITTED
    admission.leave(tickets[1])
    assert admission.enter(HERE, 0).verdict is Verdict.ADMITTED
    assert admission.enter(HERE, 0).verdict is Verdict.REFUSED


def test_connections_of_one_address() -> None:
    admission = Admission(LIMITS)
    tickets = []
    for _ in range(10):
        (ticket,) = enter(admission, 1)
        admission.logged_in(ticket)
        tickets.append(ticket)
    assert verdicts(tickets) == [Verdict.ADMITTED] * 10
    assert "close one" in why(admission.enter(HERE, 0))[1]
    admission.leave(tickets[0])
    assert admission.enter(HERE, 0).verdict is Verdict.ADMITTED


def test_how_fast_one_address_connects() -> None:
    admission = Admission(LIMITS)
    for _ in range(20):
        (ticket,) = enter(admission, 1)
        assert ticket.verdict is Verdict.ADMITTED
        admission.leave(ticket)
    assert "connects too often" in why(admission.enter(HERE, 0))[1]
    assert admission.enter(ELSEWHERE, 0).verdict is Verdict.ADMITTED
    assert verdicts(enter(admission, 3, now=1)) == [Verdict.ADMITTED] * 2 + [Verdict.REFUSED]


def test_a_broker_that_is_full() -> None:
    admission = Admission(replace(LIMITS, connections=2))
    first = [admission.enter(f"10.0.0.{number}", 0) for number in range(2)]
    late = admission.enter("10.0.0.9", 0)
    assert verdicts([*first, late]) == [Verdict.ADMITTED] * 2 + [Verdict.REFUSED]
    assert why(late)[0] is Code.BROKER_FULL
    admission.leave(late)
    admission.leave(first[0])
    assert admission.enter("10.0.0.9", 0).verdict is Verdict.ADMITTED


def test_only_some_hear_why() -> None:
    admission = Admission(replace(LIMITS, connections_per_address=0))
    tickets = enter(admission, HEARD + 5)
    assert verdicts(tickets) == [Verdict.REFUSED] * HEARD + [Verdict.CUT] * 5
    full = Admission(replace(LIMITS, connections=0))
    tickets = [full.enter(f"10.0.{number}.1", 0) for number in range(HEARD + 5)]
    assert verdicts(tickets) == [Verdict.REFUSED] * HEARD + [Verdict.CUT] * 5


def test_what_was_refused_takes_nobodys_place() -> None:
    admission = Admission(LIMITS)
    tickets = enter(admission, 20)
    for ticket in tickets[:4]:
        admission.leave(ticket)
    assert verdicts(enter(admission, 5)) == [Verdict.ADMITTED] * 4 + [Verdict.REFUSED]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "127.9.9.9"])
def test_this_machine_is_spared_unless_it_is_not(host: str) -> None:
    assert verdicts(enter(Admission(LIMITS), 50, host)) == [Verdict.ADMITTED] * 50
    strict = Admission(replace(LIMITS, spares_loopback=False))
    assert verdicts(enter(strict, 5, host)) == [Verdict.ADMITTED] * 4 + [Verdict.REFUSED]


def test_a_household_has_one_count() -> None:
    admission = Admission(LIMITS)
    tickets = [admission.enter(f"2001:db8:1:2::{number}", 0) for number in range(1, 6)]
    assert verdicts(tickets) == [Verdict.ADMITTED] * 4 + [Verdict.REFUSED]
    assert admission.enter("2001:db8:1:3::1", 0).verdict is Verdict.ADMITTED


def test_nothing_is_kept_of_who_has_left() -> None:
    admission = Admission(LIMITS)
    for number in range(200):
        for ticket in enter(admission, 7, f"10.0.0.{number}"):
            admission.leave(ticket)
    assert admission._connections == 0
    assert not admission._addresses
    admission.sweep(60)
    assert len(admission._rate) == 0
