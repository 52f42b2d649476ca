"""``make bench``: what ud2p reaches beside what the machine gives, in one run, and the goals it must reach.

    python -m tests.bench [--only NAME] [--quick] [--json] [--write-readme]

Real processes and the public API, everything on loopback, in turn, medians. A goal that is missed is measured a second
time, and the medians of both count: these machines are rarely idle. The exit code is 1 when a goal is missed then.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from pathlib import Path

from tests.bench.broker import Broker
from tests.bench.chat import Chat
from tests.bench.contest import Contest
from tests.bench.file import File
from tests.bench.machine import describe_machine
from tests.bench.plugins import Plugins
from tests.bench.processes import ROOT
from tests.bench.readme import write_into
from tests.bench.records import Records
from tests.bench.startup import StartUp
from tests.bench.table import Row, markdown

CONTESTS: tuple[type[Contest], ...] = (Records, Chat, File, Broker, StartUp, Plugins)
LIMIT_S = 900


def main() -> int:
    """Measure, and print the table.

    :returns: the exit code: 0 when all goals were met, 1 when some were missed
    """
    options = _options()
    _limit_time()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="ud2p-bench-") as name:
        for kind in CONTESTS:
            if kind.name in options.only:
                contest = kind(Path(name), quick=options.quick)
                rows += _hold(contest)
    machine = describe_machine()
    if options.json:
        print(json.dumps({"machine": machine, "rows": [row.as_json() for row in rows]}, indent=2))
    else:
        print(f"{markdown(rows)}\n\n{machine}")
    if options.write_readme:
        write_into(ROOT / "README.md", f"{markdown(rows)}\n\nMeasured {machine}.")
    return int(any(row.is_missed for row in rows))


def _hold(contest: Contest) -> list[Row]:
    print(f"measuring {contest.name} ...", file=sys.stderr, flush=True)
    contest.measure()
    if any(row.is_missed for row in contest.rows()):
        print(f"measuring {contest.name} a second time ...", file=sys.stderr, flush=True)
        contest.measure()
    return contest.rows()


def _options() -> argparse.Namespace:
    names = [kind.name for kind in CONTESTS]
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure ud2p side by side.")
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--quick", action="store_true", help="fewer and smaller rounds; ratios are rougher")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--write-readme", action="store_true", help="put the table into README.md")
    options = parser.parse_args()
    options.only = options.only or names
    return options


def _limit_time() -> None:
    """Whatever hangs, it ends; the processes are ended on the way out."""

    def give_up(*_: object) -> None:
        raise TimeoutError(f"the measurements were not done within {LIMIT_S} s; is the machine very busy?")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(LIMIT_S)


if __name__ == "__main__":
    sys.exit(main())
