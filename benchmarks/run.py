"""Measure on the CPU, then write the table and the picture: python benchmarks/run.py [NAME...].

Every measurement is a process of its own, so that none has the memory of another, and goes to
`benchmarks/results/DATE-NAME.json`. Without names all are run, one after the other.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
#: cases that hold little beside the works
SMALL = "reading or kernel or codes or enum or polars"
#: name of a result file to what makes it
RUNS: dict[str, list[str]] = {
    "tally-S": ["test_tally.py", "--works", "1e6", "-k", "test_tally or test_memory"],
    "tally-M": ["test_tally.py", "--works", "2e7", "-k", "test_tally or test_memory"],
    "tally-L": ["test_tally.py", "--works", "1e8", "-k", f"test_tally and ({SMALL})"],
    "sparse-S": ["test_tally.py", "--works", "1e6", "-k", "test_sparse"],
    "sparse-5e6": ["test_tally.py", "--works", "5e6", "-k", "test_sparse"],
    "ingest": ["test_ingest.py", "--json-mb", "1000"],
    "scaling": ["test_scaling.py", "--works", "1e8"],
}  # fmt: skip


def main() -> int:
    names = sys.argv[1:] or list(RUNS)
    unknown = [name for name in names if name not in RUNS]
    if unknown:
        print(f"no measurement {', '.join(unknown)}; there are {', '.join(RUNS)}", file=sys.stderr)
        return 2
    date = datetime.now(UTC).date().isoformat()
    failed = []
    for name in names:
        file, *options = RUNS[name]
        print(f"== {name}", flush=True)
        result = HERE / "results" / f"{date}-{name}.json"
        command = [
            sys.executable,
            "-m",
            "pytest",
            str(HERE / file),
            *options,
            "--benchmark-json",
            str(result),
        ]
        if subprocess.run(command, cwd=HERE.parent, check=False).returncode:
            failed.append(name)
    for script in ("scaling.py", "table.py"):
        subprocess.run([sys.executable, str(HERE / script)], cwd=HERE.parent, check=True)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
