"""Intervals that are published beside the indices, and what the conventions say of them.

Of works they are those of `trendcore.uncertainty`: by the delta method, or by the bootstrap where replicates
are asked for. Flows are no works and cannot be drawn again: the interval of a value that both sides report
is what lies between the two reports, and there is no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

import polars as pl

from trendcore import indices
from trendcore.indices.catalogue import IndexName, requests
from trendcore.tallies import Tally, TallyMeta
from trendcore.tallies.patterns import without_credits
from trendcore.tallies.types import BY_SHARES
from trendcore.taxonomy import Blocs

#: level of confidence of what is published, as statistical offices have it
LEVEL: Final = 0.95
#: how the interval of a value is called whose two sides report it
REPORTS: Final = "reports"
#: stands for every index in the settings
ALL: Final = "all"

_SIDES: Final = ("exporter", "importer")


@dataclass(frozen=True)
class IntervalMethod:
    """How intervals are made, and of what.

    Attributes
    ----------
    names
        Indices (``salton``) or columns (``joint:newman``) that get intervals; ``all`` among them: every one.
    replicates
        Replicates of the bootstrap; 0: the delta method.
    seed
        Seed of the bootstrap.
    """

    names: tuple[str, ...]
    replicates: int
    seed: int

    @property
    def name(self) -> str:
        """How the intervals of most indices are called."""
        return "percentile" if self.replicates else "delta"

    def versions(self) -> dict[str, Any]:
        """Return what decides the intervals; without draws the seed does not."""
        return {
            "indices": list(self.names),
            "method": self.name,
            "replicates": self.replicates,
            "seed": self.seed if self.replicates else None,
            "level": LEVEL,
        }

    @property
    def by_shares(self) -> bool:
        """Whether intervals are wanted of weightings by shares of authors: they take the works' shares."""
        names = indices.registry() if ALL in self.names else self.names
        return any(indices.request(name).counting in BY_SHARES for name in names)

    def wanted(self, meta: TallyMeta, published: Sequence[IndexName] | None) -> list[IndexName]:
        """Return the columns among those published that get intervals."""
        named = set(self.names)
        return [
            each.column
            for each in requests(meta, published)
            if ALL in named or named & {each.index.name, each.column}
        ]

    def of(
        self,
        tally: Tally,
        meta: TallyMeta,
        published: Sequence[IndexName] | None = None,
        *,
        bloc: str | None = None,
        blocs: Blocs | None = None,
    ) -> pl.DataFrame | None:
        """Make the wide table of intervals of a tally.

        Parameters
        ----------
        tally
            Counts; those without patterns have no intervals. Weightings by shares have one where patterns
            are also of credits.
        meta
            Of the tally whose indices are published: that with the bloc as one node, where there is one.
        published
            What is published of it.
        bloc, blocs
            A bloc that is one node, and where it is looked up.

        Returns
        -------
        pl.DataFrame or None
            None where there is nothing to draw, or no interval is wanted.
        """
        wanted = self.wanted(meta, published)
        if tally.patterns is None or not wanted:
            return None
        how: dict[str, Any] = {"bloc": bloc, "blocs": blocs}
        of_shares = [name for name in wanted if indices.request(name).counting in BY_SHARES]
        others = [name for name in wanted if name not in of_shares]
        # patterns of credits are hardly fewer than the works: only what needs them is made of them
        parts = [self._made(without_credits(tally), others, **how)] if others else []
        parts += [self._made(tally, of_shares, **how)] if of_shares else []
        key = [*meta.by, "a", "b"]
        return reduce(lambda x, y: x.join(y, on=key, how="full", coalesce=True, nulls_equal=True), parts)

    def _made(self, tally: Tally, wanted: list[IndexName], **blocs: Any) -> pl.DataFrame:
        from trendcore.uncertainty.bootstrapping import bootstrap_intervals, drawn
        from trendcore.uncertainty.delta_method import delta_intervals

        how: dict[str, Any] = {"level": LEVEL, "zeros": False, **blocs}
        if self.replicates:
            draws = drawn(self.replicates, self.seed, tally.meta.backend)
            made, _ = bootstrap_intervals(tally, wanted, draws, **how)
        else:
            made = delta_intervals(tally, wanted, backend=tally.meta.backend, **how)
        return made.finish_wide(LEVEL, self.name)


def checked_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of indices in a fixed order, each once; ``all`` alone where it is among them.

    Raises
    ------
    UnknownIndexError, UsageError
        There is no such index, or not in this form.

    Examples
    --------
    >>> checked_names(["salton", "joint"]), checked_names(["salton", "all"])
    (('joint', 'salton'), ('all',))
    """
    if ALL in names:
        return (ALL,)
    for name in names:
        indices.request(name)
    return tuple(sorted(set(names)))


def between_reports(trade_indices: pl.DataFrame) -> pl.DataFrame:
    """Return, for each value of which the source has the reports of both sides, the smaller and the larger.

    Parameters
    ----------
    trade_indices
        source, role, field, year, a, b, value, of any roles.

    Returns
    -------
    pl.DataFrame
        The key, value__lo, value__hi.

    Examples
    --------
    >>> row = {"source": "comtrade", "field": "ai", "year": 2020, "a": "JP", "b": "US"}
    >>> both = [
    ...     row | {"role": role, "value": value} for role, value in (("exporter", 5.0), ("importer", 7.0))
    ... ]
    >>> between_reports(pl.DataFrame(both)).select("role", "value__lo", "value__hi").rows()
    [('exporter', 5.0, 7.0), ('importer', 5.0, 7.0)]
    """
    flow = ["source", "field", "year", "a", "b"]
    told = trade_indices.filter(pl.col("role").is_in(_SIDES), pl.col("value").is_not_null())
    ends = told.select(
        "role",
        *flow,
        pl.col("value").min().over(flow).alias("value__lo"),
        pl.col("value").max().over(flow).alias("value__hi"),
        pl.len().over(flow).alias("_reports"),
    )
    key = [name for name in trade_indices.columns if name in {*flow, "role"}]
    return ends.filter(pl.col("_reports") == len(_SIDES)).select(*key, "value__lo", "value__hi")


def said(conventions: pl.DataFrame, meta: TallyMeta, how: IntervalMethod) -> pl.DataFrame:
    """Add to the conventions of a tally's indices: interval, replicates, seed, level; null where none is."""
    from trendcore.uncertainty.intervals import usual_of

    wanted = how.wanted(meta, conventions["column"].to_list())
    usual = {name: usual_of(indices.request(name), how.name) for name in wanted}
    method = pl.col("column").replace_strict(usual, default=None, return_dtype=pl.String)
    there = pl.col("column").is_in(wanted)
    drawn_again = there & (how.replicates > 0)
    return conventions.with_columns(
        method.alias("interval"),
        pl.when(drawn_again).then(pl.lit(how.replicates, pl.Int64)).alias("replicates"),
        pl.when(drawn_again).then(pl.lit(how.seed, pl.Int64)).alias("seed"),
        pl.when(there).then(pl.lit(LEVEL)).alias("level"),
    )


def said_of_trade(conventions: pl.DataFrame) -> pl.DataFrame:
    """Say of the conventions of trade that a value has the gap between two reports for an interval."""
    return conventions.with_columns(
        pl.when(pl.col("column") == "value").then(pl.lit(REPORTS)).alias("interval"),
        pl.lit(None, pl.Int64).alias("replicates"),
        pl.lit(None, pl.Int64).alias("seed"),
        pl.lit(None, pl.Float64).alias("level"),
    )
