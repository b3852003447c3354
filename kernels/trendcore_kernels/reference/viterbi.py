"""Cheapest path through two states, from the lower one on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trendcore_kernels.reference._series import each
from trendcore_kernels.spec import Floats, Ints


def viterbi(offsets: Ints, lower: Floats, upper: Floats, rise: Floats) -> npt.NDArray[np.int8]:
    """Find the states whose costs, with those of rising, are least; of equal ones the lower state.

    A path begins in the lower state before its first step, and falls without a cost.

    Parameters
    ----------
    offsets
        (W+1,) bounds of the series.
    lower, upper
        (E,) costs of each step in either state.
    rise
        (W,) cost of a step from the lower to the upper state.

    Returns
    -------
    npt.NDArray[np.int8]
        (E,) 0 or 1.

    Examples
    --------
    >>> viterbi(np.array([0, 4]), np.array([0.0, 3, 3, 0]), np.array([1.0, 1, 1, 1]), np.array([2.0]))
    array([0, 1, 1, 0], dtype=int8)
    """
    states: list[int] = []
    for below, above, up in zip(each(offsets, lower), each(offsets, upper), rise.tolist(), strict=True):
        if not below:
            continue
        so_far = (below[0], up + above[0])
        came_from: list[tuple[int, int]] = [(0, 0)]
        for low, high in zip(below[1:], above[1:], strict=True):
            before = (int(so_far[1] < so_far[0]), int(so_far[1] < so_far[0] + up))
            came_from.append(before)
            risen = so_far[1] if before[1] else so_far[0] + up
            so_far = (so_far[before[0]] + low, risen + high)
        state, path = int(so_far[1] < so_far[0]), []
        for before in reversed(came_from):
            path.append(state)
            state = before[state]
        states += reversed(path)
    return np.array(states, dtype=np.int8)
