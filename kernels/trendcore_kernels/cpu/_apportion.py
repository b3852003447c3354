"""Largest remainders, inside compiled loops."""

from __future__ import annotations

from typing import Final

import numpy as np

from trendcore_kernels.cpu._jit import jit
from trendcore_kernels.spec import ONE, Ints

#: longer lists are sorted
_SHORT: Final = 32


@jit
def apportion(parts: Ints, n: int, whole: int, out: Ints, at: int) -> None:
    """Write ``parts[:n] * ONE / whole`` to ``out[at:]``; parts are at most the whole, which is 1 or more.

    The parts become their remainders.
    """
    rest = 0
    for i in range(n):
        if parts[i] == whole:  # the product might take 65 bits
            out[at + i] = ONE
            parts[i] = 0
            continue
        product = np.uint64(parts[i]) * np.uint64(ONE)
        out[at + i] = np.int64(product // np.uint64(whole))
        parts[i] = np.int64(product % np.uint64(whole))
        rest += parts[i]
    give_rest(parts, n, rest // whole, out, at)


@jit
def give_rest(remainders: Ints, n: int, rest: int, out: Ints, at: int) -> None:
    """Add 1 to the ``rest`` entries of ``out[at:]`` with the largest remainders, ties to the first.

    There are at least as many remainders above 0. They are spoilt.
    """
    if n > _SHORT:
        for i in np.argsort(-remainders[:n], kind="mergesort")[:rest]:
            out[at + i] += 1
        return
    for _ in range(rest):
        largest = 0
        for i in range(1, n):
            if remainders[i] > remainders[largest]:
                largest = i
        out[at + largest] += 1
        remainders[largest] = -1


@jit
def divide(total: int, n: int, out: Ints, at: int) -> None:
    """Write n equal parts of the total to ``out[at:]``; the first ones get the rest."""
    each = total // n
    rest = total - each * n
    for i in range(n):
        out[at + i] = each + 1 if i < rest else each
