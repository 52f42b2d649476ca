"""``make mutants``: take every defence out, one at a time, and see that the tests notice.

Exit code 1 when one survives, when its text is not found in the source, or when the tests fail as they are.
"""

from __future__ import annotations

import argparse
import queue
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import ROOT, Mutant
from tests.mutants.workplace import Result, Workplace

BASELINE_DEADLINE_S = 420.0


def main(arguments: Sequence[str]) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("-k", metavar="WORD", default="", help="only defences or files that hold WORD")
    parser.add_argument("-j", metavar="N", type=int, default=2, help="so many at a time (2)")
    parser.add_argument("-v", action="store_true", help="show what the tests said")
    parser.add_argument("--unchecked", action="store_true", help="leave out the run of the tests as they are")
    options = parser.parse_args(arguments)
    mutants = [each for each in MUTANTS if options.k in f"{each.defence} {each.file}"]
    problems = [problem for mutant in mutants for problem in mutant.problems()]
    for problem in problems:
        print(problem)
    if problems or not mutants:
        print("mend the list in tests/mutants/catalogue first" if mutants else f"no defence is called {options.k}")
        return 1
    with tempfile.TemporaryDirectory(prefix="ud2p-mutants-") as folder:
        places = [Workplace(ROOT, Path(folder, f"tree-{number}")) for number in range(max(1, options.j))]
        if not options.unchecked and not _pass_as_they_are(mutants, places):
            return 1
        return _try_all(mutants, places, options.v)


def _pass_as_they_are(mutants: Sequence[Mutant], places: Sequence[Workplace]) -> bool:
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    shares = [share for number in range(len(places)) if (share := tests[number :: len(places)])]
    with ThreadPoolExecutor(len(shares)) as pool:
        done = list(pool.map(lambda pair: pair[0].run(pair[1], BASELINE_DEADLINE_S), zip(places, shares, strict=False)))
    for code, output in done:
        if code != 0:
            print(output)
            print("the tests fail while every defence is in place; mend that first")
            return False
    print(f"{len(tests)} tests pass while every defence is in place")
    return True


def _try_all(mutants: Sequence[Mutant], places: Sequence[Workplace], shows_all: bool) -> int:
    free: queue.SimpleQueue[Workplace] = queue.SimpleQueue()
    for place in places:
        free.put(place)

    def try_one(mutant: Mutant) -> Result:
        place = free.get()
        try:
            return place.try_out(mutant)
        finally:
            free.put(place)

    began = time.monotonic()
    bad = 0
    with ThreadPoolExecutor(len(places)) as pool:
        for mutant, result in zip(mutants, pool.map(try_one, mutants), strict=True):
            print(f"{result.fate.value:15} {result.took_s:5.1f} s  {mutant.file}: {mutant.defence}", flush=True)
            bad += not result.fate.is_good
            if shows_all or not result.fate.is_good:
                print(result.output)
    print(f"{len(mutants)} defences taken out in {time.monotonic() - began:.0f} s, {bad} of them unnoticed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
