"""The broker: what an idle client costs, how fast clients come in, how fast they are answered."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from tests.bench.contest import Contest
from tests.bench.processes import Worker, memory_kib, processor_s, running_broker
from tests.bench.rounds import Samples
from tests.bench.table import Goal, Row, Unit

ROUNDS = 4
CLIENTS = 5000
QUICK_CLIENTS = 1000
WARM_UP = 100
ASKING = 100
PINGS_EACH = 200
LISTS_EACH = 60
HALF = Goal.at_least(0.5)


@dataclass(frozen=True, slots=True)
class Service:
    """What one server did."""

    logins: float
    """Connected and logged in under TLS, a second of the server's processor time."""
    tls_kib: float
    """Memory of the server for each of them."""
    idle_kib: float
    """The same without TLS."""
    pings: float
    """Answered a second."""
    lists: float
    """Pages of 50 clients, a second."""


class Broker(Contest):
    """``ud2p serve``, against a bare asyncio Protocol that sends the same lines on the same kind of loop.

    Each round has fresh processes. Those who ask do so while the others are idle.
    """

    name = "broker"

    def __init__(self, folder: Path, *, quick: bool) -> None:
        super().__init__(folder, quick=quick)
        self._clients = QUICK_CLIENTS if quick else CLIENTS
        self._samples: Samples[Service] = Samples()

    def measure(self) -> None:
        """See :class:`~tests.bench.contest.Contest`."""
        self._samples.take(ROUNDS, self._ours, self._bare)

    def _ours(self) -> Service:
        with running_broker(self.folder, "--plaintext") as (broker, pid):
            plain = self._serve(int(broker.rpartition(":")[2]), pid)
        with running_broker(self.folder) as (broker, pid):
            return Service(*self._let_in(int(broker.rpartition(":")[2]), pid), *plain)

    def _bare(self) -> Service:
        with Worker("line_server", folder=self.folder) as server:
            plain = self._serve(server.greeted()["port"], server.pid)
        with Worker("line_server", "tls", folder=self.folder) as server:
            return Service(*self._let_in(server.greeted()["port"], server.pid), *plain)

    def _let_in(self, port: int, pid: int) -> tuple[float, float]:
        """Logins under TLS a second of the server's processor time, and what each client then costs.

        Not by the clock: those who log in take more time for it than the server does, and it would measure them.
        """
        with contextlib.ExitStack() as ends:
            early, load = (
                ends.enter_context(Worker("line_load", str(port), "tls", folder=self.folder)) for _ in range(2)
            )
            early.greeted()
            load.greeted()
            early.ask("login", count=WARM_UP)
            early.ask("leave")
            before_kib, before_s = memory_kib(pid, "Pss"), processor_s(pid)
            load.ask("login", count=self._clients)
            login_s = processor_s(pid) - before_s
            load.ask("ask", what="ping", clients=ASKING, rounds=2)
            return self._clients / login_s, (memory_kib(pid, "Pss") - before_kib) / self._clients

    def _serve(self, port: int, pid: int) -> tuple[float, float, float]:
        with contextlib.ExitStack() as ends:
            early, load = (ends.enter_context(Worker("line_load", str(port), folder=self.folder)) for _ in range(2))
            early.greeted()
            load.greeted()
            early.ask("login", count=WARM_UP)
            early.ask("ask", what="ping", clients=WARM_UP, rounds=2)
            early.ask("leave")
            before_kib = memory_kib(pid, "Pss")
            load.ask("login", count=self._clients)
            load.ask("ask", what="ping", clients=ASKING, rounds=2)
            idle_kib = (memory_kib(pid, "Pss") - before_kib) / self._clients
            ping_s = load.ask("ask", what="ping", clients=ASKING, rounds=PINGS_EACH)["seconds"]
            list_s = load.ask("ask", what="list", clients=ASKING, rounds=LISTS_EACH)["seconds"]
        return idle_kib, ASKING * PINGS_EACH / ping_s, ASKING * LISTS_EACH / list_s

    def rows(self) -> list[Row]:
        """See :class:`~tests.bench.contest.Contest`."""
        return [
            self._memory_row("tls_kib", "under TLS", 32.0),
            self._memory_row("idle_kib", "in plain text", 5.0),
            self._rate_row(
                f"broker: connect and log in under TLS, a second of its processor time, {self._clients:,} clients",
                "logins",
                "bare asyncio TLS Protocol",
            ),
            self._rate_row(f"broker: requests a second (`$PING$`), {ASKING} clients, plain text", "pings"),
            self._rate_row(f"broker: pages of 50 names a second (`$L$`), {ASKING} clients, plain text", "lists"),
        ]

    def _memory_row(self, name: str, how: str, limit: float) -> Row:
        ours, bare = self._samples.medians(lambda each: float(getattr(each, name)))
        return Row(
            f"broker: memory of an idle client {how}, {self._clients:,} of them",
            f"{ours:.1f} KiB",
            f"bare asyncio Protocol: {bare:.1f} KiB",
            ours,
            Goal.at_most(limit),
            Unit.KIB,
        )

    def _rate_row(self, what: str, name: str, against: str = "bare asyncio Protocol") -> Row:
        ours, bare = self._samples.medians(lambda each: float(getattr(each, name)))
        return Row(what, f"{ours:,.0f}", f"{against}: {bare:,.0f}", ours / bare, HALF)
