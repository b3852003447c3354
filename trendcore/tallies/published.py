"""Tallies from counts that were published or stored: columns, types, keys, whether counts fit together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from trendcore.errors import InputError, SchemaError, UsageError
from trendcore.tallies.adding import pattern_key
from trendcore.tallies.types import (
    DIRECTED_MEMBERS,
    DIRECTED_TOTALS,
    WEIGHTINGS,
    WORKS_MEMBERS,
    WORKS_TOTALS,
    Tally,
    TallyMeta,
)

#: (part, whole): a count of members or totals is never larger than what it is a part of
_PARTS = (
    ("works_intl", "works"),
    ("works_known", "works"),
    ("works_intl", "works_known"),
    ("works_abroad", "works"),
    ("partner_abroad", "partner_works"),
)


def build(
    pairs: pl.DataFrame,
    members: pl.DataFrame,
    totals: pl.DataFrame,
    patterns: pl.DataFrame | None,
    meta: TallyMeta,
    *,
    validate: bool,
) -> Tally:
    """Make a tally of frames; see `Tally.from_frames`.

    Raises
    ------
    SchemaError, InputError
        See `Tally.from_frames`.
    UsageError
        ``kind`` is unknown.

    Examples
    --------
    >>> pairs = pl.DataFrame({"a": ["JP"], "b": ["US"], "joint": [7]})
    >>> members, totals = pl.DataFrame({"member": ["JP", "US"]}), pl.DataFrame({"works": [30]})
    >>> build(pairs, members, totals, None, TallyMeta(by=()), validate=True).pairs.columns
    ['a', 'b', 'joint']
    """
    if meta.kind not in ("works", "directed"):
        raise UsageError(f"kind is 'works' or 'directed', not {meta.kind!r}; trade comes from tally_trade")
    directed, by = meta.kind == "directed", list(meta.by)
    weights = [f"w_{name}" for name in WEIGHTINGS if not directed and f"w_{name}" in pairs.columns]
    pairs = _frame(pairs, "pairs", by, ["a", "b"], ["joint", *weights], ["joint"])
    members = _frame(members, "members", by, ["member"], DIRECTED_MEMBERS if directed else WORKS_MEMBERS)
    totals = _frame(totals, "totals", by, [], DIRECTED_TOTALS if directed else WORKS_TOTALS)
    if patterns is not None:
        patterns = _patterns(patterns, by, validate=validate)
    if validate:
        _check_keys(pairs, "pairs", [*by, "a", "b"])
        _check_keys(members, "members", [*by, "member"])
        _check_keys(totals, "totals", by)
        for frame, name in ((members, "members"), (totals, "totals")):
            _check_parts(frame, name, [*by, *(["member"] if name == "members" else [])])
        _check_pairs(pairs, members, totals, by, directed=directed)
    counting = ("full", *(name.removeprefix("w_") for name in weights))
    credit = meta.credit if "fractional" in members.columns else "none"
    return Tally(pairs, members, totals, patterns, replace(meta, counting=counting, credit=credit))


def _frame(
    frame: pl.DataFrame,
    name: str,
    by: list[str],
    texts: Sequence[str],
    counts: Sequence[str],
    needed: Sequence[str] = (),
) -> pl.DataFrame:
    """Pick, type and sort the columns of a frame."""
    missing = [column for column in (*by, *texts, *needed) if column not in frame.columns]
    if missing:
        raise SchemaError(
            f"{name} have no column {', '.join(map(repr, missing))}; there are {', '.join(frame.columns)}"
        )
    there = [column for column in counts if column in frame.columns]
    for column in there:
        dtype = frame.schema[column]
        if not dtype.is_integer() and dtype != pl.Null:
            raise SchemaError(f"{name}.{column} holds {dtype}; counts are whole numbers")
    for column in texts:
        if not isinstance(frame.schema[column], (pl.String, pl.Categorical, pl.Enum)):
            raise SchemaError(f"{name}.{column} holds {frame.schema[column]}; members are named by strings")
    key = [*by, *texts]
    picked = frame.select(*by, pl.col(list(texts)).cast(pl.String), pl.col(there).cast(pl.Int64))
    return picked.sort(key) if key else picked


def _patterns(frame: pl.DataFrame, by: list[str], *, validate: bool) -> pl.DataFrame:
    missing = [column for column in (*by, "members", "n") if column not in frame.columns]
    if missing:
        raise SchemaError(f"patterns have no column {', '.join(map(repr, missing))}")
    key = pattern_key(frame, by)
    for name in key[len(by) :]:
        inner = pl.Int64() if name == "credits" else pl.String()
        if frame.schema[name] not in (pl.List(inner), pl.List(pl.Null)):
            raise SchemaError(f"patterns.{name} holds {frame.schema[name]}; it is a list of {inner}")
        frame = frame.with_columns(pl.col(name).cast(pl.List(inner)))
    picked = frame.select(*key, pl.col("n").cast(pl.Int64))
    if validate:
        _check_keys(picked, "patterns", key)
        for name in {"members", "partners"} & set(key):
            distinct = picked[name].list.unique().list.sort()
            _refuse(
                picked, pl.lit(distinct != picked[name]), key, "patterns", f"{name} not sorted and distinct"
            )
        if "credits" in key:
            uneven = pl.col("credits").list.len() != pl.col("members").list.len()
            _refuse(picked, uneven, key, "patterns", "not one credit for each member")
            _refuse(picked, pl.col("credits").list.min() < 0, key, "patterns", "a credit below 0")
        _refuse(picked, pl.col("n") < 1, key, "patterns", "n below 1")
    return picked.sort(key)


def _check_keys(frame: pl.DataFrame, name: str, key: list[str]) -> None:
    """Refuse nulls in the key, and keys that stand twice."""
    for column in key:
        if frame[column].null_count():
            raise InputError(f"{name}.{column} is null in {frame[column].null_count():,} rows")
    if key:
        _refuse(frame, pl.struct(key).is_duplicated(), key, name, "a key that stands twice")
    elif frame.height > 1:
        raise InputError(f"{name} have {frame.height:,} rows, but without by columns there is one cell")
    counts = [column for column in frame.columns if frame.schema[column] == pl.Int64 and column not in key]
    for column in counts:
        _refuse(frame, pl.col(column) < 0, [*key, column], name, f"a negative count in {column}")


def _check_parts(frame: pl.DataFrame, name: str, key: list[str]) -> None:
    for part, whole in _PARTS:
        if part in frame.columns and whole in frame.columns:
            wrong = pl.col(part) > pl.col(whole)
            _refuse(frame, wrong, [*key, part, whole], name, f"{part} larger than {whole}")


def _check_pairs(
    pairs: pl.DataFrame, members: pl.DataFrame, totals: pl.DataFrame, by: list[str], *, directed: bool
) -> None:
    """Refuse pairs in the wrong order, without joint works, of no cell, or larger than their members."""
    key = [*by, "a", "b"]
    if directed:
        _refuse(pairs, pl.col("a") == pl.col("b"), key, "pairs", "a member paired with itself")
    else:
        _refuse(pairs, pl.col("a") >= pl.col("b"), key, "pairs", "a not before b in byte order")
    _refuse(pairs, pl.col("joint").is_null() | (pl.col("joint") < 1), key, "pairs", "joint below 1 or null")
    if by:
        strays = pairs.join(totals, on=by, how="anti")
        _refuse(strays, pl.lit(True), key, "pairs", "a cell that totals do not have")
        strays = members.join(totals, on=by, how="anti")
        _refuse(strays, pl.lit(True), [*by, "member"], "members", "a cell that totals do not have")
    sizes = (("a", "works_abroad"), ("b", "partner_abroad")) if directed else (
        ("a", "works_intl"), ("b", "works_intl"), ("a", "works"), ("b", "works"),
    )  # fmt: skip
    for end, column in sizes:
        if column in members.columns:
            own = members.select(*by, pl.col("member").alias(end), pl.col(column).alias("_size"))
            joined = pairs.join(own, on=[*by, end], how="left")
            wrong = pl.col("joint") > pl.col("_size")
            _refuse(joined, wrong, [*key, "joint"], "pairs", f"joint larger than the {column} of {end}")


def _refuse(frame: pl.DataFrame, wrong: pl.Expr, shown: list[str], name: str, why: str) -> None:
    """Raise, with the first of the rows for which an expression holds."""
    bad = frame.filter(wrong)
    if bad.height:
        row = ", ".join(f"{column} {bad[column][0]!r}" for column in dict.fromkeys(shown))
        raise InputError(f"{name}: {why} in {bad.height:,} of {frame.height:,} rows, first where {row}")
