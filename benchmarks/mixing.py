"""How many sweeps it takes until draws of the null have forgotten the works: python benchmarks/mixing.py.

For some cells, means and spreads of joint works over draws are compared with those after many more sweeps.
The distance is the root mean square over pairs of their gap in standard errors: 1 where all that is left is
the noise of the draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import trendcore as tc
from trendcore import bench
from trendcore.bench.works import BY
from trendcore.uncertainty.null_cells import Null, NullCell, all_pairs, null_cells

DRAWS, SETTLED = 2048, 512
SWEEPS = (1, 2, 4, 8, 16, 32, 64, 128)


def of_lists(works: Sequence[Sequence[int]]) -> NullCell:
    """Make a cell of member sets."""
    offsets = np.concatenate([[0], np.cumsum([len(each) for each in works])]).astype(np.int64)
    codes = np.concatenate(works).astype(np.uint8)
    return NullCell(0, 1, np.arange(int(codes.max()) + 1), offsets, codes)


def largest_simulated() -> NullCell:
    """The largest cell of size S."""
    tally = tc.tally(bench.simulated(1_000_000).named(), members="members", by=BY, patterns=True)
    _, cells = null_cells(tally, 2)
    return max(cells, key=lambda cell: len(cell.sizes))


def weighted(rng: np.random.Generator, sizes: Any, n_members: int, blocs: int, across: float) -> list[Any]:
    """Works whose members are of one bloc, but for a part of the weight of the others."""
    weights = 1 / np.arange(1, n_members + 1) ** 1.1
    works = []
    for size in sizes:
        own = weights * np.where(np.arange(n_members) % blocs == rng.integers(blocs), 1, across)
        works.append(rng.choice(n_members, size, replace=False, p=own / own.sum()))
    return works


def cells() -> dict[str, NullCell]:
    """Cells that are near chance, far from it, and full of large works."""
    rng = np.random.default_rng(5)
    varied = np.where(np.arange(3000) < 60, rng.integers(20, 100, 3000), 1 + rng.geometric(0.6, 3000))
    return {
        "simulated, largest cell of S": largest_simulated(),
        "two blocs that never met, works of two": of_lists(weighted(rng, [2] * 4000, 190, 2, 0.0)),
        "three blocs, works of two to 99": of_lists(weighted(rng, varied, 190, 3, 0.05)),
        "300 works of the same 40, 2000 of two": of_lists(
            [np.arange(40)] * 300 + weighted(rng, [2] * 2000, 190, 1, 1.0)
        ),
    }


def moments(cell: NullCell, sweeps: int, seed: int) -> tuple[Any, Any]:
    """Mean and variance of joint works of each pair."""
    drawn = Null.of(cell, seed=seed, sweeps=sweeps, backend="cpu").joint(all_pairs(cell), range(DRAWS))
    return drawn.mean(axis=0), drawn.var(axis=0)


def distance(cell: NullCell, sweeps: int, settled: tuple[Any, Any]) -> tuple[float, float]:
    """Distance of the means, and the median ratio of the spreads."""
    mean, variance = moments(cell, sweeps, 1)
    kept = (settled[0] >= 1) & (settled[1] > 0)
    gap = (mean - settled[0])[kept] / np.sqrt((variance + settled[1])[kept] / DRAWS)
    return float(np.sqrt((gap**2).mean())), float(np.median(np.sqrt(variance[kept] / settled[1][kept])))


def main() -> None:
    print(f"| cell | {' | '.join(map(str, SWEEPS))} |")
    print(f"| --- |{' ---: |' * len(SWEEPS)}")
    for name, cell in cells().items():
        settled = moments(cell, SETTLED, 2)
        found = [distance(cell, sweeps, settled) for sweeps in SWEEPS]
        print(f"| {name} | {' | '.join(f'{gap:.2f} ({spread:.2f})' for gap, spread in found)} |", flush=True)


if __name__ == "__main__":
    main()
