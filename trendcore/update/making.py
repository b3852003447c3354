"""Rows that count -> the tables of a release: what is in scope is made anew, the rest stays as it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

import polars as pl

from trendcore.store import Anew, Ledger, Store
from trendcore.update import inputs, trade, works
from trendcore.update.method import Method
from trendcore.update.resolve import Resolved, resolve
from trendcore.update.scope import TABLE_OF, Scope
from trendcore.update.tables import Tables, tables
from trendcore.update.trade import Trade
from trendcore.update.trending import SERIES, SERIES_TABLES, changed_series, last_years, trends
from trendcore.update.workers.tallying import Apart, count_apart
from trendcore.update.works import CELL, Works

#: times a step, by its name
Step = Callable[[str], AbstractContextManager[None]]

#: small tables that are always made as a whole: others, and gates, look across cells
WHOLE: Final = ("coverage", "members", "ownership_members", "bloc_members", "set_aside")


@dataclass(frozen=True)
class Made:
    """The tables of a release that is to be published.

    Attributes
    ----------
    tables
        Name -> rows: of tables with cells those that were made anew, but for `WHOLE`.
    scope
        What was made anew.
    series
        Of which series the trends were, by `trending.SERIES`.
    """

    tables: Tables
    scope: Scope
    series: pl.Expr

    def whole(self, store: Store, name: str) -> pl.DataFrame:
        """Return a table with the cells that stay."""
        given = self.publishable()[name]
        if not isinstance(given, Anew):
            return given
        assert self.scope.base is not None
        stays = store.read(self.scope.base, name).filter(~given.replaced).collect()
        return pl.concat([given.rows, stays], how="diagonal_relaxed")

    def publishable(self) -> Mapping[str, pl.DataFrame | Anew]:
        """Return what `Store.publish` takes: rows of cells that were made anew stand beside the others."""
        if self.scope.base is None:
            return self.tables
        found: dict[str, pl.DataFrame | Anew] = {}
        for name, frame in self.tables.items():
            if name == "trends":
                found[name] = Anew(frame, self.series)
            elif set(CELL) <= set(frame.columns) and name not in WHOLE:
                found[name] = Anew(frame, self.scope.anew)
            else:
                found[name] = frame
        return found


def make(
    store: Store,
    ledger: Ledger,
    how: Method,
    scope: Scope,
    backend: str,
    step: Step,
    apart: Apart | None = None,
) -> Made:
    """Tally what is in scope and make the tables.

    Parameters
    ----------
    store, ledger
        What is stored, and which of it is ingested.
    how
        How it is counted.
    scope
        What is made anew.
    backend
        Backend of the kernels; every one gives the same bytes.
    step
        Times the steps.
    apart
        Workers that tally works; None: this process does.
    """
    counted: list[Works] = []
    flows: list[Trade] = []
    for table in ("papers", "patents", "trade"):
        with step(table):
            for feed in _feeds(ledger, scope, table):
                resolved = resolve(store, ledger, feed, table, scope.years[feed])
                if table == "trade":
                    flows.append(trade.trade(resolved, how))
                else:
                    whole = all(c.keep == "all" for c in ledger.active().values() if c.feed == feed)
                    counted.append(_works(store, ledger, table, resolved, how, whole, backend, apart))
    with step("tables"):
        stays = {name: _stays(store, scope, name) for name in WHOLE}
        made = tables(counted, flows, how, inputs.accounting(ledger), stays)
    with step("trends"):
        found, series = _trends(store, made, how, scope, backend)
    return Made(made | {"trends": found}, scope, series)


def _works(
    store: Store,
    ledger: Ledger,
    table: str,
    resolved: Resolved,
    how: Method,
    whole: bool,
    backend: str,
    apart: Apart | None,
) -> Works:
    if apart is None:
        rows = resolved.rows
        counted = works.count(table, rows, resolved.stored, how, all_works=whole, backend=backend)
    else:
        counted = count_apart(apart, store, ledger, table, resolved, how, all_works=whole)
    return works.works(table, resolved, counted)


def _feeds(ledger: Ledger, scope: Scope, table: str) -> list[str]:
    """Return the feeds of a table of rows that are in scope and have inputs."""
    fed = {content.feed for content in ledger.active().values()}
    return [feed for feed, of in TABLE_OF.items() if of == table and feed in fed and feed in scope.years]


def _stays(store: Store, scope: Scope, name: str) -> pl.DataFrame | None:
    """Return the rows of a table that are as they were published; None where there are none."""
    if scope.base is None or name not in scope.base.tables:  # without blocs there is no table of them
        return None
    return store.read(scope.base, name).filter(~scope.anew).collect()


def _trends(
    store: Store, made: Tables, how: Method, scope: Scope, backend: str
) -> tuple[pl.DataFrame, pl.Expr]:
    """Make the trends of series of which a year of the window was made anew, or that have another window."""
    if scope.base is None:
        return trends(made, how.trend_years, backend), pl.lit(value=True)
    window = last_years(made["coverage"], how.trend_years)
    before = last_years(store.read(scope.base, "coverage").collect(), how.trend_years)
    changed = changed_series(window, before, scope.anew)
    key = pl.concat_str([pl.col(name).fill_null("") for name in SERIES], separator="\x1f")
    series = key.is_in(changed.select(key).to_series().to_list())
    needed = dict(made)
    years = sorted(set(window["year"]))
    for name in SERIES_TABLES:
        if name in WHOLE:
            needed[name] = made[name].filter(series)
        else:
            rows = store.read(scope.base, name).filter(~scope.anew & pl.col("year").is_in(years) & series)
            needed[name] = pl.concat([made[name].filter(series), rows.collect()], how="diagonal_relaxed")
    needed["coverage"] = made["coverage"].filter(series)
    return trends(needed, how.trend_years, backend), series
