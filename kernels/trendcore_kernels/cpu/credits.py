"""Credit of each member of each work."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np

from trendcore_kernels.cpu._apportion import apportion, divide
from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._members import position
from trendcore_kernels.cpu._threads import n_threads, run, slices
from trendcore_kernels.spec import ONE, Codes, Credit, Ints

_COMPLETE: Final = int(Credit.COMPLETE)
_BY_SHARE: Final = (int(Credit.AUTHOR), int(Credit.MODIFIED))


def credits(  # noqa: A001
    set_offsets: Ints,
    set_codes: Codes,
    unit_offsets: Ints,
    unit_codes: Codes,
    unit_shares: Ints,
    first: Codes,
    credit: Credit,
    keep_unknown: bool,
) -> Ints:
    """Divide the credit for each work over its members, see `reference.credits`."""
    set_offsets, set_codes = frozen(set_offsets), frozen(set_codes)
    units = frozen(unit_offsets), frozen(unit_codes), frozen(unit_shares)
    first = frozen(first)
    given = len(unit_offsets) > 0
    shared = given and len(unit_shares) == len(unit_codes)
    out = np.zeros(len(set_codes), dtype=np.int64)
    cuts = slices(set_offsets, n_threads(len(set_offsets) + len(set_codes) + len(unit_codes)))
    bounds = list(pairwise(cuts))
    if credit == Credit.STRAIGHT:
        run(_straight, [(*pair, set_offsets, set_codes, first, out) for pair in bounds])
    elif credit == Credit.COUNTRY or (credit in (Credit.AUTHOR, Credit.MODIFIED) and not shared):
        run(_equal, [(*pair, set_offsets, out) for pair in bounds])
    else:
        how = set_offsets, set_codes, *units, int(credit), bool(keep_unknown), out
        run(_by_units, [(*pair, *how) for pair in bounds])
    if credit == Credit.MODIFIED:
        run(_root, [(*pair, set_offsets, out) for pair in bounds])
    return out


@jit
def _equal(start: int, stop: int, set_offsets: Ints, out: Ints) -> None:
    for w in range(start, stop):
        n = set_offsets[w + 1] - set_offsets[w]
        if n > 0:
            divide(ONE, n, out, set_offsets[w])


@jit
def _straight(start: int, stop: int, set_offsets: Ints, set_codes: Codes, first: Codes, out: Ints) -> None:
    for w in range(start, stop):
        end = set_offsets[w + 1]
        place = position(set_codes, set_offsets[w], end, first[w])
        if place < end and set_codes[place] == first[w]:
            out[place] = ONE


@jit
def _by_units(
    start: int,
    stop: int,
    set_offsets: Ints,
    set_codes: Codes,
    unit_offsets: Ints,
    unit_codes: Codes,
    unit_shares: Ints,
    credit: int,
    keep_unknown: bool,
    out: Ints,
) -> None:
    """Complete counts, and ratios of units or of their shares."""
    by_share = credit in _BY_SHARE
    parts = np.empty(256, np.int64)
    for w in range(start, stop):
        begin, end = set_offsets[w], set_offsets[w + 1]
        n = end - begin
        if n == 1 and credit != _COMPLETE and not keep_unknown:
            out[begin] = ONE
            continue
        if n > len(parts):
            parts = np.empty(2 * n, np.int64)
        parts[:n] = 0
        known = 0
        for unit in range(unit_offsets[w], unit_offsets[w + 1]):
            place = position(set_codes, begin, end, unit_codes[unit])
            if place < end and set_codes[place] == unit_codes[unit]:
                part = unit_shares[unit] if by_share else 1
                parts[place - begin] += part
                known += part
        if credit == _COMPLETE:
            for i in range(n):
                out[begin + i] = parts[i] * ONE
        elif known > 0:
            whole = known
            if keep_unknown:
                whole = ONE if by_share else unit_offsets[w + 1] - unit_offsets[w]
            apportion(parts, n, whole, out, begin)
        elif not keep_unknown and n > 0:
            divide(ONE, n, out, begin)


@jit
def _root(start: int, stop: int, set_offsets: Ints, out: Ints) -> None:
    """Replace x by the square root of x * ONE, rounded down, without a product of more than 64 bits."""
    most, one = np.uint64(ONE - 1), np.uint64(1)
    for i in range(set_offsets[start], set_offsets[stop]):
        if out[i] == ONE:
            continue
        product = np.uint64(out[i]) * np.uint64(ONE)
        root = min(np.uint64(np.sqrt(np.float64(product))), most)
        while root * root > product:
            root -= one
        while root < most and (root + one) * (root + one) <= product:
            root += one
        out[i] = np.int64(root)
