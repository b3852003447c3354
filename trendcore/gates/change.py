"""Gates of change: this release against the last one.

Tables by cell hold only the cells that were made anew, so a cell that is not there is gone only where
the table of coverage, which is whole, says so too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import polars as pl

from trendcore.gates.cells import CELL, Seen
from trendcore.gates.plausibility import SERIES, Limit, amounts, found, least, said, unknown
from trendcore.gates.results import Found

#: tables of the last release that gates compare with
COMPARED: Final = ("coverage", "members", "trade_flows")
_PER_DOLLAR: Final = 1000


def _unknown_rise(seen: Seen, limit: Limit) -> Found:
    """Works without a known country have not become many more."""
    pair = seen.pair_of("coverage")
    if pair is None:
        return Found()
    before, now = (unknown(each) for each in pair)
    both = now.join(before.rename({"share": "was", "works": "of"}), on=["source", "role"])
    enough = pl.min_horizontal("works", "of") >= limit["least"]
    rows = both.select(
        what=said("source", "role"), was="was", now="share", unit=pl.lit("share"),
        figure=pl.when(enough).then(pl.col("share") - pl.col("was")),
    )  # fmt: skip
    return found(rows, limit["at_most"])


def _years(seen: Seen, limit: Limit) -> Found:
    """No cell of the last release is gone."""
    pair = seen.pair_of("coverage")
    if pair is None:
        return Found()
    before, now = (amounts(each) for each in pair)
    judged = before.filter(pl.col("amount") >= least(limit))
    gone = judged.join(now, on=[*CELL, "unit"], how="anti")
    rows = gone.select(what=said(*CELL), was="amount", now=pl.lit(0.0), unit="unit", figure=pl.lit(1))
    bad = found(rows, 0)
    return Found(judged.height, bad.failed, bad.failed, bad.cases)


def _countries(seen: Seen, limit: Limit) -> Found:
    """No country is gone or much smaller, in a year or in the last complete ones together."""
    coverage = seen.pair_of("coverage")
    if coverage is None:
        return Found()
    complete = coverage[0].filter("year_complete").select(CELL)
    recent = complete.sort(CELL).group_by(SERIES, maintain_order=True).tail(int(limit["years"]))
    parts = []
    if (members := seen.pair_of("members")) is not None:
        # a cell with works and without members is one of which no country is known
        here = amounts(coverage[1]).filter(unit="works").select(CELL)
        parts += _both_ways(_works(members[0]), _works(members[1]), here, complete, recent, limit)
    if (flows := seen.pair_of("trade_flows")) is not None:
        # flows are those of cells that were made anew: others are not gone
        here = flows[1].select(CELL).unique()
        parts += _both_ways(_traded(flows[0]), _traded(flows[1]), here, complete, recent, limit)
    return found(pl.concat(parts), limit["at_most"]) if parts else Found()


def _both_ways(
    before: pl.DataFrame,
    now: pl.DataFrame,
    here: pl.DataFrame,
    complete: pl.DataFrame,
    recent: pl.DataFrame,
    limit: Limit,
) -> list[pl.DataFrame]:
    """Compare countries in single complete years, and in the last ones together, over cells that are here."""
    before, now = (each.join(here.join(complete, on=CELL), on=CELL, how="semi") for each in (before, now))
    single = _falls(before, now, [*CELL, "who"], limit)
    before, now = (each.join(recent, on=CELL, how="semi") for each in (before, now))
    return [single, _falls(before, now, [*SERIES, "who"], limit)]


def _works(members: pl.DataFrame) -> pl.DataFrame:
    return members.select(
        *CELL, who=pl.col("member"), amount=pl.col("works").cast(pl.Float64), unit=pl.lit("works")
    )


def _traded(flows: pl.DataFrame) -> pl.DataFrame:
    """Add up what each country exports and imports in a cell, in US dollars."""
    sides = []
    for side, what in (("exporter", "exports"), ("importer", "imports")):
        sums = flows.group_by(*CELL, side).agg(amount=pl.col("value").sum() / _PER_DOLLAR)
        who = pl.format("{} {}", side, pl.lit(what)).alias("who")
        sides.append(sums.select(*CELL, who, "amount", unit=pl.lit("US$")))
    return pl.concat(sides)


def _falls(before: pl.DataFrame, now: pl.DataFrame, by: list[str], limit: Limit) -> pl.DataFrame:
    """Compare sums of countries; a country that is not there now has nothing."""
    sums = [each.group_by(*by, "unit").agg(pl.col("amount").sum()) for each in (before, now)]
    both = sums[0].rename({"amount": "was"}).join(sums[1], on=[*by, "unit"], how="left")
    both = both.with_columns(pl.col("amount").fill_null(0)).filter(pl.col("was") >= least(limit))
    when = pl.lit("") if "year" in by else pl.lit(" in the last complete years")
    fall = (pl.col("was") - pl.col("amount")) / pl.col("was")
    return both.select(what=said(*by) + when, was="was", now="amount", unit="unit", figure=fall)


def _change(seen: Seen, limit: Limit) -> Found:
    """No cell of a complete year is much larger or smaller."""
    both = _compared(seen, "inner")
    return Found() if both is None else found(_moved(both, said(*CELL), limit), limit["at_most"])


def _totals(seen: Seen, limit: Limit) -> Found:
    """No source is much larger or smaller over the cells of the last release."""
    both = _compared(seen, "left")
    if both is None:
        return Found()
    sums = both.group_by("source", "role", "unit", maintain_order=True).agg(pl.col("was", "now").sum())
    return found(_moved(sums, said("source", "role"), limit), limit["at_most"])


def _compared(seen: Seen, how: str) -> pl.DataFrame | None:
    """Cells of complete years of the last release, as they were and as they are."""
    pair = seen.pair_of("coverage")
    if pair is None:
        return None
    before, now = (amounts(each) for each in pair)
    before = before.filter("complete").rename({"amount": "was"})
    now = now.select(*CELL, "unit", now="amount")
    joined = before.join(now, on=[*CELL, "unit"], how="left").with_columns(pl.col("now").fill_null(0))
    return joined if how == "left" else joined.filter(pl.col("now") > 0)


def _moved(both: pl.DataFrame, what: pl.Expr, limit: Limit) -> pl.DataFrame:
    moved = (pl.col("now") - pl.col("was")).abs()
    enough = moved >= least(limit)
    return both.select(
        what=what, was="was", now="now", unit="unit", figure=pl.when(enough).then(moved / pl.col("was"))
    )


#: gates of change by name
GATES: Final[Mapping[str, Callable[[Seen, Limit], Found]]] = {
    "unknown_rise": _unknown_rise,
    "years": _years,
    "countries": _countries,
    "change": _change,
    "totals": _totals,
}
