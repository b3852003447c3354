"""Indices of a tally: long tables (a value a row), wide tables (an index a column), and their conventions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import polars as pl

from trendcore.errors import UsageError
from trendcore.indices.base import COUNTRY
from trendcore.indices.catalogue import IndexName, request, requests
from trendcore.indices.evaluated import FLAG_CODE, check_names, evaluate, universe_of_row
from trendcore.indices.model import SMALL_COUNT, VALUE_FLAGS

if TYPE_CHECKING:
    from trendcore.tallies import Tally, TallyMeta, TradeTally


def compute(
    tally: Tally | TradeTally, indices: Sequence[IndexName] | None = None, *, zeros: bool | None = None
) -> pl.DataFrame:
    """Compute the indices of every cell and pair as a long table, with the conventions of each value.

    Parameters
    ----------
    tally
        Counts, of `trendcore.tally`, `trendcore.tally_trade` or `Tally.from_frames`.
    indices
        What to compute: ``"salton"``, ``("salton", "links")`` or ``"salton:links"`` for another marginal
        system, ``("joint", "newman")`` for another counting scheme. None: every index of the tally's kind
        that it feeds, each with its default marginals; `skipped` says which are left out and why.
    zeros
        Give a row also to each pair of members that have works in the cell and none together. None: where the
        tally has at most 256 members; never for a tally of a bloc.

    Returns
    -------
    pl.DataFrame
        ``by`` columns, a, b, index, value, value_flag, counting, marginals, universe, neutral, policy; sorted
        by the ``by`` columns, a, b, index, counting, marginals. Symmetric indices stand once with a < b (byte
        order), directed ones both ways, indices of one country with b null. A value is finite or null;
        ``value_flag`` says why it is null (see `trendcore.indices.model`), or ``small_count`` beside a value
        of fewer than 5 works.

    Raises
    ------
    UnknownIndexError
        If no index has a name asked for.
    UsageError
        If an index needs another kind of tally, marginal system or weighting.

    Examples
    --------
    >>> import trendcore as tc
    >>> works = pl.DataFrame(
    ...     {"year": [2022, 2022, 2022], "countries": [["JP", "US"], ["JP", "KR", "US"], ["JP"]]}
    ... )
    >>> tally = tc.tally(works, members="countries", by=["year"])
    >>> compute(tally, ["joint", "share"]).select("a", "b", "index", "value").head(4)
    shape: (4, 4)
    ┌─────┬─────┬───────┬───────┐
    │ a   ┆ b   ┆ index ┆ value │
    │ --- ┆ --- ┆ ---   ┆ ---   │
    │ str ┆ str ┆ str   ┆ f64   │
    ╞═════╪═════╪═══════╪═══════╡
    │ JP  ┆ KR  ┆ joint ┆ 1.0   │
    │ JP  ┆ KR  ┆ share ┆ 0.5   │
    │ JP  ┆ US  ┆ joint ┆ 2.0   │
    │ JP  ┆ US  ┆ share ┆ 1.0   │
    └─────┴─────┴───────┴───────┘
    """
    return evaluate(tally, indices, zeros=zeros).long()


def compute_wide(
    tally: Tally | TradeTally, indices: Sequence[IndexName] | None = None, *, zeros: bool | None = False
) -> pl.DataFrame:
    """Compute the indices of every cell and pair as a wide table, one Float64 column an index.

    Parameters
    ----------
    tally, indices, zeros
        As for `compute`, but that pairs without joint works are left out unless ``zeros=True``.

    Returns
    -------
    pl.DataFrame
        ``by`` columns, a, b, then one column for each index, named as in `conventions`; ``joint`` is Int64.
        Where a directed index is asked for, each pair has a row each way: ``joint`` stands in both, other
        symmetric indices only in the row with a < b. An ``<index>__flag`` column stands beside an index that
        has a flag other than ``small_count``, which follows from ``joint``.

    Examples
    --------
    >>> import trendcore as tc
    >>> works = pl.DataFrame(
    ...     {"year": [2022, 2022, 2022], "countries": [["JP", "US"], ["JP", "KR", "US"], ["JP"]]}
    ... )
    >>> wide = compute_wide(tc.tally(works, members="countries", by=["year"]), ["joint", "salton"])
    >>> wide.columns, wide["joint"].to_list()
    (['year', 'a', 'b', 'joint', 'salton'], [1, 2, 1])
    """
    found = evaluate(tally, indices, zeros=zeros)
    columns: list[pl.Expr] = []
    for number, each in enumerate(found.wanted):
        if each.column == "joint":
            columns.append(
                pl.when(pl.col("_kind") != COUNTRY).then(pl.col("joint")).cast(pl.Int64).alias("joint")
            )
            continue
        columns.append(pl.when(pl.col(f"_k{number}")).then(pl.col(f"_v{number}")).alias(each.column))
        flag = pl.when(pl.col(f"_k{number}")).then(pl.col(f"_f{number}"))
        if each.index.subject == "pair":
            flag = pl.when(flag != FLAG_CODE["small_count"]).then(flag)
        if found.rows.select((flag > 0).any()).item():
            columns.append(_flag_names(flag).alias(f"{each.column}__flag"))
    table = found.rows.select(columns)
    check_names(tally.meta.by, table.columns)
    return found.keys(found.rows).with_columns(table)


def conventions(meta: TallyMeta, indices: Sequence[IndexName] | None = None) -> pl.DataFrame:
    """Conventions of the columns of a wide table, one row an index.

    Returns
    -------
    pl.DataFrame
        column (its name in the wide table), index, counting, marginals, universe, neutral, neutral_rule,
        directed, subject, policy, formula, range, source, notes; sorted by index, counting, marginals.

    Examples
    --------
    >>> import trendcore as tc
    >>> works = pl.DataFrame({"year": [2022], "countries": [["JP", "US"]]})
    >>> conventions(tc.tally(works, members="countries", by=["year"]).meta, ["ric:links"]).row(0)[:6]
    ('ric:links', 'ric', 'full', 'links', 'all', 0.5)
    """
    wanted = requests(meta, indices)
    rows = [
        {
            "column": each.column,
            "index": each.index.name,
            "counting": each.counting,
            "marginals": each.marginals,
            "universe": meta.universe,
            "neutral": each.index.neutral_value(each.marginals),
            "neutral_rule": each.index.neutral,
            "directed": each.index.directed or (meta.kind == "directed" and each.index.subject == "pair"),
            "subject": each.index.subject,
            "policy": meta.policy,
            "formula": each.index.formula,
            "range": each.index.range,
            "source": each.index.source,
            "notes": each.index.notes,
        }
        for each in wanted
    ]
    text = ("column", "index", "counting", "marginals", "universe", "neutral_rule", "subject", "policy")
    schema = dict.fromkeys(rows[0] if rows else text, pl.String) | {
        "neutral": pl.Float64,
        "directed": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=cast("Any", schema))


def to_long(wide: pl.LazyFrame, table: pl.DataFrame, by: Sequence[str]) -> pl.LazyFrame:
    """Long form of a wide table, lazily: the rows of `compute` for its keys, unsorted.

    Parameters
    ----------
    wide
        A table of `compute_wide`, and beside each index its interval where there is one: ``<index>__lo``,
        ``<index>__hi``, ``<index>__interval`` of rows whose method is not that of the index, and
        ``<index>__interval_flag`` where it does not follow from ``joint``. Other columns are left out.
    table
        Its `conventions`; only the indices of its rows are given. With a column ``interval``, the method of
        the intervals of each index, the result has lo, hi, interval and interval_flag too.
    by
        The key columns before a and b.

    Returns
    -------
    pl.LazyFrame
        The columns of `compute`. Add ``.sort(*by, "a", "b", "index")`` where the order matters.

    Examples
    --------
    >>> import trendcore as tc
    >>> works = pl.DataFrame({"year": [2022], "countries": [["JP", "US"]]})
    >>> tally = tc.tally(works, members="countries", by=["year"])
    >>> to_long(compute_wide(tally).lazy(), conventions(tally.meta, ["ric"]), ["year"]).collect()[
    ...     "b"
    ... ].sort().to_list()
    ['JP', 'US']
    """
    names = wide.collect_schema().names()
    parts = []
    for row in table.iter_rows(named=True):
        if row["column"] not in names:
            continue
        value, small = pl.col(row["column"]).cast(pl.Float64), None
        if "joint" in names and row["column"] != "joint" and request(row["index"]).index.small is not None:
            small = (pl.col("joint") < SMALL_COUNT) & value.is_not_null()
        flag = _flag(f"{row['column']}__flag", names, small)
        once = pl.lit(True) if row["directed"] or row["subject"] == "country" else pl.col("a") < pl.col("b")
        parts.append(
            wide.filter(once)
            .select(
                *by,
                "a",
                "b",
                pl.lit(row["index"]).alias("index"),
                value.alias("value"),
                flag.alias("value_flag"),
                *(_interval(row, names, small) if "interval" in row else ()),
                *[pl.lit(row[name], pl.String).alias(name) for name in ("counting", "marginals")],
                universe_of_row(row["universe"]).alias("universe"),
                pl.lit(row["neutral"], pl.Float64).alias("neutral"),
                pl.lit(row["policy"], pl.String).alias("policy"),
            )
            .filter(pl.col("value").is_not_null() | pl.col("value_flag").is_not_null())
        )
    if not parts:
        raise UsageError("none of the indices of the conventions table is a column of the wide table.")
    return pl.concat(parts)


def _flag(name: str, names: Sequence[str], small: pl.Expr | None) -> pl.Expr:
    """Flag of a row: the stored one, or small_count where that follows from joint."""
    stored = pl.col(name) if name in names else pl.lit(None, pl.String)
    if small is None:
        return stored
    return pl.when(small & stored.is_null()).then(pl.lit("small_count")).otherwise(stored)


def _interval(row: Mapping[str, Any], names: Sequence[str], small: pl.Expr | None) -> list[pl.Expr]:
    """Columns of the interval of an index; where a row has no method of its own it is that of the index."""
    column = row["column"]
    if f"{column}__lo" not in names:
        text = ("interval", "interval_flag")
        none = {"lo": pl.Float64, "hi": pl.Float64} | dict.fromkeys(text, pl.String)
        return [pl.lit(None, dtype).alias(name) for name, dtype in none.items()]
    lo, hi = pl.col(f"{column}__lo"), pl.col(f"{column}__hi")
    there = lo.is_not_null() | hi.is_not_null()
    method = pl.lit(row["interval"], pl.String)
    if f"{column}__interval" in names:
        own = pl.col(f"{column}__interval")
        # a method of its own is an exact one, which small counts do not harm
        small = None if small is None else small & own.is_null()
        method = pl.coalesce(own, method)
    flag = _flag(f"{column}__interval_flag", names, None if small is None else small & there)
    return [
        lo.alias("lo"),
        hi.alias("hi"),
        pl.when(there).then(method).alias("interval"),
        flag.alias("interval_flag"),
    ]


def _flag_names(code: pl.Expr) -> pl.Expr:
    names = pl.Series("flag", [None, *VALUE_FLAGS], dtype=pl.String)
    return pl.lit(names).gather(code.fill_null(0))
