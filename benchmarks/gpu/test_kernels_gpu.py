"""The kernels on a GPU beside the same kernels on all cores; needs no more than the kernels and CuPy do.

python -m pytest benchmarks/gpu --works 2e7 -s --benchmark-json benchmarks/results/DATE-gpu-M.json
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import numpy as np
import pytest

from trendcore_kernels import dispatch
from trendcore_kernels.simulate import affiliations
from trendcore_kernels.spec import Credit, Weighting

ROUNDS = 7
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
N_CELLS, N_MEMBERS = 3 * 46, 200
#: sizes at which the gpu is compared with the cpu, from host memory to host memory
SIZES = [10**power for power in range(4, 9)]
#: members and cells of the sparse tally
MANY, FEW_CELLS = 1_000_000, 3
COPIED_BYTES = 1 << 30
NONE = np.zeros(0, dtype=np.int64)


def lists(n_works: int) -> tuple[Any, Any, Any]:
    """Cells, offsets and codes of simulated works, on the host."""
    drawn = affiliations(n_works)
    cell = drawn.field.astype(np.int32) * 46 + (drawn.year - 1980)
    return cell.astype(np.int32), drawn.offsets, drawn.codes


@pytest.fixture(scope="session")
def cupy() -> Any:
    if dispatch.available()["gpu"] is not None:
        pytest.skip("no device")
    return pytest.importorskip("cupy")


@pytest.fixture(scope="session")
def works(n_works: int) -> tuple[Any, Any, Any]:
    return lists(n_works)


@pytest.fixture(scope="session")
def on_device(cupy: Any, works: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
    cell, offsets, codes = map(cupy.asarray, works)
    return cell, offsets, codes


@pytest.fixture(scope="session")
def bandwidth(cupy: Any) -> float:
    """Bytes a second that copying within the device reads and writes together."""
    source = cupy.zeros(COPIED_BYTES, np.uint8)
    target = cupy.empty_like(source)
    seconds = [
        clocked(cupy, lambda: target.data.copy_from_device(source.data, COPIED_BYTES)) for _ in range(20)
    ]
    return 2 * COPIED_BYTES / median(seconds)


def clocked(cupy: Any, call: Callable[[], Any]) -> float:
    """Seconds until a call is done on the device too."""
    cupy.cuda.Device().synchronize()
    start = time.perf_counter()
    call()
    cupy.cuda.Device().synchronize()
    return time.perf_counter() - start


def run(benchmark: Any, cupy: Any, call: Callable[[], Any], right: Any, **about: Any) -> None:
    """Check the answer, then measure; the first call compiles, and is not counted."""
    check_equal(cupy, call(), right)

    def whole() -> None:
        call()
        cupy.cuda.Device().synchronize()

    benchmark.extra_info.update(threads=THREADS, **dispatch.versions("gpu"), **about)
    benchmark.pedantic(whole, rounds=ROUNDS, iterations=1, warmup_rounds=1)


def check_equal(cupy: Any, found: Any, right: Any) -> None:
    arrays = [vars(each) if hasattr(each, "__dataclass_fields__") else {"": each} for each in (found, right)]
    for name, array in arrays[1].items():
        np.testing.assert_array_equal(cupy.asnumpy(arrays[0][name]), cupy.asnumpy(array), err_msg=name)


def n_bytes(arrays: tuple[Any, ...]) -> int:
    return sum(int(array.nbytes) for array in arrays)


# ------------------------------------------------------------------------------------------- the dense tally


@pytest.fixture(scope="session")
def dense(works: tuple[Any, Any, Any]) -> Any:
    return dispatch.get("tally_dense", "cpu")(*works, N_CELLS, N_MEMBERS)


def test_dense_data_on_the_device(
    benchmark: Any, cupy: Any, on_device: Any, dense: Any, bandwidth: float, n_works: int
) -> None:
    tally = dispatch.get("tally_dense", "gpu")
    read = n_bytes(on_device)
    about = {"works": n_works, "bytes_read": read, "copy_bandwidth": bandwidth}
    run(benchmark, cupy, lambda: tally(*on_device, N_CELLS, N_MEMBERS), dense, **about)
    benchmark.extra_info["times_of_reading"] = benchmark.stats.stats.median / (read / bandwidth)


def test_dense_from_the_host(benchmark: Any, cupy: Any, works: Any, dense: Any, n_works: int) -> None:
    tally = dispatch.get("tally_dense", "gpu")
    run(benchmark, cupy, lambda: tally(*works, N_CELLS, N_MEMBERS), dense, works=n_works)


def test_dense_cpu(benchmark: Any, cupy: Any, works: Any, dense: Any, n_works: int) -> None:
    tally = dispatch.get("tally_dense", "cpu")
    run(benchmark, cupy, lambda: tally(*works, N_CELLS, N_MEMBERS), dense, works=n_works)


@pytest.mark.usefixtures("cupy")
def test_dense_polars(benchmark: Any, n_works: int) -> None:
    """The peer of ``benchmarks/test_tally.py``, where it is installed."""
    pl, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    peers = pytest.importorskip("trendcore.bench.peers")
    drawn = affiliations(n_works)
    members = pl.Series(pa.LargeListArray.from_arrays(pa.array(drawn.offsets), pa.array(drawn.codes)))
    frame = pl.DataFrame({"field": drawn.field, "year": drawn.year, "members": members})
    benchmark.extra_info.update(threads=THREADS, works=n_works)
    benchmark.pedantic(lambda: peers.with_polars(frame), rounds=ROUNDS, iterations=1, warmup_rounds=1)


# ------------------------------------------------------------------------- sets, credits and weights of pairs


@pytest.fixture(scope="session")
def sets(on_device: Any) -> Any:
    _, offsets, codes = on_device
    return dispatch.get("member_sets", "gpu")(offsets, codes, N_MEMBERS, 1)


def on_both(cupy: Any, kernel: str, arguments: tuple[Any, ...]) -> tuple[Callable[[], Any], Any]:
    """Return a kernel on the device as a call, and what the cpu gives."""
    host = [cupy.asnumpy(value) if isinstance(value, cupy.ndarray) else value for value in arguments]
    function = dispatch.get(kernel, "gpu")
    return lambda: function(*arguments), dispatch.get(kernel, "cpu")(*host)


def test_member_sets(benchmark: Any, cupy: Any, on_device: Any, n_works: int) -> None:
    call, right = on_both(cupy, "member_sets", (*on_device[1:], N_MEMBERS, 1))
    run(benchmark, cupy, call, right, works=n_works)


def credit_arguments(cupy: Any, on_device: Any, sets: Any) -> tuple[Any, ...]:
    _, offsets, codes = on_device
    units = offsets, codes, cupy.asarray(NONE), codes[:0]
    return sets.offsets, sets.codes, *units, Credit.COMPLETE_NORMALISED, False


def test_credits(benchmark: Any, cupy: Any, on_device: Any, sets: Any, n_works: int) -> None:
    call, right = on_both(cupy, "credits", credit_arguments(cupy, on_device, sets))
    run(benchmark, cupy, call, right, works=n_works)


def test_add_credits(benchmark: Any, cupy: Any, on_device: Any, sets: Any, n_works: int) -> None:
    own = dispatch.get("credits", "gpu")(*credit_arguments(cupy, on_device, sets))
    arguments = on_device[0], sets.offsets, sets.codes, own, N_CELLS, N_MEMBERS
    call, right = on_both(cupy, "add_credits_dense", arguments)
    run(benchmark, cupy, call, right, works=n_works)


@pytest.mark.parametrize("weighting", Weighting)
def test_weigh(
    benchmark: Any, cupy: Any, on_device: Any, sets: Any, weighting: Weighting, n_works: int
) -> None:
    own = dispatch.get("credits", "gpu")(*credit_arguments(cupy, on_device, sets))
    arguments = on_device[0], sets.offsets, sets.codes, own, N_CELLS, N_MEMBERS, weighting
    call, right = on_both(cupy, "weigh_dense", arguments)
    run(benchmark, cupy, call, right, works=n_works, weighting=weighting.name)


# ------------------------------------------------------------------------------------------ the sparse tally


@pytest.fixture(scope="session")
def many_members(n_works: int) -> tuple[Any, Any, Any]:
    """A tenth of the works, each with up to nine of a million members, some of them in very many works."""
    rng = np.random.default_rng(7)
    sizes = rng.integers(1, 10, n_works // 10)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    codes = (MANY * rng.random(offsets[-1]) ** 3).astype(np.uint32)
    return rng.integers(0, FEW_CELLS, len(sizes)).astype(np.int32), offsets, codes


@pytest.mark.parametrize("place", ["device", "host", "cpu"])
def test_sparse(benchmark: Any, cupy: Any, many_members: Any, place: str) -> None:
    given = tuple(map(cupy.asarray, many_members)) if place == "device" else many_members
    tally = dispatch.get("tally_sparse", "cpu" if place == "cpu" else "gpu")
    right = dispatch.get("tally_sparse", "cpu")(*many_members, FEW_CELLS, MANY)
    run(
        benchmark,
        cupy,
        lambda: tally(*given, FEW_CELLS, MANY),
        right,
        works=len(many_members[0]),
        place=place,
        members=MANY,
    )


# ---------------------------------------------------------------------------------- where the gpu is worth it


def test_where_the_gpu_overtakes_the_cpu(benchmark: Any, cupy: Any) -> None:
    """Sizes from which `dispatch.AUTO_WORKS` follows: both from host memory to host memory."""
    cell, offsets, codes = lists(SIZES[-1])
    found = {}
    for size in SIZES:
        given = cell[:size], offsets[: size + 1], codes[: offsets[size]], N_CELLS, N_MEMBERS
        for backend in ("cpu", "gpu"):
            call = partial(dispatch.get("tally_dense", backend), *given)
            call()
            found[size, backend] = min(clocked(cupy, call) for _ in range(ROUNDS))
        print(f"{size:>12,} works: cpu {found[size, 'cpu']:.6f} s, gpu {found[size, 'gpu']:.6f} s")
    slower = [size for size in SIZES if found[size, "gpu"] >= found[size, "cpu"]]
    worth = next((size for size in SIZES if size > max(slower, default=0)), None)
    print(f"trendcore_kernels/dispatch.py: AUTO_WORKS = {worth}")
    seconds = {f"{backend} {size}": took for (size, backend), took in found.items()}
    benchmark.extra_info.update(threads=THREADS, auto_works=worth, seconds=seconds)
    benchmark.pedantic(call, rounds=1, iterations=1)
