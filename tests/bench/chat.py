"""Chat: a message there and back, and messages one way."""

from __future__ import annotations

import contextlib
from pathlib import Path

from tests.bench.contest import Contest
from tests.bench.processes import Worker, running_broker
from tests.bench.rounds import Samples, percentile
from tests.bench.table import Goal, Row

ROUNDS = 6
ROUND_TRIPS = 2000
WARM_UP = 300
MESSAGES = 20_000


class Chat(Contest):
    """Real clients in processes of their own, against plain datagrams between two processes."""

    name = "chat"

    def __init__(self, folder: Path, *, quick: bool) -> None:
        super().__init__(folder, quick=quick)
        self._trips: Samples[tuple[float, float]] = Samples()
        """p50 and p99 in seconds."""
        self._rates: Samples[float] = Samples()
        """Messages a second."""

    def measure(self) -> None:
        """See :class:`~tests.bench.contest.Contest`."""
        with running_broker(self.folder) as (broker, _):
            self._measure_round_trips(broker)
            self._measure_rates(broker)

    def _measure_round_trips(self, broker: str) -> None:
        trips = ROUND_TRIPS // (4 if self.quick else 1)
        with contextlib.ExitStack() as ends:
            chat_asker = self._pair(ends, "chat_round_trip", "echo", "asker", broker)[1]
            udp_asker = self._pair(ends, "udp_round_trip", "echo", "asker")[1]
            for asker in (chat_asker, udp_asker):
                asker.ask("ask", count=WARM_UP)
            self._trips.take(ROUNDS, lambda: _round_trip(chat_asker, trips), lambda: _round_trip(udp_asker, trips))

    def _measure_rates(self, broker: str) -> None:
        messages = MESSAGES // (4 if self.quick else 1)
        with contextlib.ExitStack() as ends:
            chat = self._pair(ends, "chat_rate", "receiver", "sender", broker)
            udp = self._pair(ends, "udp_rate", "receiver", "sender")
            for pair in (chat, udp):
                _rate(*pair, messages // 4)
            self._rates.take(ROUNDS, lambda: _rate(*chat, messages), lambda: _rate(*udp, messages))

    def _pair(
        self, ends: contextlib.ExitStack, module: str, target: str, inviter: str, *arguments: str
    ) -> tuple[Worker, Worker]:
        workers = [
            ends.enter_context(Worker(module, role, *arguments, folder=self.folder)) for role in (target, inviter)
        ]
        where, _ = (worker.greeted() for worker in workers)
        workers[1].ask("invite", **where)
        return workers[0], workers[1]

    def rows(self) -> list[Row]:
        """See :class:`~tests.bench.contest.Contest`."""
        return [
            self._trip_row("p50", 0, Goal.at_most(2.0)),
            self._trip_row("p99", 1, Goal.at_most(3.0)),
            self._rate_row(),
        ]

    def _trip_row(self, name: str, which: int, goal: Goal) -> Row:
        ours, theirs = self._trips.medians(lambda pair: pair[which])
        return Row(
            f"chat message there and back, sealed and acknowledged, {name}",
            f"{ours * 1e6:.0f} µs",
            f"bare asyncio UDP echo: {theirs * 1e6:.0f} µs",
            ours / theirs,
            goal,
        )

    def _rate_row(self) -> Row:
        ours, theirs = self._rates.medians(float)
        return Row(
            "chat messages a second, one way, none lost",
            f"{ours:,.0f}",
            f"plain datagrams, none lost: {theirs:,.0f}",
            ours / theirs,
            Goal.at_least(1 / 3),
        )


def _round_trip(asker: Worker, count: int) -> tuple[float, float]:
    times = sorted(asker.ask("ask", count=count)["times"])
    assert len(times) == count
    return percentile(times, 0.5), percentile(times, 0.99)


def _rate(receiver: Worker, sender: Worker, count: int) -> float:
    receiver.ask("expect", count=count)
    seconds = float(sender.ask("send", count=count)["seconds"])
    receiver.ask("receive")
    return count / seconds
