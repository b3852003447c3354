"""Chance for every pair: `tc.uncertainty.calibrated`, its kernel alone, and curveball as it was published.

The works are those of the pair tally; they are drawn at random, so that hardly a pair may be called above or
below chance, which is asserted. How many sweeps it takes is shown by `mixing.py`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

import trendcore as tc
from trendcore import bench
from trendcore.bench.works import BY
from trendcore.uncertainty.calibrating import SWEEPS, calibrated
from trendcore.uncertainty.null_cells import Null, NullCell, all_pairs, null_cells

DRAWS, ROUNDS = 1000, 3
#: trades a work after which its authors take curveball to be mixed
TRADES = 5


@pytest.fixture(scope="module")
def tally(n_works: int, draw: Callable[..., bench.Simulated]) -> tc.Tally:
    return tc.tally(draw(n_works).named(), members="members", by=BY, patterns=True)


@pytest.fixture(scope="module")
def largest(tally: tc.Tally) -> NullCell:
    _, cells = null_cells(tally, 2)
    return max(cells, key=lambda cell: len(cell.sizes))


def test_calibrated(benchmark: Any, tally: tc.Tally) -> None:
    """Every pair of every cell: the public call."""
    table = calibrated(tally, draws=DRAWS)
    called = table["verdict"].is_in(["above", "below"]).sum()
    assert called <= 0.001 * table["verdict"].count()
    benchmark.extra_info.update(
        draws=DRAWS,
        sweeps=SWEEPS,
        cells=tally.totals.height,
        works_intl=int(tally.totals["works_intl"].sum()),
        pairs=table.height,
        shown=table["value"].count(),
    )
    benchmark.pedantic(calibrated, (tally,), {"draws": DRAWS}, rounds=ROUNDS)


def test_kernel(benchmark: Any, largest: NullCell) -> None:
    """All draws of the largest cell, counted by pair."""
    null = Null.of(largest, seed=0, sweeps=SWEEPS, backend="cpu")
    pairs = all_pairs(largest)
    null.joint(pairs, range(64))
    benchmark.extra_info.update(draws=DRAWS, sweeps=SWEEPS, works_intl=len(largest.sizes))
    benchmark.pedantic(null.joint, (pairs, range(DRAWS)), rounds=ROUNDS)


def curveball(works: list[set[int]], rng: random.Random) -> None:
    """Trade as the authors of curveball do in their own code: two works at random, in Python's sets."""
    for _ in range(TRADES * len(works)):
        first, second = rng.sample(range(len(works)), 2)
        one, other = works[first], works[second]
        common = one & other
        exclusive = [*(one - common), *(other - common)]
        rng.shuffle(exclusive)
        n_first = len(one) - len(common)
        works[first] = common | set(exclusive[:n_first])
        works[second] = common | set(exclusive[n_first:])


def test_curveball(benchmark: Any, largest: NullCell) -> None:
    """One draw of the largest cell, not counted by pair: a peer, 1000 draws of which are its time by 1000."""
    ends = largest.offsets.tolist()
    codes = largest.codes.tolist()

    def works() -> tuple[tuple[list[set[int]], random.Random], dict[str, Any]]:
        sets = [set(codes[start:stop]) for start, stop in pairwise(ends)]
        return (sets, random.Random(1)), {}

    benchmark.extra_info.update(draws=1, trades=TRADES * len(largest.sizes), works_intl=len(largest.sizes))
    benchmark.pedantic(curveball, setup=works, rounds=ROUNDS)
