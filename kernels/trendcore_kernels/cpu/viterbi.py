"""Cheapest path through two states, from the lower one on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._series import in_slices
from trendcore_kernels.spec import Floats, Ints


def viterbi(offsets: Ints, lower: Floats, upper: Floats, rise: Floats) -> npt.NDArray[np.int8]:
    """Find the states whose costs, with those of rising, are least, see `reference.viterbi`."""
    states = np.empty(len(lower), dtype=np.int8)
    in_slices(_walk, frozen(offsets), frozen(lower), frozen(upper), frozen(rise), states, power=1)
    return states


@jit
def _walk(
    start: int,
    stop: int,
    offsets: Ints,
    lower: Floats,
    upper: Floats,
    rise: Floats,
    states: npt.NDArray[np.int8],
) -> None:
    for w in range(start, stop):
        begin, end = offsets[w], offsets[w + 1]
        if begin == end:
            continue
        low, high = lower[begin], rise[w] + upper[begin]
        for i in range(begin + 1, end):
            risen = low + rise[w]
            fell, stayed = high < low, high < risen
            states[i] = int(fell) | int(stayed) << 1  # where each state comes from, until the way back
            low = (high if fell else low) + lower[i]
            high = (high if stayed else risen) + upper[i]
        state = int(high < low)
        for i in range(end - 1, begin, -1):
            before = (states[i] >> state) & 1
            states[i] = state
            state = before
        states[begin] = state
