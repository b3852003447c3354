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

from trendcore.store import Store

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

    benchmark.pedantic(update, setup=fresh, rounds=2)
    found = {name: table.content_sha256 for name, table in Store.open(root).manifest().tables.items()}
    assert releases.setdefault("first", json.dumps(found)) == json.dumps(found)
    benchmark.extra_info.update(
        works=n_works, workers=workers, seconds=said, peak_of_the_largest_process=max(peaks),
        stored_bytes=sum(path.stat().st_size for path in root.glob("tables/papers/input=*/*.parquet")),
        published_bytes=sum(path.stat().st_size for path in root.glob("results/*/*.parquet")),
        published_rows={name: table.rows for name, table in Store.open(root).manifest().tables.items()},
    )  # fmt: skip
