"""Measure, then write the tables and the picture: python benchmarks/run.py [cpu | gpu | NAME...].

Every measurement is a process of its own, so that none has the memory of another, and goes to
`benchmarks/results/DATE-NAME.json`. Without names those of the CPU are run, one after the other.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
#: cases that hold little beside the works
SMALL = "reading or kernel or codes or enum or polars"
TALLY, SPARSE, MEMORY = (f"test_tally.py::{name}" for name in ("test_tally", "test_sparse", "test_memory"))
#: name of a result file to what makes it
CPU: dict[str, list[str]] = {
    "tally-S": [TALLY, MEMORY, "--works", "1e6"],
    "tally-M": [TALLY, MEMORY, "--works", "2e7"],
    "tally-L": [TALLY, "--works", "1e8", "-k", SMALL],
    "sparse-S": [SPARSE, "--works", "1e6"],
    "sparse-5e6": [SPARSE, "--works", "5e6"],
    "ingest": ["test_ingest.py", "--json-mb", "1000"],
    "trends": ["test_trends.py"],
    "bootstrap-M": ["test_bootstrap.py", "--works", "2e7"],
    "nulls-S": ["test_nulls.py", "--works", "1e6"],
    "update-M": ["test_update.py", "--works", "2e7"],
    "workers-2e6": ["test_workers.py", "--works", "2e6"],
    "workers-M": ["test_workers.py", "--works", "2e7"],
    "rates": ["test_rates.py", "--works", "4e6", "--json-mb", "1000"],
    "scaling": ["test_scaling.py", "--works", "1e8"],
}
GPU: dict[str, list[str]] = {
    "gpu-M": ["gpu", "--works", "2e7"],
    "gpu-scaling": ["test_scaling.py", "--works", "1e8"],
}
RUNS = CPU | GPU


def main() -> int:
    groups = {"cpu": list(CPU), "gpu": list(GPU)}
    asked = [name for word in sys.argv[1:] or ["cpu"] for name in groups.get(word, [word])]
    names = list(dict.fromkeys(asked))
    unknown = [name for name in names if name not in RUNS]
    if unknown:
        print(f"no measurement {', '.join(unknown)}; there are {', '.join(RUNS)}", file=sys.stderr)
        return 2
    date = datetime.now(UTC).date().isoformat()
    failed = []
    for name in names:
        options = [str(HERE / word) if word.startswith(("test_", "gpu")) else word for word in RUNS[name]]
        print(f"== {name}", flush=True)
        result = HERE / "results" / f"{date}-{name}.json"
        result.parent.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "pytest", *options, "--benchmark-json", str(result)]
        if subprocess.run(command, cwd=HERE.parent, check=False).returncode:
            failed.append(name)
    for script in ("scaling.py", "table.py", "sizing.py"):
        subprocess.run([sys.executable, str(HERE / script)], cwd=HERE.parent, check=True)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
