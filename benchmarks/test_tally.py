"""The pair tally: trendcore beside Polars, DuckDB and SciPy, same input, same answer, one run.

`benchmarks/run.py` runs it in all sizes; the cases are those of `trendcore.bench`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trendcore import bench


def _name(case: bench.Case) -> str:
    return case.name


@pytest.fixture(scope="module")
def works(n_works: int, draw: Callable[..., bench.Simulated]) -> bench.Simulated:
    return draw(n_works)


@pytest.fixture(scope="module")
def right(works: bench.Simulated) -> bench.Answer:
    return bench.right_answer(works)


@pytest.fixture(scope="module")
def sparse_works(n_works: int, draw: Callable[..., bench.Simulated]) -> bench.Simulated:
    return draw(n_works, "sparse")


@pytest.fixture(scope="module")
def sparse_right(sparse_works: bench.Simulated) -> bench.Answer:
    return bench.right_answer(sparse_works)


@pytest.mark.parametrize("case", bench.TALLY, ids=_name)
def test_tally(
    case: bench.Case, works: bench.Simulated, right: bench.Answer, timed: Callable[..., None]
) -> None:
    timed("tally", case, works, right)


@pytest.mark.parametrize("case", bench.SPARSE, ids=_name)
def test_sparse(
    case: bench.Case, sparse_works: bench.Simulated, sparse_right: bench.Answer, timed: Callable[..., None]
) -> None:
    timed("sparse", case, sparse_works, sparse_right)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process has held at most")
@pytest.mark.parametrize("name", ["codes", "enum"])
def test_memory(benchmark: Any, n_works: int, name: str) -> None:
    """Memory held at most, in a process of its own; its time says nothing."""
    script = Path(__file__).with_name("memory.py")
    command = [sys.executable, str(script), name, str(n_works)]

    def measure() -> dict[str, Any]:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    benchmark.extra_info.update(benchmark.pedantic(measure, rounds=1, iterations=1))
