"""Long tables -> series of years for the kernels; what is missing, what is incomplete, and what is zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.errors import InputError, SchemaError
from trendcore.trends.keys import (
    FARTHEST_APART,
    KEPT,
    OF_ROWS,
    TIME,
    Ints,
    Table,
    brought,
    check_years,
    numbered,
    series_keys,
)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: how a frame of coverage says that a year is complete
_COMPLETE: Final = ("complete", "year_complete")
#: differences of larger numbers, and sums of their squares, would not be finite
_LARGEST: Final = 1e150


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
    left_of, left_years
        (L,) series and year of each observation that was left out as incomplete.
    """

    keys: pl.DataFrame
    offsets: Ints
    years: Ints
    values: dict[str, Floats]
    left_of: Ints
    left_years: Ints

    @property
    def n(self) -> Ints:
        """(W,) observations of each series."""
        return np.diff(self.offsets)

    @property
    def of(self) -> Ints:
        """(E,) series of each observation."""
        return np.repeat(np.arange(len(self.n)), self.n)

    @property
    def left_out(self) -> Bools:
        """(W,) whether years were left out as incomplete."""
        return np.bincount(self.left_of, minlength=len(self.n)) > 0

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
    columns: Sequence[str] = (),
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
        Key of a series; None: see `trendcore.trends.trend`.
    complete
        Frame of keys, time and ``complete`` (or ``year_complete``): which years are complete; what it does
        not name is complete.
    keep_incomplete
        Keep years that are not complete.
    fill
        What a year has that is covered and has no row; None: nothing. Covered are the years for which the
        table has a row of the same cell, of whatever a, b, index or member, and those that ``complete`` says
        are complete; not those that are left out of the series.
    columns
        Those of the result beside the keys: no key may have their names.

    Raises
    ------
    SchemaError
        A column is missing or of a wrong type.
    InputError
        A series has a year twice, a year is null or absurd, or a value is infinite.
    UsageError
        A key has the name of a column of the result, or it cannot be told whether a column is a key.

    Examples
    --------
    >>> rows = {"a": ["JP", "JP", "JP"], "year": [2021, 2020, 2023], "value": [2.0, 1.0, None]}
    >>> found = collect(pl.DataFrame(rows), time="year", values=["value"], by=None)
    >>> found.keys["a"].to_list(), found.years, found.values["value"]
    (['JP'], array([2020, 2021]), array([1., 2.]))
    """
    rows = table.lazy().collect()
    keys = series_keys(rows, time, values, by, columns)
    check_years(rows[time], "the table")
    said = None if complete is None else _said(complete, {name: rows.schema[name] for name in keys}, time)
    kept = None if keep_incomplete else _kept(rows, said, keys, time)
    frame = rows.select(
        *keys,
        pl.col(time).cast(pl.Int64).alias(TIME),
        *(pl.col(name).cast(pl.Float64) for name in values),
        *([] if kept is None or kept.all() else [kept.alias(KEPT)]),
    )
    found, is_kept = _ragged(frame, keys, values)
    if ((np.diff(found.years) == 0) & _inside(found)).any():
        raise InputError(_twice(found, time))
    if is_kept is not None:
        left_of, left_years = found.of[~is_kept], found.years[~is_kept]
        found = replace(found.keep(is_kept), left_of=left_of, left_years=left_years)
    if fill is not None:
        if said is None or keep_incomplete:
            covered, left_out = said, None
        else:
            covered, left_out = said.filter(KEPT), said.filter(~pl.col(KEPT))
        found = _filled(found, fill, [name for name in keys if name not in OF_ROWS], covered, left_out)
    return _finite(found)


def _said(complete: Table, keys: Mapping[str, pl.DataType], time: str) -> pl.DataFrame:
    """Bring a frame of coverage to keys of the series, year, and whether it is complete, without repeats."""
    said = complete.lazy().collect()
    column = next((name for name in _COMPLETE if name in said.columns), None)
    if column is None or time not in said.columns:
        raise SchemaError(f"complete has to have {time}, {_COMPLETE[0]}, and keys; it has {said.columns}")
    if said.schema[column] not in (pl.Boolean, pl.Null):
        raise SchemaError(f"column {column!r} of complete holds {said.schema[column]}, not true and false")
    is_complete = said[column].cast(pl.Boolean).fill_null(value=True).alias(KEPT)
    by_key = brought(said, keys, time, is_complete, "complete")
    return by_key.group_by(by_key.columns[:-1]).agg(pl.col(KEPT).all())


def _kept(rows: pl.DataFrame, said: pl.DataFrame | None, keys: Sequence[str], time: str) -> pl.Series | None:
    """Say which rows are of complete years; None: all."""
    kept = None
    if "value_flag" in rows.columns:
        flag = rows["value_flag"].cast(pl.String)
        incomplete = (flag == "incomplete_year").fill_null(value=False)
        if incomplete.any() and (flag.is_not_null() & ~incomplete).any():
            # a flag is one word: rows of the cell with another word are of the incomplete year too
            cell = [name for name in keys if name not in OF_ROWS]
            in_cell = rows.select(pl.lit(incomplete).any().over([*cell, time])).to_series()
            incomplete |= flag.is_not_null() & in_cell
        kept = ~incomplete
    if said is None:
        return kept
    asked = rows.select(*said.columns[:-2], pl.col(time).cast(pl.Int64).alias(TIME))
    joined = asked.join(said, on=asked.columns, how="left", nulls_equal=True, maintain_order="left")
    is_complete = joined[KEPT].fill_null(value=True)
    return is_complete if kept is None else kept & is_complete


def _ragged(frame: pl.DataFrame, keys: Sequence[str], values: Sequence[str]) -> tuple[Series, Bools | None]:
    """Bring the rows of each series together, in the order of their years."""
    of = [name for name in frame.columns if name not in keys]
    if frame[TIME].null_count():
        raise InputError("a row has no year")
    if not keys:
        grouped, flat = pl.DataFrame({"_n": [frame.height]}), frame
    else:
        lists = _grouped(frame, keys, of)
        grouped = lists.select(*keys, _n=pl.col(TIME).list.len())
        flat = pl.DataFrame([lists[name].explode(empty_as_null=False) for name in of])
    sizes = grouped["_n"].to_numpy().astype(np.int64)
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes)])
    arrays = {name: flat[name].fill_null(np.nan).to_numpy() for name in values}
    years, kept = flat[TIME].to_numpy(), flat[KEPT].to_numpy() if KEPT in of else None
    none = np.zeros(0, dtype=np.int64)
    found = Series(grouped.drop("_n"), offsets, years, arrays, none, none)
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


def _filled(
    series: Series,
    value: float,
    cell_keys: Sequence[str],
    said: pl.DataFrame | None,
    left_out: pl.DataFrame | None,
) -> Series:
    """Give each series a value in every year that its cell covers, but for years that are left out of it.

    Parameters
    ----------
    series, value
        The series, and what a year without a row has.
    cell_keys
        Keys of a cell.
    said, left_out
        Keys and years that a frame of coverage says are covered, and that it says are incomplete.
    """
    cell = numbered(series.keys, cell_keys)
    cells, years = cell[series.of], series.years
    if said is not None:
        also_cells, also_years = _named(series.keys, cell, said)
        cells, years = np.concatenate([cells, also_cells]), np.concatenate([years, also_years])
    if not len(years):
        return series
    low, span = int(years.min()), int(np.ptp(years)) + 1
    if span - 1 > FARTHEST_APART:
        raise InputError(f"complete names years of {low} to {low + span - 1}: too far apart to be filled")
    covered = np.zeros((int(cell.max()) + 1, span), dtype=np.bool_)
    covered[cells, years - low] = True
    there = covered[cell]
    rows, at = series.left_of, series.left_years
    if left_out is not None:
        also_rows, also_years = _named(series.keys, np.arange(len(cell)), left_out)
        inside = (also_years >= low) & (also_years < low + span)
        also_rows, also_years = also_rows[inside], also_years[inside]
        would_be = there[also_rows, also_years - low]
        rows = np.concatenate([rows, also_rows[would_be]])
        at = np.concatenate([at, also_years[would_be]])
        rows, at = np.unique(np.stack([rows, at]), axis=1)
    inside = (at >= low) & (at < low + span)
    there[rows[inside], at[inside] - low] = False
    row, column = np.nonzero(there)
    place = np.cumsum(there, axis=1) - 1
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(there.sum(axis=1))])
    put = offsets[series.of] + place[series.of, series.years - low]
    values = {}
    for name, array in series.values.items():
        values[name] = np.full(len(row), float(value))
        values[name][put] = array
    return replace(series, offsets=offsets, years=column + low, values=values, left_of=rows, left_years=at)


def _named(keys: pl.DataFrame, number: Ints, said: pl.DataFrame) -> tuple[Ints, Ints]:
    """Numbers of series, and the years in which a frame of coverage has these."""
    on = said.columns[:-2]
    cells = pl.DataFrame([pl.Series("_cell", number), *keys.select(on)]).unique()
    found = cells.join(said, on=on, nulls_equal=True) if on else cells.join(said, how="cross")
    return found["_cell"].to_numpy(), found[TIME].to_numpy()


def _finite(series: Series) -> Series:
    present = np.ones(len(series.years), dtype=np.bool_)
    for name, array in series.values.items():
        if (np.abs(array) > _LARGEST).any():
            raise InputError(f"column {name!r} holds values beyond {_LARGEST:g}, or infinite ones")
        present &= ~np.isnan(array)
    return series if present.all() else series.keep(present)
