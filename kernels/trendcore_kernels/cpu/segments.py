"""Cheapest cuts of series of equal length into runs."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._threads import run, split
from trendcore_kernels.spec import Floats, Ints
from trendcore_kernels.spec.series import ROUNDING, Segments


def segments(costs: Floats, penalty: Floats, n_years: int, most: int, least: int) -> Segments:
    """Cut each series where the costs of its runs are least, see `reference.segments`."""
    n_series, n = len(costs), int(n_years)
    most = max(min(int(most), n // int(least) - 1), 0)
    found = Segments(
        np.empty(n_series), np.empty(n_series, np.int64), np.zeros((n_series, n), dtype=np.int64)
    )
    given = frozen(costs), frozen(penalty), n, most, int(least), found.cost, found.changes, found.label
    run(_cut, [(*bounds, *given) for bounds in split(n_series, costs.size * (most + 1))])
    return found


@jit
def _cut(
    start: int,
    stop: int,
    costs: Floats,
    penalty: Floats,
    n: int,
    most: int,
    least: int,
    cost: Floats,
    changes: Ints,
    label: Ints,
) -> None:
    best = np.empty((most + 1, n + 1))  # by cuts and years
    begins = np.empty((most + 1, n + 1), np.int64)
    for w in range(start, stop):
        for j in range(1, n + 1):
            best[0, j] = costs[w, j * (j - 1) // 2]
        cuts, cheapest = 0, best[0, n]
        for k in range(1, most + 1):
            for j in range((k + 1) * least, n + 1):
                column = j * (j - 1) // 2
                at = k * least
                lowest = best[k - 1, at] + costs[w, column + at]
                for i in range(at + 1, j - least + 1):
                    total = best[k - 1, i] + costs[w, column + i]
                    if total < lowest:
                        lowest, at = total, i
                best[k, j], begins[k, j] = lowest, at
            penalties = penalty[w] * float(k)
            total = best[k, n] + penalties
            if total < cheapest - ROUNDING * (abs(best[0, n]) + abs(best[k, n]) + penalties):
                cuts, cheapest = k, total
        cost[w], changes[w] = best[cuts, n], cuts
        end = n
        for k in range(cuts, 0, -1):
            begin = begins[k, end]
            label[w, begin:end] = k
            end = begin
