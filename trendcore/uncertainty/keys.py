"""What random draws are keyed by: cells and member sets by what they are called, never by where they stand.

So a draw does not depend on the order of works, on how they are divided, or on what else there is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.arrays import Codes, Ints

Words = npt.NDArray[np.uint64]

#: multipliers and shifts of SplitMix64's last step (Steele, Lea & Flood 2014), which mixes the bits of a word
_MIX: Final = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
_LAST_SHIFT: Final = np.uint64(31)
#: added before a word is mixed, so that 0 does not stay 0
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)


def cell_keys(cells: pl.DataFrame, by: Iterable[str]) -> Words:
    """Key of each cell: of the names and values of its `by` columns, whatever their types and order.

    Parameters
    ----------
    cells
        A row a cell.
    by
        Names of the columns.

    Returns
    -------
    np.ndarray
        (n_cells,) uint64.

    Examples
    --------
    >>> cells = pl.DataFrame({"year": [2022, 2023], "field": ["ai", "ai"]})
    >>> first = cell_keys(cells, ["year", "field"])
    >>> again = cell_keys(cells.cast({"year": pl.Int16}), ["field", "year"])
    >>> bool((first == again).all()), bool(first[0] == first[1])
    (True, False)
    """
    names = sorted(by)
    if not names:
        return _digests([""] * max(cells.height, 1))
    columns = [cells[name].to_list() for name in names]
    rows = zip(*columns, strict=True)
    return _digests(
        "\x1f".join(f"{name}={value}" for name, value in zip(names, row, strict=True)) for row in rows
    )


def member_keys(names: Iterable[str]) -> Words:
    """Key of each member, of its displayed name: (n_members,) uint64."""
    return _digests(names)


def set_keys(start: Words, offsets: Ints, codes: Codes, keys: Words) -> Words:
    """Key of each member set: mixed from where it starts and from its members, one after the other.

    Parameters
    ----------
    start
        (n_sets,) what they are mixed into: the keys of their cells.
    offsets, codes
        The sets, members ascending.
    keys
        Of `member_keys`.

    Returns
    -------
    np.ndarray
        (n_sets,) uint64.

    Examples
    --------
    >>> start, keys = np.zeros(2, dtype=np.uint64), member_keys(["JP", "US"])
    >>> codes = np.array([0, 1], dtype=np.uint8)
    >>> both = set_keys(start, np.array([0, 2, 2]), codes, keys)
    >>> alone = set_keys(start[:1], np.array([0, 2]), codes, keys)
    >>> bool(both[0] == alone[0]), bool(both[0] == both[1])
    (True, False)
    """
    found = mixed(start)
    sizes = np.diff(offsets)
    for place in range(int(sizes.max(initial=0))):
        rows = np.flatnonzero(sizes > place)
        found[rows] = mixed(found[rows] ^ keys[codes[offsets[rows] + place]])
    return found


def mixed(words: Words) -> Words:
    """Mix the bits of words: one to one, and every bit decides every other.

    Examples
    --------
    >>> mixed(np.zeros(1, dtype=np.uint64))
    array([16294208416658607535], dtype=uint64)
    """
    found = words + _STEP
    for shift, factor in _MIX:
        found = (found ^ (found >> np.uint64(shift))) * np.uint64(factor)
    return found ^ (found >> _LAST_SHIFT)


def _digests(texts: Iterable[str]) -> Words:
    digests = [hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts]
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)
