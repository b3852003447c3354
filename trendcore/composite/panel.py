"""Tables -> a panel: one row per unit and cell, one column per indicator, in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.composite.declaration import Composite
from trendcore.composite.long_rows import Way, is_long, join_ways, numbers, rows_of, units_of, ways_of
from trendcore.errors import DeclarationError, InputError, SchemaError, UsageError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.object_]

#: columns of a long table that name no cell; a and b name the unit
_LONG: Final = ("index", "value", "b")


@dataclass(frozen=True)
class Panel:
    """Units by indicators.

    Parameters
    ----------
    units
        Columns of the cell, then of the unit; sorted by them (n rows).
    cells
        First row of each cell, then n.
    ways
        Values of each indicator in each direction that it has, as the table has them.
    divisors
        What each indicator is divided by (n,); None: nothing.
    values
        One value a unit, divided, NaN where missing (n, k), column by column in memory.
    warned
        Number of the warning of each value in `WARNINGS`, from 1; 0 for none (n, k).
    labels
        Group of each row for imputation by group (n,); None where none is declared.
    """

    units: pl.DataFrame
    cells: Ints
    ways: tuple[tuple[Floats, ...], ...]
    divisors: tuple[Floats | None, ...]
    values: Floats
    warned: npt.NDArray[np.uint8]
    labels: Labels | None

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.units.height

    def raw(self, composite: Composite) -> Floats:
        """Values before they are divided (n, k)."""
        both = zip(composite.indicators, self.ways, strict=True)
        return np.column_stack([join_ways(indicator, ways) for indicator, ways in both])

    def rows(self, keep: Bools, by: tuple[str, ...]) -> Panel:
        """Keep some rows; cells that lose all of them go."""
        units = self.units.filter(pl.Series(keep))
        return Panel(
            units,
            cells_of(units, by),
            tuple(tuple(way[keep] for way in ways) for ways in self.ways),
            tuple(None if each is None else each[keep] for each in self.divisors),
            np.asfortranarray(self.values[keep]),
            self.warned[keep],
            None if self.labels is None else self.labels[keep],
        )


def panel_of(
    table: pl.DataFrame | pl.LazyFrame,
    composite: Composite,
    denominators: pl.DataFrame | None = None,
    units: pl.DataFrame | None = None,
) -> Panel:
    """Make a panel of a long or a wide table.

    Parameters
    ----------
    table
        Long: the columns of a cell, a, b, index, value, and what an index table has besides. Wide: the
        columns of a cell and a unit, and one column an indicator.
    composite
        The declaration.
    denominators
        Columns named by the indicators' ``denominator``, keyed by some columns of the cell and the unit.
    units
        The units of the panel; None: those of the table.

    Raises
    ------
    InputError
        The table is no Polars frame.
    SchemaError
        A column is missing or of the wrong type, or a value is infinite.
    UsageError
        Two rows stand for one value, no index of the declaration is there, or denominators are missing.
    """
    frame = collected(table, "the table")
    denominators = None if denominators is None else collected(denominators, "denominators")
    if units is not None:
        frame = like(frame, units, composite.by)
    ways, found = (_of_long if is_long(frame, composite) else _of_wide)(frame, composite, units)
    _check_window(found, composite)
    divisors = _divisors(found, composite, denominators)
    values = np.empty((found.height, len(composite.indicators)), dtype=np.float64, order="F")
    warned = np.zeros(values.shape, dtype=np.uint8)
    for number, indicator in enumerate(composite.indicators):
        joined = join_ways(indicator, [way.values for way in ways[number]])
        values[:, number] = divided(joined, divisors[number])
        warned[:, number] = np.max([way.warned for way in ways[number]], axis=0)
    return Panel(
        found,
        cells_of(found, composite.by),
        tuple(tuple(way.values for way in each) for each in ways),
        divisors,
        values,
        warned,
        _labels(frame, found, composite),
    )


def collected(table: pl.DataFrame | pl.LazyFrame, what: str) -> pl.DataFrame:
    """Take a table as a frame in memory.

    Raises
    ------
    InputError
        It is no Polars frame.
    """
    if not isinstance(table, (pl.DataFrame, pl.LazyFrame)):
        raise InputError(f"{what}: a Polars DataFrame or LazyFrame, not {type(table).__name__}.")
    return table.lazy().collect()


def check_free(composite: Composite, own: Iterable[str], what: str) -> None:
    """Refuse columns of the cell or the unit that have the name of another column of a table.

    Parameters
    ----------
    composite
        The declaration.
    own
        Names of the other columns.
    what
        The table, for the error.

    Raises
    ------
    UsageError
        Naming the column.
    """
    taken = set(own)
    for name in composite.key_columns:
        if name in taken:
            raise UsageError(
                f"{name}: {what} has a column of this name beside those of the cell and the unit; rename it "
                f"in the table and in the declaration."
            )


def cells_of(units: pl.DataFrame, by: tuple[str, ...]) -> Ints:
    """First row of each cell of sorted units, then their number."""
    if not units.height:
        return np.zeros(1, dtype=np.int64)
    if not by:
        return np.array([0, units.height], dtype=np.int64)
    numbers = units.select(pl.struct(by).rle_id()).to_series().to_numpy()
    return np.append(np.flatnonzero(np.diff(numbers, prepend=-1)), units.height).astype(np.int64)


def divided(values: Floats, divisor: Floats | None) -> Floats:
    """Divide values; a divisor that is missing or 0 gives no value.

    Examples
    --------
    >>> divided(np.array([1.0, 1.0]), np.array([2.0, 0.0]))
    array([0.5, nan])
    """
    if divisor is None:
        return values
    with np.errstate(over="ignore"):
        ratio = values / np.where(divisor == 0, np.nan, divisor)
    return np.where(np.isinf(ratio), np.nan, ratio)


def like(frame: pl.DataFrame, units: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Give columns of a frame the types that they have in the units, so that they can be joined.

    Raises
    ------
    SchemaError
        A column holds something else.
    """
    try:
        return frame.with_columns(pl.col(name).cast(units[name].dtype) for name in columns)
    except pl.exceptions.PolarsError as error:
        raise SchemaError(f"columns {', '.join(columns)} are not those of the table: {error}") from None


def _of_long(
    frame: pl.DataFrame, composite: Composite, units: pl.DataFrame | None
) -> tuple[list[tuple[Way, ...]], pl.DataFrame]:
    check_free(composite, _LONG if composite.unit == "country" else _LONG[:2], "a long table")
    parts = [rows_of(frame, each, composite) for each in composite.indicators]
    if units is None:
        if all(part.is_empty() for part in parts):
            raise UsageError(
                "the table has no row of any index of the declaration: are source and role right?"
            )
        units = units_of(parts, composite)
    each = zip(parts, composite.indicators, strict=True)
    return [ways_of(part, indicator, composite, units) for part, indicator in each], units


def _of_wide(
    frame: pl.DataFrame, composite: Composite, units: pl.DataFrame | None
) -> tuple[list[tuple[Way, ...]], pl.DataFrame]:
    keys = [*composite.by, *composite.unit_columns]
    missing = [name for name in (*keys, *composite.names) if name not in frame.columns]
    if missing:
        raise SchemaError(
            f"the table has no column {', '.join(missing)}; a wide table needs {', '.join(keys)} and one "
            f"column an indicator, a long one a, b, index and value."
        )
    wide = frame.select(*keys, *composite.names)
    if wide.height and wide.select(pl.struct(keys).is_duplicated().any()).item():
        twice = wide.filter(pl.struct(keys).is_duplicated()).row(0)[: len(keys)]
        raise UsageError(f"two rows stand for one unit: {dict(zip(keys, twice, strict=True))}.")
    if composite.unit == "pair" and wide.height:
        _check_pairs(wide, composite)
    if any(wide[name].null_count() for name in composite.unit_columns):
        raise SchemaError(f"{', '.join(composite.unit_columns)}: empty values; whose are these?")
    if units is None:
        wide = wide.sort(keys, nulls_last=True)
    else:
        wide = units.join(
            like(wide, units, keys), on=keys, how="left", nulls_equal=True, maintain_order="left"
        )
    none = np.zeros(wide.height, dtype=np.uint8)
    return [(Way(numbers(wide, name), none),) for name in composite.names], wide.select(keys)


def _check_pairs(wide: pl.DataFrame, composite: Composite) -> None:
    """Refuse two rows of one pair in either order: it would be two units."""
    both = wide.select(*composite.by, pl.col("a", "b").cast(pl.String)).select(
        *composite.by, a=pl.min_horizontal("a", "b"), b=pl.max_horizontal("a", "b")
    )
    twice = both.filter(pl.struct(composite.key_columns).is_duplicated())
    if twice.height:
        raise UsageError(f"two rows stand for one pair, in either order: {twice.row(0, named=True)}.")


def _check_window(units: pl.DataFrame, composite: Composite) -> None:
    """Refuse a window over a column that holds no numbers."""
    for column in {each.column for each in (composite.reference, *composite.vary.reference)}:
        dtype = units.schema.get(column, pl.Null()) if column is not None else pl.Null()
        if not (dtype.is_numeric() or dtype == pl.Null):
            raise SchemaError(f"reference: column {column} holds {dtype}, not whole numbers.")


def _divisors(
    units: pl.DataFrame, composite: Composite, denominators: pl.DataFrame | None
) -> tuple[Floats | None, ...]:
    """Find what each indicator is divided by, for each unit."""
    wanted = sorted({each.denominator for each in composite.indicators if each.denominator is not None})
    if not wanted:
        return (None,) * len(composite.indicators)
    if denominators is None:
        raise UsageError(f"the declaration divides by {', '.join(wanted)}: give the table of denominators.")
    missing = [name for name in wanted if name not in denominators.columns]
    on = [name for name in (*composite.by, *composite.unit_columns) if name in denominators.columns]
    if missing or not on:
        raise SchemaError(f"denominators need {', '.join(wanted)} and a column of the units to be joined by.")
    if denominators.select(pl.struct(on).is_duplicated().any()).item():
        raise UsageError(f"denominators: two rows for the same {', '.join(on)}.")
    joined = units.select(on).join(
        like(denominators, units, on).select(*on, *wanted),
        on=on, how="left", nulls_equal=True, maintain_order="left",
    )  # fmt: skip
    columns = {name: numbers(joined, name) for name in wanted}
    return tuple(
        None if each.denominator is None else columns[each.denominator] for each in composite.indicators
    )


def _labels(frame: pl.DataFrame, units: pl.DataFrame, composite: Composite) -> Labels | None:
    """Group of each unit, for imputation by group."""
    steps = [step for step in (composite.impute, *composite.vary.impute) if step is not None]
    columns = {step.by for step in steps if step.by is not None}
    if not columns:
        return None
    if len(columns) > 1:
        raise DeclarationError(f"impute: all alternatives group by one column, not {sorted(columns)}")
    column = columns.pop()
    if column in units.columns:
        return np.asarray(units[column].cast(pl.String).to_numpy(), dtype=np.object_)
    if column not in frame.columns:
        raise SchemaError(f"impute: the table has no column {column} with the groups.")
    if frame[column].dtype.is_nested():
        raise SchemaError(f"impute: column {column} holds {frame[column].dtype}, not names of groups.")
    groups = frame.select(*units.columns, pl.col(column).cast(pl.String)).unique()
    joined = units.join(groups, on=units.columns, how="left", nulls_equal=True, maintain_order="left")
    if joined.height != units.height:
        raise UsageError(f"impute: a unit has several groups in column {column}.")
    return np.asarray(joined[column].to_numpy(), dtype=np.object_)
