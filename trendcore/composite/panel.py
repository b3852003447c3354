"""Tables -> a panel: one row per unit and cell, one column per indicator, in a fixed order.

A wide table is taken as it is. Of a long table each indicator takes its index, both directions of a directed
index become one value of the pair, and a pair without a row is 0 where the declaration says so and both ends
are seen in the cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.composite.declaration import Composite, Indicator
from trendcore.errors import DeclarationError, SchemaError, UsageError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: flags of a long table that say something of a value that is there
WARNINGS: Final = ("small_count", "incomplete_year")
_LONG: Final = ("index", "value")
#: columns in which rows of one index and pair may differ
_APART: Final = ("source", "role", "universe", "policy", "replicate")


@dataclass(frozen=True)
class Panel:
    """Units by indicators.

    Parameters
    ----------
    units
        Columns of the cell, then of the unit; sorted by them (n rows).
    values
        Denominated values, NaN where missing (n, k), column by column in memory.
    raw
        The same before the denominators.
    warned
        Number of the warning of each value in `WARNINGS`, from 1; 0 for none (n, k).
    cells
        First row of each cell, then n.
    labels
        Group of each row for imputation by group (n,); None where none is declared.
    """

    units: pl.DataFrame
    values: Floats
    raw: Floats
    warned: npt.NDArray[np.uint8]
    cells: Ints
    labels: npt.NDArray[np.object_] | None

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.units.height

    def rows(self, keep: npt.NDArray[np.bool_], by: tuple[str, ...]) -> Panel:
        """Keep some rows; cells that lose all of them go."""
        units = self.units.filter(pl.Series(keep))
        return Panel(
            units,
            np.asfortranarray(self.values[keep]),
            np.asfortranarray(self.raw[keep]),
            self.warned[keep],
            cells_of(units, by),
            None if self.labels is None else self.labels[keep],
        )


def panel_of(
    table: pl.DataFrame | pl.LazyFrame, composite: Composite, denominators: pl.DataFrame | None = None
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

    Raises
    ------
    SchemaError
        A column is missing or of the wrong type, or a value is infinite.
    UsageError
        Two rows stand for one value, no index of the declaration is there, or denominators are missing.
    """
    frame = table.lazy().collect()
    keys = [*composite.by, *composite.unit_columns]
    if set(_LONG) <= set(frame.columns) and composite.unit != "own":
        wide = _of_long(frame, composite)
    else:
        wide = _of_wide(frame, composite)
    wide = wide.sort(keys, nulls_last=True)
    _check_keys(wide, keys)
    raw = _matrix(wide, composite.names)
    warned = np.column_stack(
        [wide[f"{name}!"].to_numpy() if f"{name}!" in wide.columns else np.zeros(wide.height, np.uint8)
         for name in composite.names]
    ).astype(np.uint8)  # fmt: skip
    values = _denominated(wide, raw, composite, denominators)
    units = wide.select(keys)
    return Panel(units, values, raw, warned, cells_of(units, composite.by), _labels(frame, units, composite))


def cells_of(units: pl.DataFrame, by: tuple[str, ...]) -> Ints:
    """First row of each cell of sorted units, then their number."""
    if not units.height:
        return np.zeros(1, dtype=np.int64)
    if not by:
        return np.array([0, units.height], dtype=np.int64)
    first = (
        units.select(by).with_row_index("row").group_by(by, maintain_order=True).agg(pl.col("row").first())
    )
    return np.append(first["row"].to_numpy().astype(np.int64), units.height)


def _of_wide(frame: pl.DataFrame, composite: Composite) -> pl.DataFrame:
    keys = [*composite.by, *composite.unit_columns]
    missing = [name for name in (*keys, *composite.names) if name not in frame.columns]
    if missing:
        raise SchemaError(
            f"the table has no column {', '.join(missing)}; a wide table needs {', '.join(keys)} and one "
            f"column an indicator, a long one index and value."
        )
    for name in composite.names:
        if not (frame[name].dtype.is_numeric() or frame[name].dtype in (pl.Null, pl.Boolean)):
            raise SchemaError(f"column {name} holds {frame[name].dtype}, not numbers.")
    return frame.select(*keys, pl.col(composite.names).cast(pl.Float64))


def _of_long(frame: pl.DataFrame, composite: Composite) -> pl.DataFrame:
    keys = [*composite.by, *composite.unit_columns]
    missing = [name for name in (*composite.by, "a", "b", *_LONG) if name not in frame.columns]
    if missing:
        raise SchemaError(f"the table has no column {', '.join(missing)}.")
    parts = {each.name: _rows(frame, each, composite) for each in composite.indicators}
    if all(part.is_empty() for part in parts.values()):
        raise UsageError("the table holds no row of any index of the declaration: are source and role right?")
    units = pl.concat([_seen(part, composite) for part in parts.values()]).unique()
    for indicator in composite.indicators:
        units = units.join(
            _values(parts[indicator.name], indicator, composite, units.select(keys)),
            on=keys, how="left", nulls_equal=True,
        )  # fmt: skip
    return units


def _rows(frame: pl.DataFrame, indicator: Indicator, composite: Composite) -> pl.DataFrame:
    """Rows of one indicator: cell, a, b, value and warning, one a pair and direction."""
    wanted = indicator.wanted()
    chosen = pl.col("index") == wanted.index.name
    for column, value in (("counting", wanted.counting), ("marginals", wanted.marginals)):
        if column in frame.columns:
            chosen &= pl.col(column) == value
    for column in ("source", "role"):
        value = getattr(indicator, column)
        if value is not None and column not in frame.columns:
            raise SchemaError(
                f"indicators.{indicator.name} is of {column} {value!r}, and the table has no column "
                f"{column}: add it, as in table.with_columns({column}=pl.lit({value!r}))."
            )
        if value is not None:
            chosen &= pl.col(column) == value
    if "product" in frame.columns:
        chosen &= pl.col("product").is_null()
    chosen &= pl.col("b").is_null() if composite.unit == "country" else pl.col("b").is_not_null()
    rows = frame.filter(chosen)
    ends = ["a"] if composite.unit == "country" else ["a", "b"]
    if rows.select(pl.struct(*composite.by, *ends).is_duplicated().any()).item():
        apart = [name for name in _APART if name in rows.columns]
        several = [name for name in apart if rows[name].n_unique() > 1]
        raise UsageError(
            f"indicators.{indicator.name}: several rows stand for one value; they differ in "
            f"{', '.join(several) or 'nothing'}. Name source and role in the declaration, or filter."
        )
    warning = pl.lit(0, pl.UInt8)
    if "value_flag" in rows.columns:
        warning = pl.col("value_flag").replace_strict(
            list(WARNINGS), list(range(1, len(WARNINGS) + 1)), default=0, return_dtype=pl.UInt8
        )
    return rows.select(
        *composite.by, pl.col("a", "b").cast(pl.String),
        pl.col("value").cast(pl.Float64).fill_nan(None), warning.alias("warning"),
    )  # fmt: skip


def _seen(rows: pl.DataFrame, composite: Composite) -> pl.DataFrame:
    """Units that an indicator has rows of."""
    if composite.unit == "country":
        return rows.select(*composite.by, "a")
    if composite.unit == "directed_pair":
        return rows.select(*composite.by, "a", "b")
    low, high = pl.min_horizontal("a", "b").alias("a"), pl.max_horizontal("a", "b").alias("b")
    return rows.select(*composite.by, low, high)


def _values(
    rows: pl.DataFrame, indicator: Indicator, composite: Composite, units: pl.DataFrame
) -> pl.DataFrame:
    """Value and warning of one indicator for each unit."""
    name, by = indicator.name, list(composite.by)
    if composite.unit == "country":
        return rows.select(*by, "a", pl.col("value").alias(name), pl.col("warning").alias(f"{name}!"))
    directed = indicator.wanted().index.directed
    if not directed:
        # listed once: the other direction has the same value
        rows = pl.concat([rows, rows.filter(pl.col("a") != pl.col("b")).select(
            *by, pl.col("b").alias("a"), pl.col("a").alias("b"), "value", "warning")])  # fmt: skip
    forward = _way(rows, units, by, ("a", "b"), indicator)
    if composite.unit == "directed_pair" or not directed:
        made = units.with_columns(forward["value"].alias(name), forward["warning"].alias(f"{name}!"))
    else:
        back = _way(rows, units, by, ("b", "a"), indicator)
        both = pl.DataFrame({"x": forward["value"], "y": back["value"]})
        worse = pl.DataFrame({"x": forward["warning"], "y": back["warning"]})
        made = units.with_columns(
            both.select(_joined(indicator)).to_series().alias(name),
            worse.select(pl.max_horizontal("x", "y")).to_series().alias(f"{name}!"),
        )
    return made.with_columns(pl.col(f"{name}!").fill_null(0))


def _way(
    rows: pl.DataFrame, units: pl.DataFrame, by: list[str], ends: tuple[str, str], indicator: Indicator
) -> pl.DataFrame:
    """Values of units in one direction: a row's a is the unit's ``ends[0]``."""
    there = rows.rename({"a": ends[0], "b": ends[1]}).with_columns(pl.lit(value=True).alias("there"))
    found = units.join(there, on=[*by, "a", "b"], how="left", nulls_equal=True, maintain_order="left")
    if indicator.absent == "null":
        return found
    known = rows.filter(pl.col("value").is_not_null())
    zero = pl.col("there").is_null()
    asked = ("a", "b") if indicator.absent == "zero" else ("a",)
    for end, of_unit in zip(asked, ends, strict=False):
        seen = known.select(*by, pl.col(end).alias(of_unit)).unique()
        seen = seen.with_columns(pl.lit(value=True).alias(f"seen_{end}"))
        found = found.join(seen, on=[*by, of_unit], how="left", nulls_equal=True, maintain_order="left")
        zero &= pl.col(f"seen_{end}").fill_null(value=False)
    return found.with_columns(value=pl.when(zero).then(0.0).otherwise("value"))


def _joined(indicator: Indicator) -> pl.Expr:
    """One value of both directions x and y."""
    joins: Mapping[str, pl.Expr] = {
        "mean": pl.mean_horizontal("x", "y"),
        "min": pl.min_horizontal("x", "y"),
        "max": pl.max_horizontal("x", "y"),
        "sum": pl.sum_horizontal("x", "y"),
    }
    if indicator.ways == "any":
        return joins[indicator.join]
    both = pl.col("x").is_not_null() & pl.col("y").is_not_null()
    return pl.when(both).then(joins[indicator.join])


def _check_keys(wide: pl.DataFrame, keys: list[str]) -> None:
    of_unit = [name for name in keys if wide[name].null_count() and name in ("a", "b")]
    if of_unit:
        raise SchemaError(f"column {', '.join(of_unit)} has empty values: whose are these?")
    if not wide.height:
        return
    if wide.select(pl.struct(keys).is_duplicated().any()).item():
        twice = wide.filter(pl.struct(keys).is_duplicated()).row(0)[: len(keys)]
        raise UsageError(f"two rows stand for one unit: {dict(zip(keys, twice, strict=True))}.")


def _matrix(wide: pl.DataFrame, names: tuple[str, ...]) -> Floats:
    """Values (n, k), NaN for null; nothing infinite."""
    matrix = np.empty((wide.height, len(names)), dtype=np.float64, order="F")
    for number, name in enumerate(names):
        matrix[:, number] = wide[name].cast(pl.Float64).to_numpy()
        if np.isinf(matrix[:, number]).any():
            raise SchemaError(f"column {name} holds an infinite value; make it null, with a reason.")
    return matrix


def _denominated(
    wide: pl.DataFrame, raw: Floats, composite: Composite, denominators: pl.DataFrame | None
) -> Floats:
    """Divide by the denominators; a denominator that is missing or 0 gives no value."""
    wanted = sorted({each.denominator for each in composite.indicators if each.denominator is not None})
    if not wanted:
        return raw
    if denominators is None:
        raise UsageError(f"the declaration divides by {', '.join(wanted)}: give the table of denominators.")
    missing = [name for name in wanted if name not in denominators.columns]
    on = [name for name in (*composite.by, *composite.unit_columns) if name in denominators.columns]
    if missing or not on:
        raise SchemaError(f"denominators need {', '.join(wanted)} and a column of the units to be joined by.")
    if denominators.select(pl.struct(on).is_duplicated().any()).item():
        raise UsageError(f"denominators: two rows for the same {', '.join(on)}.")
    joined = wide.join(
        denominators.select(on + wanted), on=on, how="left", nulls_equal=True, maintain_order="left",
        suffix="/",
    )  # fmt: skip
    values = raw.copy(order="F")
    for number, each in enumerate(composite.indicators):
        if each.denominator is not None:
            column = f"{each.denominator}/" if each.denominator in wide.columns else each.denominator
            by = _matrix(joined, (column,))[:, 0]
            with np.errstate(over="ignore"):
                ratio = values[:, number] / np.where(by == 0, np.nan, by)
            values[:, number] = np.where(np.isinf(ratio), np.nan, ratio)
    return values


def _labels(frame: pl.DataFrame, units: pl.DataFrame, composite: Composite) -> npt.NDArray[np.object_] | None:
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
    groups = frame.select(*units.columns, pl.col(column).cast(pl.String)).unique()
    joined = units.join(groups, on=units.columns, how="left", nulls_equal=True, maintain_order="left")
    if joined.height != units.height:
        raise UsageError(f"impute: a unit has several groups in column {column}.")
    return np.asarray(joined[column].to_numpy(), dtype=np.object_)
