"""What plugins raise, in words."""

from __future__ import annotations

from ud2p.faults import describe


def test_an_exception_is_described_on_one_short_line() -> None:
    assert describe(ValueError()) == "ValueError"
    assert describe(ValueError("a\n  b\x1b[2J")) == "ValueError: a b\\x1b[2J"
    assert len(describe(ValueError("x" * 10_000))) == 200


def test_an_exception_that_can_not_be_printed_has_its_type() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert describe(Odd()) == "Odd"


def test_not_even_one_that_raises_itself() -> None:
    class Odd(BaseException):
        def __str__(self) -> str:
            raise self

    assert describe(Odd()) == "Odd"
