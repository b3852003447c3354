"""Indices of a tally: long tables (a value a row), wide tables (an index a column), and their conventions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.errors import UsageError
from trendcore.indices.base import CELL, COUNTRY, FORWARD, A, B, Base
from trendcore.indices.base_directed import directed_base
from trendcore.indices.base_trade import trade_base
from trendcore.indices.base_works import works_base
from trendcore.indices.catalogue import IndexName, Request, request, requests
from trendcore.indices.model import SMALL_COUNT, VALUE_FLAGS

if TYPE_CHECKING:
    from trendcore.tallies import Tally, TallyMeta, TradeTally

#: with at most this many members, pairs that never met get their rows by default
DENSE_MEMBERS = 256

#: code of each flag in the columns that `_evaluate` adds; 0 stands for none
_CODE = {flag: code for code, flag in enumerate(VALUE_FLAGS, start=1)}


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
    wanted = requests(tally.meta, indices)
    base = _base(tally, wanted, zeros=zeros)
    evaluated = _evaluate(base, wanted, tuple(tally.meta.by), directed=tally.meta.kind == "directed")
    return _long(base, evaluated, wanted, tally.meta)


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
    wanted = requests(tally.meta, indices)
    base = _base(tally, wanted, zeros=zeros)
    evaluated = _evaluate(base, wanted, tuple(tally.meta.by), directed=tally.meta.kind == "directed")
    columns: list[pl.Expr] = []
    for number, each in enumerate(wanted):
        if each.column == "joint":
            columns.append(
                pl.when(pl.col("_kind") != COUNTRY).then(pl.col("joint")).cast(pl.Int64).alias("joint")
            )
            continue
        columns.append(pl.when(pl.col(f"_k{number}")).then(pl.col(f"_v{number}")).alias(each.column))
        flag = pl.when(pl.col(f"_k{number}")).then(pl.col(f"_f{number}"))
        if each.index.subject == "pair":
            flag = pl.when(flag != _CODE["small_count"]).then(flag)
        if evaluated.select((flag > 0).any()).item():
            columns.append(_flag_names(flag).alias(f"{each.column}__flag"))
    return _keys(base, evaluated).with_columns(evaluated.select(columns))


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
        A table of `compute_wide`; other columns are left out.
    table
        Its `conventions`; only the indices of its rows are given.
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
        stored = (
            pl.col(f"{row['column']}__flag") if f"{row['column']}__flag" in names else pl.lit(None, pl.String)
        )
        flag = stored
        value = pl.col(row["column"]).cast(pl.Float64)
        if "joint" in names and row["column"] != "joint" and request(row["index"]).index.small is not None:
            small = (pl.col("joint") < SMALL_COUNT) & value.is_not_null()
            flag = pl.when(stored.is_null() & small).then(pl.lit("small_count")).otherwise(stored)
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
                *[pl.lit(row[name], pl.String).alias(name) for name in ("counting", "marginals")],
                _universe(row["universe"]).alias("universe"),
                pl.lit(row["neutral"], pl.Float64).alias("neutral"),
                pl.lit(row["policy"], pl.String).alias("policy"),
            )
            .filter(pl.col("value").is_not_null() | pl.col("value_flag").is_not_null())
        )
    if not parts:
        raise UsageError("none of the indices of the conventions table is a column of the wide table.")
    return pl.concat(parts)


def _base(tally: Tally | TradeTally, wanted: list[Request], *, zeros: bool | None) -> Base:
    if tally.meta.kind == "trade":
        trade = cast("TradeTally", tally)
        if zeros is None:
            zeros = pl.concat([trade.flows["exporter"], trade.flows["importer"]]).n_unique() <= DENSE_MEMBERS
        return trade_base(trade, wanted, zeros=zeros)
    works = cast("Tally", tally)
    if tally.meta.universe.startswith("bloc:"):
        if zeros:
            raise UsageError(
                "a bloc has no pair with its own members, so not all pairs of its tally can have rows: "
                "leave zeros out."
            )
        zeros = False
    if zeros is None:
        zeros = works.members["member"].n_unique() <= DENSE_MEMBERS
    make = directed_base if tally.meta.kind == "directed" else works_base
    return make(works, wanted, zeros=zeros)


def _evaluate(base: Base, wanted: list[Request], by: tuple[str, ...], *, directed: bool) -> pl.DataFrame:
    """Add for request n: ``_v<n>`` value or null, ``_f<n>`` flag code, ``_k<n>`` whether the row belongs."""
    raw, checked = [], []
    for number, each in enumerate(wanted):
        columns = base.columns[each.column]
        raw.append(each.index.expression(columns).alias(f"_v{number}"))
        value = pl.col(f"_v{number}")
        unknown = _CODE[base.null_flags.get(each.index.name, "not_known")]
        flag = (
            pl.when(value.is_null())
            .then(unknown)
            .when(value.is_nan())
            .then(_CODE["zero_denominator"])
            .when(value == float("inf"))
            .then(_CODE["infinite"])
            .when(value == float("-inf"))
            .then(_CODE["minus_infinite"])
        )
        if each.index.small is not None:
            small = "joint" if each.index.small == "c" else columns[each.index.small]
            flag = flag.when(pl.col(small) < SMALL_COUNT).then(_CODE["small_count"])
        checked.append(flag.otherwise(0).cast(pl.UInt8).alias(f"_f{number}"))
        checked.append(pl.when(value.is_finite()).then(value).alias(f"_v{number}"))
        belongs = _belongs(each, by, directed=directed)
        if each.index.name in base.belongs:
            belongs = belongs & pl.col(base.belongs[each.index.name]).is_not_null()
        checked.append(belongs.alias(f"_k{number}"))
    rows = base.rows
    if any(each.index.roles for each in wanted) and "role" in by:
        rows = rows.join(
            base.cells.select(CELL, pl.col("role").cast(pl.String).alias("_role")), on=CELL, how="left"
        )
    return rows.with_columns(raw).with_columns(checked)


def _belongs(each: Request, by: tuple[str, ...], *, directed: bool) -> pl.Expr:
    """Whether a row of the base is a row of this index."""
    kind = pl.col("_kind")
    if each.index.subject == "country":
        belongs = kind == COUNTRY
    else:
        belongs = kind != COUNTRY if each.index.directed or directed else kind == FORWARD
    if each.index.roles and "role" in by:
        belongs = belongs & pl.col("_role").is_in(each.index.roles)
    return belongs


def _keys(base: Base, rows: pl.DataFrame) -> pl.DataFrame:
    """Show the keys of some base rows: the by columns, a and b."""
    names = pl.DataFrame({"name": pl.Series([None, *base.names], dtype=pl.String)})
    by = base.cells.drop(CELL)
    shown = [by[rows[CELL]]] if by.width else []
    # rows of a frame are gathered by all threads, those of a series by one
    ends = pl.DataFrame({"a": names[rows[A]].to_series(), "b": names[rows[B]].to_series()})
    return pl.concat([*shown, ends], how="horizontal")


def _flag_names(code: pl.Expr) -> pl.Expr:
    names = pl.Series("flag", [None, *VALUE_FLAGS], dtype=pl.String)
    return pl.lit(names).gather(code.fill_null(0))


def _long(base: Base, evaluated: pl.DataFrame, wanted: list[Request], meta: TallyMeta) -> pl.DataFrame:
    """Turn columns into rows without sorting: base rows are in order, and so are the requests of a row."""
    n = len(wanted)
    keep = np.empty((evaluated.height, n), dtype=np.bool_)
    for number in range(n):
        keep[:, number] = evaluated[f"_k{number}"].fill_null(False).to_numpy()
    row, column = np.nonzero(keep)
    values = np.empty((evaluated.height, n), dtype=np.float64)
    for number in range(n):
        values[:, number] = evaluated[f"_v{number}"].to_numpy()  # null becomes NaN, and back below
    value = pl.Series("value", values[keep], nan_to_null=True)
    del values
    flags = np.empty((evaluated.height, n), dtype=np.uint8)
    for number in range(n):
        flags[:, number] = evaluated[f"_f{number}"].to_numpy()
    flag = flags[keep]
    del flags, keep
    keys = _keys(base, evaluated.select(CELL, A, B)[pl.Series(row.astype(np.uint32))])
    said = _said(wanted, column)
    flag_names = pl.DataFrame({"value_flag": pl.Series([None, *VALUE_FLAGS], dtype=pl.String)})
    return keys.with_columns(
        said["index"],
        value,
        flag_names[pl.Series(flag.astype(np.uint32))].to_series(),
        said["counting"] if "counting" in said.columns else pl.lit(wanted[0].counting).alias("counting"),
        said["marginals"],
        _universe(meta.universe).alias("universe"),
        said["neutral"],
        pl.lit(meta.policy).alias("policy"),
    )


def _universe(universe: str) -> pl.Expr:
    """Universe of each row: a tally of several blocs has one of its own in each."""
    if universe.startswith("bloc:") and "," in universe:
        return pl.format("bloc:{}", pl.col("bloc").cast(pl.String))
    return pl.lit(universe, pl.String)


def _said(wanted: list[Request], column: npt.NDArray[np.int64]) -> pl.DataFrame:
    """Conventions of each value (n_values,) from the number of its request; no counting if all agree."""
    table = pl.DataFrame(
        {
            "index": pl.Series([each.index.name for each in wanted], dtype=pl.String),
            "counting": pl.Series([each.counting for each in wanted], dtype=pl.String),
            "marginals": pl.Series([each.marginals for each in wanted], dtype=pl.String),
            "neutral": pl.Series(
                [each.index.neutral_value(each.marginals) for each in wanted], dtype=pl.Float64
            ),
        }
    )
    if table["counting"].n_unique() == 1:
        table = table.drop("counting")  # one value for all rows stays one value in memory
    return table[pl.Series(column.astype(np.uint32))]
