"""Distinct known members of each work: found in place in a copy of the lists, then moved together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._members import distinct
from trendcore_kernels.cpu._threads import n_threads, run, slices
from trendcore_kernels.cpu._words import (
    FIRST,
    LITTLE_ENDIAN,
    WORD,
    below,
    distinct_in,
    first_of,
    known,
    only,
    others,
    word_at,
)
from trendcore_kernels.spec import Codes, Ints, MemberSets


def member_sets(offsets: Ints, codes: Codes, n_members: int, least: int) -> MemberSets:
    """Find the distinct known members of each work, see `reference.member_sets`."""
    offsets, codes = frozen(offsets), frozen(codes)
    n_works = len(offsets) - 1
    found = np.empty(int(offsets[-1] - offsets[0]), dtype=codes.dtype)
    set_offsets = np.zeros(n_works + 1, dtype=np.int64)
    cuts = slices(offsets, n_threads(n_works + len(found)))
    bounds = list(pairwise(cuts))
    how = min(int(n_members), int(np.iinfo(codes.dtype).max) + 1), int(least)
    find = _find_in_words if codes.dtype == np.uint8 and LITTLE_ENDIAN else _find
    run(find, [(offsets, codes, *how, *pair, found, set_offsets) for pair in bounds])
    np.cumsum(set_offsets, out=set_offsets)
    set_codes = np.empty(int(set_offsets[-1]), dtype=codes.dtype)
    run(_move, [(offsets, found, set_offsets, *pair, set_codes) for pair in bounds])
    return MemberSets(set_offsets, set_codes)


@jit
def _find(
    offsets: Ints,
    codes: Codes,
    n_members: int,
    least: int,
    start: int,
    stop: int,
    found: Codes,
    sizes: Ints,
) -> None:
    for w in range(start, stop):
        begin, end = offsets[w], offsets[w + 1]
        at = begin - offsets[0]
        n = 0
        if begin < end:
            a, b = codes[begin], codes[begin]
            entry = begin + 1
            while entry < end and codes[entry] == a:
                entry += 1
            more = a >= n_members
            if entry < end:
                b = codes[entry]
                more |= b >= n_members
                for rest in range(entry + 1, end):
                    more |= (codes[rest] != a) & (codes[rest] != b)
            if more:
                n = distinct(codes, begin, end, n_members, found, at)
            else:  # most works have one member or two
                n = 1 + int(a != b)
                found[at + n - 1] = max(a, b)  # first, since it may be the same place
                found[at] = min(a, b)
        sizes[w + 1] = n if n >= least else 0


@jit
def _find_in_words(
    offsets: Ints,
    codes: Codes,
    n_members: int,
    least: int,
    start: int,
    stop: int,
    found: Codes,
    sizes: Ints,
) -> None:
    """Do what `_find` does, with no branch on the codes of a list where there are at most two."""
    margin, small = below(n_members)
    last = len(codes) - WORD
    for w in range(start, stop):
        begin, end = offsets[w], offsets[w + 1]
        at = begin - offsets[0]
        if end - begin > WORD or begin > last:
            n = distinct(codes, begin, end, n_members, found, at)
        else:
            word = word_at(codes, begin)
            here = known(word, margin, small) & FIRST[end - begin]
            a = first_of(word, here)
            rest = here & others(word, a)
            b = first_of(word, rest if rest else here)
            n = int(here != 0) + int(rest != 0)
            if rest & others(word, b):
                n = distinct_in(only(word, here, a), found[at:])
            elif n > 0 and n >= least:
                found[at + n - 1] = max(a, b)  # first, since it may be the same place
                found[at] = min(a, b)
        sizes[w + 1] = n if n >= least else 0


@jit
def _move(offsets: Ints, found: Codes, set_offsets: Ints, start: int, stop: int, set_codes: Codes) -> None:
    for w in range(start, stop):
        shift = offsets[w] - offsets[0] - set_offsets[w]
        for i in range(set_offsets[w], set_offsets[w + 1]):
            set_codes[i] = found[i + shift]
