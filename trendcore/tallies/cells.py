"""Cells: the combinations of the `by` columns, and the one of each work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.arrays import blocks, in_threads
from trendcore.errors import InputError, SchemaError, UsageError

#: so many combinations of values get a look-up table; more are sorted
_COMBINATIONS: Final = 1 << 24
#: values whose range is wider are numbered by rank
_RANGE: Final = 1 << 20


@dataclass(frozen=True)
class Cells:
    """The combinations of `by` values, sorted, and the one of each work.

    Attributes
    ----------
    frame
        One row a cell; without columns where there is no `by` column.
    n
        Number of cells (a frame without columns has no height).
    of_work
        (n_works,) int32 row of ``frame``.
    """

    frame: pl.DataFrame
    n: int
    of_work: npt.NDArray[np.int32]


def cells(works: pl.DataFrame, by: Sequence[str]) -> Cells:
    """Give numbers to the combinations of the `by` columns in their order, and find that of each work.

    Parameters
    ----------
    works
        A frame whose `by` columns hold no lists.
    by
        Names of columns of whole numbers, strings, Categorical, Enum, booleans or dates.

    Raises
    ------
    InputError
        A `by` column holds nulls; the message has the column and how many.
    SchemaError
        A `by` column is of another type.
    UsageError
        There are more combinations than can be told apart.

    Examples
    --------
    >>> found = cells(pl.DataFrame({"year": [2023, 2022, 2023]}), ["year"])
    >>> found.frame["year"].to_list(), found.of_work.tolist()
    ([2022, 2023], [1, 0, 1])
    """
    for name in by:
        check_by(works[name])
    if not by or not works.height:
        return Cells(works.select(by).clear(), min(works.height, 1), np.zeros(works.height, dtype=np.int32))
    combined, size = _combine(works, by)
    found = _present(combined, size)
    frame = works.select(by)[_examples(combined, found, size)]
    order = frame.with_row_index("_row").sort(by)["_row"].to_numpy()
    place = np.full(size, -1, dtype=np.int32)
    place[found[order]] = np.arange(len(found), dtype=np.int32)
    if not np.array_equal(place, np.arange(size)):  # most often all combinations are there, and in order
        in_threads(partial(_put, combined, place), works.height)
    return Cells(frame[order], len(found), combined)


def check_by(column: pl.Series) -> None:
    """Refuse a `by` column that holds nulls, or is of a type that has no clear equality.

    Raises
    ------
    InputError, SchemaError
        See `cells`.

    Examples
    --------
    >>> check_by(pl.Series("year", [2022, None]))
    Traceback (most recent call last):
    trendcore.errors.InputError: by column 'year' is null in 1 of 2 rows: filter them out or fill them first
    """
    dtype = column.dtype
    strings = isinstance(dtype, (pl.String, pl.Categorical, pl.Enum))
    if not strings and not dtype.is_integer() and dtype not in (pl.Boolean, pl.Date, pl.Null):
        raise SchemaError(
            f"by column {column.name!r} holds {dtype}; cells are of strings, Categorical, Enum, whole "
            "numbers, booleans or dates, or of lists of these"
        )
    if column.null_count():
        raise InputError(
            f"by column {column.name!r} is null in {column.null_count():,} of {len(column):,} rows: filter "
            "them out or fill them first"
        )


def _combine(works: pl.DataFrame, by: Sequence[str]) -> tuple[npt.NDArray[np.int32], int]:
    """Return one number a work for its combination of `by` values, and how many there may be."""
    combined = np.empty(works.height, dtype=np.int32)
    size = 1
    for name in by:
        codes, low, radix = _axis(works[name])
        if size * radix > _COMBINATIONS:
            size, combined = _compress(combined)
        if size * radix > np.iinfo(np.int32).max:
            raise UsageError(
                f"the by columns {', '.join(by)} have more combinations than can be counted apart: "
                f"{size:,} x {radix:,}"
            )
        in_threads(partial(_append, combined, codes, low, radix if size > 1 else 0), works.height)
        size *= radix
    if size > _COMBINATIONS:
        size, combined = _compress(combined)
    return combined, size


def _append(
    combined: npt.NDArray[np.int32], codes: npt.NDArray[Any], low: int, radix: int, rows: slice
) -> None:
    """Put the numbers of one more column behind those of others; radix 0: there are no others."""
    narrow = codes.dtype.itemsize <= 2
    for block in blocks(rows):
        digit = np.subtract(codes[block], low, dtype=np.int32 if narrow else np.int64)
        if radix:
            combined[block] *= radix
            combined[block] += digit if narrow else digit.astype(np.int32)
        else:
            combined[block] = digit


def _put(combined: npt.NDArray[np.int32], place: npt.NDArray[np.int32], rows: slice) -> None:
    for block in blocks(rows):
        np.take(place, combined[block], out=combined[block], mode="clip")


def _present(combined: npt.NDArray[np.int32], size: int) -> npt.NDArray[np.int64]:
    """Return the numbers that works have."""

    def find(rows: slice) -> npt.NDArray[np.bool_]:
        seen = np.zeros(size, dtype=np.bool_)
        for block in blocks(rows):
            seen[combined[block]] = True
        return seen

    return np.flatnonzero(np.logical_or.reduce(in_threads(find, len(combined))))


def _examples(
    combined: npt.NDArray[np.int32], found: npt.NDArray[np.int64], size: int
) -> npt.NDArray[np.int64]:
    """Return a work that has each of the numbers; most often the first works have them all."""
    example = np.full(size, -1, dtype=np.int64)
    for block in blocks(slice(0, len(combined))):
        example[combined[block]] = np.arange(block.start, block.stop)
        if (example[found] >= 0).all():
            break
    return example[found]


def _axis(column: pl.Series) -> tuple[npt.NDArray[Any], int, int]:
    """Whole numbers that tell the values of a column apart, the least of them and their range."""
    if isinstance(column.dtype, (pl.String, pl.Categorical)):
        column = column.cast(pl.Enum(column.unique().cast(pl.String).sort()))
    if column.dtype == pl.Boolean:
        column = column.cast(pl.UInt8)
    physical = column.to_physical()
    low, high = physical.min(), physical.max()
    assert isinstance(low, int)
    assert isinstance(high, int)
    if high - low >= _RANGE or high > np.iinfo(np.int64).max:
        physical = physical.rank("dense")
        low, high = 1, physical.n_unique()
    return physical.to_numpy(), low, high - low + 1


def _compress(combined: npt.NDArray[np.int32]) -> tuple[int, npt.NDArray[np.int32]]:
    found, inverse = np.unique(combined, return_inverse=True)
    return len(found), inverse.astype(np.int32)
