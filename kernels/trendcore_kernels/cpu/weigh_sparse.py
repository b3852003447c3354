"""Sum of pair weights for rows of pairs."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._members import position
from trendcore_kernels.cpu._threads import row_bounds, summed
from trendcore_kernels.cpu._weights import pair_weights
from trendcore_kernels.spec import Cells, Codes, Ints, Weighting


def weigh_sparse(
    cell: Cells,
    set_offsets: Ints,
    set_codes: Codes,
    credits: Ints,  # noqa: A002
    pair_cell: Ints,
    a: Ints,
    b: Ints,
    weighting: Weighting,
) -> Ints:
    """Add the weights of each row's pair in its cell, see `reference.weigh_sparse`."""
    works = frozen(cell), frozen(set_offsets), frozen(set_codes), frozen(credits)
    rows = row_bounds(cell, pair_cell)
    return summed(_add, works, len(rows) - 1, (len(a),), rows, frozen(a), frozen(b), int(weighting))


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
    rows: Ints,
    a: Ints,
    b: Ints,
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
        after = rows[c]
        for i in range(begin, end - 1):
            row = position(a, after, rows[c + 1], set_codes[i])
            after = position(a, row, rows[c + 1], int(set_codes[i]) + 1)
            for j in range(i + 1, end):
                row = position(b, row, after, set_codes[j])
                if row < after and b[row] == set_codes[j]:
                    sums[row] += weights[p]
                p += 1
