"""Gates that look at one release: what was read of the inputs, and series that no real data have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import polars as pl

from trendcore.gates.cells import CELL, Seen
from trendcore.gates.results import MOST_CASES, Case, Found

Limit = Mapping[str, float]

SERIES: Final = ["source", "role", "field"]
#: coverage holds thousandths of a US dollar
_PER_DOLLAR: Final = 1000


def amounts(coverage: pl.DataFrame) -> pl.DataFrame:
    """Bring works and trade into one form.

    Returns
    -------
    pl.DataFrame
        Cell, ``complete``, ``unit`` (works or US$) and ``amount``, Float64; nothing of cells without either.

    Examples
    --------
    >>> cell = {"source": "baci", "role": "reconciled", "field": "ai", "year": 2020}
    >>> amounts(pl.DataFrame([{**cell, "value": 12_000, "year_complete": True}])).row(0)[3:]
    (2020, True, 'US$', 12.0)
    """
    parts = [
        coverage.filter(pl.col(column) > 0).select(
            *CELL, complete=pl.col("year_complete"), unit=pl.lit(unit), amount=pl.col(column) / per
        )
        for column, unit, per in (("works", "works", 1), ("value", "US$", _PER_DOLLAR))
        if column in coverage.columns
    ]
    schema = coverage.select(CELL).schema | {"complete": pl.Boolean, "unit": pl.String, "amount": pl.Float64}
    return pl.concat([pl.DataFrame(schema=schema), *parts])


def least(limit: Limit) -> pl.Expr:
    """Return the size below which a row is too small to be judged, by its unit."""
    return pl.when(pl.col("unit") == "works").then(limit["least_works"]).otherwise(limit["least_value"])


def found(rows: pl.DataFrame, limit: float) -> Found:
    """Count the rows whose figure is above a limit, and write down the worst.

    Parameters
    ----------
    rows
        ``what``, ``was``, ``now``, ``unit``, ``figure``; a null figure is a row that is not judged.
    limit
        The largest figure that passes.
    """
    bad = rows.filter(pl.col("figure") > limit)
    worst = bad.sort("figure", "was", "what", descending=[True, True, False], nulls_last=True)
    cases = worst.head(MOST_CASES).select("what", "was", "now", "unit").rows()
    figure = rows["figure"].max()
    return Found(
        rows.height,
        bad.height,
        float(figure) if isinstance(figure, (int, float)) else 0,
        tuple(Case(*case) for case in cases),
    )


def said(*columns: str) -> pl.Expr:
    """Write the columns of a key in one text."""
    return pl.concat_str([pl.col(name).cast(pl.String) for name in columns], separator=" ").alias("what")


def _quarantine(seen: Seen, limit: Limit) -> Found:
    """Not too large a share of the rows of a feed is quarantined."""
    if "inputs" not in seen.tables or "feed" not in seen.tables["inputs"].columns:
        return Found()
    feeds = (
        seen.tables["inputs"].group_by("feed", maintain_order=True).agg(pl.col("read", "quarantined").sum())
    )
    share = pl.when(pl.col("quarantined") > limit["least"]).then(pl.col("quarantined") / pl.col("read"))
    rows = feeds.select(
        what="feed",
        was=pl.lit(None),
        now=pl.col("quarantined") / pl.col("read"),
        unit=pl.lit("share"),
        figure=share,
    )
    return found(rows, limit["at_most"])


def _contradictions(seen: Seen, limit: Limit) -> Found:
    """No flow stands in a file with two values."""
    if "inputs" not in seen.tables or "contradicted" not in seen.tables["inputs"].columns:
        return Found()
    rows = seen.tables["inputs"].select(
        what=pl.format("{}: rows of a flow that came with another value", "file"),
        was=pl.lit(None), now=pl.col("contradicted"), unit=pl.lit("rows"), figure=pl.col("contradicted"),
    )  # fmt: skip
    return found(rows, limit["at_most"])


def unknown(coverage: pl.DataFrame) -> pl.DataFrame:
    """Return the share of works without a known country: source, role, works, share."""
    works = coverage.filter(pl.col("works") > 0).group_by("source", "role", maintain_order=True)
    sums = works.agg(pl.col("works", "works_known").sum())
    return sums.select("source", "role", "works", share=1 - pl.col("works_known") / pl.col("works"))


def _unknown_countries(seen: Seen, limit: Limit) -> Found:
    """Not too many works are without a known country."""
    if "coverage" not in seen.tables:
        return Found()
    rows = unknown(seen.tables["coverage"]).select(
        what=said("source", "role"), was=pl.lit(None), now="share", unit=pl.lit("share"),
        figure=pl.when(pl.col("works") >= limit["least"]).then("share"),
    )  # fmt: skip
    return found(rows, limit["at_most"])


def _steps(coverage: pl.DataFrame) -> pl.DataFrame:
    """Return each published year of a series with the one before: year, last, amount, was."""
    rows = amounts(coverage).sort(*SERIES, "unit", "year")
    before = {"last": pl.col("year").shift(), "was": pl.col("amount").shift()}
    steps = rows.with_columns(expr.over(*SERIES, "unit").alias(name) for name, expr in before.items())
    return steps.drop_nulls("last").with_columns(years=(pl.col("year") - pl.col("last")).cast(pl.Int64))


def _new(steps: pl.DataFrame, seen: Seen, fails: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    """Leave out steps that failed in the last release already, where a person has accepted them."""
    bad = fails(steps)
    if seen.before is None or "coverage" not in seen.before:
        return bad
    old = fails(_steps(seen.before["coverage"]))
    return bad.join(old, on=[*SERIES, "unit", "last", "year"], how="anti")


def _gaps(seen: Seen, limit: Limit) -> Found:
    """No year is missing between two published ones."""
    if "coverage" not in seen.tables:
        return Found()
    steps = _steps(seen.tables["coverage"])
    both = pl.min_horizontal("amount", "was") >= least(limit)
    bad = _new(steps, seen, lambda each: each.filter(both, pl.col("years") > 1))
    rows = bad.select(
        what=pl.format("{}: nothing between {} and {}", said(*SERIES), "last", "year"),
        was="was", now=pl.lit(0.0), unit="unit", figure=pl.lit(1),
    )  # fmt: skip
    return _counted(found(rows, 0), steps.height)


def _jump(seen: Seen, limit: Limit) -> Found:
    """No cell is many times as much, or as little, as that of the year before."""
    if "coverage" not in seen.tables:
        return Found()
    amount, was = pl.col("amount"), pl.col("was")
    times = pl.max_horizontal(amount / was, was / amount)
    # over several years growth may add up
    a_year = pl.when(pl.max_horizontal("amount", "was") >= least(limit)).then(times ** (1 / pl.col("years")))
    complete = pl.col("complete")
    steps = _steps(seen.tables["coverage"]).filter(complete)
    bad = _new(steps, seen, lambda each: each.filter(complete, a_year > limit["at_most"]))
    rows = bad.select(what=said(*SERIES, "year"), was="was", now="amount", unit="unit", figure=a_year)
    every = steps.select(figure=a_year)["figure"].max()
    judged = found(rows, limit["at_most"])
    return Found(steps.height, judged.failed, float(every) if isinstance(every, float) else 0, judged.cases)


def _ceiling(seen: Seen, limit: Limit) -> Found:
    """No cell holds more than the world trades."""
    if "coverage" not in seen.tables:
        return Found()
    traded = amounts(seen.tables["coverage"]).filter(pl.col("unit") == "US$")
    rows = traded.select(what=said(*CELL), was=pl.lit(None), now="amount", unit="unit", figure="amount")
    return found(rows, limit["at_most"])


def _counted(found: Found, checked: int) -> Found:
    """Say of how many looks the failures are, where only failures were put into rows."""
    return Found(checked, found.failed, found.failed, found.cases)


#: gates of one release by name
GATES: Final[Mapping[str, Callable[[Seen, Limit], Found]]] = {
    "quarantine": _quarantine,
    "contradictions": _contradictions,
    "unknown_countries": _unknown_countries,
    "ceiling": _ceiling,
    "gaps": _gaps,
    "jump": _jump,
}
