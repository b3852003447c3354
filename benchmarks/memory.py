"""Print how much memory a case of the pair tally holds at most (Linux): benchmarks/memory.py CASE WORKS.

Counted is what the process holds beyond its libraries and compiled kernels: the works, and all that is made
while they are tallied. What drawing the works takes for a moment is left out.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from trendcore import bench

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
    cases, n_members = bench.SUITES["tally"]
    case = next(case for case in cases if case.name == name)
    case.prepare(bench.simulated(WARM_UP, n_members=n_members), "cpu")()
    before = held("VmRSS")
    works = bench.simulated(n_works, n_members=n_members)
    call = case.prepare(works, "cpu")
    REFERENCES.write_text("5")  # what was held at most is forgotten
    call()
    facts = bench.facts("memory", case, works, "cpu")
    print(json.dumps(facts | {"peak_bytes": held("VmHWM") - before}))


if __name__ == "__main__":
    main()
