"""Sum of pair weights by cell and pair."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._members import pair_column
from trendcore_kernels.cpu._threads import summed
from trendcore_kernels.cpu._weights import pair_weights
from trendcore_kernels.spec import Cells, Codes, Ints, Weighting


def weigh_dense(
    cell: Cells,
    set_offsets: Ints,
    set_codes: Codes,
    credits: Ints,  # noqa: A002
    n_cells: int,
    n_members: int,
    weighting: Weighting,
) -> Ints:
    """Add the weights of each pair in each cell, see `reference.weigh_dense`."""
    works = frozen(cell), frozen(set_offsets), frozen(set_codes), frozen(credits)
    n_pairs = n_members * (n_members - 1) // 2
    return summed(_add, works, n_cells, (n_cells, n_pairs), int(n_members), int(weighting))


@jit
def _add(
    cell: Cells,
    set_offsets: Ints,
    set_codes: Codes,
    credits: Ints,  # noqa: A002
    start: int,
    stop: int,
    low: int,
    high: int,
    n_members: int,
    weighting: int,
    sums: Ints,
) -> None:
    weights, remainders = np.empty((2, 64), np.int64)
    for w in range(start, stop):
        c = int(cell[w])
        begin, end = set_offsets[w], set_offsets[w + 1]
        n = end - begin
        if c < low or c >= high or n < 2:
            continue
        if n * (n - 1) >> 1 > len(weights):
            weights, remainders = np.empty((2, n * n), np.int64)
        pair_weights(n, credits, begin, weighting, weights, remainders)
        p = 0
        for i in range(begin, end):
            for j in range(i + 1, end):
                sums[c, pair_column(int(set_codes[i]), int(set_codes[j]), n_members)] += weights[p]
                p += 1
