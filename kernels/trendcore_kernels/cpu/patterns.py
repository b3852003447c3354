"""Works by cell and member set: the works of each cell sorted by their first codes, as many as fit a word.

Sets that go on, and are equal so far, are sorted by their next codes, and so on: nothing is taken for equal
that is not. Works are brought together by cell in slices of works, and sorted in bands of cells.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from trendcore_kernels.cpu._jit import frozen, jit
from trendcore_kernels.cpu._sort import sort_words
from trendcore_kernels.cpu._threads import bands, n_threads, run, split
from trendcore_kernels.spec import Cells, Codes, Ints, Words
from trendcore_kernels.spec.draws import Patterns

_Marks = npt.NDArray[np.uint8]
_WORD_BITS: Final = 64
#: a work has the set of the one before, or another that its word holds, or that its list does
_REPEATED: Final = 0
_IN_WORD: Final = 1
_LISTED: Final = 2


def patterns(
    cell: Cells, set_offsets: Ints, set_codes: Codes, times: Ints, n_cells: int, least: int
) -> Patterns:
    """Count works by cell and member set, see `reference.patterns`."""
    codes = frozen(set_codes)
    bits = (int(codes.max(initial=0)) + 1).bit_length()
    sets = frozen(set_offsets), codes, _WORD_BITS // bits, bits
    size = len(cell) + len(codes)
    keys, works, bounds = _by_cell(frozen(cell), sets, n_cells, least, size)
    first = np.empty(len(works), dtype=np.uint8)
    n_patterns, n_codes = np.zeros((2, n_cells + 1), dtype=np.int64)
    cells = list(pairwise(bands(np.diff(bounds), n_threads(size))))
    run(_sort, [(*sets, *band, bounds, keys, works, first, n_patterns, n_codes) for band in cells])
    places, ends = np.cumsum(n_patterns), np.cumsum(n_codes)
    found = Patterns(
        np.empty(places[-1], dtype=np.int64),
        np.zeros(places[-1] + 1, dtype=np.int64),
        np.empty(ends[-1], dtype=codes.dtype),
        np.zeros(places[-1], dtype=np.int64),
    )
    out = found.pattern_cell, found.offsets, found.codes, found.n
    where = bounds, keys, works, first, frozen(times), places, ends
    run(_write, [(*sets, *band, *where, *out) for band in cells])
    return found


def _by_cell(
    cell: Cells, sets: tuple[Any, ...], n_cells: int, least: int, size: int
) -> tuple[Words, Ints, Ints]:
    """Bring the works that are counted together: words of their first codes, the works, bounds of cells."""
    parts = split(len(cell), size)
    counts = np.zeros((len(parts), n_cells), dtype=np.int64)
    run(_count, [(cell, sets[0], least, *part, counts[i]) for i, part in enumerate(parts)])
    places = np.zeros(n_cells * len(parts) + 1, dtype=np.int64)
    np.cumsum(counts.T.ravel(), out=places[1:])
    starts = places[:-1].reshape(n_cells, len(parts)).T.copy()
    keys, works = np.empty(places[-1], dtype=np.uint64), np.empty(places[-1], dtype=np.int64)
    run(_place, [(cell, *sets, least, *part, starts[i], keys, works) for i, part in enumerate(parts)])
    return keys, works, places[:: len(parts)]


@jit
def _count(cell: Cells, offsets: Ints, least: int, start: int, stop: int, counts: Ints) -> None:
    for w in range(start, stop):
        counts[cell[w]] += np.int64(offsets[w + 1] - offsets[w] >= least)


@jit
def _place(
    cell: Cells,
    offsets: Ints,
    codes: Codes,
    slots: int,
    bits: int,
    least: int,
    start: int,
    stop: int,
    places: Ints,
    keys: Words,
    works: Ints,
) -> None:
    for w in range(start, stop):
        if offsets[w + 1] - offsets[w] >= least:
            place = places[cell[w]]
            places[cell[w]] = place + 1
            keys[place] = _word(codes, offsets[w], offsets[w + 1], slots, bits)
            works[place] = w


@jit
def _word(codes: Codes, start: int, stop: int, slots: int, bits: int) -> np.uint64:
    """Put the first codes of a list in a word that sorts as they do; 0 where there are none."""
    word, shift = np.uint64(0), np.uint64(bits)
    for i in range(start, start + slots):
        word <<= shift
        if i < stop:
            word |= np.uint64(codes[i]) + np.uint64(1)
    return word


@jit
def _sort(
    offsets: Ints,
    codes: Codes,
    slots: int,
    bits: int,
    low: int,
    high: int,
    bounds: Ints,
    keys: Words,
    works: Ints,
    first: _Marks,
    n_patterns: Ints,
    n_codes: Ints,
) -> None:
    """Sort the works of each cell by their sets; mark the first one of each set."""
    most = 0
    for c in range(low, high):
        most = max(most, bounds[c + 1] - bounds[c])
    other_keys, other_works = np.empty(most, dtype=np.uint64), np.empty(most, dtype=np.int64)
    for c in range(low, high):
        start, stop = bounds[c], bounds[c + 1]
        if start == stop:
            continue
        runs = [(start, stop, 0)]
        while len(runs):
            begin, end, skipped = runs.pop()
            if skipped:
                for i in range(begin, end):
                    w = works[i]
                    keys[i] = _word(codes, offsets[w] + skipped, offsets[w + 1], slots, bits)
            sort_words(keys[begin:end], works[begin:end], other_keys, other_works)
            _mark(keys, begin, end, skipped, slots, bits, first, runs)
        for i in range(start, stop):
            if first[i] != _REPEATED:
                n_patterns[c + 1] += 1
                n_codes[c + 1] += _size(offsets, works[i], first[i], keys[i], slots, bits)


@jit
def _mark(
    keys: Words,
    begin: int,
    end: int,
    skipped: int,
    slots: int,
    bits: int,
    first: _Marks,
    runs: list[tuple[int, int, int]],
) -> None:
    """Mark the first of equal words, and how to read its set; add runs of equal ones that may go on."""
    last = (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    run = begin
    for i in range(begin, end + 1):
        if i < end and i > begin and keys[i] == keys[i - 1]:
            first[i] = _REPEATED
            continue
        if i - run > 1 and keys[run] & last:
            runs.append((run, i, skipped + slots))
        if i < end:
            first[i] = _LISTED if skipped or keys[i] & last else _IN_WORD
        run = i


@jit
def _size(offsets: Ints, work: int, mark: int, word: int, slots: int, bits: int) -> int:
    """Size of a set; what is in the word need not be looked for in memory."""
    if mark == _LISTED:
        return int(offsets[work + 1] - offsets[work])
    last = (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    rest, size = np.uint64(word), slots
    while size > 0 and not rest & last:
        rest >>= np.uint64(bits)
        size -= 1
    return size


@jit
def _write(
    offsets: Ints,
    codes: Codes,
    slots: int,
    bits: int,
    low: int,
    high: int,
    bounds: Ints,
    keys: Words,
    works: Ints,
    first: _Marks,
    times: Ints,
    places: Ints,
    ends: Ints,
    pattern_cell: Ints,
    set_offsets: Ints,
    set_codes: Codes,
    n: Ints,
) -> None:
    last = (np.uint64(1) << np.uint64(bits)) - np.uint64(1)
    for c in range(low, high):
        p, at = places[c] - 1, ends[c]
        for i in range(bounds[c], bounds[c + 1]):
            if first[i] != _REPEATED:
                p += 1
                pattern_cell[p] = c
                size = _size(offsets, works[i], first[i], keys[i], slots, bits)
                for place in range(size):
                    if first[i] == _LISTED:
                        set_codes[at] = codes[offsets[works[i]] + place]
                    else:
                        shift = np.uint64(bits * (slots - 1 - place))
                        set_codes[at] = ((keys[i] >> shift) & last) - np.uint64(1)
                    at += 1
                set_offsets[p + 1] = at
            n[p] += times[works[i]] if len(times) else 1
