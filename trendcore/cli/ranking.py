"""The strongest and the fastest-rising pairs of a field: the records behind `top`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trendcore.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

    from trendcore.workspace import Workspace

_SPAN = 5  # years over which a rise is measured
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


def strongest(workspace: Workspace, question: Question) -> dict[str, Any]:
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
    complete: list[int] = sorted(cells.filter(pl.col("year_complete"))["year"].to_list())
    year = question.year if question.year is not None else complete[-1] if complete else None
    if year is None or year not in cells["year"]:
        raise UsageError(f"nothing is published for {question.field} in {source} of the year {year}")
    rows = workspace.indices(
        source=source, role=role, field=question.field, index=question.index, release=question.release
    )
    now = rows.filter((pl.col("year") == year) & pl.col("value").is_not_null()).collect()
    since = year - _SPAN
    if question.rising:
        now = _with_change(now, rows, since)
    most = None
    if question.kind != "trade":
        now = _with_joint(now, workspace, question, source, role, year)
        of_pairs = "joint" in now.columns
        most = now["joint"].max() if of_pairs else None
        now = now.filter(pl.col("joint") >= question.min_joint) if of_pairs else now
    order = "change" if question.rising else "value"
    ranked = now.sort([order, "a", "b"], descending=[True, False, False], nulls_last=True).with_columns(
        rank=pl.col(order).rank("min", descending=True).cast(pl.Int64)
    )
    wanted = ("rank", "a", "b", "value", "value_flag", "joint", "change")
    columns = [name for name in wanted if name in ranked.columns]
    first = ranked.row(0, named=True) if ranked.height else {}
    return {
        "field": question.field, "source": source, "role": role, "year": year, "index": question.index,
        "counting": first.get("counting"), "marginals": first.get("marginals"),
        "min_joint": question.min_joint, "most_joint": most,
        "rising": question.rising, "since": since if question.rising else None,
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


def _with_change(now: pl.DataFrame, rows: pl.LazyFrame, since: int) -> pl.DataFrame:
    """Add the change against an earlier year; a pair without a row then started from nothing."""
    import polars as pl

    before = rows.filter(pl.col("year") == since).select("a", "b", before="value").collect()
    joined = now.join(before, on=["a", "b"], how="left", nulls_equal=True)
    return joined.with_columns(change=pl.col("value") - pl.col("before").fill_null(0.0)).drop("before")


def _with_joint(
    now: pl.DataFrame, workspace: Workspace, question: Question, source: str, role: str | None, year: int
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
        ["a", "b"], maintain_order=True
    )
    if now.height and now["b"].is_null().all():
        return now
    return now.join(both, on=["a", "b"], how="left")
