"""Intervals of all pairs, fields and years: `tc.uncertainty`, and a resampling loop in Polars.

Intervals are of `joint` and `salton`, from a tally with patterns (whose making is timed apart). The loop
draws a Poisson weight for each work and counts pairs and members with them, in the form that is fastest for
whole counts; a replicate of it is timed, and 1000 take a thousand times as long.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import trendcore as tc
from trendcore import bench
from trendcore.bench.works import BY

REPLICATES, ROUNDS = 1000, 3
INDICES = ["joint", "salton"]


@pytest.fixture(scope="module")
def works(n_works: int, draw: Callable[..., bench.Simulated]) -> bench.Simulated:
    return draw(n_works)


@pytest.fixture(scope="module")
def tally(works: bench.Simulated) -> tc.Tally:
    return with_patterns(works.named())


def with_patterns(works: pl.DataFrame) -> tc.Tally:
    return tc.tally(works, members="members", by=BY, credit="none", patterns=True)


def test_patterns(benchmark: Any, works: bench.Simulated) -> None:
    """The tally with patterns that all intervals start from."""
    named = works.named()
    found = with_patterns(named)
    assert found.patterns is not None
    benchmark.extra_info.update(works=works.n_works, patterns=found.patterns.height)
    benchmark.pedantic(with_patterns, (named,), rounds=ROUNDS)


@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_bootstrap(benchmark: Any, tally: tc.Tally, method: str) -> None:
    how = {"replicates": REPLICATES, "method": method, "zeros": False}
    table = tc.uncertainty.bootstrap(tally, INDICES, seed=1, **how)
    counts = table.filter((pl.col("index") == "joint") & (pl.col("value") >= 20))
    inside = counts.select(
        ((pl.col("lo") < pl.col("value")) & (pl.col("value") < pl.col("hi"))).mean()
    ).item()
    assert inside > 0.999
    assert tally.patterns is not None
    benchmark.extra_info.update(replicates=REPLICATES, values=table.height, patterns=tally.patterns.height)
    benchmark.pedantic(tc.uncertainty.bootstrap, (tally, INDICES), {"seed": 1, **how}, rounds=ROUNDS)


def test_delta(benchmark: Any, tally: tc.Tally) -> None:
    how = {"zeros": False}
    benchmark.extra_info.update(values=2 * tally.pairs.height)
    benchmark.pedantic(tc.uncertainty.delta, (tally, INDICES), how, rounds=ROUNDS, warmup_rounds=1)


def resampled(works: pl.DataFrame, rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One replicate: `bench.peers.with_polars` with a weight in the place of a count."""
    weights = rng.poisson(1.0, works.height).astype(np.uint8)
    drawn = works.lazy().with_columns(w=pl.Series(weights)).filter(pl.col("w") > 0)
    sets = drawn.with_columns(pl.col("members").list.unique())
    several = sets.filter(pl.col("members").list.len() > 1)
    a = several.select(*BY, "w", a="members", b="members").explode("a", empty_as_null=False)
    couples = a.explode("b", empty_as_null=False).filter(pl.col("a") < pl.col("b"))
    pairs = couples.group_by(*BY, "a", "b").agg(joint=pl.col("w").cast(pl.UInt32).sum())
    members = sets.explode("members", empty_as_null=False).group_by(*BY, "members")
    counted = [pairs, members.agg(works=pl.col("w").cast(pl.UInt32).sum())]
    found = pl.collect_all(counted, engine="streaming")
    return found[0], found[1]


def test_polars(benchmark: Any, works: bench.Simulated) -> None:
    """One replicate of the peer: pairs and members, no index and no quantile."""
    rng = np.random.default_rng(1)
    benchmark.extra_info.update(replicates=1, works=works.n_works)
    benchmark.pedantic(resampled, (works.frame, rng), rounds=ROUNDS, warmup_rounds=1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process has held at most")
def test_memory(benchmark: Any, n_works: int) -> None:
    """Memory held at most while intervals are made, in a process of its own; its time says nothing."""
    command = [sys.executable, str(Path(__file__).with_name("memory.py")), "bootstrap", str(n_works)]

    def measure() -> dict[str, Any]:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    benchmark.extra_info.update(benchmark.pedantic(measure, rounds=1, iterations=1))
