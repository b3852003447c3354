"""Scanned works -> canonical rows: topics by rank, countries and fractions, and the columns.

What the loops here make of a work is what `openalex_rows.labels_of` and `openalex_members.members` say of it.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from trendcore.schemas import COUNTRIES, SHARES, TOPICS
from trendcore.sources.openalex_layout import (
    AUTHOR_END,
    CITED,
    CODE_END,
    DATE,
    FIRST,
    FLAGS,
    HAS_LANGUAGE,
    HAS_TYPE,
    ID_END,
    KIND,
    LABEL,
    LABEL_END,
    LANGUAGE_END,
    LISTED,
    MOST_COUNT,
    N_ALL_CODES,
    N_CODES,
    N_ID,
    N_LABELS,
    N_LANGUAGE,
    N_PLACES,
    N_TYPE,
    NO_SCORE,
    NONE,
    NUMBER,
    PARATEXT,
    PLACE_END,
    PRIMARY,
    RANK,
    RETRACTED,
    SHARE,
    TRUNCATED,
    TYPE_END,
    UNNAMED,
    XPAC,
    YEAR,
    Bytes,
    Codes,
    Ints,
)
from trendcore.sources.openalex_scan import Scanned
from trendcore_kernels.cpu._jit import jit

_MOST_CODE: Final = 1 << 15


def topic_lists(scanned: Scanned) -> pa.ListArray:
    """Return the topics, or else concepts, of each work by rank, each once."""
    n = len(scanned)
    n_labels = int(scanned.counts[N_LABELS])
    ends = scanned.works[:n, LABEL_END].copy()
    offsets = np.zeros(n + 1, dtype=np.int32)
    ids = np.empty(n_labels, dtype=np.int64)
    scores = np.zeros(n_labels)
    known = np.zeros(n_labels, dtype=np.bool_)
    _rank(ends, scanned.labels, scanned.scores, scanned.state, offsets, ids, scores, known)
    used = slice(0, int(offsets[-1]))
    fields = [pa.array(ids[used]), pa.array(scores[used], mask=~known[used])]
    values = pa.StructArray.from_arrays(fields, fields=list(TOPICS.value_type))
    return pa.ListArray.from_arrays(pa.array(offsets), values, type=TOPICS)


@jit
def _rank(
    ends: Ints,
    labels: Ints,
    scores: NDArray[np.float64],
    state: Bytes,
    offsets: NDArray[np.int32],
    out_ids: Ints,
    out_scores: NDArray[np.float64],
    out_known: NDArray[np.bool_],
) -> None:
    order = np.empty(max(len(out_ids), 1), dtype=np.int64)
    n = start = 0
    for w in range(len(ends)):
        stop = ends[w]
        # the primary one first, then by score with those that have none last; equal ones stay in order
        k = 0
        for label in range(start, stop):
            j = k
            if labels[label, KIND] == PRIMARY:
                while j > 0:
                    order[j] = order[j - 1]
                    j -= 1
            elif state[label] != NO_SCORE:
                while j > 0:
                    other = order[j - 1]
                    if labels[other, KIND] == PRIMARY:
                        break
                    if state[other] != NO_SCORE and scores[other] >= scores[label]:
                        break
                    order[j] = other
                    j -= 1
            order[j] = label
            k += 1
        begin = n
        for j in range(k):
            label = order[j]
            if labels[label, LABEL] == NONE:
                continue
            place = begin
            while place < n and out_ids[place] != labels[label, LABEL]:
                place += 1
            if place < n and out_known[place]:
                continue
            out_ids[place] = labels[label, LABEL]
            out_known[place] = state[label] != NO_SCORE
            out_scores[place] = scores[label] if out_known[place] else 0.0
            n = max(n, place + 1)
        offsets[w + 1] = n
        start = stop


def columns(scanned: Scanned, rows: Ints) -> dict[str, Any]:
    """Return the canonical columns of some works, but for topics and what the file says.

    Parameters
    ----------
    scanned
        The works.
    rows
        Which of them, ascending.
    """
    held = scanned.works[rows]
    flags = held[:, FLAGS]
    return {
        "id": _texts(scanned.ids, scanned, ID_END, N_ID, None).take(pa.array(rows)),
        "year": pa.array(held[:, YEAR].astype(np.int16)),
        "date": days(held[:, DATE]),
        **_members(scanned, rows),
        "type": _texts(scanned.types, scanned, TYPE_END, N_TYPE, HAS_TYPE).take(pa.array(rows)),
        "language": _texts(scanned.languages, scanned, LANGUAGE_END, N_LANGUAGE, HAS_LANGUAGE).take(
            pa.array(rows)
        ),
        "is_retracted": pa.array(flags & RETRACTED > 0),
        "is_paratext": pa.array(flags & PARATEXT > 0),
        "is_xpac": pa.array(flags & XPAC > 0),
        "cited_by": _numbers(held[:, CITED]),
        "source_line": pa.array(held[:, NUMBER].copy()),
    }


def ids_of(scanned: Scanned, rows: Ints) -> pa.StringArray:
    """Return the short ids of some works."""
    return _texts(scanned.ids, scanned, ID_END, N_ID, None).take(pa.array(rows))


def days(numbers: Ints) -> pa.Array:
    """Make a column of dates of days since 1970."""
    return _numbers(numbers).cast(pa.date32())


def _numbers(numbers: Ints) -> pa.Array:
    missing = numbers == NONE
    return pa.array(np.where(missing, 0, numbers).astype(np.int32), mask=missing)


def _texts(data: Bytes, scanned: Scanned, end: int, used: int, has: int | None) -> pa.StringArray:
    """Make a column of texts that stand one after another."""
    n = len(scanned)
    offsets = np.zeros(n + 1, dtype=np.int32)
    offsets[1:] = scanned.works[:n, end]
    bitmap = None
    if has is not None:
        bitmap = pa.py_buffer(np.packbits(scanned.works[:n, FLAGS] & has > 0, bitorder="little"))
    text = data[: scanned.counts[used]].copy()
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(text), bitmap)


def _members(scanned: Scanned, rows: Ints) -> dict[str, Any]:
    """Find the countries of works' authors and their shares, see `openalex_members.members`."""
    n = len(rows)
    most = int(scanned.counts[N_ALL_CODES] + scanned.counts[N_PLACES])
    countries, units = np.empty(most, dtype=np.int16), np.empty(most, dtype=np.int16)
    shares = np.empty(most)
    ends = np.zeros((2, n + 1), dtype=np.int32)
    about = np.empty((4, n), dtype=np.int64)
    _find_members(
        rows, scanned.works, scanned.authors, scanned.codes, scanned.places,
        countries, shares, units, ends, about,
    )  # fmt: skip
    n_countries, n_units = (int(one[-1]) for one in ends)
    offsets = [pa.array(one) for one in ends]
    # the copies are what a batch holds on to
    return {
        "countries": _list(offsets[0], countries[:n_countries].copy(), COUNTRIES),
        "shares": _list(offsets[0], shares[:n_countries].copy(), SHARES),
        "units": _list(offsets[1], units[:n_units].copy(), COUNTRIES),
        "first_country": pa.array(about[0].astype(np.int16), mask=about[0] == 0),
        "n_authors": pa.array(about[1].astype(np.int32)),
        "n_authors_unknown": pa.array(about[2].astype(np.int32)),
        "authors_truncated": pa.array(about[3] > 0),
    }


def _list(offsets: pa.Array, values: NDArray[Any], kind: pa.DataType) -> pa.ListArray:
    return pa.ListArray.from_arrays(offsets, pa.array(values), type=kind)


@jit
def _find_members(
    rows: Ints,
    works: Ints,
    authors: Ints,
    codes: Codes,
    places: Codes,
    out_countries: Codes,
    out_shares: NDArray[np.float64],
    out_units: Codes,
    ends: NDArray[np.int32],
    about: Ints,
) -> None:
    tally = np.zeros(_MOST_CODE, dtype=np.int64)
    n_countries = n_units = 0
    for row in range(len(rows)):
        w = rows[row]
        start = works[w - 1, AUTHOR_END] if w > 0 else 0
        stop = works[w, AUTHOR_END]
        n_listed = stop - start
        n_authors = n_listed
        if n_listed < works[w, LISTED] <= MOST_COUNT:
            n_authors = works[w, LISTED]
        n_unknown = n_authors - n_listed
        begin = n_countries
        for author in range(start, stop):
            n_before = n_units
            n_parts, by_places, once = _parts(author, authors, codes, places)
            first = authors[author - 1, PLACE_END if by_places else CODE_END] if author > 0 else 0
            last = authors[author, PLACE_END if by_places else CODE_END]
            values = places if by_places else codes
            for k in range(first, last):
                code = values[k]
                if n_parts == 0 or code == 0 or (once and _stands(values, first, k, code)):
                    continue
                if tally[code] == 0:
                    n_countries = _insert(out_countries, begin, n_countries, code)
                tally[code] += SHARE // n_parts
                if not _stands(out_units, n_before, n_units, code):
                    n_units = _insert(out_units, n_before, n_units, code)
            n_unknown += n_units == n_before
        for k in range(begin, n_countries):
            out_shares[k] = tally[out_countries[k]] / (SHARE * n_authors)
            tally[out_countries[k]] = 0
        about[0, row] = _first_country(start, stop, authors, codes, places)
        about[1, row] = n_authors
        about[2, row] = n_unknown
        about[3, row] = (works[w, FLAGS] & TRUNCATED) > 0 or n_authors > n_listed
        ends[0, row + 1], ends[1, row + 1] = n_countries, n_units


@jit
def _parts(author: int, authors: Ints, codes: Codes, places: Codes) -> tuple[int, bool, bool]:
    """Return over how many parts an author is split, if those are of the places, and if each counts once."""
    n_codes = authors[author, N_CODES]
    if n_codes == 0:
        return 0, False, True
    code_stop, place_stop = authors[author, CODE_END], authors[author, PLACE_END]
    code_start = authors[author - 1, CODE_END] if author > 0 else 0
    place_start = authors[author - 1, PLACE_END] if author > 0 else 0
    if n_codes == 1 and codes[code_start] > 0:
        return 1, False, True
    every = True
    for k in range(place_start, place_stop):
        every = every and places[k] > 0
    if n_codes < 0:
        n = place_stop - place_start if every else _distinct(places, place_start, place_stop)
        return n, True, not every
    for k in range(place_start, place_stop):
        every = every and _stands(codes, code_start, code_stop, places[k])
    for k in range(code_start, code_stop):
        every = every and (codes[k] == 0 or _stands(places, place_start, place_stop, codes[k]))
    if every:
        return place_stop - place_start, True, False
    return _distinct(codes, code_start, code_stop), False, True


@jit
def _stands(values: Codes, start: int, stop: int, code: int) -> bool:
    """Whether a code stands in a part of an array."""
    for k in range(start, stop):  # noqa: SIM110 (a loop is what Numba compiles)
        if values[k] == code:
            return True
    return False


@jit
def _distinct(values: Codes, start: int, stop: int) -> int:
    """Return how many known codes there are in a part of an array."""
    n = 0
    for k in range(start, stop):
        n += values[k] > 0 and not _stands(values, start, k, values[k])
    return n


@jit
def _insert(values: Codes, start: int, stop: int, code: int) -> int:
    """Put a code in its place in a sorted part of an array; return where that ends then."""
    k = stop
    while k > start and values[k - 1] > code:
        values[k] = values[k - 1]
        k -= 1
    values[k] = code
    return stop + 1


@jit
def _first_country(start: int, stop: int, authors: Ints, codes: Codes, places: Codes) -> int:
    """Return the country of the first author, 0 where it is unknown."""
    if start == stop:
        return 0
    first = start
    while first < stop and authors[first, RANK] != FIRST:
        first += 1
    if first == stop:
        for author in range(start, stop):
            if authors[author, RANK] != UNNAMED:
                return 0
        first = start
    code_start = authors[first - 1, CODE_END] if first > 0 else 0
    code_stop = authors[first, CODE_END]
    n_codes = authors[first, N_CODES]
    if n_codes == 1 and codes[code_start] > 0:
        return int(codes[code_start])
    for k in range(authors[first - 1, PLACE_END] if first > 0 else 0, authors[first, PLACE_END]):
        if places[k] > 0 and (n_codes < 0 or _stands(codes, code_start, code_stop, places[k])):
            return int(places[k])
    for k in range(code_start, code_stop):
        if codes[k] > 0:
            return int(codes[k])
    return 0
