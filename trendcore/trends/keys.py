"""What tells series apart: the columns of their key, their years, and other frames brought to both."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.errors import InputError, SchemaError, UsageError

Ints = npt.NDArray[np.int64]
Table = pl.DataFrame | pl.LazyFrame

#: keys of one row of a cell: with `fill`, years are covered by cell
OF_ROWS: Final = ("a", "b", "index", "member")
#: the year, and whether it is complete, where keys are beside them
TIME: Final = "_time"
KEPT: Final = "_kept"
#: columns that are at work beside the keys
_AT_WORK: Final = (TIME, KEPT, "_n", "_row", "_cell", "_value")
#: whole numbers that tell series apart: of replicates of intervals, of composites, of trade
_KEYS: Final = ("replicate", "level", "product")
#: numbers, and yes or no, that say something of a value in the tables of this package
_NUMBERS: Final = re.compile(
    r"joint|fractional|sum_n|sum_pairs|field_unknown|n|n_available|complete|year_complete"
    r"|w_.+|works(_.+)?|rank(_.+)?"
)
#: words that do
_WORDS: Final = re.compile(r"flag|.+_flag|interval|verdict")
#: years further apart, or further away, are none, and tables by year would not fit into memory
FARTHEST_APART: Final = 10_000
_FARTHEST: Final = 10**9


def series_keys(
    rows: pl.DataFrame, time: str, values: Sequence[str], by: Sequence[str] | None, columns: Sequence[str]
) -> list[str]:
    """Return the columns that tell series apart, after a check of the others that are asked for.

    Parameters
    ----------
    rows, time, values, by, columns
        See `trendcore.trends.series.collect`.

    Raises
    ------
    SchemaError
        A column is missing or of a wrong type.
    UsageError
        A column is taken for two things; a key has the name of a column of the result; or it cannot be told
        whether a column is a key.

    Examples
    --------
    >>> rows = pl.DataFrame({"a": ["JP"], "year": [2020], "value": [0.5], "joint": [7], "verdict": ["none"]})
    >>> series_keys(rows, "year", ["value"], None, ())
    ['a']
    """
    schema = rows.schema
    missing = [name for name in (time, *values, *(by or ())) if name not in schema]
    if missing:
        raise SchemaError(f"no column {', '.join(missing)}; there are {', '.join(schema)}")
    for name in values:
        if not (schema[name].is_numeric() or schema[name] in (pl.Null, pl.Boolean)):
            raise SchemaError(f"column {name!r} holds {schema[name]}; values are numbers")
    taken = [time, *values]
    if len(set(taken)) < len(taken):
        raise UsageError(f"{', '.join(taken)}: the time and each value are columns of their own")
    if by is None:
        keys = [name for name, dtype in schema.items() if name not in taken and _tells_apart(name, dtype)]
        _check_needed(rows, keys, time)
    else:
        used = sorted(set(taken) & set(by))
        if used:
            raise UsageError(f"by names {', '.join(used)}, which is the time or a value")
        keys = list(dict.fromkeys(by))
    hidden = [*(name for name in keys if name in columns), *({*keys, *taken} & set(_AT_WORK))]
    if hidden:
        raise UsageError(f"column {', '.join(sorted(hidden))} has the name of one of the result: rename it")
    return keys


def _tells_apart(name: str, dtype: pl.DataType) -> bool:
    """Say whether a column may be a key, by its type and by what the package means by its name."""
    if dtype.is_integer() or dtype == pl.Boolean:
        return not _NUMBERS.fullmatch(name)
    return not dtype.is_numeric() and not _WORDS.fullmatch(name)


def _check_needed(rows: pl.DataFrame, keys: Sequence[str], time: str) -> None:
    """Refuse a number that changes along series which the other keys tell apart: it may be a measure."""
    for name in keys:
        dtype = rows.schema[name]
        if not (dtype.is_integer() or dtype == pl.Boolean) or name in _KEYS:
            continue
        others = [key for key in keys if key != name]
        if rows.select(pl.struct(*others, time).is_duplicated().any()).item():
            continue
        each = rows.group_by(others) if others else rows.group_by(pl.lit(0))
        if each.agg(pl.col(name).n_unique() > 1)[name].any():
            raise UsageError(
                f"column {name!r} holds {dtype} that change along series of the same "
                f"{', '.join(others) or 'table'}: name the columns of the key in by, or drop it"
            )


def check_years(column: pl.Series, what: str) -> None:
    """Refuse years that are no whole numbers, or absurd ones.

    Raises
    ------
    SchemaError
        The column is not of whole numbers.
    InputError
        Years are more than 10,000 apart, or beyond a billion.

    Examples
    --------
    >>> check_years(pl.Series("year", [2020, 20210]), "the table")
    Traceback (most recent call last):
    trendcore.errors.InputError: year of the table is 2020 to 20210: years are at most 10,000 apart
    """
    name, dtype = column.name, column.dtype
    if not dtype.is_integer():
        raise SchemaError(f"column {name!r} of {what} holds {dtype}; years are whole numbers")
    low, high = (int(end) if isinstance(end, int) else 0 for end in (column.min(), column.max()))
    if high - low > FARTHEST_APART:
        raise InputError(f"{name} of {what} is {low} to {high}: years are at most {FARTHEST_APART:,} apart")
    if max(-low, high) > _FARTHEST:
        raise InputError(f"{name} of {what} is {low} to {high}: years are within {_FARTHEST:,}")


def brought(
    given: pl.DataFrame, keys: Mapping[str, pl.DataType], time: str, value: pl.Series, what: str
) -> pl.DataFrame:
    """Bring a frame to the keys of series that it has, their years, and a column of its own.

    Rows of keys that the type of the table's column cannot hold are left out: no series has them.

    Parameters
    ----------
    given
        The frame.
    keys
        Keys of the series, and their types.
    time
        Its column of years.
    value
        What it says of them, under the name that it is to have.
    what
        What the frame is called.

    Raises
    ------
    SchemaError, InputError
        Keys or years are of another kind than those of the series.

    Examples
    --------
    >>> given = pl.DataFrame({"code": [7, 70_000], "year": [2020, 2020], "other": ["x", "y"]})
    >>> value = pl.Series("_value", [1.0, 2.0])
    >>> brought(given, {"code": pl.Int16()}, "year", value, "world").rows()
    [(7, 2020, 1.0)]
    """
    check_years(given[time], what)
    columns, there = [], given[time].is_not_null()
    for name in (name for name in given.columns if name in keys):
        column, dtype = given[name], keys[name]
        try:
            # from a whole number an Enum would take the word of that place
            words = column.cast(pl.String) if dtype in (pl.Enum, pl.Categorical) else column
            cast = words.cast(dtype, strict=False)
            if dtype.is_integer() and column.dtype.is_numeric():
                there &= column.is_null() | (cast == column).fill_null(value=False)
        except pl.exceptions.PolarsError as error:
            raise SchemaError(f"column {name!r} of {what} holds {column.dtype}, not {dtype}") from error
        columns.append(cast)
        there &= column.is_null() | cast.is_not_null()
    return pl.DataFrame([*columns, given[time].cast(pl.Int64).alias(TIME), value]).filter(there)


def numbered(keys: pl.DataFrame, names: Sequence[str]) -> Ints:
    """(W,) number of the combination of some keys.

    Examples
    --------
    >>> numbered(pl.DataFrame({"a": ["JP", "US", "JP"], "b": [1, 1, 2]}), ["a"])
    array([0, 1, 0])
    """
    if not names:
        return np.zeros(keys.height, dtype=np.int64)
    return keys.select(pl.struct(names).rank("dense").cast(pl.Int64) - 1).to_series().to_numpy()
