"""Commands about releases: diff, rollback, recompute, verify, gc."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from trendcore.cli.options import (
    BackendOption,
    CsvOption,
    FieldOption,
    JsonOption,
    WorkspaceOption,
    one_form,
    one_of,
)
from trendcore.cli.output import print_csv, print_json, print_lines, print_table, progress, say

if TYPE_CHECKING:
    import polars as pl

Record = dict[str, Any]

#: measure -> its unit and, for people, what divides it
_UNITS = {
    "joint": ("joint works", 1),
    "works": ("works of a country", 1),
    "value": ("trade, thousands of US dollars", 1_000_000),
}

_REASONS = ("late", "withdrawn", "country", "topic", "redated", "revised", "method")


def diff(
    r1: Annotated[int, typer.Argument(metavar="R1", min=1, help="The earlier release.")],
    r2: Annotated[int, typer.Argument(metavar="R2", min=1, help="The later one.")],
    workspace: WorkspaceOption,
    pair: Annotated[str | None, typer.Option("--pair", metavar="A-B", help="Only this pair: JP-US.")] = None,
    field: FieldOption = None,
    source: Annotated[str | None, typer.Option("--source", metavar="FEED", help="Only this feed.")] = None,
    index: Annotated[
        str, typer.Option("--index", metavar="NAME", help="Index to show before and after.")
    ] = "salton",
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help="How many rows of each table; not of --csv.")
    ] = 20,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """Say what moved between two releases, by how much, whether beyond its interval, and why.

    Each difference is split into parts that add up to it: late and withdrawn works, works re-assigned to
    other countries, another field or year, and a changed method; of trade new, withdrawn and revised flows.
    Where an input of R1 is no longer stored, or the method of R2 cannot be had, no parts are given.
    """
    from trendcore.update.comparing import summary
    from trendcore.workspace import Workspace

    one_form(json, csv)
    moves = Workspace(workspace).diff(r1, r2, pair=pair, field=field, source=source, index=index)
    if csv:
        print_csv(moves.to_dicts())
        return
    told = summary(moves)
    if json:
        tops = {name: rows.to_dicts() for name, rows in _tops(moves, limit)}
        print_json({"from": r1, "to": r2, "index": index, "summary": told, "moved": tops})
        return
    _print_summary(r1, r2, index, told)
    for name, rows in _tops(moves, limit):
        _print_moves(name, rows, moves, index)


def _tops(moves: pl.DataFrame, limit: int) -> list[tuple[str, pl.DataFrame]]:
    """Return the first rows of each measure; the totals of exporters are for programs."""
    return [(name, rows.head(limit)) for name in _UNITS if (rows := _of(moves, name)).height]


def _of(moves: pl.DataFrame, measure: str) -> pl.DataFrame:
    import polars as pl

    rows = moves.filter(pl.col("measure") == measure)
    return rows.filter(pl.col("b").is_not_null()) if measure == "value" else rows


def _print_summary(r1: int, r2: int, index: str, told: Record) -> None:
    if not told["cells"]:
        print_lines(f"nothing moved from release {r1} to {r2}")
        return
    lines = [f"Release {r1} to {r2}: {told['cells']:,} cells changed, pairs in {told['pairs']:,} places."]
    relative = told["relative_change"]
    if relative["pairs"]:
        lines.append(
            f"Of {relative['pairs']:,} with 20 joint works or more: median change {relative['median']:.1%}, "
            f"largest {relative['largest']:.1%}."
        )
    if told["with_interval"]:
        share = told["beyond"] / told["with_interval"]
        lines.append(
            f"Beyond the earlier interval of {index}: {told['beyond']:,} of {told['with_interval']:,} "
            f"({share:.1%})."
        )
    for measure, sums in told["reasons"].items():
        moved = f"{_UNITS[measure][0]}: {_scaled(sums['moved'], measure)} in all"
        lines.append(f"{moved}: {why}" if (why := _why(sums, measure)) else moved)
    lines += [f"{source}: no parts are given: {why}" for source, why in told["unexplained"].items()]
    print_lines(*lines, "")


def _print_moves(measure: str, rows: pl.DataFrame, moves: pl.DataFrame, index: str) -> None:
    paired = measure != "works"
    valued = paired and rows["value_after"].null_count() < rows.height
    columns = [("source", "left"), ("field", "left"), ("year", "left"), ("a", "left")]
    columns += [("b", "left")] * paired
    columns += [("before", "right"), ("after", "right"), ("moved", "right")]
    columns += [(index, "right"), ("beyond", "left")] * valued + [("why", "left")]
    body = []
    for row in rows.iter_rows(named=True):
        cells = [f"{row['source']} {row['role']}", row["field"], str(row["year"]), row["a"]]
        cells += [row["b"]] * paired
        cells += [_plain(row["before"], measure), _plain(row["after"], measure)]
        cells += [_scaled(row["moved"], measure)]
        values = f"{_number(row['value_before'])} > {_number(row['value_after'])}"
        cells += [values, _answer(row["beyond"])] * valued
        body.append([*cells, _why(row, measure) or "–"])
    in_all = _of(moves, measure).height
    notes = [f"{rows.height:,} of {in_all:,}; --csv gives all."] if rows.height < in_all else []
    print_table(columns, body, title=_UNITS[measure][0], notes=notes)


def _why(sums: Record, measure: str) -> str:
    """Write the parts of a difference that are not 0."""
    return ", ".join(f"{name} {_scaled(sums[name], measure)}" for name in _REASONS if sums[name])


def _plain(value: int, measure: str) -> str:
    return f"{value / _UNITS[measure][1]:,.0f}"


def _scaled(value: int, measure: str) -> str:
    """Write a change with its sign; nothing as a 0."""
    scale = _UNITS[measure][1]
    return f"{value / scale:+,.0f}" if value else "0"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _answer(value: bool | None) -> str:
    return {None: "–", True: "yes", False: "no"}[value]


def rollback(
    number: Annotated[int, typer.Argument(metavar="N", min=1, help="The release to go back to.")],
    workspace: WorkspaceOption,
    reason: Annotated[
        str,
        typer.Option("--reason", metavar="TEXT", help="Why; it stands in the release."),
    ] = "",
    json: JsonOption = False,
) -> None:
    """Publish the tables of an old release again, as a new release; nothing is computed or lost.

    A damaged file is refused with exit code 6. The inputs stay ingested, but `trendcore update` publishes
    nothing of what was rolled back from until inputs or settings change, or --after-rollback is given:
    `trendcore withdraw PATH` keeps an input out, and `trendcore update` then publishes without it.
    """
    from trendcore.workspace import Workspace

    handle = Workspace(workspace)
    before = handle.releases()["release"].max()
    now = handle.rollback(number, reason)
    changed = now != before
    if json:
        print_json({"release": now, "rolled_back_to": number, "changed": changed})
    elif changed:
        typer.echo(f"published release {now}: the tables of release {number}")
    else:
        typer.echo(f"nothing to do: release {now} has the tables of release {number}")


def gc(
    workspace: WorkspaceOption,
    keep: Annotated[
        int, typer.Option("--keep", metavar="N", min=1, help="How many of the newest releases stay.")
    ],
    grace: Annotated[
        float,
        typer.Option(
            "--grace",
            metavar="HOURS",
            min=0,
            max=87_600,
            help="For how long readers that have begun may go on; younger releases are not dropped.",
        ),
    ] = 24.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    json: JsonOption = False,
) -> None:
    """Drop old releases, and remove files and rows that nobody needs any more.

    New readers do not find a release that is dropped; its files are removed by a later gc, when the grace has
    passed. What is ingested stays. Rows of earlier versions of an input go with the last release that counted
    them: from then on `trendcore diff` cannot say why it differs, nor can it be recomputed.
    """
    from dataclasses import asdict
    from datetime import timedelta

    from trendcore.workspace import Workspace

    done = Workspace(workspace).gc(keep=keep, grace=timedelta(hours=grace), dry_run=dry_run)
    if json:
        print_json(asdict(done) | {"dry_run": dry_run})
        return
    would = "would be " if dry_run else ""
    lines = [
        f"releases {would}{word}: {', '.join(str(number) for number in numbers)}"
        for word, numbers in (("dropped", done.dropped), ("removed", done.removed))
        if numbers
    ]
    if done.files or done.contents:
        lines.append(
            f"{would}removed: {done.files:,} files, {done.bytes / 1e6:,.1f} MB"
            f" ({len(done.contents):,} versions of inputs)"
        )
    if done.waiting or done.held:
        lines.append(
            f"waiting for {grace:g} hours to pass: {len(done.waiting):,} releases; {done.held:,} files and "
            "inputs that no release names"
        )
    print_lines(*(lines or ["nothing to do"]))


def recompute(
    number: Annotated[int, typer.Argument(metavar="N", min=1, help="The release.")],
    workspace: WorkspaceOption,
    backend: BackendOption = "auto",
    json: JsonOption = False,
) -> None:
    """Make the tables of an old release again, as of its inputs and method, and compare; publish nothing.

    Exit code 0: every table has the same content. Exit code 3: some has not; what differs is said, and which
    packages are of another version than then.
    """
    from trendcore.errors import GateError
    from trendcore.store import Store
    from trendcore.update.recomputing import other_versions
    from trendcore.workspace import Workspace

    one_of("--backend", backend, ("auto", "cpu", "gpu", "reference"))
    with progress(f"recompute {number}") as advance:
        tables = Workspace(workspace).recompute(number, backend=backend, progress=advance)
    other = {name: said for name, said in tables.items() if said != "equal"}
    packages = other_versions(Store.open(workspace), number)
    if json:
        print_json({"release": number, "equal": not other, "tables": tables, "other_versions": packages})
    elif other:
        print_table([("table", "left"), ("what differs", "left")], [[*item] for item in other.items()])
        print_lines(f"{len(other):,} of {len(tables):,} tables of release {number} are not equal")
    else:
        typer.echo(f"release {number}: all {len(tables):,} tables are equal")
    if not json:
        for name, (then, now) in packages.items():
            say(f"{name} was {then}, is {now}")
    if other:
        raise typer.Exit(GateError.exit_code)


def verify(
    workspace: WorkspaceOption,
    release: Annotated[
        int | None,
        typer.Option(
            "--release", metavar="N", help="Release to read; all, and stored rows, by default.", min=1
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Read every file again and compare it with the hash that was taken when it was written.

    All releases and all stored rows, of replaced inputs too; with --release the tables of that one. Exit
    code 6, and the names of the files, if a bit is not as it was written.
    """
    from trendcore.errors import StorageError
    from trendcore.workspace import Workspace

    damage = Workspace(workspace).verify(release=release)
    if json:
        print_json({"release": release, "damage": damage})
    elif damage:
        print_lines(*damage)
    else:
        typer.echo("every file is as it was written")
    if damage:
        raise typer.Exit(StorageError.exit_code)
