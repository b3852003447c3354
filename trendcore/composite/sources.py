"""Where the values of a trial are from: the table, other tables, other measures, bootstrap replicates.

Each is read once, when a draw first asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.composite.declaration import Composite, Group, Indicator, Vary
from trendcore.composite.panel import Panel, collected, panel_of
from trendcore.composite.replicates import count_of, replicates_of
from trendcore.errors import UsageError

Floats = npt.NDArray[np.float64]
Table = pl.DataFrame | pl.LazyFrame


class Sources:
    """Values of indicators for the units of one panel.

    Parameters
    ----------
    table
        The table of the panel.
    composite
        The declaration.
    denominators
        What indicators are divided by.
    tables
        Name -> other table that may stand in the place of the table.
    replicates
        Bootstrap replicates of the table.
    """

    def __init__(
        self,
        table: Table,
        composite: Composite,
        denominators: pl.DataFrame | None,
        tables: Mapping[str, Table] | None,
        replicates: Table | None,
    ) -> None:
        if tables is not None and not isinstance(tables, Mapping):
            raise UsageError(f"tables: names and tables, not {type(tables).__name__}")
        if tables and replicates is not None:
            raise UsageError(
                "replicates are of one table; with other tables too a draw would mix them. Vary the measure "
                "(vary.measure) within the table and its replicates instead."
            )
        self.composite = composite
        self._table = collected(table, "the table")
        self._denominators = denominators
        self._tables = {name: collected(each, f"tables.{name}") for name, each in (tables or {}).items()}
        self._replicates = None if replicates is None else collected(replicates, "replicates")
        #: number of replicates, 0 where none are given
        self.count = 0 if self._replicates is None else count_of(self._replicates)
        self.panel = panel_of(self._table, composite, denominators)
        self._values: dict[tuple[int, str | None, str | None], Floats] = {}
        self._arrays: dict[tuple[int, str | None], Floats | None] = {}

    def narrow(self, keep: npt.NDArray[np.bool_]) -> None:
        """Keep only some rows of the panel, before any value is asked for."""
        self.panel = self.panel.rows(keep, self.composite.by)

    def values(self, number: int, table: str | None = None, measure: str | None = None) -> Floats:
        """Values of an indicator (n,), in another table or by another measure where one is named.

        Raises
        ------
        UsageError
            There is no value at all.
        """
        if table is None and measure is None:
            return self.panel.values[:, number]
        key = (number, table, measure)
        if key not in self._values:
            self._values[key] = self._other(number, table, measure)[1].values[:, 0]
        return self._values[key]

    def replicates(self, number: int, measure: str | None = None) -> Floats | None:
        """Replicates of an indicator (count, n); None where it has none, as trade.

        Raises
        ------
        UsageError
            Another measure has none where the declared one has, or units are missing among them.
        """
        if self._replicates is None:
            return None
        key = (number, measure)
        if key not in self._arrays:
            indicator = self.composite.indicators[number]
            if measure is None:
                of, panel, place = self.composite, self.panel, number
            else:
                of, panel = self._other(number, None, measure)
                place = 0
            made = replicates_of(self._replicates, panel, of, place, self.count)
            if made is None and measure is not None and self.replicates(number) is not None:
                raise UsageError(
                    f"vary.measure.{indicator.name}: {measure} has no replicates, the declared index has."
                )
            self._arrays[key] = made
        return self._arrays[key]

    def check_replicates(self) -> None:
        """Refuse replicates that are of no indicator.

        Raises
        ------
        UsageError
            If so.
        """
        if self.count and all(self.replicates(each) is None for each in range(len(self.composite.names))):
            raise UsageError("the replicates are of no indicator of the declaration.")

    def _other(self, number: int, table: str | None, measure: str | None) -> tuple[Composite, Panel]:
        """Panel of one indicator by itself, in another table or by another measure."""
        indicator = self.composite.indicators[number]
        frame = self._table if table is None else self._tables[table]
        if measure is not None and indicator.index is not None:
            indicator = msgspec.structs.replace(indicator, index=measure)
        elif measure is not None:
            if measure not in frame.columns:
                raise UsageError(f"vary.measure.{indicator.name}: the table has no column {measure!r}.")
            frame = frame.with_columns(pl.col(measure).alias(indicator.name))
        alone = _alone(self.composite, indicator)
        panel = panel_of(frame, alone, self._denominators, units=self.panel.units)
        if np.isnan(panel.values).all():
            where = "the table" if table is None else f"table {table!r}"
            raise UsageError(f"{where} has no value of {measure or indicator.index or indicator.name}.")
        return alone, panel


def _alone(composite: Composite, indicator: Indicator) -> Composite:
    """Declare one indicator by itself, in the cells and units of the composite."""
    group = f"_{indicator.name}"  # no column of a key begins so
    return msgspec.structs.replace(
        composite,
        indicators=(msgspec.structs.replace(indicator, group=group),),
        groups=(Group(name=group),),
        impute=None,
        vary=Vary(),
    )
