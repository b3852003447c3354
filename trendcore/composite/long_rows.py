"""Long index tables: the rows of an indicator, and from both directions of a pair one value.

A pair without a row is 0 where the declaration says so and the ends that it asks for are seen in the cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.composite.declaration import Composite, Indicator
from trendcore.composite.declared_types import LARGEST
from trendcore.errors import SchemaError, UsageError

Floats = npt.NDArray[np.float64]

#: flags of a long table that say something of a value that is there
WARNINGS: Final = ("small_count", "incomplete_year")
#: columns in which rows of one index and pair may differ
_APART: Final = ("source", "role", "universe", "policy", "replicate")
_LOW: Final = pl.min_horizontal("a", "b")
_HIGH: Final = pl.max_horizontal("a", "b")


@dataclass(frozen=True)
class Way:
    """Values of one direction of an indicator: numbers (n,), NaN for none, and numbers of warnings (n,)."""

    values: Floats
    warned: npt.NDArray[np.uint8]


def is_long(frame: pl.DataFrame, composite: Composite) -> bool:
    """Say whether a table is long: it has the columns index and value, and units are countries or pairs."""
    return {"index", "value"} <= set(frame.columns) and composite.unit != "own"


def numbers(frame: pl.DataFrame, name: str) -> Floats:
    """Values of a column (n,), NaN for null.

    Raises
    ------
    SchemaError
        It holds no numbers, or one that is infinite or too large to compute with.
    """
    if not (frame[name].dtype.is_numeric() or frame[name].dtype in (pl.Null, pl.Boolean)):
        raise SchemaError(f"column {name} holds {frame[name].dtype}, not numbers.")
    values = frame[name].cast(pl.Float64).to_numpy()
    if (np.abs(values) > LARGEST).any():
        raise SchemaError(
            f"column {name} holds a value that is infinite or beyond {LARGEST:g}; make it null."
        )
    return values


def check_index(frame: pl.DataFrame) -> None:
    """Refuse a column index that holds no names.

    Raises
    ------
    SchemaError
        If so.
    """
    if frame["index"].dtype not in (pl.String, pl.Categorical, pl.Enum, pl.Null):
        raise SchemaError(f"column index holds {frame['index'].dtype}, not names.")


def rows_of(
    frame: pl.DataFrame, indicator: Indicator, composite: Composite, extra: Sequence[str] = ()
) -> pl.DataFrame:
    """Take the rows of one indicator: the cell, a, b, value, _warning and the extra columns.

    A symmetric index has a < b, in whichever order it is listed.

    Raises
    ------
    SchemaError
        A column is missing, or a value is infinite.
    UsageError
        Several rows stand for one value.
    """
    missing = [
        name for name in (*composite.by, "a", "b", "index", "value", *extra) if name not in frame.columns
    ]
    if missing:
        raise SchemaError(f"the table has no column {', '.join(missing)}.")
    check_index(frame)
    rows = frame.filter(_chosen(frame, indicator, composite))
    warning = pl.lit(0, pl.UInt8)
    if "value_flag" in rows.columns:
        warning = pl.col("value_flag").replace_strict(
            list(WARNINGS), list(range(1, len(WARNINGS) + 1)), default=0, return_dtype=pl.UInt8
        )
    shown = rows.with_columns(
        pl.col("a", "b").cast(pl.String),
        pl.Series("value", numbers(rows, "value"), nan_to_null=True),
        warning.alias("_warning"),
    )
    if shown["a"].null_count():
        raise SchemaError(f"indicators.{indicator.name}: column a has empty values; whose are these?")
    if composite.unit != "country" and not indicator.wanted().index.directed:
        shown = shown.with_columns(a=_LOW, b=_HIGH)
    _check_once(shown, indicator, [*composite.by, "a", "b", *extra])
    return shown.select(*composite.by, "a", "b", "value", "_warning", *extra)


def units_of(parts: Iterable[pl.DataFrame], composite: Composite) -> pl.DataFrame:
    """Find all units that some indicator has rows of, sorted."""
    by = composite.by
    if composite.unit == "country":
        seen = [part.select(*by, "a") for part in parts]
    elif composite.unit == "pair":
        seen = [part.select(*by, _LOW.alias("a"), _HIGH.alias("b")) for part in parts]
    else:
        both = [(part.select(*by, "a", "b"), part.select(*by, a="b", b="a")) for part in parts]
        seen = [each for ways in both for each in ways]
    return pl.concat(seen).unique().sort(*by, *composite.unit_columns, nulls_last=True)


def ends_of(indicator: Indicator, composite: Composite) -> list[tuple[pl.Expr, ...]]:
    """Which ends of a unit are a and b of its row, for each direction."""
    if composite.unit == "country":
        return [(pl.col("a"),)]
    directed = indicator.wanted().index.directed
    forward = (pl.col("a"), pl.col("b"))
    if composite.unit == "directed_pair":
        return [forward if directed else (_LOW, _HIGH)]
    return [forward, forward[::-1]] if directed else [forward]


def ways_of(
    rows: pl.DataFrame, indicator: Indicator, composite: Composite, units: pl.DataFrame
) -> tuple[Way, ...]:
    """Values of an indicator for each unit, in each direction that it has.

    Parameters
    ----------
    rows
        Of `rows_of`.
    indicator, composite
        The declaration.
    units
        The units, sorted (n rows).
    """
    by = list(composite.by)
    ways = []
    for ends in ends_of(indicator, composite):
        names = ["a", "b"][: len(ends)]
        asked = units.select(*by, *(end.alias(name) for end, name in zip(ends, names, strict=True)))
        there = rows.select(*by, *names, "value", "_warning", pl.lit(value=True).alias("_there"))
        found = asked.join(there, on=[*by, *names], how="left", nulls_equal=True, maintain_order="left")
        found = found.with_columns(
            value=pl.when(_is_zero(found, rows, indicator, by)).then(0.0).otherwise("value")
        )
        ways.append(Way(found["value"].to_numpy().copy(), found["_warning"].fill_null(0).to_numpy()))
    return tuple(ways)


def join_ways(indicator: Indicator, ways: Sequence[Floats]) -> Floats:
    """One value of both directions, whatever their shape.

    Examples
    --------
    >>> both = [np.array([1.0, 1.0]), np.array([3.0, np.nan])]
    >>> join_ways(Indicator(name="x", group="g"), both)
    array([ 2., nan])
    >>> join_ways(Indicator(name="x", group="g", ways="any"), both)
    array([2., 1.])
    """
    if len(ways) == 1:
        return ways[0]
    x, y = ways
    if indicator.ways == "any":
        x, y = np.where(np.isnan(x), y, x), np.where(np.isnan(y), x, y)
    if indicator.join == "mean":
        return np.asarray((x + y) / 2)
    if indicator.join == "sum":
        return np.asarray(x + y)
    return np.asarray(np.minimum(x, y) if indicator.join == "min" else np.maximum(x, y))


def _chosen(frame: pl.DataFrame, indicator: Indicator, composite: Composite) -> pl.Expr:
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
    return chosen & (pl.col("b").is_null() if composite.unit == "country" else pl.col("b").is_not_null())


def _check_once(rows: pl.DataFrame, indicator: Indicator, keys: list[str]) -> None:
    if not rows.height or not rows.select(pl.struct(keys).is_duplicated().any()).item():
        return
    twice = rows.filter(pl.struct(keys).is_duplicated())
    several = [name for name in _APART if name in twice.columns and twice[name].n_unique() > 1]
    raise UsageError(
        f"indicators.{indicator.name}: several rows stand for one value, as of "
        f"{', '.join(str(each) for each in twice.select(keys).row(0) if each is not None)}; they differ in "
        f"{', '.join(several) or 'nothing that names them'}. Declare source and role, or filter the table."
    )


def _is_zero(found: pl.DataFrame, rows: pl.DataFrame, indicator: Indicator, by: list[str]) -> pl.Series:
    """Say which units without a row are 0, as the declaration has it."""
    zero = found["_there"].is_null()
    if indicator.absent == "null":
        return zero & False
    known = rows.filter(pl.col("value").is_not_null())
    if not indicator.wanted().index.directed:
        known = pl.concat([known.select(*by, "a", "b"), known.select(*by, a="b", b="a")])
    for end in ("a", "b") if indicator.absent == "zero" else ("a",):
        seen = known.select(*by, end).unique().with_columns(pl.lit(value=True).alias("_seen"))
        joined = found.select(*by, end).join(
            seen, on=[*by, end], how="left", nulls_equal=True, maintain_order="left"
        )
        zero &= joined["_seen"].fill_null(value=False)
    return zero
