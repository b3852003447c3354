"""The strongest and the fastest-rising pairs of a field: the records behind `top`.

Rising are the pairs of which the Mann-Kendall test over the last complete years says so (p < 0.05); they are
in the order of the Theil-Sen slope of the index, a year.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trendcore.errors import UsageError
from trendcore.report.surety import INTERVAL, TREND, published_trends
from trendcore.trends.told import spoken_of

if TYPE_CHECKING:
    import polars as pl

    from trendcore.report.published import Published

_PREFERRED = {
    "works": (("openalex", "author"), ("patentsview", "inventor"), ("patentsview", "applicant")),
    "directed": (("patentsview", "inventor-applicant"),),
    "trade": (("baci", "reconciled"), ("comtrade", "importer"), ("comtrade", "exporter")),
}


@dataclass(frozen=True)
class Question:
    """What `top` was asked."""

    field: str
    index: str
    kind: str
    roles: tuple[str, ...]
    source: str | None
    role: str | None
    year: int | None
    min_joint: int
    limit: int
    rising: bool
    release: int | None


def strongest(workspace: Published, question: Question) -> dict[str, Any]:
    """Return the pairs in order, with where the numbers are from.

    Raises
    ------
    UsageError
        Where nothing of the kind is published.
    """
    import polars as pl

    coverage = workspace.table("coverage", release=question.release).collect()
    source, role = _feed(coverage, question)
    cells = coverage.filter(
        (pl.col("source") == source) & pl.col("role").eq_missing(pl.lit(role, dtype=pl.String)),
        pl.col("field") == question.field,
    )
    complete: list[int] = sorted(spoken_of(cells)["year"].to_list())
    year = question.year if question.year is not None else complete[-1] if complete else None
    if year is None or year not in cells["year"]:
        raise UsageError(f"nothing is published for {question.field} in {source} of the year {year}")
    rows = workspace.indices(
        source=source, role=role, field=question.field, index=question.index, release=question.release
    )
    now = rows.filter((pl.col("year") == year) & pl.col("value").is_not_null()).collect()
    if question.rising and year not in complete[-1:]:
        last = complete[-1] if complete else "none"
        raise UsageError(f"trends are of the last complete years, up to {last}: leave --year out")
    now = _with_trend(now, workspace, question, source, role, latest=year in complete[-1:])
    most = None
    if question.kind != "trade":
        now = _with_joint(now, workspace, question, source, role, year)
        of_pairs = "joint" in now.columns
        most = now["joint"].max() if of_pairs else None
        now = now.filter(pl.col("joint") >= question.min_joint) if of_pairs else now
    tested = int(now["trend_p"].is_not_null().sum())
    if question.rising:
        now = now.filter(pl.col("trend") == "rising")
    order = "trend_slope" if question.rising else "value"
    ranked = now.sort([order, "a", "b"], descending=[True, False, False], nulls_last=True).with_columns(
        rank=pl.col(order).rank("min", descending=True).cast(pl.Int64)
    )
    wanted = ("rank", "a", "b", "value", "value_flag", *INTERVAL, "joint", *TREND)
    columns = [name for name in wanted if name in ranked.columns]
    first = ranked.row(0, named=True) if ranked.height else {}
    return {
        "field": question.field, "source": source, "role": role, "year": year, "index": question.index,
        "counting": first.get("counting"), "marginals": first.get("marginals"),
        "min_joint": question.min_joint, "most_joint": most,
        "proxy": bool(cells["proxy"].any()),
        "rising": question.rising, "tested": tested,
        "pairs": ranked.head(question.limit).select(columns).to_dicts(),
    }  # fmt: skip


def _feed(coverage: pl.DataFrame, question: Question) -> tuple[str, str | None]:
    """Return the source and role that were asked for, or the first of the usual ones that is published."""
    there = set(coverage.filter(coverage["field"] == question.field).select("source", "role").iter_rows())
    if not there:
        fields = sorted(coverage["field"].drop_nulls().unique().to_list())
        raise UsageError(
            f"nothing is published for the field {question.field!r}; published: {', '.join(fields)}"
        )
    for source, role in _PREFERRED[question.kind]:
        speaks = not question.roles or role in question.roles
        if (
            speaks
            and (source, role) in there
            and question.source in {None, source}
            and question.role in {None, role}
        ):
            return source, role
    raise UsageError(
        f"{question.index} of {question.field} is not published for "
        f"{question.source or 'any source'}, {question.role or 'any role'}"
    )


def _with_trend(
    now: pl.DataFrame,
    workspace: Published,
    question: Question,
    source: str,
    role: str | None,
    *,
    latest: bool,
) -> pl.DataFrame:
    """Add the trend of each pair; null where the year is not the latest complete one."""
    import polars as pl

    cell = {"source": source, "role": role, "field": question.field, "index": question.index}
    chosen = [pl.col(name).eq_missing(pl.lit(value, pl.String)) for name, value in cell.items()]
    trends = published_trends(workspace, question.release).filter(*chosen, pl.lit(latest))
    return now.join(trends.select("a", "b", *TREND).collect(), on=["a", "b"], how="left", nulls_equal=True)


def _with_joint(
    now: pl.DataFrame, workspace: Published, question: Question, source: str, role: str | None, year: int
) -> pl.DataFrame:
    """Add the joint works of each pair; an index of one country has none."""
    import polars as pl

    joint = (
        workspace.indices(
            source=source, role=role, field=question.field, index="joint", release=question.release
        )
        .filter(pl.col("year") == year)
        .select("a", "b", joint=pl.col("value").cast(pl.Int64))
        .collect()
    )
    both = pl.concat([joint, joint.select(a="b", b="a", joint="joint")]).unique(
        ["a", "b"], keep="first", maintain_order=True
    )
    if now.height and now["b"].is_null().all():
        return now
    return now.join(both, on=["a", "b"], how="left")
