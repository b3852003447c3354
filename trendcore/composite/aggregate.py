"""Weighted means of the parts of a group, over the parts that are there.

=============  ================================================  =========================================
arithmetic     Σ w x / Σ w                                       a weak part is made up for in full
geometric      exp(Σ w ln x / Σ w)                               in part: a weak part costs more
harmonic       Σ w / Σ (w / x)                                   less still
=============  ================================================  =========================================

For positive parts harmonic <= geometric <= arithmetic. A part of weight 0 does not count at all. Geometric
and harmonic means are undefined where a part is 0 or less: null, never an error in the middle of a table.

Source: OECD/JRC Handbook 2008, step 6.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trendcore.composite.declaration import AggregateMethod

Floats = npt.NDArray[np.float64]


def mean_of(method: AggregateMethod, parts: Sequence[Floats], weights: Floats) -> Floats:
    """Weighted mean of parts, each (n,), by weights (k,); NaN where no part of some weight is there.

    Sums go part by part, so that a unit's score does not depend on where it stands in the table.

    Examples
    --------
    >>> parts = [np.array([1.0, np.nan, 0.0]), np.array([4.0, 4.0, 4.0])]
    >>> mean_of("geometric", parts, np.array([0.5, 0.5]))
    array([ 2.,  4., nan])
    """
    total, weight = np.zeros(parts[0].shape), np.zeros(parts[0].shape)
    bad = np.zeros(parts[0].shape, dtype=np.bool_)
    for x, w in zip(parts, weights.tolist(), strict=True):
        if not w > 0:
            continue
        there = ~np.isnan(x)
        if method != "arithmetic":
            bad |= there & ~(x > 0)
            x = np.where(x > 0, x, 1.0)
            x = np.log(x) if method == "geometric" else 1.0 / x
        total += np.where(there, w * x, 0.0)
        weight += np.where(there, w, 0.0)
    some = (weight > 0) & ~bad
    mean: Floats = np.divide(total, weight, out=np.full(total.shape, np.nan), where=some)
    if method == "geometric":
        return np.asarray(np.exp(mean))
    return np.asarray(1.0 / mean) if method == "harmonic" else mean
