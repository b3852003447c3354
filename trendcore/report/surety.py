"""How sure a published value is, and where it is going: intervals and trends of records and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from trendcore.report.published import Published

Record = dict[str, Any]

#: a trend of a pair as records name it, from the published table
TREND = ("trend", "trend_p", "trend_slope", "trend_years")
INTERVAL = ("lo", "hi", "interval", "interval_flag")


def published_trends(workspace: Published, release: int | None) -> pl.LazyFrame:
    """Return the trends of a release in default conventions, as records name them.

    Returns
    -------
    pl.LazyFrame
        source, role, field, a, b, index, trend (rising, falling or none; null where it cannot be told),
        trend_p, trend_slope (a year), trend_years (first and last with a value). No rows in a release of
        before there were trends.
    """
    import polars as pl

    key = ["source", "role", "field", "a", "b", "index"]
    if "trends" not in workspace.tables(release=release):
        schema: Any = dict.fromkeys(key, pl.String) | dict.fromkeys(TREND, pl.String)
        floats = {"trend_p": pl.Float64, "trend_slope": pl.Float64}
        return pl.LazyFrame(schema=schema | floats)
    return by_default(workspace.table("trends", release=release)).select(
        *key,
        trend="direction",
        trend_p="p",
        trend_slope="slope",
        trend_years=pl.format("{}-{}", "first", "last"),
    )


def by_default(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Keep each index in its default conventions only: others are published beside them."""
    import polars as pl

    from trendcore.indices import registry

    defaults = [(each.name, each.countings[0], each.marginals[0]) for each in registry().values()]
    key = ["index", "counting", "marginals"]
    return rows.join(pl.LazyFrame(defaults, schema=key, orient="row"), on=key, how="semi")


def trend_of(trends: pl.DataFrame, index: str, a: str, b: str) -> Record:
    """Return the trend of a pair as a record; null where there is none."""
    found = trends.filter((trends["index"] == index) & (trends["a"] == a) & (trends["b"] == b))
    return found.select(TREND).row(0, named=True) if found.height else dict.fromkeys(TREND)


def suffixed(record: Record, suffix: str) -> Record:
    """Name what a record says of one way between two countries."""
    return {f"{name}_{suffix}": value for name, value in record.items()}
