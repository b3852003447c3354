"""How many values of each row are below a number, equal to it, and not a number."""

from __future__ import annotations

import numpy as np

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._threads import run, split
from trendcore_kernels.spec import Floats, Ints


def standing(values: Floats, at: Floats) -> Ints:
    """Count the values below a number, equal to it, and not a number, see `reference.standing`."""
    counts = np.empty((len(values), 3), dtype=np.int64)
    run(_count, [(frozen(values), frozen(at), *part, counts) for part in split(len(values), values.size)])
    return counts


@jit
def _count(values: Floats, at: Floats, start: int, stop: int, counts: Ints) -> None:
    for row in range(start, stop):
        below, equal, missing = 0, 0, 0
        number = at[row]
        for r in range(values.shape[1]):
            value = values[row, r]
            below += value < number
            equal += value == number
            missing += value != value
        counts[row, 0], counts[row, 1], counts[row, 2] = below, equal, missing
