"""Members of one work and the places of pairs, inside compiled loops."""

from __future__ import annotations

from typing import Final

import numpy as np

from trendcore_kernels import spec
from trendcore_kernels.cpu._jit import jit
from trendcore_kernels.spec import Codes, Ints

#: longer lists are sorted
_SHORT: Final = 64

pair_column = jit(spec.pair_column)


@jit
def distinct(codes: Codes, start: int, stop: int, n_members: int, out: Codes, at: int) -> int:
    """Write the distinct known members of ``codes[start:stop]``, ascending, to ``out[at:]``; count them.

    ``out`` needs room for the whole list.
    """
    if stop - start > _SHORT:
        return _distinct_of_many(codes, start, stop, n_members, out, at)
    end = at
    for entry in range(start, stop):
        code = codes[entry]
        if code >= n_members:
            continue
        place = end
        while place > at and out[place - 1] > code:
            place -= 1
        if place > at and out[place - 1] == code:
            continue
        for i in range(end, place, -1):
            out[i] = out[i - 1]
        out[place] = code
        end += 1
    return end - at


@jit
def _distinct_of_many(codes: Codes, start: int, stop: int, n_members: int, out: Codes, at: int) -> int:
    known = np.empty(stop - start, np.int64)
    n = 0
    for entry in range(start, stop):
        if codes[entry] < n_members:
            known[n] = codes[entry]
            n += 1
    sort(known[:n])
    end = at
    for i in range(n):
        if i == 0 or known[i] != known[i - 1]:
            out[end] = known[i]
            end += 1
    return end - at


@jit
def sort(values: Ints) -> None:
    """Sort in place; apart, so that Numba compiles it once."""
    values.sort()


@jit
def position(values: Ints | Codes, start: int, stop: int, value: int) -> int:
    """First place from ``start`` on, before ``stop``, with that value or a greater one; values ascend."""
    while start < stop:
        middle = (start + stop) >> 1
        if values[middle] < value:
            start = middle + 1
        else:
            stop = middle
    return start
