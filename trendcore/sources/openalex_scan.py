"""Lines of OpenAlex works -> numbers in flat arrays, by a compiled loop that makes no Python objects.

Only works as the feed writes them are read here: plain ASCII where text is kept, ids and dates in full,
codes of countries as two capital letters. Every other line is left, untouched, to `openalex_records`, which
says what such a work means or why it is none: so this loop may refuse what is sound, and must never accept
what is not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trendcore.sources.base import FIRST_YEAR, LAST_YEAR
from trendcore.sources.json_scan import (
    CLOSE_OBJECT,
    COMMA,
    OPEN_OBJECT,
    at,
    blank,
    decimal,
    is_null,
    value_end,
    whole_number,
)
from trendcore.sources.openalex_layout import (
    AUTHOR_END,
    BY_CONCEPTS,
    BY_FULL,
    CITED,
    CONCEPT,
    DATE,
    FLAGS,
    FULL,
    HARD,
    HAS_LANGUAGE,
    HAS_TYPE,
    ID_END,
    KEY_AUTHORSHIPS,
    KEY_CONCEPTS,
    KEY_DATE,
    KEY_ID,
    KEY_LANGUAGE,
    KEY_LISTED,
    KEY_PRIMARY,
    KEY_RESULTS,
    KEY_RETRACTED,
    KEY_TOPICS,
    KEY_TRUNCATED,
    KEY_TYPE,
    KEY_UPDATED,
    KEY_YEAR,
    KIND,
    LABEL_END,
    LANGUAGE_END,
    LINE,
    LISTED,
    MOST_COUNT,
    N_AUTHORS,
    N_COLUMNS,
    N_ID,
    N_LABELS,
    N_LANGUAGE,
    N_LEFT,
    N_TYPE,
    N_WORKS,
    NO_SCORE,
    NONE,
    NUMBER,
    PRIMARY,
    SCORED,
    START,
    STOP,
    TOPIC,
    TYPE_END,
    UPDATED,
    YEAR,
    Bytes,
    Codes,
    Ints,
)
from trendcore.sources.openalex_scan_authors import keep_authors
from trendcore.sources.openalex_scan_values import (
    date_at,
    flag_at,
    keep_label,
    keep_labels,
    keep_text,
    key_at,
    work_id_end,
)
from trendcore.taxonomy import Countries
from trendcore_kernels.cpu._jit import jit


def code_table(countries: Countries) -> Codes:
    """Return the code of each pair of capital letters, 0 where it has none in every year alike.

    Of two names of a country only one is taken, so that equal codes are equal names.

    Examples
    --------
    >>> from trendcore.taxonomy import countries
    >>> table = code_table(countries())
    >>> table[26 * (ord("J") - 65) + ord("P") - 65]
    np.int16(392)
    """
    labels = countries.labels()
    table = np.zeros(26 * 26, dtype=np.int16)
    for name, code in countries.mapping("iso2").items():
        if labels[code] == name and len(labels[code]) == 2:
            table[26 * (ord(labels[code][0]) - 65) + ord(labels[code][1]) - 65] = code
    return table


@dataclass
class Scanned:
    """Works in flat arrays, of which `counts` says how much is used.

    Attributes
    ----------
    works
        A row for each work; columns are named above. AUTHOR_END and the other ends say up to where its
        authors, labels and texts go in the arrays of these.
    authors, codes, places
        A row for each author; codes of authors and of their institutions, 0 where a list holds null.
    labels, scores, state
        Topics or concepts, the primary topic first, as they stand in the record.
    ids, types, languages
        Text, one after another.
    left
        Start, stop and number of the lines that were not read.
    """

    works: Ints = field(default_factory=lambda: np.empty((1 << 12, N_COLUMNS), dtype=np.int64))
    authors: Ints = field(default_factory=lambda: np.empty((1 << 14, 4), dtype=np.int64))
    codes: Codes = field(default_factory=lambda: np.empty(1 << 14, dtype=np.int16))
    places: Codes = field(default_factory=lambda: np.empty(1 << 14, dtype=np.int16))
    labels: Ints = field(default_factory=lambda: np.empty((1 << 14, 4), dtype=np.int64))
    scores: NDArray[np.float64] = field(default_factory=lambda: np.empty(1 << 14))
    state: Bytes = field(default_factory=lambda: np.empty(1 << 14, dtype=np.uint8))
    ids: Bytes = field(default_factory=lambda: np.empty(1 << 16, dtype=np.uint8))
    types: Bytes = field(default_factory=lambda: np.empty(1 << 16, dtype=np.uint8))
    languages: Bytes = field(default_factory=lambda: np.empty(1 << 16, dtype=np.uint8))
    left: Ints = field(default_factory=lambda: np.empty((1 << 8, 3), dtype=np.int64))
    counts: Ints = field(default_factory=lambda: np.zeros(11, dtype=np.int64))

    def __len__(self) -> int:
        return int(self.counts[N_WORKS])

    @property
    def next_line(self) -> int:
        """Number of the line after those that were scanned last."""
        return int(self.counts[LINE])

    def scan(self, run: bytes, number: int, table: Codes) -> list[tuple[int, bytes]]:
        r"""Read lines, the first of this number; return the lines that were not read, with their numbers.

        Examples
        --------
        >>> from trendcore.taxonomy import countries
        >>> work = b'{"id": "https://openalex.org/W7", "publication_year": 2020, "type": "article"}'
        >>> scanned = Scanned()
        >>> scanned.scan(work + b'\n{"id": 7}', 5, code_table(countries()))
        [(6, b'{"id": 7}')]
        >>> len(scanned), scanned.works[0, YEAR]
        (1, np.int64(2020))
        """
        text = np.frombuffer(run, dtype=np.uint8)
        self.counts[[N_LEFT, LINE]] = 0, number
        n_labels = int(self.counts[N_LABELS])
        start = 0
        while start < len(text):
            start = _lines(
                text, start, table, self.works, self.authors, self.codes, self.places, self.labels,
                self.scores, self.state, self.ids, self.types, self.languages, self.left, self.counts,
            )  # fmt: skip
            if self.counts[FULL]:
                self._grow()
        self._work_out(run, n_labels)
        # what comes after a last line end is a line, if a blank one
        self.counts[LINE] += not run or run.endswith(b"\n")
        left = self.left[: self.counts[N_LEFT]].tolist()
        return [(line, run[begin:end]) for begin, end, line in left]

    def _grow(self) -> None:
        """Double the arrays that are full; what a long line needs is known only when it has been read."""
        for name in BY_FULL[self.counts[FULL]]:
            held = getattr(self, name)
            larger = np.empty((2 * len(held), *held.shape[1:]), dtype=held.dtype)
            larger[: len(held)] = held
            setattr(self, name, larger)

    def _work_out(self, run: bytes, start: int) -> None:
        """Read the scores of the last labels that take more than a division."""
        stop = int(self.counts[N_LABELS])
        hard = start + np.flatnonzero(self.state[start:stop] == HARD)
        for at_, begin, end in zip(hard.tolist(), *self.labels[hard, START:].T.tolist(), strict=True):
            self.scores[at_] = float(run[begin:end])
        self.state[hard] = SCORED


@jit
def _lines(
    text: Bytes,
    start: int,
    table: Codes,
    works: Ints,
    authors: Ints,
    codes: Codes,
    places: Codes,
    labels: Ints,
    scores: NDArray[np.float64],
    state: Bytes,
    ids: Bytes,
    types: Bytes,
    languages: Bytes,
    left: Ints,
    counts: Ints,
) -> int:
    """Read lines from a place on until an array is full; return where the next line starts."""
    base = text.ctypes.data
    end = base + len(text)
    i = base + start
    used = counts.copy()
    counts[FULL] = 0
    while i < end:
        n = counts[N_WORKS]
        if n == len(works) or counts[N_LEFT] == len(left):
            counts[FULL] = 1 + (N_WORKS if n == len(works) else N_LEFT)
            break
        first = i
        i = blank(i)
        if i == end or at(i) == 10:
            counts[LINE] += 1
            i += 1
            continue
        used[:] = counts
        i = _work(
            i, end, base, table, works[n], authors, codes, places, labels, ids, types, languages, counts
        )
        if i > 0:
            i = blank(i)
        if i > 0 and (i == end or at(i) == 10):
            row = works[n]
            _choose(base, row, used[N_LABELS], labels, scores, state, counts)
            row[NUMBER] = counts[LINE]
            counts[N_WORKS] += 1
            counts[LINE] += 1
            i += 1
            continue
        full = counts[FULL]
        counts[:] = used
        if full:
            counts[FULL] = full
            i = first
            break
        i = first
        while i < end and at(i) != 10:
            i += 1
        row = left[counts[N_LEFT]]
        row[0], row[1], row[2] = first - base, i - base, counts[LINE]
        counts[N_LEFT] += 1
        counts[LINE] += 1
        i += 1
    return i - base


@jit
def _work(
    i: int,
    end: int,
    base: int,
    table: Codes,
    row: Ints,
    authors: Ints,
    codes: Codes,
    places: Codes,
    labels: Ints,
    ids: Bytes,
    types: Bytes,
    languages: Bytes,
    counts: Ints,
) -> int:
    """Read a work; -1 if it is left to others, or if `counts` says that an array is full."""
    if at(i) != OPEN_OBJECT:
        return -1
    row[:] = NONE
    row[FLAGS] = 0
    seen = 0
    has_primary = False
    i = blank(i + 1)
    while True:
        i, key = key_at(i)
        if i < 0 or key == KEY_RESULTS or (key >= 0 and seen >> key & 1):
            return -1
        if key < 0 or key > KEY_RESULTS:
            i = value_end(i, end)
        else:
            seen |= 1 << key
            if key == KEY_ID:
                i = work_id_end(i, ids, counts)
            elif key == KEY_YEAR:
                i, row[YEAR] = whole_number(i)
                if row[YEAR] < FIRST_YEAR or row[YEAR] > LAST_YEAR:
                    return -1
            elif key == KEY_TYPE:
                i, known = keep_text(i, types, counts, N_TYPE)
                row[FLAGS] |= HAS_TYPE * known
            elif key == KEY_LANGUAGE:
                i, known = keep_text(i, languages, counts, N_LANGUAGE)
                row[FLAGS] |= HAS_LANGUAGE * known
            elif KEY_RETRACTED <= key <= KEY_TRUNCATED:
                i, known = flag_at(i)
                row[FLAGS] |= known << (key - KEY_RETRACTED)
            elif key == KEY_AUTHORSHIPS:
                i = keep_authors(i, end, table, authors, codes, places, counts)
            elif key == KEY_PRIMARY:
                has_primary = not is_null(i)
                i = keep_label(i, end, base, PRIMARY, labels, counts) if has_primary else i + 4
            elif key in (KEY_TOPICS, KEY_CONCEPTS):
                i = keep_labels(i, end, base, TOPIC if key == KEY_TOPICS else CONCEPT, labels, counts)
            elif is_null(i):
                i += 4
            elif key == KEY_DATE:
                i, row[DATE] = date_at(i)
            elif key == KEY_UPDATED:
                i, row[UPDATED] = date_at(i)
            elif key == KEY_LISTED:
                i, row[LISTED] = whole_number(i)
            else:
                i, row[CITED] = whole_number(i)
                if row[CITED] > MOST_COUNT:
                    return -1
        if i < 0:
            return -1
        i = blank(i)
        if at(i) == CLOSE_OBJECT:
            break
        if at(i) != COMMA:
            return -1
        i = blank(i + 1)
    if not (seen >> KEY_ID & 1 and seen >> KEY_YEAR & 1):
        return -1
    if not (seen >> KEY_TOPICS & 1 or has_primary):
        row[FLAGS] |= BY_CONCEPTS
    row[ID_END], row[TYPE_END], row[LANGUAGE_END] = counts[N_ID], counts[N_TYPE], counts[N_LANGUAGE]
    row[AUTHOR_END] = counts[N_AUTHORS]
    return i + 1


@jit
def _choose(
    base: int,
    row: Ints,
    first: int,
    labels: Ints,
    scores: NDArray[np.float64],
    state: Bytes,
    counts: Ints,
) -> None:
    """Keep the labels of a work that count: the primary topic, and topics or else concepts."""
    kind = CONCEPT if row[FLAGS] & BY_CONCEPTS else TOPIC
    n = first
    for k in range(first, counts[N_LABELS]):
        if labels[k, KIND] != PRIMARY and labels[k, KIND] != kind:
            continue
        labels[n] = labels[k]
        if labels[n, START] == labels[n, STOP]:
            state[n] = NO_SCORE
        else:
            scores[n] = decimal(base + labels[n, START], base + labels[n, STOP])
            state[n] = HARD if scores[n] < 0 else SCORED
        n += 1
    counts[N_LABELS] = n
    row[LABEL_END] = n
