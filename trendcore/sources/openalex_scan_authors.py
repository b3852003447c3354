"""Authors of a work, in compiled loops: the countries of each, and of its institutions."""

from __future__ import annotations

from trendcore.sources.json_scan import (
    CLOSE_ARRAY,
    CLOSE_OBJECT,
    OPEN_ARRAY,
    OPEN_OBJECT,
    QUOTE,
    at,
    blank,
    is_null,
    next_part,
    plain_end,
    value_end,
)
from trendcore.sources.openalex_layout import (
    CODE_END,
    FIRST,
    FIRST_NAME,
    FULL,
    KEY_CODE,
    KEY_COUNTRIES,
    KEY_PLACES,
    KEY_POSITION,
    LATER,
    MOST_AUTHORS,
    MOST_PLACES,
    N_ALL_CODES,
    N_AUTHORS,
    N_CODES,
    N_PLACES,
    PLACE_END,
    RANK,
    UNNAMED,
    Codes,
    Ints,
)
from trendcore.sources.openalex_scan_values import key_at
from trendcore_kernels.cpu._jit import jit


@jit
def keep_authors(
    i: int,
    end: int,
    table: Codes,
    authors: Ints,
    codes: Codes,
    places: Codes,
    counts: Ints,
) -> int:
    """Keep the authors of a work."""
    if is_null(i):
        return i + 4
    if at(i) != OPEN_ARRAY:
        return -1
    i = blank(i + 1)
    if at(i) == CLOSE_ARRAY:
        return i + 1
    first = counts[N_AUTHORS]
    while True:
        n = counts[N_AUTHORS]
        if n - first == MOST_AUTHORS:
            return -1
        if n == len(authors):
            counts[FULL] = 1 + N_AUTHORS
            return -1
        row = authors[n]
        n_places = counts[N_PLACES]
        i = _author(i, end, table, row, codes, places, counts)
        if i < 0:
            return -1
        n_places = counts[N_PLACES] - n_places
        row[CODE_END], row[PLACE_END] = counts[N_ALL_CODES], counts[N_PLACES]
        alone = row[N_CODES] == 1 and codes[counts[N_ALL_CODES] - 1] > 0
        if not alone and max(n_places, row[N_CODES]) > MOST_PLACES:
            return -1
        counts[N_AUTHORS] = n + 1
        i, done = next_part(i, CLOSE_ARRAY)
        if done:
            return i


@jit
def _author(
    i: int,
    end: int,
    table: Codes,
    row: Ints,
    codes: Codes,
    places: Codes,
    counts: Ints,
) -> int:
    if at(i) != OPEN_OBJECT:
        return -1
    row[RANK], row[N_CODES] = UNNAMED, -1
    seen = 0
    i = blank(i + 1)
    if at(i) == CLOSE_OBJECT:
        return i + 1
    while True:
        i, key = key_at(i)
        if i < 0:
            return -1
        if KEY_POSITION <= key <= KEY_PLACES:
            if seen >> key & 1:
                return -1
            seen |= 1 << key
        if key == KEY_POSITION:
            i, row[RANK] = _rank(i)
        elif key == KEY_COUNTRIES:
            i, row[N_CODES] = _codes(i, table, codes, counts)
        elif key == KEY_PLACES:
            i = _institutions(i, end, table, places, counts)
        else:
            i = value_end(i, end)
        i, done = next_part(i, CLOSE_OBJECT)
        if done:
            return i


@jit
def _rank(i: int) -> tuple[int, int]:
    if is_null(i):
        return i + 4, UNNAMED
    if at(i) != QUOTE:
        return -1, 0
    i += 1
    stop = plain_end(i)
    if stop < 0:
        return -1, 0
    if stop == i:
        return stop + 1, UNNAMED
    rank = FIRST if stop - i == len(FIRST_NAME) else LATER
    if rank == FIRST:
        for j in range(len(FIRST_NAME)):
            if at(i + j) != FIRST_NAME[j]:
                rank = LATER
    return stop + 1, rank


@jit
def _code(i: int, table: Codes) -> tuple[int, int]:
    """Return the code of a country, 0 for null."""
    if is_null(i):
        return i + 4, 0
    if at(i) != QUOTE or not 65 <= at(i + 1) <= 90 or not 65 <= at(i + 2) <= 90 or at(i + 3) != QUOTE:
        return -1, 0
    code = table[26 * at(i + 1) + at(i + 2) - 27 * 65]
    return (i + 4, code) if code > 0 else (-1, 0)


@jit
def _codes(i: int, table: Codes, codes: Codes, counts: Ints) -> tuple[int, int]:
    """Keep the countries of an author; return also how many, -1 where there is no list."""
    if is_null(i):
        return i + 4, -1
    if at(i) != OPEN_ARRAY:
        return -1, 0
    i = blank(i + 1)
    if at(i) == CLOSE_ARRAY:
        return i + 1, 0
    n = 0
    while True:
        k = counts[N_ALL_CODES]
        if k == len(codes):
            counts[FULL] = 1 + N_ALL_CODES
            return -1, 0
        i, codes[k] = _code(i, table)
        if i < 0:
            return -1, 0
        counts[N_ALL_CODES] = k + 1
        n += 1
        i, done = next_part(i, CLOSE_ARRAY)
        if done:
            return i, n if i > 0 else 0


@jit
def _institutions(i: int, end: int, table: Codes, places: Codes, counts: Ints) -> int:
    """Keep the countries of an author's institutions."""
    if is_null(i):
        return i + 4
    if at(i) != OPEN_ARRAY:
        return -1
    i = blank(i + 1)
    if at(i) == CLOSE_ARRAY:
        return i + 1
    while True:
        k = counts[N_PLACES]
        if k == len(places):
            counts[FULL] = 1 + N_PLACES
            return -1
        if at(i) != OPEN_OBJECT:
            return -1
        places[k] = 0
        seen = False
        i = blank(i + 1)
        if at(i) == CLOSE_OBJECT:
            i += 1
        else:
            while True:
                i, key = key_at(i)
                if i < 0 or (key == KEY_CODE and seen):
                    return -1
                if key == KEY_CODE:
                    seen = True
                    i, places[k] = _code(i, table)
                else:
                    i = value_end(i, end)
                i, done = next_part(i, CLOSE_OBJECT)
                if i < 0:
                    return -1
                if done:
                    break
        counts[N_PLACES] = k + 1
        i, done = next_part(i, CLOSE_ARRAY)
        if done:
            return i
