"""How often intervals hold the truth: works of a known population, drawn again and again."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from support.resampling import population, tally_of

import trendcore as tc

INDICES = [
    "joint",
    "joint:newman",
    "salton",
    "salton:links",
    "share",
    "jaccard",
    "inclusion",
    "ncses",
    "ric",
    "orc",
]
INDICES += ["pmi", "npmi", "association", "ric:matrix", "shii"]
KEY = ["a", "b", "index", "counting", "marginals"]
SAMPLES = 600
METHODS = ["delta", "percentile", "bca"]


@pytest.fixture(scope="module")
def samples() -> tc.Tally:
    """Poisson numbers of works of each member set: each sample is a cell."""
    sets, expected = population()
    drawn = np.random.default_rng(5).poisson(expected, size=(SAMPLES, len(sets)))
    sample, place = np.nonzero(drawn)
    works = {"sample": sample, "members": [sets[i] for i in place], "n": drawn[sample, place]}
    return tally_of(pl.DataFrame(works), ["sample"], counting=["full", "newman"])


@pytest.fixture(scope="module")
def truth() -> pl.DataFrame:
    """Indices of the population, and the expected number of joint works (of one country: of works)."""
    sets, expected = population()
    tally = tally_of(pl.DataFrame({"members": sets, "n": expected}), [], counting=["full", "newman"])
    joint = tally.pairs.select("a", "b", expected="joint")
    both = pl.concat([joint, joint.select(a="b", b="a", expected="expected")])
    alone = tally.members.select(a="member", b=pl.lit(None, pl.String), expected="works")
    values = tc.indices.compute(tally, INDICES).select(*KEY, truth="value")
    return values.join(pl.concat([both, alone]), on=["a", "b"], nulls_equal=True)


@pytest.mark.parametrize("method", METHODS)
def test_nominal_95_percent_cover_93_to_97(method: str, samples: tc.Tally, truth: pl.DataFrame) -> None:
    """Where 20 joint works or more are to be expected, for every index; below that they are not promised."""
    if method == "delta":
        table = tc.uncertainty.delta(samples, INDICES)
    else:
        table = tc.uncertainty.bootstrap(samples, INDICES, seed=1, method=method)
    both = table.join(truth, on=KEY, nulls_equal=True).filter(pl.col("expected") >= 20)
    covered = (pl.col("lo") <= pl.col("truth")) & (pl.col("truth") <= pl.col("hi"))
    found = both.group_by("index", "counting", "marginals").agg(
        covered.fill_null(False).mean().alias("covered")
    )
    assert found.height == len(INDICES)
    outside = found.filter(~pl.col("covered").is_between(0.93, 0.97))
    assert outside.is_empty(), outside.rows()
