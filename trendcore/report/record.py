"""Everything that a report says, gathered from a release: selection only, no number is made here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from trendcore.errors import UsageError
from trendcore.report.history import histories
from trendcore.report.pair import (
    Known,
    Pair,
    latest_complete_years,
    pair_of,
    rows_of_cell,
    summarise,
)
from trendcore.report.standing import (
    BlocMembers,
    cells_of_works,
    members_pairs,
    partners,
    partners_of_bloc,
    standings,
)
from trendcore.report.surety import by_default
from trendcore.trends.told import with_no_joint_works

if TYPE_CHECKING:
    import polars as pl

    from trendcore.report.published import Published
    from trendcore.store import Manifest
    from trendcore.taxonomy import Blocs

Record = dict[str, Any]

#: of whom a report is when nobody is named
DEFAULT_PAIR: Final = Pair("JP", "US")
#: table of indices -> those of its indices whose conventions a report gives
INDICES: Final = {
    "indices": ("joint", "salton", "ric", "share"),
    "ownership_indices": ("joint",),
    "trade_indices": ("value", "import_share", "trade_intensity"),
    "bloc_indices": ("joint", "salton"),
}


@dataclass(frozen=True)
class Asked:
    """What a report was asked for; None: JP-US, no bloc, every field."""

    pair: str | None = None
    bloc: str | None = None
    field: str | None = None


@dataclass(frozen=True)
class ReportRecord:
    """What a report says, in the order of its page; see the functions that gather the parts."""

    pair: Pair
    release: Record
    names: dict[str, str]
    titles: dict[str, str]
    summary: Record
    histories: list[Record]
    standings: list[Record]
    partners: list[Record]
    tables: dict[str, list[Record]]
    bloc: BlocMembers | None = None
    members_pairs: list[Record] = field(default_factory=list)
    partners_of_bloc: list[Record] = field(default_factory=list)

    def name(self, code: str) -> str:
        """Return the name of a country; its code where there is none."""
        return self.names.get(code, code)

    def title(self, name: str) -> str:
        """Return the title of a field; its name where there is none."""
        return self.titles.get(name, name)


def gather(workspace: Published, manifest: Manifest, blocs: Blocs, asked: Asked) -> ReportRecord:
    """Read from a release what a report says.

    Parameters
    ----------
    workspace
        Where the tables are from.
    manifest
        The release.
    blocs
        Where the members of blocs are looked up.
    asked
        Pair, bloc and field.

    Raises
    ------
    UsageError
        A pair, bloc or field is unknown, or no pair is published; the message says what there is.
    """
    number = manifest.number
    coverage = _coverage(workspace, manifest, asked.field)
    bloc = None if asked.bloc is None else _bloc(manifest, blocs, asked.bloc, coverage)
    pair = pair_of(asked.pair) if asked.pair is not None else _usual_pair(workspace, number, asked.field)
    last = latest_complete_years(coverage)
    rows = workspace.indices(pair="-".join(pair.sorted), field=asked.field, release=number)
    chosen = by_default(rows).collect()
    summary = summarise(workspace, pair, field=asked.field, release=number, rank_by="salton")
    cells = cells_of_works(last)
    titles = _titles(workspace, number)

    def in_order(rows: list[Record]) -> list[Record]:
        return sorted(
            rows, key=lambda row: (row["source"], row["role"], titles.get(row["field"], row["field"]))
        )

    summary |= {kind: in_order(summary[kind]) for kind in ("works", "ownership", "trade", "unanswered")}
    summary["works"] = [row | _relative(chosen, row, pair) for row in summary["works"]]
    inside = {} if bloc is None else {
        "members_pairs": in_order(members_pairs(workspace, bloc, cells, number)),
        "partners_of_bloc": in_order(partners_of_bloc(workspace, bloc, cells, asked.field, number)),
    }  # fmt: skip
    return ReportRecord(
        pair=pair,
        release=_release(manifest),
        names=dict(workspace.table("countries", release=number).select("label", "name").collect().rows()),
        titles=titles,
        summary=summary,
        histories=in_order(histories(workspace, pair, chosen, coverage, number)),
        standings=in_order(standings(workspace, pair, cells, number)),
        partners=in_order(partners(workspace, pair, cells, number)),
        tables=_tables(workspace, coverage, number),
        bloc=bloc,
        **inside,
    )


def _coverage(workspace: Published, manifest: Manifest, name: str | None) -> pl.DataFrame:
    """Read the coverage of a field, or of all."""
    coverage = workspace.table("coverage", release=manifest.number).collect()
    there = coverage["field"].drop_nulls().unique().sort().to_list()
    if name is None:
        return coverage
    if name not in there:
        raise UsageError(
            f"nothing is published for the field {name!r}; published: {', '.join(there) or 'none'}"
        )
    return coverage.filter(coverage["field"] == name)


def _bloc(manifest: Manifest, blocs: Blocs, name: str, coverage: pl.DataFrame) -> BlocMembers:
    """Look a published bloc up; its members are known where the file of blocs is that of the release."""
    from trendcore import taxonomy

    said = manifest.settings["blocs"]
    key = name.strip().lower().removeprefix("bloc:")
    same = said["sha256"] == blocs.sha256
    if same:
        key = blocs.get(name).name if key in said["names"] else _alias(blocs, key)
    if key not in said["names"]:
        raise UsageError(
            f"the bloc {name!r} is not published; published: {', '.join(said['names']) or 'none'}"
        )
    if not same:
        return BlocMembers(key, key, None)
    label = taxonomy.countries().label
    years = coverage["year"].unique().to_list()
    by_year = {year: frozenset(label(code) for code in blocs.members(key, year)) for year in years}
    return BlocMembers(key, blocs.label(key), by_year)


def _alias(blocs: Blocs, key: str) -> str:
    """Return the name behind an alias; the text itself where there is none."""
    try:
        return blocs.get(key).name
    except UsageError:
        return key


def _usual_pair(workspace: Published, release: int, name: str | None) -> Pair:
    """Return JP-US if it has joint works or trade, else the pair with most of them."""
    import polars as pl

    for table, a, b, size in (("pairs", "a", "b", "joint"), ("trade_flows", "exporter", "importer", "value")):
        rows = workspace.table(table, release=release).filter(pl.col(a) != pl.col(b))
        if name is not None:
            rows = rows.filter(pl.col("field") == name)
        codes = workspace.table("countries", release=release).select("label")
        for end in (a, b):
            rows = rows.join(codes, left_on=end, right_on="label", how="semi")
        ends = [pl.min_horizontal(a, b).alias("low"), pl.max_horizontal(a, b).alias("high")]
        sizes = rows.group_by(ends).agg(pl.col(size).sum()).collect()
        if sizes.is_empty():
            continue
        found = [
            Pair(*row)
            for row in sizes.sort(size, "low", "high", descending=[True, False, False])
            .select("low", "high")
            .rows()
        ]
        return DEFAULT_PAIR if DEFAULT_PAIR in found else found[0]
    raise UsageError(
        "no pair is published: `trendcore ingest` papers, patents or trade, and `trendcore update`"
    )


def _relative(chosen: pl.DataFrame, row: Record, pair: Pair) -> Record:
    """Return the relative intensity of collaboration both ways, and the interval of joint works.

    A pair without joint works has no row: where both countries have international works its intensity is 0.
    """
    known = Known(rows_of_cell(chosen, row), chosen.clear())
    parts = ("value", "value_flag", "lo", "hi", "interval_flag")
    found: Record = {}
    for name, (a, b) in {"a": (pair.a, pair.b), "b": (pair.b, pair.a)}.items():
        said = known.row("ric", row["year"], a, b)
        found |= {f"ric_of_{name}_{part}": said.get(part) for part in parts}
        if not said and row["salton"] is not None:
            found[f"ric_of_{name}_value"] = with_no_joint_works("ric")
    joint = known.row("joint", row["year"], *pair.sorted)
    return found | {f"joint_{part}": joint.get(part) for part in ("lo", "hi")}


def _release(manifest: Manifest) -> Record:
    """Return what a release says of itself."""
    feeds: dict[str, int] = {}
    for each in manifest.inputs:
        feeds[each["feed"]] = feeds.get(each["feed"], 0) + 1
    return {
        "number": manifest.number,
        "created": manifest.created,
        "fingerprint": manifest.fingerprint,
        "feeds": feeds,
        "settings": manifest.settings,
        "versions": manifest.versions,
        "gates": manifest.gates,
        "warnings": manifest.warnings,
        "accepted_change": manifest.accepted_change,
        "rolled_back_to": manifest.rolled_back_to,
    }


def _titles(workspace: Published, release: int) -> dict[str, str]:
    """Return the title of each field."""
    fields = (
        workspace.table("fields", release=release).select("field", "title").unique().sort("field", "title")
    )
    return dict(fields.collect().rows())


def _tables(workspace: Published, coverage: pl.DataFrame, release: int) -> dict[str, list[Record]]:
    """Return conventions, lists behind fields, and inputs with what became of their rows."""
    import polars as pl

    conventions = by_default(workspace.table("conventions", release=release)).collect()
    wanted = pl.DataFrame(
        [(table, name) for table, names in INDICES.items() for name in names],
        schema=["table", "index"], orient="row",
    )  # fmt: skip
    fields = workspace.table("fields", release=release).collect()
    here = coverage.select("field", "source").unique()
    aside = (
        workspace.table("set_aside", release=release).group_by("source", "reason").agg(pl.col("rows").sum())
    )
    set_aside = aside.sort("source", "reason").collect()
    return {
        "conventions": wanted.join(conventions, on=["table", "index"], maintain_order="left").to_dicts(),
        "fields": fields.join(here, on=["field", "source"], how="semi").sort("title", "source").to_dicts(),
        "inputs": workspace.table("inputs", release=release).sort("feed", "file").collect().to_dicts(),
        "set_aside": set_aside.to_dicts(),
    }
