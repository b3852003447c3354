"""From a tally to rows with symbols: what all kinds of tally share.

A `Base` is one frame whose rows are the keys of an index table (country rows and ordered pairs, sorted by the
full key) and whose columns are the symbols of the formulas. Cells and members are numbered in the order of
their displayed values, so that rows are joined and sorted as integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from trendcore.indices.catalogue import Request

#: column names of a base that are no symbols; `_b` is 0 in rows of one country
CELL, A, B = "_cell", "_a", "_b"
COUNTRY, FORWARD, REVERSE = 0, 1, 2


@dataclass(frozen=True)
class Base:
    """Rows and symbols for one tally.

    Parameters
    ----------
    cells
        One row a cell in sorted order: ``_cell`` and the ``by`` columns.
    names
        Displayed members in byte order; code k of ``_a`` and ``_b`` is ``names[k - 1]``.
    rows
        ``_cell``, ``_a``, ``_b``, ``_kind`` (country, forward pair a < b, reverse pair) and the symbols'
        columns.
    columns
        For each request's column name, the column of each symbol.
    null_flags
        Flag of a null value by index name, where it is another one than ``not_known``.
    belongs
        Index name -> column that is not null in the rows of that index; for indices whose rows are fewer.
    """

    cells: pl.DataFrame
    names: list[str]
    rows: pl.DataFrame
    columns: Mapping[str, Mapping[str, str]]
    null_flags: Mapping[str, str] = field(default_factory=dict)
    belongs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Numbering:
    """Integer codes of a tally's cells and members."""

    by: tuple[str, ...]
    cells: pl.DataFrame
    names: list[str]

    def encode(self, frame: pl.DataFrame, **codes: str) -> pl.DataFrame:
        """Put ``_cell`` and one integer code for each of the member columns in place of the displayed values.

        Parameters
        ----------
        frame
            Rows with the ``by`` columns.
        **codes
            New column -> column with displayed members.
        """
        if self.by:
            frame = frame.join(self.cells, on=list(self.by), how="left", nulls_equal=True).drop(self.by)
        else:
            frame = frame.with_columns(pl.lit(0, pl.UInt32).alias(CELL))
        lookup = pl.DataFrame(
            {
                "_name": pl.Series(self.names, dtype=pl.String),
                "_code": pl.Series(range(1, len(self.names) + 1), dtype=pl.UInt32),
            }
        )
        for code, column in codes.items():
            frame = frame.with_columns(pl.col(column).cast(pl.String))
            frame = frame.join(lookup.rename({"_name": column, "_code": code}), on=column, how="left").drop(
                column
            )
        return frame


def number(by: tuple[str, ...], frames: list[pl.DataFrame], member_columns: list[pl.Series]) -> Numbering:
    """Give numbers to the cells of some frames and the members of some columns, in sorted order."""
    if by:
        keys = pl.concat([frame.select(by) for frame in frames], how="vertical_relaxed")
        cells = keys.unique().sort(by).with_row_index(CELL)
    else:
        cells = pl.DataFrame({CELL: pl.Series([0], dtype=pl.UInt32)})
    members = pl.concat([column.cast(pl.String).rename("member") for column in member_columns])
    return Numbering(by, cells, members.unique().drop_nulls().sort().to_list())


def kind_of_row() -> pl.Expr:
    """Kind of a base row from its codes: country, forward pair (a < b) or reverse pair."""
    return (
        pl.when(pl.col(B) == 0)
        .then(COUNTRY)
        .when(pl.col(A) < pl.col(B))
        .then(FORWARD)
        .otherwise(REVERSE)
        .cast(pl.UInt8)
        .alias("_kind")
    )


def both_ways(pairs: pl.DataFrame, swaps: Mapping[str, str]) -> pl.DataFrame:
    """Add the reverse row of each pair; `swaps` names the columns that change places besides a and b."""
    reverse = pairs.rename({A: B, B: A, **swaps, **{new: old for old, new in swaps.items()}})
    return pl.concat([pairs, reverse.select(pairs.columns)])


def any_pair(wanted: list[Request]) -> bool:
    """Whether a request speaks of pairs."""
    return any(each.index.subject == "pair" for each in wanted)


def any_country(wanted: list[Request]) -> bool:
    """Whether a request speaks of single countries."""
    return any(each.index.subject == "country" for each in wanted)
