"""Time against works, up to `--works`: `trendcore.tally` on each backend, and Polars.

`benchmarks/run.py` runs it, `benchmarks/scaling.py` makes the picture.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from trendcore import bench
from trendcore_kernels import dispatch

SIZES = [100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000]
#: backends that count many works, and can be used here
BACKENDS = [name for name, reason in dispatch.available().items() if reason is None and name != "reference"]
TOOLS = [*((bench.OURS, backend) for backend in BACKENDS), ("polars", "cpu")]


@pytest.fixture(scope="module", params=SIZES)
def works(
    request: pytest.FixtureRequest, n_works: int, draw: Callable[..., bench.Simulated]
) -> bench.Simulated:
    if request.param > n_works:
        pytest.skip(f"--works is {n_works:,}")
    return draw(request.param)


@pytest.fixture(scope="module")
def right(works: bench.Simulated) -> bench.Answer:
    return bench.right_answer(works)


@pytest.mark.parametrize(("name", "backend"), TOOLS)
def test_scaling(
    name: str, backend: str, works: bench.Simulated, right: bench.Answer, timed: Callable[..., None]
) -> None:
    case = next(case for case in bench.TALLY if case.name == name)
    timed("scaling", case, works, right, backend)
