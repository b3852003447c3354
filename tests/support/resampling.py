"""Tallies from numbers of works by member set, for tests of intervals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

import trendcore as tc

#: every weighting that goes by the number of members
WEIGHTINGS = ("full", "newman", "pair", "share", "nature", "harmonic", "bilateral")
#: every index of works, and some of them in other marginal systems and weightings
INDICES = [
    *(
        name
        for name, index in tc.indices.registry().items()
        if "works" in index.kinds and name != "calibrated"
    ),
    "salton:links",
    "ric:matrix",
    "orc:links",
    "pmi:docs_int",
    "share:docs_all",
    "share:links",
    *(f"joint:{weighting}" for weighting in WEIGHTINGS[1:] if weighting not in ("nature", "harmonic")),
    "salton:links:newman",
]


def tally_of(works: pl.DataFrame, by: Sequence[str], **how: Any) -> tc.Tally:
    """Tally works by member set: `by` columns, members, n."""
    repeated = works.select(*by, "members", works=pl.col("n").cast(pl.Int64))
    each = repeated.select(pl.all().exclude("works").repeat_by("works")).explode(
        *by, "members", empty_as_null=False
    )
    arguments = {"counting": list(WEIGHTINGS), "credit": "country", "patterns": True} | how
    return tc.tally(each, members="members", by=list(by), **arguments)


def some_works(seed: int, n_works: int, n_members: int = 9, n_years: int = 2) -> pl.DataFrame:
    """Works of up to five of some members, with years."""
    rng = np.random.default_rng(seed)
    weights = np.arange(n_members, 0, -1.0)
    names = np.array([f"C{code}" for code in range(n_members)])
    sets = [
        rng.choice(names, size=rng.integers(0, 6), replace=False, p=weights / weights.sum()).tolist()
        for _ in range(n_works)
    ]
    return pl.DataFrame({"year": rng.integers(2020, 2020 + n_years, n_works), "members": sets})


def population() -> tuple[list[list[str]], npt.NDArray[np.int64]]:
    """Member sets of eight countries of very different sizes, and the works of each to be expected."""
    size = np.array([90, 60, 40, 25, 16, 10, 7, 4]) / 60
    level = {1: 60, 2: 40, 3: 12, 4: 4}
    sets = [chosen for n in level for chosen in combinations(range(8), n)]
    expected = np.array([round(float(np.prod(size[list(chosen)])) * level[len(chosen)]) for chosen in sets])
    there = np.flatnonzero(expected)
    return [["ABCDEFGH"[code] for code in sets[i]] for i in there], expected[there]
