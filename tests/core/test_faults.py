"""What plugins raise, in words."""

from __future__ import annotations

import asyncio

from ud2p.faults import PLUGIN_FAULTS, describe


def test_an_exception_is_described_on_one_short_line() -> None:
    assert describe(ValueError()) == "ValueError"
    assert describe(ValueError("a\n  b\x1b[2J")) == "ValueError: a b\\x1b[2J"
    assert len(describe(ValueError("x" * 10_000))) == 200


def test_an_exception_that_can_not_be_printed_has_its_type() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert describe(Odd()) == "Odd"


def test_an_interrupt_and_a_cancellation_are_no_faults() -> None:
    assert issubclass(SystemExit, PLUGIN_FAULTS)
    assert not issubclass(KeyboardInterrupt, PLUGIN_FAULTS)
    assert not issubclass(asyncio.CancelledError, PLUGIN_FAULTS)
