"""Counts by codes -> the frames of a tally, with names and `by` columns in the place of codes."""

from __future__ import annotations

import polars as pl

from trendcore.tallies.counting import Counts
from trendcore.tallies.sets import CELL, KEY, MEMBER, MORE, A, B, members_of, numbers_of
from trendcore.tallies.types import Tally, TallyMeta
from trendcore.tallies.works import Works


def shown(counts: Counts, works: Works, meta: TallyMeta, *, patterns: bool) -> Tally:
    """Make a tally of the counts of some works.

    Parameters
    ----------
    counts
        Sorted by codes, so that its frames are sorted by names.
    works
        What codes stand for.
    meta
        How it was counted.
    patterns
        Whether works were counted by member set.
    """
    return Tally(
        _named(counts.pairs, works, {A: "a", B: "b"}),
        _named(counts.members, works, {MEMBER: "member"}),
        _named(counts.totals, works, {}),
        _patterns(counts.patterns, works) if patterns else None,
        meta,
    )


def _named(counts: pl.DataFrame, works: Works, columns: dict[str, str]) -> pl.DataFrame:
    names = pl.DataFrame({"name": pl.Series(works.names, dtype=pl.String)})
    ends = [names[counts[code]].to_series().alias(name) for code, name in columns.items()]
    return pl.DataFrame([*_by(counts, works), *ends, *counts.drop(CELL, *columns)])


def _patterns(counts: pl.DataFrame, works: Works) -> pl.DataFrame:
    dtype = works.lists.codes.dtype
    lists = [members_of(counts[KEY], works.names, dtype)]
    if MORE in counts.columns and works.partners is not None:
        lists.append(members_of(counts[MORE], works.names, dtype).alias("partners"))
    elif MORE in counts.columns:
        lists.append(numbers_of(counts[MORE]))
    return pl.DataFrame([*_by(counts, works), *lists, counts["n"]])


def _by(counts: pl.DataFrame, works: Works) -> list[pl.Series]:
    """Take the `by` columns of the cells of some counts."""
    frame = works.cells.frame
    return frame[counts[CELL]].get_columns() if frame.width else []
