"""Options of the benchmarks, how a shared case is timed, and what a result file says of its machine.

`trendcore` is imported on use: benchmarks/gpu runs where there are only the kernels and CuPy.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from trendcore import bench

ROUNDS = 5
Timed = Callable[..., None]
Draw = Callable[..., "bench.Simulated"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--works", type=float, default=1e6, help="simulated works: 1e6 is size S (default), 2e7 is size M"
    )
    parser.addoption(
        "--json-mb",
        type=float,
        default=200,
        help="MB of raw JSON of OpenAlex; tables of others are a quarter",
    )


@pytest.fixture(scope="session")
def n_works(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--works"))


@pytest.fixture(scope="session")
def json_mb(request: pytest.FixtureRequest) -> float:
    return float(request.config.getoption("--json-mb"))


def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    machine_info["cpu"].pop("flags", None)
    try:
        from trendcore import bench
    except ImportError:  # a GPU machine that has the kernels alone
        return
    machine_info["bench"] = bench.machine()


@pytest.fixture
def timed(benchmark: Any) -> Timed:
    """Time a case on works, once it gives the right answer; what it is goes into the result file."""
    from trendcore import bench

    def time(
        suite: str, case: bench.Case, works: bench.Simulated, right: bench.Answer, backend: str = "cpu"
    ) -> None:
        reason = bench.why_not(case, works.n_works, backend)
        if reason:
            pytest.skip(reason)
        call = bench.checked(case, works, backend, right)
        gc.collect()
        benchmark.extra_info.update(bench.facts(suite, case, works, backend))
        benchmark.pedantic(call, rounds=ROUNDS, iterations=1)

    return time


@pytest.fixture(scope="session")
def draw() -> Draw:
    """Draw works; skip where the right answer itself takes more memory than there is."""
    from trendcore import bench

    polars = next(case for case in bench.TALLY if case.name == "polars")

    def works(n_works: int, suite: str = "tally") -> bench.Simulated:
        reason = bench.why_not(polars, n_works, "cpu")
        if reason:
            pytest.skip(f"no right answer to compare with: {reason}")
        return bench.simulated(n_works, n_members=bench.SUITES[suite][1])

    return works
