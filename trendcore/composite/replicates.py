"""Bootstrap replicates of indicators: a long table with a replicate column -> one array an indicator."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.composite.declaration import Composite, Indicator
from trendcore.composite.long_rows import check_index, ends_of, join_ways, numbers, rows_of
from trendcore.composite.panel import Panel, check_free, divided, like
from trendcore.errors import SchemaError, UsageError

Floats = npt.NDArray[np.float64]


def count_of(frame: pl.DataFrame) -> int:
    """Count the replicates of a table.

    Raises
    ------
    SchemaError
        There is no column replicate of whole numbers from 0 without a gap.
    UsageError
        There are fewer than two.
    """
    if "replicate" not in frame.columns or not frame["replicate"].dtype.is_integer():
        raise SchemaError("a table of replicates needs a column replicate of whole numbers.")
    found = frame["replicate"].drop_nulls().unique().sort()
    if found.len() < 2:
        raise UsageError("one replicate is no distribution; give at least two, better a thousand.")
    if found[0] != 0 or found[-1] != found.len() - 1 or frame["replicate"].null_count():
        raise SchemaError(f"replicates are numbered 0, 1, 2, ...; here {found[0]} to {found[-1]}.")
    return found.len()


def replicates_of(
    frame: pl.DataFrame, panel: Panel, composite: Composite, number: int, count: int
) -> Floats | None:
    """Values of one indicator in each replicate (count, n); None where the table does not have it.

    Parameters
    ----------
    frame
        Columns of the cell, a, b (or the unit's own), index, value, replicate, and what else names a row.
    panel
        The units and what the table itself says of them. A value that no replicate speaks of, as a zero of a
        pair without joint works, stays as it is; so does a cell outside of the replicates.
    composite
        The declaration.
    number
        Number of the indicator.
    count
        Number of replicates.

    Raises
    ------
    UsageError
        Replicates lack a unit that the table has a value of, in a cell that they do speak of; or a column of
        the cell or the unit has the name of another one of theirs.
    """
    indicator = composite.indicators[number]
    check_free(composite, ("replicate", "index", "value"), "a table of replicates")
    if composite.unit == "own":
        rows = _own_rows(frame, indicator, composite)
        ends = [tuple(pl.col(name) for name in composite.unit_columns)]
    else:
        rows, ends = rows_of(frame, indicator, composite, ("replicate",)), ends_of(indicator, composite)
    if rows.is_empty():
        return None
    rows = like(rows, panel.units, composite.key_columns if composite.unit == "own" else composite.by)
    names = list(composite.unit_columns)
    places = panel.units.with_row_index("_row")
    ways, spoken = [], np.zeros(panel.height, dtype=np.bool_)
    for of_unit, nominal in zip(ends, panel.ways[number], strict=True):
        asked = places.select(
            "_row", *composite.by, *(end.alias(name) for end, name in zip(of_unit, names, strict=True))
        )
        found = rows.join(asked, on=[*composite.by, *names], how="inner", nulls_equal=True)
        where, draw = found["_row"].to_numpy(), found["replicate"].to_numpy()
        has = np.zeros(panel.height, dtype=np.bool_)
        has[where] = True
        values = np.tile(np.where(has, np.nan, nominal), (count, 1))
        values[draw, where] = found["value"].to_numpy()
        _check_spoken(panel, indicator, has, nominal)
        ways.append(values)
        spoken |= has
    if not spoken.any():
        return None
    return divided(join_ways(indicator, ways), panel.divisors[number])


def _check_spoken(panel: Panel, indicator: Indicator, has: npt.NDArray[np.bool_], nominal: Floats) -> None:
    """Refuse cells of which only some values have replicates: the others would seem to be sure."""
    sizes = np.diff(panel.cells)
    cell = np.repeat(np.arange(sizes.size), sizes)
    some = np.zeros(sizes.size, dtype=np.bool_)
    some[cell[has]] = True
    # a 0 may be one of a pair without joint works, which no replicate can make more of
    bare = some[cell] & ~has & ~np.isnan(nominal) & (nominal != 0)
    if bare.any():
        first = panel.units.row(int(np.argmax(bare)))
        raise UsageError(
            f"replicates of {indicator.name} lack {int(bare.sum())} of the units that the table has, such as "
            f"{', '.join(str(each) for each in first)}: they would be taken for certain."
        )


def _own_rows(frame: pl.DataFrame, indicator: Indicator, composite: Composite) -> pl.DataFrame:
    keys = [*composite.by, *composite.unit_columns]
    missing = [name for name in (*keys, "index", "value") if name not in frame.columns]
    if missing:
        raise SchemaError(f"the table of replicates has no column {', '.join(missing)}.")
    check_index(frame)
    rows = frame.filter(pl.col("index") == indicator.name)
    if rows.height and rows.select(pl.struct(*keys, "replicate").is_duplicated().any()).item():
        raise UsageError(f"replicates of {indicator.name}: two rows stand for one value.")
    return rows.select(*keys, pl.Series("value", numbers(rows, "value"), nan_to_null=True), "replicate")
