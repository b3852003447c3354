"""Values of each row by their rank: a sample says between which numbers to look; the others are left out.

Without a branch on the values, and with no need to sort: 1000 values take a microsecond or two a rank.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._sort import insert_few
from trendcore_kernels.cpu._threads import run, split
from trendcore_kernels.spec import Floats, Ints

#: values of a sample
_SAMPLE: Final = 32
#: so few values are sorted
_FEW: Final = 72
#: rounds after which values are sorted however many they are
_ROUNDS: Final = 16


def order_statistics(values: Floats, ranks: Ints) -> Floats:
    """Find the values of some ranks in each row, see `reference.order_statistics`."""
    found = np.empty(ranks.shape, dtype=np.float64)
    rows = split(len(values), values.size)
    run(_find, [(frozen(values), frozen(ranks), *part, found) for part in rows])
    return found


@jit
def _find(values: Floats, ranks: Ints, start: int, stop: int, found: Floats) -> None:
    size = values.shape[1]
    numbers, left = np.empty(size), np.empty(size)
    sample, first = np.empty(_SAMPLE), np.empty(_SAMPLE)
    for row in range(start, stop):
        source = values[row]
        n = 0
        for r in range(size):
            n += int(source[r] == source[r])
        if n < size:
            n = 0
            for r in range(size):
                numbers[n] = source[r]
                n += int(source[r] == source[r])
            source = numbers[:n]
        if n > _FEW:
            _take(source, n, first)
        for q in range(ranks.shape[1]):
            rank = ranks[row, q]
            found[row, q] = _select(source, n, rank, first, sample, left) + 0.0 if 0 <= rank < n else np.nan


@jit
def _select(values: Floats, n: int, rank: int, first: Floats, sample: Floats, left: Floats) -> float:
    """Find the value of a rank; ``first`` is a sample of the values, ``sample`` and ``left`` are scratch."""
    source, rest, at = values, n, rank
    for number in range(_ROUNDS):
        if rest <= _FEW:
            break
        if number:
            _take(source, rest, sample)
            low, high = _bounds(sample, rest, at)
        else:
            low, high = _bounds(first, rest, at)
        below, to_low, below_high, to_high = 0, 0, 0, 0
        for i in range(rest):
            value = source[i]
            below += int(value < low)
            to_low += int(value <= low)
            below_high += int(value < high)
            to_high += int(value <= high)
        if not below <= at < to_high:  # the sample was not like the others
            return float(np.sort(values[:n])[rank])
        if at < to_low:
            return low
        if at >= below_high:
            return high
        kept = 0
        for i in range(rest):
            value = source[i]
            left[kept] = value
            kept += int((value > low) & (value < high))
        at -= to_low
        rest = kept
        source = left
    if rest > _FEW:
        return float(np.sort(source[:rest])[at])
    for i in range(rest):
        left[i] = source[i]
    insert_few(left, rest)
    return float(left[at])


@jit
def _take(values: Floats, n: int, sample: Floats) -> None:
    """Take a sample of the values, sorted."""
    for i in range(_SAMPLE):
        sample[i] = values[i * n // _SAMPLE]
    insert_few(sample, _SAMPLE)


@jit
def _bounds(sample: Floats, n: int, rank: int) -> tuple[float, float]:
    """Numbers between which the value of a rank is to be expected, by three standard deviations and two."""
    share = rank / n
    place = int(share * _SAMPLE)
    margin = 2 + int(3.0 * np.sqrt(_SAMPLE * share * (1.0 - share)))
    low = sample[place - margin] if place >= margin else -np.inf
    high = sample[place + margin] if place + margin < _SAMPLE else np.inf
    return low, high
