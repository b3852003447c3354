"""Values of a work, in compiled loops: its key, id, texts, dates, topics."""

from __future__ import annotations

from trendcore.sources.json_scan import (
    CLOSE_ARRAY,
    CLOSE_OBJECT,
    NINE,
    OPEN_ARRAY,
    OPEN_OBJECT,
    QUOTE,
    ZERO,
    at,
    behind_colon,
    blank,
    decimal_end,
    false_end,
    is_null,
    next_part,
    plain_end,
    true_end,
    value_end,
    whole_number,
)
from trendcore.sources.openalex_layout import (
    BY_LENGTH,
    FULL,
    KEY_ID,
    KEY_SCORE,
    KIND,
    LABEL,
    LONGEST_KEY,
    MONTHS,
    MOST_LABELS,
    N_ID,
    N_LABELS,
    NAMES,
    NONE,
    PREFIX,
    START,
    STARTS,
    STOP,
    Bytes,
    Ints,
)
from trendcore_kernels.cpu._jit import jit


@jit
def key_at(i: int) -> tuple[int, int]:
    """Walk over a key to its value; return also which key it is, -1 for one that is not read."""
    if at(i) != QUOTE:
        return -1, -1
    i += 1
    stop = plain_end(i)
    if stop < 0:
        return -1, -1
    length = stop - i
    key = -1
    if length <= LONGEST_KEY:
        for slot in range(BY_LENGTH.shape[1]):
            candidate = BY_LENGTH[length, slot]
            if candidate < 0:
                break
            start = STARTS[candidate]
            j = 0
            while j < length and at(i + j) == NAMES[start + j]:
                j += 1
            if j == length:
                key = candidate
                break
    return behind_colon(stop + 1), key


@jit
def work_id_end(i: int, ids: Bytes, counts: Ints) -> int:
    """Keep the short id of a work."""
    if at(i) != QUOTE:
        return -1
    i += 1
    for j in range(len(PREFIX)):
        if at(i + j) != PREFIX[j]:
            return -1
    i += len(PREFIX)
    stop, _ = whole_number(i)
    if stop < 0 or at(stop) != QUOTE:
        return -1
    n = counts[N_ID]
    if n + stop - i >= len(ids):
        counts[FULL] = 1 + N_ID
        return -1
    for j in range(i - 1, stop):
        ids[n] = at(j)
        n += 1
    counts[N_ID] = n
    return stop + 1


@jit
def keep_text(i: int, held: Bytes, counts: Ints, which: int) -> tuple[int, int]:
    """Keep a text; return also whether there is one."""
    if is_null(i):
        return i + 4, 0
    if at(i) != QUOTE:
        return -1, 0
    i += 1
    stop = plain_end(i)
    if stop < 0:
        return -1, 0
    n = counts[which]
    if n + stop - i > len(held):
        counts[FULL] = 1 + which
        return -1, 0
    for j in range(i, stop):
        held[n] = at(j)
        n += 1
    counts[which] = n
    return stop + 1, 1


@jit
def flag_at(i: int) -> tuple[int, int]:
    """Walk over true, false or null; return also whether it was true."""
    if is_null(i):
        return i + 4, 0
    stop = true_end(i)
    return (stop, 1) if stop > 0 else (false_end(i), 0)


@jit
def date_at(i: int) -> tuple[int, int]:
    """Return days since 1970 of the date that a text starts with."""
    if at(i) != QUOTE:
        return -1, 0
    i += 1
    stop = plain_end(i)
    if stop - i < 10 or at(i + 4) != 45 or at(i + 7) != 45:
        return -1, 0
    number = 0
    for j in range(10):
        if j != 4 and j != 7:
            if not ZERO <= at(i + j) <= NINE:
                return -1, 0
            number = 10 * number + at(i + j) - ZERO
    year, month, day = number // 10000, number // 100 % 100, number % 100
    if year < 1 or month < 1 or month > 12 or day < 1:
        return -1, 0
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if day > MONTHS[month - 1] + (leap and month == 2):
        return -1, 0
    # counted from March, so that a leap day is the last of its year
    year -= month <= 2
    month = (month + 9) % 12
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 1
    return stop + 1, days - 719468


@jit
def keep_labels(i: int, end: int, base: int, kind: int, labels: Ints, counts: Ints) -> int:
    """Keep the topics or concepts of a list."""
    if is_null(i):
        return i + 4
    if at(i) != OPEN_ARRAY:
        return -1
    i = blank(i + 1)
    if at(i) == CLOSE_ARRAY:
        return i + 1
    for _ in range(MOST_LABELS):
        i = keep_label(i, end, base, kind, labels, counts)
        i, done = next_part(i, CLOSE_ARRAY)
        if done:
            return i
    return -1


@jit
def keep_label(i: int, end: int, base: int, kind: int, labels: Ints, counts: Ints) -> int:
    """Keep a topic or concept: its number, and where its score stands."""
    if at(i) != OPEN_OBJECT:
        return -1
    n = counts[N_LABELS]
    if n == len(labels):
        counts[FULL] = 1 + N_LABELS
        return -1
    number, start, stop = NONE, 0, 0
    seen_id = seen_score = False
    i = blank(i + 1)
    if at(i) == CLOSE_OBJECT:
        i += 1
    else:
        while True:
            i, key = key_at(i)
            if i < 0:
                return -1
            if key == KEY_ID:
                if seen_id:
                    return -1
                seen_id = True
                if is_null(i):
                    i += 4
                else:
                    i, number = _label_number(i)
            elif key == KEY_SCORE:
                if seen_score:
                    return -1
                seen_score = True
                if is_null(i):
                    i += 4
                else:
                    start = i
                    i = stop = decimal_end(i)
            else:
                i = value_end(i, end)
            i, done = next_part(i, CLOSE_OBJECT)
            if i < 0:
                return -1
            if done:
                break
    row = labels[n]
    row[KIND], row[LABEL], row[START], row[STOP] = kind, number, start - base, stop - base
    counts[N_LABELS] = n + 1
    return i


@jit
def _label_number(i: int) -> tuple[int, int]:
    """Return the number at the end of an id such as https://openalex.org/T10020."""
    if at(i) != QUOTE:
        return -1, 0
    for j in range(len(PREFIX) - 1):
        if at(i + 1 + j) != PREFIX[j]:
            return -1, 0
    i += len(PREFIX)
    # a topic or a concept
    if at(i) != 84 and at(i) != 67:
        return -1, 0
    stop, number = whole_number(i + 1)
    return (stop + 1, number) if stop > 0 and at(stop) == QUOTE else (-1, 0)
