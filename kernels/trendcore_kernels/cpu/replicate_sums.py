"""Sum of the draws of the patterns of each row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._threads import run, split
from trendcore_kernels.spec import Ints

_Draws = npt.NDArray[np.int32]


def replicate_sums(offsets: Ints, patterns: npt.NDArray[np.int32], coefficients: Ints, draws: _Draws) -> Ints:
    """Add up the draws of each row's patterns, see `reference.replicate_sums`."""
    sums = np.zeros((len(offsets) - 1, draws.shape[1]), dtype=np.int64)
    entries = frozen(offsets), frozen(patterns)
    rows = split(len(sums), (len(patterns) + len(sums)) * draws.shape[1])
    if len(coefficients):
        run(_weigh, [(*entries, frozen(coefficients), frozen(draws), *part, sums) for part in rows])
    else:
        run(_add, [(*entries, frozen(draws), *part, sums) for part in rows])
    return sums


@jit
def _add(
    offsets: Ints, patterns: npt.NDArray[np.int32], draws: _Draws, start: int, stop: int, sums: Ints
) -> None:
    for row in range(start, stop):
        for entry in range(offsets[row], offsets[row + 1]):
            p = patterns[entry]
            for r in range(draws.shape[1]):
                sums[row, r] += np.int64(draws[p, r])


@jit
def _weigh(
    offsets: Ints,
    patterns: npt.NDArray[np.int32],
    coefficients: Ints,
    draws: _Draws,
    start: int,
    stop: int,
    sums: Ints,
) -> None:
    for row in range(start, stop):
        for entry in range(offsets[row], offsets[row + 1]):
            p, times = patterns[entry], coefficients[entry]
            for r in range(draws.shape[1]):
                sums[row, r] += times * np.int64(draws[p, r])
