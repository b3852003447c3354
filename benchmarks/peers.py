"""The pair tally as experts of other tools would write it; each gives the rows of `trendcore.tally`.

Input of each: a frame with field (UInt8), year (Int16) and members (List of UInt8, repeated and unsorted).
Output of each: joint works of each pair and works of each member, by field and year, sorted.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl
import scipy.sparse as sp

BY = ["field", "year"]


@dataclass(frozen=True)
class Answer:
    """Counts in one form, so that peers can be compared: all Int64, sorted."""

    pairs: pl.DataFrame
    members: pl.DataFrame


def _answer(pairs: pl.DataFrame, members: pl.DataFrame) -> Answer:
    return Answer(
        pairs.select(pl.all().cast(pl.Int64)).sort(*BY, "a", "b"),
        members.select(pl.all().cast(pl.Int64)).sort(*BY, "member"),
    )


def with_polars(works: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Run in the streaming engine: distinct members of each work, then a self-join of works of two or more.

    The fastest at 2e7 works of the forms tried: distinct (work, member) rows joined with themselves; sets
    counted, then paired; positions of a set paired; pairs as lists.
    """
    sets = works.lazy().with_row_index("work").with_columns(pl.col("members").list.unique())
    rows = _exploded(sets)
    several = _exploded(sets.filter(pl.col("members").list.len() > 1))
    members = rows.group_by(*BY, member="a").agg(works=pl.len())
    pairs = (
        several.join(several.select("work", b="a"), on="work")
        .filter(pl.col("a") < pl.col("b"))
        .group_by(*BY, "a", "b")
        .agg(joint=pl.len())
    )
    found = pl.collect_all([pairs, members], engine="streaming")
    return found[0], found[1]


def _exploded(sets: pl.LazyFrame) -> pl.LazyFrame:
    return sets.explode("members", empty_as_null=False, keep_nulls=False).rename({"members": "a"})


def with_duckdb(works: pl.DataFrame, threads: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Keep distinct members of each work as a list, pair the works of two or more by unnesting twice."""
    with duckdb.connect(config={"threads": threads}) as connection:
        connection.register("works", works.to_arrow())
        connection.execute(
            "create temp table sets as select field, year, list_distinct(members) as members from works"
        )
        members = connection.sql(
            "select field, year, member, count(*) as works from"
            " (select field, year, unnest(members) as member from sets) group by all"
        ).pl()
        pairs = connection.sql(
            "with ends as"
            " (select field, year, members, unnest(members) as a from sets where len(members) > 1),"
            " couples as (select field, year, a, unnest(members) as b from ends)"
            " select field, year, a, b, count(*) as joint from couples where a < b group by all"
        ).pl()
    return pairs, members


def with_scipy(works: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Multiply the works x members matrix of each cell with its transpose."""
    order = works.select(pl.arg_sort_by(BY)).to_series()
    ordered = works[order]
    lists = ordered["members"]
    offsets = np.concatenate([[0], lists.list.len().cum_sum().to_numpy()]).astype(np.int64)
    codes = lists.explode(empty_as_null=False, keep_nulls=False).to_numpy()
    sizes = ordered.group_by(BY, maintain_order=True).len()
    n_members = int(codes.max()) + 1
    pairs, members = [], []
    start = 0
    for field, year, n in sizes.iter_rows():
        stop = start + n
        indices = codes[offsets[start] : offsets[stop]].astype(np.int32)
        matrix = sp.csr_matrix(
            (np.ones(len(indices), np.int32), indices, offsets[start : stop + 1] - offsets[start]),
            shape=(n, n_members),
        )
        matrix.sum_duplicates()
        matrix.data[:] = 1
        product = (matrix.T @ matrix).tocoo()
        row, column, count = product.row, product.col, product.data
        upper, diagonal = row < column, row == column
        cell = {"field": field, "year": year}
        pairs.append(_cell(cell, {"a": row[upper], "b": column[upper], "joint": count[upper]}))
        members.append(_cell(cell, {"member": row[diagonal], "works": count[diagonal]}))
        start = stop
    return pl.concat(pairs), pl.concat(members)


def _cell(cell: dict[str, int], columns: dict[str, np.ndarray]) -> pl.DataFrame:
    frame = pl.DataFrame(columns)
    return frame.select(*(pl.lit(value).alias(name) for name, value in cell.items()), pl.all())


def answer(found: tuple[pl.DataFrame, pl.DataFrame]) -> Answer:
    """Bring a peer's result into the one form."""
    return _answer(*found)
