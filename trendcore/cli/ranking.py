"""The strongest and the fastest-rising pairs of a field: the records behind `top`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trendcore.cli.pair import spoken_of, traders_of, with_no_joint_works
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
    complete: list[int] = sorted(spoken_of(cells)["year"].to_list())
    year = question.year if question.year is not None else complete[-1] if complete else None
    if year is None or year not in cells["year"]:
        raise UsageError(f"nothing is published for {question.field} in {source} of the year {year}")
    rows = workspace.indices(
        source=source, role=role, field=question.field, index=question.index, release=question.release
    )
    now = rows.filter((pl.col("year") == year) & pl.col("value").is_not_null()).collect()
    since = year - _SPAN
    if question.rising:
        if since not in cells["year"]:
            raise UsageError(
                f"nothing is published for {question.field} in {source} of the year {since}, from which a "
                f"rise to {year} would be measured"
            )
        before = rows.filter(pl.col("year") == since).select("a", "b", before="value").collect()
        now = _with_change(now, before, _without_row(workspace, question, source, role, since))
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
        "proxy": bool(cells["proxy"].any()),
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


def _with_change(now: pl.DataFrame, before: pl.DataFrame, without_row: pl.Expr) -> pl.DataFrame:
    """Add the change against an earlier year; pairs whose value was not known or undefined then go."""
    import polars as pl

    listed = before.with_columns(listed=pl.lit(True))
    joined = now.join(listed, on=["a", "b"], how="left", nulls_equal=True)
    was = pl.when("listed").then("before").otherwise(without_row)
    changed = joined.with_columns(change=pl.col("value") - was).drop("listed", "before")
    return changed.drop_nulls("change")


def _without_row(
    workspace: Workspace, question: Question, source: str, role: str | None, year: int
) -> pl.Expr:
    """Return what the index was in a year for a pair that has no row in it.

    Only pairs with joint works or trade have one. Of a country without works or trade nothing was defined.
    """
    import polars as pl

    from trendcore.indices import registry

    entry = registry()[question.index]
    cell = {"source": source, "role": role, "field": question.field}
    if entry.subject == "country":
        return pl.lit(None, pl.Float64)
    if entry.kind == "trade":
        there = pl.DataFrame([cell | {"year": year}], schema_overrides={"year": pl.Int16})
        exporters, importers = traders_of(workspace, there, question.release)(cell).get(year, (set(), set()))
        ends = (exporters, importers) if "out" in entry.needs else (importers, exporters)
        nothing = 0.0 if {"out", "back"} & set(entry.needs) else None
    else:
        table = "members" if entry.kind == "works" else "ownership_members"
        size = "works" if entry.marginals[0] == "docs_all" else "works_intl"
        key = [pl.col(name).eq_missing(value) for name, value in (cell | {"year": year}).items()]
        members = workspace.table(table, release=question.release).filter(*key, pl.col(size) > 0)
        some = set(members.select("member").collect()["member"])
        ends, nothing = (some, some), with_no_joint_works(entry.name)
    needed = {
        "a": "x" in entry.needs or entry.kind == "trade",
        "b": "y" in entry.needs or entry.kind == "trade",
    }
    known = [
        pl.col(end).is_in(list(names))
        for (end, must), names in zip(needed.items(), ends, strict=True)
        if must
    ]
    return pl.when(*known).then(pl.lit(nothing, pl.Float64)) if known else pl.lit(nothing, pl.Float64)


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
        ["a", "b"], keep="first", maintain_order=True
    )
    if now.height and now["b"].is_null().all():
        return now
    return now.join(both, on=["a", "b"], how="left")
