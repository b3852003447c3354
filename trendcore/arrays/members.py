"""Codes for members: one dictionary for all columns that name them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.arrays.columns import TABLE, Column, Entries, Ints
from trendcore.arrays.threads import in_threads
from trendcore.errors import SchemaError

Codes = npt.NDArray[np.unsignedinteger[Any]]
#: values of a column to the names that are displayed; null: unknown
Display = Callable[[pl.Series], pl.Series]


@dataclass(frozen=True)
class Lists:
    """A list column as kernels take it.

    Attributes
    ----------
    offsets
        (n_works + 1,) where each list starts and ends in ``codes``; the first need not be 0.
    codes
        (n_entries,) uint8, uint16 or uint32; the type's maximum stands for an unknown member.
    """

    offsets: Ints
    codes: Codes

    def take(self, rows: Ints) -> Lists:
        """Return the lists of some rows.

        Examples
        --------
        >>> lists = Lists(np.array([0, 1, 3]), np.array([7, 8, 9], dtype=np.uint8))
        >>> lists.take(np.array([1])).codes.tolist()
        [8, 9]
        """
        lengths = np.diff(self.offsets)[rows]
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        moved = np.repeat(self.offsets[rows] - offsets[:-1], lengths)
        return Lists(offsets, self.codes[moved + np.arange(offsets[-1])])

    def slice(self, rows: slice) -> Lists:
        """Return the lists of a range of rows, without a copy: their offsets begin elsewhere than at 0.

        Examples
        --------
        >>> lists = Lists(np.array([0, 1, 3]), np.array([7, 8, 9], dtype=np.uint8))
        >>> lists.slice(slice(1, 2)).offsets.tolist()
        [1, 3]
        """
        return Lists(self.offsets[rows.start : rows.stop + 1], self.codes)

    def alone(self) -> Lists:
        """Return the same lists with offsets from 0, and no other entries.

        Examples
        --------
        >>> lists = Lists(np.array([1, 3]), np.array([7, 8, 9], dtype=np.uint8)).alone()
        >>> lists.offsets.tolist(), lists.codes.tolist()
        ([0, 2], [8, 9])
        """
        first, last = self.offsets[0], self.offsets[-1]
        return Lists(self.offsets - first, self.codes[first:last])


@dataclass(frozen=True)
class Dictionary:
    """Members by code: names in byte order, so that a < b for codes is a < b for what is displayed.

    Attributes
    ----------
    names
        (n_members,) displayed names, sorted.
    coded
        Whether the columns hold whole numbers rather than names.
    codes
        Codes of the numbers that each column has, see `Column.present`, by the place of the column.
    """

    names: tuple[str, ...]
    coded: bool
    codes: tuple[Codes, ...]


def code_type(n_members: int) -> np.dtype[Any]:
    """Return the type of member codes: uint8 up to 255 members, uint16 up to 65535, else uint32.

    Examples
    --------
    >>> [str(code_type(n)) for n in (255, 256, 65536)]
    ['uint8', 'uint16', 'uint32']
    """
    return np.dtype(np.uint8 if n_members <= 0xFF else np.uint16 if n_members <= 0xFFFF else np.uint32)


def dictionary(columns: Sequence[Column], display: Display) -> Dictionary:
    """Give codes to the members of one or more columns, in the byte order of what is displayed.

    Parameters
    ----------
    columns
        Columns of members: all of strings, or all of whole numbers.
    display
        Values of a column to the names that are displayed; null: unknown. Two values with one name are one
        member.

    Raises
    ------
    SchemaError
        One column holds strings, and another one whole numbers.

    Examples
    --------
    >>> from trendcore.arrays import column
    >>> labels = {392: "JP", 840: "US", 36: "AU"}
    >>> countries = column(pl.Series("c", [[392, 840], [36]]))
    >>> dictionary([countries], lambda codes: codes.replace_strict(labels)).names
    ('AU', 'JP', 'US')
    """
    values = [one.values() for one in columns]
    kinds = {
        "strings" if value.dtype == pl.String else "whole numbers": one.name
        for one, value in zip(columns, values, strict=True)
        if one.categories != ()
    }
    if len(kinds) > 1:
        texts, numbers = kinds["strings"], kinds["whole numbers"]
        raise SchemaError(
            f"columns {texts!r} and {numbers!r} name the same members, one by strings and one by whole "
            f"numbers: turn {numbers!r} into strings, or {texts!r} into codes"
        )
    shown = [display(value) for value in values]
    names, places = _numbered(pl.concat(shown))
    unknown = np.iinfo(code_type(len(names))).max
    codes = np.where(places < 0, unknown, places).astype(code_type(len(names)))
    ends = np.cumsum([len(one) for one in shown])[:-1]
    return Dictionary(names, "whole numbers" in kinds, tuple(np.split(codes, ends)))


def _numbered(shown: pl.Series) -> tuple[tuple[str, ...], Ints]:
    """Distinct names in byte order, and the place of each one that is given; -1 for null."""
    order = shown.arg_sort(nulls_last=True)
    ordered = shown.gather(order).head(len(shown) - shown.null_count())
    is_new = (ordered != ordered.shift()).fill_null(value=True)
    numbers = np.full(len(shown), -1)
    numbers[order.to_numpy()[: len(ordered)]] = is_new.cum_sum().cast(pl.Int64).to_numpy() - 1
    return tuple(ordered.filter(is_new).to_list()), numbers


def encode_lists(column: Column, codes: Codes) -> Lists:
    """Turn a column of lists, or of one member a work, into offsets and codes; null entries are unknown.

    Parameters
    ----------
    column
        Lists of members, or one member a work.
    codes
        Codes of the numbers that it has, from the dictionary.

    Examples
    --------
    >>> from trendcore.arrays import column
    >>> countries = column(pl.Series("c", [["US", None, "JP"], None, []]))
    >>> lists = encode_lists(countries, dictionary([countries], lambda names: names).codes[0])
    >>> lists.offsets.tolist(), lists.codes.tolist()
    ([0, 3, 3, 3], [1, 255, 0])
    """
    offsets = np.arange(len(column.entries) + 1) if column.offsets is None else column.offsets
    return Lists(offsets, encode(column, codes))


def encode(column: Column, codes: Codes) -> Codes:
    """Turn the entries of a column into codes (n_entries,): the entries themselves where they are the codes.

    Examples
    --------
    >>> from trendcore.arrays import column
    >>> first = column(pl.Series("first", ["US", None]))
    >>> encode(first, dictionary([first], lambda names: names).codes[0]).tolist()
    [0, 255]
    """
    unknown = np.iinfo(codes.dtype).max
    entries, present = column.entries, column.present
    same = entries.dtype == codes.dtype and np.array_equal(present, codes)
    if same:
        encoded = entries.astype(codes.dtype, copy=column.nulls is not None)
    elif len(present) == 0:
        encoded = np.full(len(entries), unknown, dtype=codes.dtype)
    else:
        encoded = _translated(entries, present, codes)
    if column.nulls is not None:
        encoded[column.nulls] = unknown
    return encoded


def _translated(entries: Entries, present: Entries, codes: Codes) -> Codes:
    """Look entries up; those that are not present can only stand below nulls, and become anything."""
    low, high = int(present[0]), int(present[-1])
    if high - low >= TABLE:
        at = np.searchsorted(present, entries)
        return codes[np.minimum(at, len(present) - 1)]
    table = np.zeros(high - low + 1, dtype=codes.dtype)
    table[(present - low if low else present).astype(np.int64)] = codes
    return translate(entries, table, low)


def translate(entries: Entries, table: Codes, low: int = 0) -> Codes:
    """Look entries up in a table whose first row is for `low`; those beyond it are taken for its last row.

    Examples
    --------
    >>> translate(np.array([0, 2, 255], dtype=np.uint8), np.array([5, 6, 7, 9], dtype=np.uint8)).tolist()
    [5, 7, 9]
    """
    from trendcore.arrays.lookup import look_up  # brings Numba

    codes = np.empty(len(entries), dtype=table.dtype)
    if entries.dtype == np.uint64:  # differences are the same without a sign and with one
        entries, low = entries.view(np.int64), low - (1 << 64 if low >> 63 else 0)
    in_threads(lambda rows: look_up(entries[rows], table, low, codes[rows]), len(entries))
    return codes
