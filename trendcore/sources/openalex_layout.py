"""Where the numbers of a work stand in the flat arrays of `openalex_scan`, and the keys that are read."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Codes = NDArray[np.int16]
Bytes = NDArray[np.uint8]

#: columns of `Scanned.works`
(NUMBER, YEAR, DATE, UPDATED, CITED, LISTED, FLAGS, ID_END, TYPE_END, LANGUAGE_END, AUTHOR_END, LABEL_END) = (
    range(12)
)
N_COLUMNS: Final = 12
#: bits of FLAGS
RETRACTED, PARATEXT, XPAC, TRUNCATED, HAS_TYPE, HAS_LANGUAGE, BY_CONCEPTS = (1 << bit for bit in range(7))
#: a number that a work does not give
NONE: Final = -(1 << 62)
#: columns of `Scanned.authors`: rank, number of countries (-1: no list), and ends in codes and places
RANK, N_CODES, CODE_END, PLACE_END = range(4)
#: ranks of authors
UNNAMED, LATER, FIRST = range(3)
#: columns of `Scanned.labels`; the score's text lies from START to STOP, and is null where they are equal
KIND, LABEL, START, STOP = range(4)
PRIMARY, TOPIC, CONCEPT = range(3)
#: of `Scanned.state`: no score, a score, and one to be worked out from its text
NO_SCORE, SCORED, HARD = range(3)
#: an author with more countries or institutions is left to others: 1 to 12 divide `SHARE`
MOST_PLACES: Final = 12
#: an author in integers, so that the shares of a work are added up without rounding
SHARE: Final = 27720
#: so is a work of more topics: what puts them in order looks at all pairs
MOST_LABELS: Final = 100
#: a work of more authors is refused: the longest lists of real works have some 15,000
MOST_AUTHORS: Final = 100_000
MOST_COUNT: Final = (1 << 31) - 1

#: counters: how much of each array is used, the number of the next line, and what the loop stopped for
(N_WORKS, N_AUTHORS, N_ALL_CODES, N_PLACES, N_LABELS, N_ID, N_TYPE, N_LANGUAGE, N_LEFT, LINE, FULL) = range(
    11
)
#: arrays by what FULL says of them
BY_FULL: Final = (
    (), ("works",), ("authors",), ("codes",), ("places",), ("labels", "scores", "state"), ("ids",),
    ("types",), ("languages",), ("left",),
)  # fmt: skip

_WORK_KEYS: Final = (
    b"id", b"publication_year", b"publication_date", b"type", b"language", b"is_retracted", b"is_paratext",
    b"is_xpac", b"is_authors_truncated", b"cited_by_count", b"updated_date", b"authors_count",
    b"primary_topic", b"topics", b"concepts", b"authorships", b"results",
)  # fmt: skip
(
    KEY_ID, KEY_YEAR, KEY_DATE, KEY_TYPE, KEY_LANGUAGE, KEY_RETRACTED, KEY_PARATEXT, KEY_XPAC, KEY_TRUNCATED,
    KEY_CITED, KEY_UPDATED, KEY_LISTED, KEY_PRIMARY, KEY_TOPICS, KEY_CONCEPTS, KEY_AUTHORSHIPS, KEY_RESULTS,
) = range(17)  # fmt: skip
_OTHER_KEYS: Final = (b"author_position", b"countries", b"institutions", b"country_code", b"score")
KEY_POSITION, KEY_COUNTRIES, KEY_PLACES, KEY_CODE, KEY_SCORE = range(17, 22)
_KEYS: Final = _WORK_KEYS + _OTHER_KEYS
NAMES: Final = np.frombuffer(b"".join(_KEYS), dtype=np.uint8)
STARTS: Final = np.cumsum([0, *map(len, _KEYS)])
LONGEST_KEY: Final = max(map(len, _KEYS))
#: keys of each length
BY_LENGTH: Final = np.full((LONGEST_KEY + 1, 4), -1)
for _key, _name in enumerate(_KEYS):
    _of_length = BY_LENGTH[len(_name)]
    _of_length[np.flatnonzero(_of_length < 0)[0]] = _key
PREFIX: Final = np.frombuffer(b"https://openalex.org/W", dtype=np.uint8)
MONTHS: Final = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
FIRST_NAME: Final = np.frombuffer(b"first", dtype=np.uint8)
