"""The pair tally as experts of other tools would write it: joint works of pairs, and works of members.

Input of each: a frame with field (UInt8), year (Int16) and members (lists of codes, repeated and unsorted).
DuckDB and SciPy are imported on use: only those who compare need them.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import polars as pl

#: pairs (field, year, a, b, joint) and members (field, year, member, works)
Counted = tuple[pl.DataFrame, pl.DataFrame]

_BY: Final = ["field", "year"]


def with_polars(works: pl.DataFrame) -> Counted:
    """Run in the streaming engine: distinct members of each work, and each of them beside each.

    The fastest of the forms tried, by processor time at 5e6 works. Longer by 40 % and more: rows of (work,
    member) joined with themselves by work, in the streaming and in the in-memory engine; equal lists, or
    equal sets, grouped and counted first; lists packed into one number and counted by that; works of one
    member counted apart. The same time: the sets collected before they are paired; cells as one number.

    Examples
    --------
    >>> frame = pl.DataFrame({"field": [0], "year": [2000], "members": [[3, 1, 3]]})
    >>> [counted.rows() for counted in with_polars(frame)][0]
    [(0, 2000, 1, 3, 1)]
    """
    sets = works.lazy().with_columns(pl.col("members").list.unique())
    several = sets.filter(pl.col("members").list.len() > 1)
    couples = _exploded(_exploded(several.select(*_BY, a="members", b="members"), "a"), "b")
    pairs = couples.filter(pl.col("a") < pl.col("b")).group_by(*_BY, "a", "b").agg(joint=pl.len())
    members = _exploded(sets, "members").group_by(*_BY, member="members").agg(works=pl.len())
    found = pl.collect_all([pairs, members], engine="streaming")
    return found[0], found[1]


def _exploded(rows: pl.LazyFrame, name: str) -> pl.LazyFrame:
    return rows.explode(name, empty_as_null=False, keep_nulls=False)


def with_duckdb(works: pl.DataFrame, threads: int) -> Counted:
    """Count equal lists first, then pair the distinct members of each by unnesting twice.

    As its guide to performance advises, the order of rows is not preserved. The fastest of the forms tried,
    by processor time at 5e6 works. Longer: distinct members of each work without counting lists first, with
    and without that order; sets sorted, then counted; lists packed into one number and counted by that; rows
    of (work, member) made distinct and joined with themselves.
    """
    import duckdb

    with duckdb.connect(config={"threads": threads, "preserve_insertion_order": False}) as connection:
        connection.register("works", works.to_arrow())
        connection.execute(
            "create temp table lists as select field, year, members, count(*) as n from works group by all"
        )
        connection.execute(
            "create temp table sets as select field, year, list_distinct(members) as members, n from lists"
        )
        members = connection.sql(
            "select field, year, member, sum(n)::bigint as works from"
            " (select field, year, n, unnest(members) as member from sets) group by all"
        ).pl()
        pairs = connection.sql(
            "with ends as"
            " (select field, year, n, members, unnest(members) as a from sets where len(members) > 1),"
            " couples as (select field, year, n, a, unnest(members) as b from ends)"
            " select field, year, a, b, sum(n)::bigint as joint from couples where a < b group by all"
        ).pl()
    return pairs, members


def with_scipy(works: pl.DataFrame) -> Counted:
    """Multiply one works x (cells x members) matrix with its transpose: blocks of cells, nothing to sort.

    Only works of two members or more go into the product; members are counted from the matrix's indices. The
    fastest of the forms tried, by processor time at 5e6 works. Longer: a product for each cell, works sorted
    by cell first; the same without works of one member; all works in one product, members from its diagonal.
    Where columns are more than entries, those without entries are left out: a product looks at every column.

    Examples
    --------
    >>> frame = pl.DataFrame({"field": [0], "year": [2000], "members": [[3, 1, 3]]})
    >>> [counted.rows() for counted in with_scipy(frame)]
    [[(0, 2000, 1, 3, 1)], [(0, 2000, 1, 1), (0, 2000, 3, 1)]]
    """
    import scipy.sparse as sp

    lists = works["members"]
    lengths = lists.list.len().to_numpy()
    codes = lists.explode(empty_as_null=False, keep_nulls=False).to_numpy()
    year = works["year"].to_numpy().astype(np.int64)
    first = int(year.min())
    n_years = int(year.max()) - first + 1
    n_members = int(codes.max()) + 1
    cell = works["field"].to_numpy() * n_years + (year - first)
    n_columns = (int(cell.max()) + 1) * n_members
    # numbers of 32 bits where they suffice: half the bytes to sort and to multiply
    index = np.int32 if max(n_columns, len(codes)) < 1 << 31 else np.int64
    columns = np.repeat((cell * n_members).astype(index), lengths)
    columns += codes.astype(index, copy=False)
    if n_columns > len(columns):
        used, columns = np.unique(columns, return_inverse=True)
        columns = columns.astype(index)
    else:
        used = np.arange(n_columns)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(index)
    ones = np.ones(len(columns), np.int32)
    matrix = sp.csr_matrix((ones, columns, starts), shape=(works.height, len(used)))
    matrix.sum_duplicates()
    matrix.data[:] = 1
    works_of = np.bincount(matrix.indices, minlength=len(used))
    several = matrix[np.flatnonzero(np.diff(matrix.indptr) > 1)]
    joint = sp.triu(several.T @ several, 1).tocoo()
    a, b, some = used[joint.row], used[joint.col], np.flatnonzero(works_of)

    def cells(of: Any) -> dict[str, Any]:
        field, year = np.divmod(of // n_members, n_years)
        return {"field": field, "year": year + first}

    pairs = cells(a) | {"a": a % n_members, "b": b % n_members, "joint": joint.data}
    members = cells(used[some]) | {"member": used[some] % n_members, "works": works_of[some]}
    return pl.DataFrame(pairs), pl.DataFrame(members)
