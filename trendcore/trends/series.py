"""Long tables -> series of years for the kernels; what is missing, what is incomplete, and what is zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.errors import InputError, SchemaError, UsageError

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Table = pl.DataFrame | pl.LazyFrame

#: what says something of a value, and is no part of the key of its series
_OF_VALUES: Final = ("value_flag", "interval", "interval_flag")
#: keys of one row of a cell: with `fill`, years are covered by cell
OF_ROWS: Final = ("a", "b", "index", "member")
#: how a frame of coverage says that a year is complete
_COMPLETE: Final = ("complete", "year_complete")
#: differences of larger numbers, and sums of their squares, would not be finite
_LARGEST: Final = 1e150
_TIME, _KEPT = "_time", "_kept"


@dataclass(frozen=True)
class Series:
    """Series one after the other, each in ascending years; missing values are left out.

    Attributes
    ----------
    keys
        A row a series, sorted.
    offsets
        (W+1,) bounds of the series.
    years
        (E,) their years.
    values
        (E,) their values by name, all finite.
    left_out
        (W,) whether years were left out as incomplete.
    """

    keys: pl.DataFrame
    offsets: Ints
    years: Ints
    values: dict[str, Floats]
    left_out: Bools

    @property
    def n(self) -> Ints:
        """(W,) observations of each series."""
        return np.diff(self.offsets)

    @property
    def of(self) -> Ints:
        """(E,) series of each observation."""
        return np.repeat(np.arange(len(self.n)), self.n)

    @property
    def has_gaps(self) -> Bools:
        """(W,) whether a year is missing between the first and the last one."""
        gaps: Bools = (self.n > 0) & (self.last(self.years) - self.first(self.years) + 1 > self.n)
        return gaps

    def first(self, entries: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """(W,) entry of the first year of each series; of a series that has none, any."""
        return _at(entries, self.offsets[:-1])

    def last(self, entries: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """(W,) entry of the last year of each series; of a series that has none, any."""
        return _at(entries, self.offsets[1:] - 1)

    def sums(self, entries: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """(W,) sum of entries (E,) by series."""
        some = self.n > 0
        sums = np.zeros(len(some), dtype=entries.dtype)
        if len(entries):
            sums[some] = np.add.reduceat(entries, self.offsets[:-1][some])
        return sums

    def keep(self, entries: Bools) -> Series:
        """Series of the observations for which (E,) entries are true."""
        kept = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(entries)])
        values = {name: array[entries] for name, array in self.values.items()}
        return replace(self, offsets=kept[self.offsets], years=self.years[entries], values=values)


def _at(entries: npt.NDArray[Any], places: Ints) -> npt.NDArray[Any]:
    if not len(entries):
        return np.zeros(len(places), dtype=entries.dtype)
    return entries[np.clip(places, 0, len(entries) - 1)]


def collect(
    table: Table,
    *,
    time: str,
    values: Sequence[str],
    by: Sequence[str] | None,
    complete: Table | None = None,
    keep_incomplete: bool = False,
    fill: float | None = None,
) -> Series:
    """Take the series out of a long table.

    Parameters
    ----------
    table
        A row a value.
    time
        Column of whole years.
    values
        Columns of numbers; null and NaN are missing, in one as in the other.
    by
        Key of a series; None: every column that is no float, no value, no time, and says nothing of a value
        (``value_flag``, ``interval``, ``interval_flag``).
    complete
        Frame of keys, time and ``complete`` (or ``year_complete``): which years are complete; what it does
        not name is complete.
    keep_incomplete
        Keep years that are not complete.
    fill
        What a year has that is covered and has no row; None: nothing. Covered are the years for which the
        table has a row of the same cell, of whatever a, b, index or member, and those that ``complete`` says
        are complete.

    Raises
    ------
    SchemaError
        A column is missing or of a wrong type.
    InputError
        A series has a year twice, a year is null, or a value is infinite.

    Examples
    --------
    >>> rows = {"a": ["JP", "JP", "JP"], "year": [2021, 2020, 2023], "value": [2.0, 1.0, None]}
    >>> found = collect(pl.DataFrame(rows), time="year", values=["value"], by=None)
    >>> found.keys["a"].to_list(), found.years, found.values["value"]
    (['JP'], array([2020, 2021]), array([1., 2.]))
    """
    rows = table.lazy().collect()
    keys = _keys(rows, time, values, by)
    said = None if complete is None else _said(complete, rows, keys, time)
    kept = None if keep_incomplete else _kept(rows, said, time)
    frame = rows.select(
        *keys,
        pl.col(time).cast(pl.Int64).alias(_TIME),
        *(pl.col(name).cast(pl.Float64) for name in values),
        *([] if kept is None or kept.all() else [kept.alias(_KEPT)]),
    )
    found, is_kept = _ragged(frame, keys, values)
    if ((np.diff(found.years) == 0) & _inside(found)).any():
        raise InputError(_twice(found, time))
    if is_kept is not None:
        some = found.sums((~is_kept).astype(np.int64)) > 0
        found = replace(found.keep(is_kept), left_out=some)
    if fill is not None:
        if said is not None and not keep_incomplete:
            said = said.filter(_KEPT)
        found = _filled(found, fill, [name for name in keys if name not in OF_ROWS], said)
    return _finite(found)


def _keys(rows: pl.DataFrame, time: str, values: Sequence[str], by: Sequence[str] | None) -> list[str]:
    schema = rows.schema
    missing = [name for name in (time, *values, *(by or ())) if name not in schema]
    if missing:
        raise SchemaError(f"no column {', '.join(missing)}; there are {', '.join(schema)}")
    if not schema[time].is_integer():
        raise SchemaError(f"column {time!r} holds {schema[time]}; years are whole numbers")
    for name in values:
        if not (schema[name].is_numeric() or schema[name] in (pl.Null, pl.Boolean)):
            raise SchemaError(f"column {name!r} holds {schema[name]}; values are numbers")
    if by is not None:
        used = sorted({time, *values} & set(by))
        if used:
            raise UsageError(f"by names {', '.join(used)}, which is the time or a value")
        return list(dict.fromkeys(by))
    taken = {time, *values, *_OF_VALUES}
    return [name for name, dtype in schema.items() if name not in taken and not dtype.is_float()]


def _said(complete: Table, rows: pl.DataFrame, keys: Sequence[str], time: str) -> pl.DataFrame:
    """Bring a frame of coverage to keys of the series, year, and whether it is complete, without repeats."""
    said = complete.lazy().collect()
    column = next((name for name in _COMPLETE if name in said.columns), None)
    on = [name for name in said.columns if name in keys]
    if column is None or time not in said.columns:
        raise SchemaError(f"complete has to have {time}, {_COMPLETE[0]}, and keys; it has {said.columns}")
    by_key = said.select(
        *(pl.col(name).cast(rows.schema[name]) for name in on),
        pl.col(time).cast(pl.Int64).alias(_TIME),
        pl.col(column).cast(pl.Boolean).fill_null(value=True).alias(_KEPT),
    )
    return by_key.group_by(*on, _TIME).agg(pl.col(_KEPT).all())


def _kept(rows: pl.DataFrame, said: pl.DataFrame | None, time: str) -> pl.Series | None:
    """Say which rows are of complete years; None: all."""
    kept = None
    if "value_flag" in rows.columns:
        kept = rows.select(pl.col("value_flag").cast(pl.String).ne_missing("incomplete_year")).to_series()
    if said is None:
        return kept
    asked = rows.select(*said.columns[:-2], pl.col(time).cast(pl.Int64).alias(_TIME))
    joined = asked.join(said, on=asked.columns, how="left", nulls_equal=True, maintain_order="left")
    is_complete = joined[_KEPT].fill_null(value=True)
    return is_complete if kept is None else kept & is_complete


def _ragged(frame: pl.DataFrame, keys: Sequence[str], values: Sequence[str]) -> tuple[Series, Bools | None]:
    """Bring the rows of each series together, in the order of their years."""
    of = [name for name in frame.columns if name not in keys]
    if frame[_TIME].null_count():
        raise InputError("a row has no year")
    if not keys:
        grouped, flat = pl.DataFrame({"_n": [frame.height]}), frame
    else:
        lists = _grouped(frame, keys, of)
        grouped = lists.select(*keys, _n=pl.col(_TIME).list.len())
        flat = pl.DataFrame([lists[name].explode(empty_as_null=False) for name in of])
    sizes = grouped["_n"].to_numpy().astype(np.int64)
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])
    arrays = {name: flat[name].fill_null(np.nan).to_numpy() for name in values}
    years, kept = flat[_TIME].to_numpy(), flat[_KEPT].to_numpy() if _KEPT in of else None
    found = Series(grouped.drop("_n"), offsets, years, arrays, np.zeros(len(sizes), np.bool_))
    if ((np.diff(years) < 0) & _inside(found)).any():
        order = np.lexsort((years, found.of))
        arrays = {name: array[order] for name, array in arrays.items()}
        found = replace(found, years=years[order], values=arrays)
        kept = None if kept is None else kept[order]
    return found, kept


def _grouped(frame: pl.DataFrame, keys: Sequence[str], of: Sequence[str]) -> pl.DataFrame:
    """Rows as lists by key; keys that all rows share, as index tables have many, are not looked at again."""
    same = frame.select(pl.col(keys).eq_missing(pl.col(keys).first()).all()).row(0)
    shared = [name for name, is_same in zip(keys, same, strict=True) if is_same] if frame.height else []
    apart = [name for name in keys if name not in shared] or shared[:1] or list(keys)
    lists = frame.group_by(apart, maintain_order=True).agg(of).sort(apart, nulls_last=True)
    rest = frame.select(name for name in shared if name not in apart).head(1)
    return lists.join(rest, how="cross", maintain_order="left") if rest.width else lists


def _inside(series: Series) -> Bools:
    """(E-1,) whether an entry and the next one are of the same series."""
    inside = np.ones(max(len(series.years) - 1, 0), dtype=np.bool_)
    bounds = series.offsets[1:-1]
    inside[bounds[(bounds > 0) & (bounds < len(series.years))] - 1] = False
    return inside


def _twice(series: Series, time: str) -> str:
    place = int(np.flatnonzero((np.diff(series.years) == 0) & _inside(series))[0])
    which = series.keys.row(int(series.of[place]), named=True) if series.keys.width else {}
    named = ", ".join(f"{name} {value}" for name, value in which.items())
    return (
        f"a series has two rows of {time} {series.years[place]}: {named or 'the only one'}; "
        "name all columns of its key in `by`, or filter the table"
    )


def _filled(series: Series, value: float, cell_keys: Sequence[str], said: pl.DataFrame | None) -> Series:
    """Give each series a value in every year that its cell covers."""
    cell = numbered(series.keys, cell_keys)
    cells, years = cell[series.of], series.years
    if said is not None:
        also_cells, also_years = _covered(series.keys, cell, said)
        cells, years = np.concatenate([cells, also_cells]), np.concatenate([years, also_years])
    if not len(years):
        return series
    low, span = int(years.min()), int(np.ptp(years)) + 1
    covered = np.zeros((int(cell.max()) + 1, span), dtype=np.bool_)
    covered[cells, years - low] = True
    row, column = np.nonzero(covered[cell])
    place = np.cumsum(covered[cell], axis=1) - 1
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(covered.sum(axis=1)[cell])])
    at = offsets[series.of] + place[series.of, series.years - low]
    values = {}
    for name, array in series.values.items():
        values[name] = np.full(len(row), float(value))
        values[name][at] = array
    return replace(series, offsets=offsets, years=column + low, values=values)


def _covered(keys: pl.DataFrame, cell: Ints, said: pl.DataFrame) -> tuple[Ints, Ints]:
    """Cells of series, and the years in which a frame of coverage has these."""
    on = said.columns[:-2]
    cells = pl.DataFrame([pl.Series("_cell", cell), *keys.select(on)]).unique()
    found = cells.join(said, on=on, nulls_equal=True) if on else cells.join(said, how="cross")
    return found["_cell"].to_numpy(), found[_TIME].to_numpy()


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


def _finite(series: Series) -> Series:
    present = np.ones(len(series.years), dtype=np.bool_)
    for name, array in series.values.items():
        if (np.abs(array) > _LARGEST).any():
            raise InputError(f"column {name!r} holds values beyond {_LARGEST:g}, or infinite ones")
        present &= ~np.isnan(array)
    return series if present.all() else series.keep(present)
