"""Print how much memory a case of the pair tally holds at most (Linux): benchmarks/memory.py CASE WORKS.

Counted is what the process holds beyond its libraries and compiled kernels: the works, and all that is made
while they are tallied. What drawing the works takes for a moment is left out. For the case ``bootstrap`` it
is the tally with patterns, and all that is made of it while 1000 replicates become intervals.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trendcore import bench
from trendcore.bench.works import BY

#: enough for the arrays of every pair to be worth their size, so that their kernel is compiled
WARM_UP = 250_000
STATUS, REFERENCES = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def held(line: str) -> int:
    """Bytes of a line of the process's account: VmRSS (now) or VmHWM (at most)."""
    found = re.search(rf"^{line}:\s+(\d+) kB$", STATUS.read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def main() -> None:
    name, n_works = sys.argv[1], int(sys.argv[2])
    print(json.dumps(of_bootstrap(n_works) if name == "bootstrap" else of_tally(name, n_works)))


def of_tally(name: str, n_works: int) -> dict[str, Any]:
    """Memory that a case of the pair tally holds at most, and what is said of it."""
    cases, n_members = bench.SUITES["tally"]
    case = next(case for case in cases if case.name == name)
    case.prepare(bench.simulated(WARM_UP, n_members=n_members), "cpu")()
    before = held("VmRSS")
    works = bench.simulated(n_works, n_members=n_members)
    call = case.prepare(works, "cpu")
    peak = at_most(call)
    return bench.facts("memory", case, works, "cpu") | {"peak_bytes": peak - before}


def of_bootstrap(n_works: int) -> dict[str, Any]:
    """Memory that intervals of `joint` and `salton` hold at most, the tally with them."""
    import trendcore as tc

    def tallied(n: int) -> tc.Tally:
        works = bench.simulated(n).named()
        return tc.tally(works, members="members", by=BY, credit="none", patterns=True)

    def call(tally: tc.Tally) -> None:
        tc.uncertainty.bootstrap(tally, ["joint", "salton"], zeros=False)

    call(tallied(1000))
    before = held("VmRSS")
    tally = tallied(n_works)
    return {"peak_bytes": at_most(lambda: call(tally)) - before}


def at_most(call: Callable[[], Any]) -> int:
    """Bytes that the process holds at most during a call."""
    REFERENCES.write_text("5")  # what was held at most before is forgotten
    call()
    return held("VmHWM")


if __name__ == "__main__":
    main()
