"""Tallies add up: partitions of the works may be tallied anywhere, in any order, and merged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace

import polars as pl

from trendcore.errors import UsageError
from trendcore.tallies.types import PATTERN_LISTS, Tally, TallyMeta

#: what may differ between tallies that are added: it does not change a number
_FREE = {"backend", "version"}


def add(tallies: Sequence[Tally]) -> Tally:
    """Add tallies of disjoint sets of works; see `Tally.merge`.

    Raises
    ------
    UsageError
        They were not counted alike.

    Examples
    --------
    >>> import trendcore as tc
    >>> part = tc.tally(pl.DataFrame({"c": [["JP", "US"]]}), members="c", by=[])
    >>> add([part, part]).totals["works"].to_list()
    [2]
    """
    first = tallies[0]
    if len(tallies) == 1:
        return first
    by = list(first.meta.by)
    meta = _common([tally.meta for tally in tallies])
    patterns = [tally.patterns for tally in tallies if tally.patterns is not None]
    return Tally(
        add_frames([tally.pairs for tally in tallies], [*by, "a", "b"]),
        add_frames([tally.members for tally in tallies], [*by, "member"]),
        add_frames([tally.totals for tally in tallies], by),
        add_frames(patterns, pattern_key(patterns[0], by)) if len(patterns) == len(tallies) else None,
        meta,
    )


def pattern_key(patterns: pl.DataFrame, by: Sequence[str]) -> list[str]:
    """Return the key columns of patterns: what their works are alike in.

    Examples
    --------
    >>> pattern_key(pl.DataFrame({"year": [2022], "members": [["JP"]], "n": [1]}), ["year"])
    ['year', 'members']
    """
    return [*by, *(name for name in PATTERN_LISTS if name in patterns.columns)]


def add_frames(frames: Sequence[pl.DataFrame], key: Sequence[str]) -> pl.DataFrame:
    """Sum the counts of frames by their key, sorted; a sum with a count that is not known is not known.

    Examples
    --------
    >>> add_frames(
    ...     [pl.DataFrame({"k": [2, 1], "n": [1, 1]}), pl.DataFrame({"k": [2], "n": [None]})], ["k"]
    ... ).rows()
    [(1, 1), (2, None)]
    """
    # relaxed: Int16 meets Int64, String meets Enum, a column is all null or lacks
    whole = pl.concat(_without_enums(frames, key), how="diagonal_relaxed")
    counts = [name for name in whole.columns if name not in key]
    sums = [
        pl.when(pl.col(name).null_count() == 0).then(pl.col(name).sum()).cast(pl.Int64).alias(name)
        for name in counts
    ]
    if not key:
        return whole.select(sums) if whole.height else whole
    return whole.group_by(key).agg(sums).sort(key)


def _without_enums(frames: Sequence[pl.DataFrame], key: Sequence[str]) -> list[pl.DataFrame]:
    """Take key columns as strings where they are Enums of other categories in other frames."""
    types = {name: {frame.schema[name] for frame in frames} for name in key}
    mixed = [
        name
        for name, found in types.items()
        if len(found) > 1 and any(isinstance(each, pl.Enum) for each in found)
    ]
    return [frame.with_columns(pl.col(mixed).cast(pl.String)) for frame in frames]


def close(tally: Tally, members: Iterable[str]) -> Tally:
    """Keep the pairs and members of a closed list; see `Tally.closed`.

    Raises
    ------
    UsageError
        The universe of the tally is not all, or the list is empty.

    Examples
    --------
    >>> import trendcore as tc
    >>> tally = tc.tally(pl.DataFrame({"c": [["JP", "KR", "US"]]}), members="c", by=[])
    >>> close(tally, ["JP", "US"]).pairs.rows()
    [('JP', 'US', 1)]
    """
    names = sorted(set(members))
    if not names:
        raise UsageError("a closed list of members must name at least one")
    if tally.meta.universe != "all":
        raise UsageError(f"only a tally of all members can be closed; this one's is {tally.meta.universe!r}")
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]
    return Tally(
        tally.pairs.filter(pl.col("a").is_in(names), pl.col("b").is_in(names)),
        tally.members.filter(pl.col("member").is_in(names)),
        tally.totals,
        None,
        replace(tally.meta, universe=f"closed:{digest}"),
    )


def _common(metas: Sequence[TallyMeta]) -> TallyMeta:
    """Return what was counted how, if all were counted alike."""
    first = metas[0]
    for each in metas[1:]:
        for field in fields(TallyMeta):
            ours, theirs = getattr(first, field.name), getattr(each, field.name)
            if field.name not in _FREE and ours != theirs:
                raise UsageError(
                    f"tallies that were not counted alike cannot be merged: {field.name} is {ours!r} in one "
                    f"and {theirs!r} in another"
                )
    backends = sorted({meta.backend for meta in metas} - {""})
    return replace(first, backend="+".join(backends))
