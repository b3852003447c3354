"""Cheapest cuts of series of equal length into runs."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.spec import Floats
from trendcore_kernels.spec.series import ROUNDING, Segments


def segments(costs: Floats, penalty: Floats, n_years: int, most: int, least: int) -> Segments:
    """Cut each series where the costs of its runs, and a penalty for each cut, are least.

    Exact, by dynamic programming over all cuts (Auger & Lawrence 1989). More cuts are made only if they lower
    the sum by more than `ROUNDING` of its parts: so sums that are equal but for rounding have the fewer cuts.
    Of as many cuts with equal sums those with the earlier last one, and so on.

    Parameters
    ----------
    costs
        (W, T(T + 1)/2) cost of the run of years i to j - 1, in column j(j - 1)/2 + i, for 0 <= i < j <= T.
    penalty
        (W,) penalty of a cut.
    n_years, most, least
        T, which is 1 at least; cuts that may be made; years of a run, but for one that is all years.

    Examples
    --------
    >>> y = np.array([1.0, 1, 5, 5])
    >>> runs = [y[i:j] for j in range(1, 5) for i in range(j)]
    >>> costs = np.array([[((run - run.mean()) ** 2).sum() for run in runs]])
    >>> segments(costs, np.array([2.0]), 4, 3, 1).label
    array([[0, 0, 1, 1]])
    """
    n = n_years
    cost, changes, label = [], [], np.zeros((len(costs), n), dtype=np.int64)
    for w, (row, each_cut) in enumerate(zip(costs.tolist(), penalty.tolist(), strict=True)):
        column = [row[j * (j - 1) // 2 : j * (j + 1) // 2] for j in range(n + 1)]
        best = [{j: column[j][0] for j in range(1, n + 1)}]  # by cuts and years
        starts: list[dict[int, int]] = [{}]
        while len(best) <= most and (len(best) + 1) * least <= n:
            cuts, before = len(best), best[-1]
            best.append({})
            starts.append({})
            for j in range((cuts + 1) * least, n + 1):
                sums = {i: before[i] + column[j][i] for i in range(cuts * least, j - least + 1)}
                starts[cuts][j] = min(sums, key=lambda i: (sums[i], i))
                best[cuts][j] = sums[starts[cuts][j]]
        cuts, cheapest = 0, best[0][n]
        for k in range(1, len(best)):
            penalties = each_cut * float(k)
            total = best[k][n] + penalties
            if total < cheapest - ROUNDING * (abs(best[0][n]) + abs(best[k][n]) + penalties):
                cuts, cheapest = k, total
        cost.append(best[cuts][n])
        changes.append(cuts)
        end = n
        for k in range(cuts, 0, -1):
            start = starts[k][end]
            label[w, start:end] = k
            end = start
    return Segments(np.array(cost, dtype=np.float64), np.array(changes, dtype=np.int64), label)
