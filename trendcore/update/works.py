"""Papers and patents that count -> tallies by source, role, field and year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from trendcore.tallies import Tally, tally
from trendcore.update.method import Method
from trendcore.update.resolve import SET_ASIDE, Resolved, added_up

#: the key of a cell, in every published table
CELL: Final = ("source", "role", "field", "year")
#: pair weightings that are published beside full counting
COUNTING: Final = ("full", "newman", "nature", "harmonic")
#: the pseudo-field of all works, published where all are stored
ALL: Final = "all"
#: role of the directed tally: invented in a, owned in b
OWNED: Final = "inventor-applicant"

_SOURCES: Final = pl.Enum(["openalex", "openalex-concepts", "patentsview"])
_ROLES: Final = pl.Enum(["author", "inventor", "applicant", OWNED])
#: grants are complete to the year of the newest one but for this many years, by what the year is
_LAG_OF_GRANTS: Final = {"grant": 0, "filing": 5, "priority": 5}
#: grants come out once a week: after this day of December none is to come
_LAST_GRANT: Final = (12, 25)


@dataclass(frozen=True)
class Works:
    """What was counted of one feed of works.

    Attributes
    ----------
    feed
        Name of the feed.
    roles
        Roles of the tallies.
    tallies
        One a role, with patterns; by `CELL`.
    unknown
        source, field, year, field_unknown: works of which it cannot be known whether they are in the field.
    complete
        source, last_year: the latest year that is complete.
    set_aside
        year, reason, rows: works that are stored, but count nowhere.
    """

    feed: str
    roles: tuple[str, ...]
    tallies: tuple[Tally, ...]
    unknown: pl.DataFrame
    complete: pl.DataFrame
    set_aside: pl.DataFrame


@dataclass(frozen=True)
class Counted:
    """What was counted of some of the works of a feed, which adds up to what is counted of all; see `added`.

    Attributes
    ----------
    tallies
        One a role of the feed.
    unknown
        As of `Works`.
    newest
        How recent the stored works are, by source (papers) or by what their year is (patents).
    set_aside
        year, reason, rows: works that count nowhere by what they are.
    """

    tallies: tuple[Tally, ...]
    unknown: pl.DataFrame
    newest: pl.DataFrame
    set_aside: pl.DataFrame


def count(
    table: str, rows: pl.LazyFrame, stored: pl.LazyFrame, method: Method, *, all_works: bool, backend: str
) -> Counted:
    """Tally works: papers by the countries of their authors, patents by those of inventors and applicants.

    Parameters
    ----------
    table
        ``papers`` or ``patents``.
    rows
        Works that count, each once.
    stored
        Works that are stored: what is not made anew says how recent the snapshot is, too.
    method
        Taxonomy and country policy.
    all_works
        Whether all works are stored, so that the pseudo-field ``all`` can be published.
    backend
        Backend of the kernels.
    """
    one = _papers if table == "papers" else _patents
    return one(rows, stored, method, all_works=all_works, backend=backend)


def added(parts: Sequence[Counted]) -> Counted:
    """Add up what was counted of parts of the works, in any order."""
    first = parts[0]
    if len(parts) == 1:
        return first
    kind = first.newest.columns[0]
    unknown = pl.concat([part.unknown for part in parts]).group_by("source", "field", "year").sum()
    newest = pl.concat([part.newest for part in parts]).group_by(kind).max().select(first.newest.columns)
    by_role = zip(*(part.tallies for part in parts), strict=True)
    return Counted(
        tuple(one.merge(*others) for one, *others in by_role),
        unknown.select(first.unknown.columns),
        newest,
        added_up([part.set_aside for part in parts]),
    )


def works(table: str, resolved: Resolved, counted: Counted) -> Works:
    """Return what was counted of a feed."""
    patents = table == "patents"
    return Works(
        resolved.feed,
        ("inventor", "applicant", OWNED) if patents else ("author",),
        counted.tallies,
        counted.unknown,
        _complete_grants(counted.newest) if patents else _complete_papers(counted.newest),
        added_up([resolved.set_aside, counted.set_aside]),
    )


def _papers(
    rows: pl.LazyFrame, stored: pl.LazyFrame, method: Method, *, all_works: bool, backend: str
) -> Counted:
    judged = judged_papers(rows, method, "countries", "shares")
    newest = (
        stored.filter(method.fields.papers_eligible())
        .group_by(_source_of_papers().alias("source"))
        .agg(pl.col("updated").max(), pl.col("date").max(), pl.col("year").max())
    )
    return Counted(
        (_tally(judged, "author", "countries", "shares", method, all_works=all_works, backend=backend),),
        _unknown(judged),
        newest.collect(engine="streaming"),
        _ineligible(rows, method),
    )


def _patents(
    rows: pl.LazyFrame, stored: pl.LazyFrame, method: Method, *, all_works: bool, backend: str
) -> Counted:
    sides = [f"{side}_{what}" for side in ("inventor", "applicant") for what in ("countries", "shares")]
    judged = judged_patents(rows, method, *sides)
    roles = (("inventor", *sides[:2]), ("applicant", *sides[2:]))
    tallies = [
        _tally(judged, role, members, shares, method, all_works=all_works, backend=backend)
        for role, members, shares in roles
    ]
    owned = tally(
        in_fields(judged, OWNED, all_works=all_works),
        members=sides[0],
        partners=sides[2],
        by=CELL,
        labels=method.labels,
        policy=method.policy,
        patterns=True,
        backend=backend,
    )
    newest = stored.group_by("year_kind").agg(pl.col("date").max(), pl.col("year").max())
    return Counted(
        (*tallies, owned),
        _unknown(judged),
        newest.collect(engine="streaming"),
        pl.DataFrame(schema=SET_ASIDE),
    )


def _tally(
    judged: pl.LazyFrame,
    role: str,
    members: str,
    shares: str,
    method: Method,
    *,
    all_works: bool,
    backend: str,
) -> Tally:
    return tally(
        in_fields(judged, role, all_works=all_works),
        members=members,
        shares=shares,
        counting=COUNTING,
        by=CELL,
        labels=method.labels,
        policy=method.policy,
        patterns="credits" if method.intervals.by_shares else True,
        backend=backend,
    )


def judged_papers(rows: pl.LazyFrame, method: Method, *columns: str) -> pl.LazyFrame:
    """Take the papers that count, with their source and the fields that they are in.

    Parameters
    ----------
    rows
        Canonical papers, each once.
    method
        Its taxonomy judges.
    *columns
        Columns that are wanted beside topics, topic_scheme, year, source, field and field_unknown.
    """
    counted = rows.filter(method.fields.papers_eligible())
    source = _source_of_papers().cast(_SOURCES).alias("source")
    return method.fields.papers(counted.select(*columns, "topics", "topic_scheme", "year", source))


def judged_patents(rows: pl.LazyFrame, method: Method, *columns: str) -> pl.LazyFrame:
    """Take patents with the fields that they are in; see `judged_papers`."""
    source = pl.lit("patentsview").cast(_SOURCES).alias("source")
    return method.fields.patents(rows.select(*columns, "cpc", "year", source))


def _source_of_papers() -> pl.Expr:
    concepts = (pl.col("topic_scheme") == "openalex-concepts").fill_null(value=False)
    return pl.when(concepts).then(pl.lit("openalex-concepts")).otherwise(pl.lit("openalex"))


def in_fields(judged: pl.LazyFrame, role: str, *, all_works: bool) -> pl.LazyFrame:
    """Add a role; take works of some field, or all of them with the pseudo-field of all works."""
    rows = judged.with_columns(pl.lit(role).cast(_ROLES).alias("role"))
    if all_works:
        return rows.with_columns(pl.concat_list("field", pl.lit(ALL)))
    return rows.filter(pl.col("field").list.len() > 0)


def _unknown(judged: pl.LazyFrame) -> pl.DataFrame:
    exploded = judged.select("source", "year", field="field_unknown").explode("field").drop_nulls("field")
    counts = exploded.group_by("source", "field", "year").agg(pl.len().cast(pl.Int64).alias("field_unknown"))
    return counts.with_columns(pl.col("source", "field").cast(pl.String)).collect(engine="streaming")


def _ineligible(rows: pl.LazyFrame, method: Method) -> pl.DataFrame:
    """Count works that are no contributions of their own: retracted, paratext, xpac, of another type."""
    reason = (
        pl.when("is_retracted")
        .then(pl.lit("retracted"))
        .when("is_paratext")
        .then(pl.lit("paratext"))
        .when("is_xpac")
        .then(pl.lit("xpac"))
    )
    return (
        rows.filter(~method.fields.papers_eligible())
        .group_by("year", reason.otherwise(pl.lit("other_type")).alias("reason"))
        .agg(pl.len().cast(pl.Int64).alias("rows"))
        .collect(engine="streaming")
    )


def _complete_papers(newest: pl.DataFrame) -> pl.DataFrame:
    """Papers of a year are complete once the snapshot is of a later one."""
    seen = pl.coalesce(pl.col("updated").dt.year(), pl.col("date").dt.year(), pl.col("year").cast(pl.Int32))
    return newest.select("source", last_year=seen - 1)


def _complete_grants(newest: pl.DataFrame) -> pl.DataFrame:
    """Grants of a year are complete once the year is over; of filing years, many are still to be granted."""
    years = [_last_grant_year(*row) for row in newest.select("year_kind", "date", "year").iter_rows()]
    schema: Sequence[tuple[str, Any]] = [("source", pl.String), ("last_year", pl.Int32)]
    rows = [("patentsview", min(years))] if years else []
    return pl.DataFrame(rows, schema=schema, orient="row")


def _last_grant_year(kind: str, day: date | None, year: int) -> int:
    over = day is not None and (day.month, day.day) >= _LAST_GRANT
    newest = day.year if day is not None else year
    return newest - (0 if over else 1) - _LAG_OF_GRANTS.get(kind, 5)
