"""What the gates share: the tables that they look at, sums by cell, and failing rows in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from trendcore.gates.results import MOST_CASES, Case, Found

Tables = Mapping[str, pl.DataFrame]

CELL: Final = ["source", "role", "field", "year"]
_RUN: Final = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in CELL).cum_sum()


@dataclass(frozen=True)
class Seen:
    """What gates look at.

    Attributes
    ----------
    tables
        Tables of the new release; those by cell hold only cells that were made anew.
    before
        Tables of the last release that are compared with; None where there is none.
    """

    tables: Tables
    before: Tables | None = None

    def pair_of(self, name: str) -> tuple[pl.DataFrame, pl.DataFrame] | None:
        """Return a table of the last release and of this one; None where there is none to compare."""
        if self.before is None or name not in self.before or name not in self.tables:
            return None
        return self.before[name], self.tables[name]


def by_cell(frame: pl.DataFrame, *sums: pl.Expr) -> pl.DataFrame:
    """Add up by cell; quick where the rows of a cell stand together, right in any order.

    Examples
    --------
    >>> frame = pl.DataFrame({"source": "s", "role": "r", "field": "f", "year": [1, 1, 2], "n": [1, 2, 5]})
    >>> by_cell(frame, pl.col("n").sum())["n"].to_list()
    [3, 5]
    """
    runs = frame.group_by(_RUN.alias("run"), maintain_order=True).agg(
        *(pl.col(name).first() for name in CELL), *sums
    )
    return runs.drop("run").group_by(CELL, maintain_order=True).agg(pl.all().sum())


def numbered(frame: pl.DataFrame, cells: pl.DataFrame) -> pl.Series:
    """Return the place of each row's cell in a table that has each cell once; null where it is not there."""
    run = frame.select(_RUN.alias("run"))["run"]
    starts = run.ne(run.shift()).fill_null(value=True).arg_true()
    heads = frame.select(CELL).select(pl.all().gather(starts))
    places = heads.join(
        cells.select(CELL).with_row_index("place"), on=CELL, how="left", maintain_order="left"
    )
    return places["place"].gather(run - 1).cast(pl.Int64)


def ascending(frame: pl.DataFrame, key: Sequence[str]) -> bool:
    """Whether each row is above the one before by its key: then none is there twice and none is null.

    Examples
    --------
    >>> frame = pl.DataFrame({"a": [1, 1, 2], "b": [1, 2, 1]})
    >>> ascending(frame, ["a", "b"]), ascending(frame, ["a"]), ascending(frame, ["b", "a"])
    (True, False, False)
    """
    above = pl.lit(value=False)
    for name in reversed(key):
        here, last = pl.col(name), pl.col(name).shift()
        above = (here > last) | ((here == last) & above)
    nulls = pl.sum_horizontal(pl.col(name).null_count() for name in key)
    found = frame.select(above=above.slice(1).all(ignore_nulls=True), nulls=nulls)
    return bool(found["above"][0]) and not found["nulls"][0]


def failing(frame: pl.DataFrame, name: str, wrong: pl.Expr, shown: Sequence[str]) -> Found:
    """Count the rows for which an expression holds, and write down the first ones."""
    bad = frame.filter(wrong)
    there = [column for column in shown if column in frame.columns]
    cases = []
    for row in bad.head(MOST_CASES).select(there).iter_rows(named=True):
        words = ", ".join(f"{column} {value}" for column, value in row.items())
        cases.append(Case(f"{name}: {words}"))
    return Found(frame.height, bad.height, bad.height, tuple(cases))


def together(found: Sequence[Found]) -> Found:
    """Add up what several looks found."""
    cases = tuple(case for each in found for case in each.cases)
    failed = sum(each.failed for each in found)
    return Found(sum(each.checked for each in found), failed, failed, cases[:MOST_CASES])
