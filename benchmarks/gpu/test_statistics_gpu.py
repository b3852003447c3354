"""Kernels of intervals and of trends on a GPU beside the same kernels on all cores.

Intervals: one cell of the size that the cells of 2e7 works have, 1000 replicates: draws of all patterns,
their sums by pair, and two order statistics of each. Trends: Mann-Kendall counts and Theil-Sen slopes of
60,000 series of 45 years. Inputs lie where the kernels run.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from trendcore_kernels import dispatch
from trendcore_kernels.poisson import poisson_tables

ROUNDS = 7
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
PATTERNS, PAIRS, REPLICATES = 10_000, 6_000, 1000
SERIES, YEARS = 60_000, 45
PLACES = ["gpu", "cpu"]


@pytest.fixture(scope="session")
def cupy() -> Any:
    if dispatch.available()["gpu"] is not None:
        pytest.skip("no device")
    return pytest.importorskip("cupy")


def cell() -> dict[str, Any]:
    """Patterns of a cell, and those of each pair: most are of few works, most pairs of few patterns."""
    rng = np.random.default_rng(3)
    sizes = np.minimum(rng.zipf(1.6, PAIRS), 2000)
    return {
        "key": rng.integers(0, 1 << 63, PATTERNS).astype(np.uint64),
        "n": np.minimum(rng.zipf(2.0, PATTERNS), 30_000),
        "offsets": np.concatenate([[0], np.cumsum(sizes)]),
        "patterns": rng.integers(0, PATTERNS, sizes.sum()).astype(np.int32),
        "coefficients": np.zeros(0, dtype=np.int64),
        "ranks": np.tile(np.array([25, 975]), (PAIRS, 1)),
    }


def intervals(xp: Any, backend: str, given: dict[str, Any]) -> Any:
    """Draw, sum and rank."""
    tables = poisson_tables()
    levels = [xp.asarray(each) for each in (tables.thresholds, tables.starts, tables.least)]
    draw, add, order = (
        dispatch.get(name, backend) for name in ("poisson_draws", "replicate_sums", "order_statistics")
    )
    draws = draw(given["key"], given["n"], *levels, 7, 0, REPLICATES)
    sums = add(given["offsets"], given["patterns"], given["coefficients"], draws)
    return order(sums.astype(np.float64), given["ranks"])


def series() -> dict[str, Any]:
    """Random walks of counts."""
    rng = np.random.default_rng(4)
    values = np.abs(rng.normal(size=(SERIES, YEARS)).cumsum(axis=1)).round(1)
    ranks = np.full(SERIES, YEARS * (YEARS - 1) // 4)
    return {
        "offsets": np.arange(SERIES + 1) * YEARS,
        "years": np.tile(np.arange(YEARS), SERIES),
        "values": values.ravel(),
        "low": ranks - 200,
        "high": ranks + 200,
    }


def trends(_: Any, backend: str, given: dict[str, Any]) -> Any:
    """Count and find slopes."""
    dispatch.get("mann_kendall", backend)(given["offsets"], given["values"])
    arguments = (given[name] for name in ("offsets", "years", "values", "low", "high"))
    return dispatch.get("theil_sen", backend)(*arguments).slope


def measure(benchmark: Any, cupy: Any, place: str, given: dict[str, Any], task: Callable[..., Any]) -> None:
    """Check that both backends give the same bits, then time one of them."""
    right = task(np, "cpu", given)
    held = {name: cupy.asarray(array) for name, array in given.items()}
    np.testing.assert_array_equal(cupy.asnumpy(task(cupy, "gpu", held)), right)
    xp, arrays = (cupy, held) if place == "gpu" else (np, given)

    def call() -> None:
        task(xp, place, arrays)
        cupy.cuda.Device().synchronize()

    benchmark.extra_info.update(threads=THREADS, place=place, **dispatch.versions("gpu"))
    benchmark.pedantic(call, rounds=ROUNDS, iterations=1, warmup_rounds=1)


@pytest.mark.parametrize("place", PLACES)
def test_intervals(benchmark: Any, cupy: Any, place: str) -> None:
    measure(benchmark, cupy, place, cell(), intervals)


@pytest.mark.parametrize("place", PLACES)
def test_trends(benchmark: Any, cupy: Any, place: str) -> None:
    measure(benchmark, cupy, place, series(), trends)
