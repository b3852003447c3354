"""A full update of a workspace of simulated works by one process, and by workers; the release is the same.

What is timed is the command `trendcore update`, from its start to its end: workers are processes that have to
start, too. Steps are as the command itself says them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import update_store

from trendcore.config import settings
from trendcore.pools.processes import Processes
from trendcore.store import Store
from trendcore.update.method import method
from trendcore.update.resolve import resolve
from trendcore.update.workers import tallying

INPUTS = 100
COMMAND = (sys.executable, "-c", "from trendcore.cli import main; main()", "update", "--json", "-w")


@pytest.fixture(scope="module")
def stored(n_works: int, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("workers") / "ws"
    update_store.make(str(root), n_works, "mixed", INPUTS)
    (root / "trendcore.toml").write_text("[gates.change]\non = false\n[gates.countries]\non = false\n")
    return root


@pytest.fixture(scope="module")
def releases() -> dict[str, str]:
    """Content of each table of the first release."""
    return {}


@pytest.mark.parametrize("workers", [1, 2])
def test_update(
    benchmark: Any, workers: int, stored: Path, releases: dict[str, str], n_works: int, tmp_path: Path
) -> None:
    root, said, peaks = tmp_path / "ws", [], []

    def fresh() -> None:
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(stored, root)

    def update() -> None:
        with subprocess.Popen(
            [*COMMAND, str(root), "--workers", str(workers)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert process.stdout is not None
            printed = process.stdout.read()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        said.append(json.loads(printed)["timings"])
        peaks.append(used.ru_maxrss << 10)

    benchmark.pedantic(update, setup=fresh, rounds=3)
    found = {name: table.content_sha256 for name, table in Store.open(root).manifest().tables.items()}
    assert releases.setdefault("first", json.dumps(found)) == json.dumps(found)
    benchmark.extra_info.update(
        works=n_works, workers=workers, seconds=said, peak_of_the_largest_process=max(peaks),
        stored_bytes=sum(path.stat().st_size for path in root.glob("tables/papers/*/*.parquet")),
        published_bytes=sum(path.stat().st_size for path in root.glob("results/*/*.parquet")),
        published_rows=sum(table.rows for table in Store.open(root).manifest().tables.values()),
    )  # fmt: skip


def test_parts(benchmark: Any, stored: Path, n_works: int) -> None:
    """One part of eight in this process: the time of a task, and the bytes that come back."""
    store = Store.open(stored)
    ledger = store.ledger()
    resolved = resolve(store, ledger, "openalex", "papers")
    with Processes(2, threads=2) as pool:  # none is started
        apart = tallying.Apart(pool, "cpu")
        how = method(settings())
        parts = tallying.orders(apart, store, ledger, "papers", resolved, how, all_works=False)
    tallying.count_part(parts[0])  # what is read of the method is kept
    result = benchmark.pedantic(tallying.count_part, (parts[1],), rounds=3)
    (tally,) = result["tallies"]
    sizes = {name: len(tally[name]) for name in ("pairs", "members", "totals", "patterns")}
    rows = sum(piece["rows"] for piece in parts[1]["pieces"])
    benchmark.extra_info.update(works=n_works, parts=len(parts), rows=rows, bytes=sizes)
