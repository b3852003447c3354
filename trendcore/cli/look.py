"""Commands that read: show, top, export, indices, releases, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trendcore.cli.options import (
    CsvOption,
    FieldOption,
    JsonOption,
    ReleaseOption,
    WorkspaceOption,
    one_form,
)
from trendcore.cli.output import arrow, print_csv, print_json, print_lines, print_table, trend_text
from trendcore.report.words import interval, number

if TYPE_CHECKING:
    from trendcore.workspace import Workspace

Record = dict[str, Any]


def show(
    a: Annotated[str, typer.Argument(metavar="A", help="A country: JP, JPN or japan.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The other country.")],
    workspace: WorkspaceOption,
    field: FieldOption = None,
    index: Annotated[
        str, typer.Option("--index", metavar="NAME", help="Symmetric index to rank pairs by, and to show.")
    ] = "salton",
    release: ReleaseOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """Show a pair of countries: papers, patents and trade of each field in the latest complete year.

    Joint works, what part they are of each country's international works, Salton's index, the NCSES index of
    collaboration, the interval and trend of the index that ranks, ten years of joint works and the pair's
    rank; for trade, the flows both ways.
    """
    from trendcore.workspace import Workspace

    one_form(json, csv)
    show_pair(Workspace(workspace), a, b, field=field, index=index, release=release, json=json, csv=csv)


def show_pair(
    workspace: Workspace,
    a: str,
    b: str,
    *,
    field: str | None = None,
    index: str = "salton",
    release: int | None = None,
    json: bool = False,
    csv: bool = False,
) -> None:
    """Print what is published about a pair in one of the three forms."""
    from trendcore import taxonomy
    from trendcore.cli.show import print_pair
    from trendcore.errors import UsageError
    from trendcore.report.pair import summarise, two

    pair = two(a, b)
    _symmetric(index)
    record = summarise(workspace, pair, field=field, release=release, rank_by=index)
    if not any(record[kind] for kind in ("works", "ownership", "trade")):
        raise UsageError(_nothing(workspace, field, release))
    if json:
        print_json(record)
    elif csv:
        _print_pair_csv(record)
    else:
        table = taxonomy.countries()
        codes = {label: code for code, label in table.labels().items()}
        print_pair(record, (table.name(codes[pair.a]), table.name(codes[pair.b])), release)


def _symmetric(name: str) -> None:
    from trendcore.errors import UsageError

    entry = _registered(name)
    if entry.directed or entry.subject != "pair" or entry.kind == "trade":
        raise UsageError(
            f"{name} is not one value a pair of papers or patents; rank by a symmetric index such as salton"
        )


def _registered(name: str) -> Any:
    """Return the registry's entry of an index."""
    from trendcore import indices as registered
    from trendcore.errors import UnknownIndexError, UsageError

    registry = registered.registry()
    if name not in registry:
        raise UnknownIndexError(f"no index is called {name!r}; `trendcore indices` lists them")
    if registry[name].drawn:
        raise UsageError(f"{name} is not published, since it needs draws: {registry[name].drawn} gives it")
    return registry[name]


def _nothing(workspace: Workspace, field: str | None, release: int | None) -> str:
    fields = (
        workspace.table("coverage", release=release).collect()["field"].unique().drop_nulls().sort().to_list()
    )
    if field is not None and field not in fields:
        return f"nothing is published for the field {field!r}; published: {', '.join(fields) or 'none'}"
    return "no year is complete yet, so there is nothing to show; `trendcore export` gives what is there"


def _print_pair_csv(record: Record) -> None:
    rows = []
    for row in [*record["works"], *record["ownership"], *record["trade"]]:
        names = {"a": record["a"], "b": record["b"]}
        rows.append(names | {key: value for key, value in row.items() if not isinstance(value, list)})
    keys = list(dict.fromkeys(key for row in rows for key in row))
    print_csv([{key: row.get(key) for key in keys} for row in rows])


def top(
    workspace: WorkspaceOption,
    field: Annotated[str, typer.Option("--field", metavar="FIELD", help="Which field.")],
    index: Annotated[str, typer.Option("--index", metavar="NAME", help="Index to order by.")] = "salton",
    min_joint: Annotated[
        int, typer.Option("--min-joint", metavar="N", min=0, help="Leave out pairs with fewer joint works.")
    ] = 20,
    source: Annotated[
        str | None, typer.Option("--source", metavar="FEED", help="openalex, patentsview, baci or comtrade.")
    ] = None,
    role: Annotated[
        str | None, typer.Option("--role", metavar="ROLE", help="author, inventor, applicant, ...")
    ] = None,
    year: Annotated[
        int | None, typer.Option("--year", metavar="YYYY", help="The latest complete one by default.")
    ] = None,
    rising: Annotated[
        bool,
        typer.Option(
            "--rising",
            help="Only pairs with a rising trend (Mann-Kendall test, p < 0.05), by their Theil-Sen slope.",
        ),
    ] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many.")] = 20,
    release: ReleaseOption = None,
    json: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """List the strongest, or fastest-rising, pairs of a field by an index, with interval and trend.

    A trend is over the last complete years of the release: ten, if the settings do not say otherwise.
    """
    from trendcore.report.ranking import Question, strongest
    from trendcore.workspace import Workspace

    one_form(json, csv)
    entry = _registered(index)
    question = Question(
        field, index, entry.kind, entry.roles, source, role, year, min_joint, limit, rising, release
    )  # fmt: skip
    answer = strongest(Workspace(workspace), question)
    if json:
        print_json(answer)
    elif csv:
        print_csv(answer["pairs"])
    else:
        _print_top(answer, entry)


def _print_top(answer: Record, entry: Any) -> None:
    title = (
        f"{answer['field']}, {answer['source']} ({answer['role']}), {answer['year']}: by {answer['index']}"
    )
    if answer["proxy"]:
        title += " (a proxy: goods that merely stand for the field)"
    if not answer["pairs"]:
        print_lines(title, _why_empty(answer))
        return
    of_pairs = entry.subject == "pair"
    counted = "joint" in answer["pairs"][0] and answer["index"] != "joint"
    sure = any(row["interval"] for row in answer["pairs"])
    columns = [("rank", "right"), ("a", "left"), *([("b", "left")] if of_pairs else [])]
    columns += [(answer["index"], "right")]
    columns += [("both reports" if answer["pairs"][0]["interval"] == "reports" else "95 %", "right")] * sure
    columns += [("joint", "right")] if counted else []
    columns += [("trend p", "left"), ("slope a year", "right"), ("years", "left")]
    digits = 0 if answer["index"] in {"joint", "value"} else 4
    body = []
    for row in answer["pairs"]:
        small = "*" if row["interval_flag"] == "small_count" else " "
        cells = [str(row["rank"]), row["a"], *([row["b"]] if of_pairs else []), number(row["value"], digits)]
        cells += [interval(row["lo"], row["hi"], max(digits, 1)) + small] * sure
        cells += [number(row["joint"], 0)] if counted else []
        slope = row["trend_slope"]
        cells += [trend_text(row["trend"], row["trend_p"])]
        cells += ["–" if slope is None else f"{slope:+,.{digits + 1}f}", row["trend_years"] or "–"]
        body.append(cells)
    neutral = (
        f" Neutral value: {entry.neutral} (no threshold)."
        if entry.neutral and entry.neutral != "none"
        else ""
    )
    notes = [
        f"{entry.title}: {entry.formula}; range {entry.range}.{neutral}",
        f"Counting: {answer['counting']}; marginals: {answer['marginals']}."
        + (
            f" Pairs with at least {answer['min_joint']} joint works."
            if "joint" in answer["pairs"][0]
            else ""
        ),
        *_top_legend(answer),
    ]
    print_table(columns, body, title=title, notes=notes)


def _top_legend(answer: Record) -> list[str]:
    """Say how intervals are made, what the arrows mean, and what was tested."""
    made = {row["interval"] for row in answer["pairs"]} - {None}
    lines = [f"95 %: {', '.join(sorted(made))}."] if made and made != {"reports"} else []
    if any(row["interval_flag"] == "small_count" for row in answer["pairs"]):
        lines.append("*: fewer than 5 joint works: the interval means nothing.")
    if answer["tested"]:
        lines.append(
            f"Trend: {arrow('rising')} rising, {arrow('falling')} falling (Mann-Kendall test over complete "
            f"years, p < 0.05), {arrow('none')} neither shown; slope: Theil-Sen."
        )
    if answer["rising"]:
        lines.append(
            f"Rising of {answer['tested']:,} tested, by slope. Each p is of one pair alone: of 100 pairs "
            "without a trend 2 or 3 would be listed."
        )
    return lines


def _why_empty(answer: Record) -> str:
    if answer["rising"] and answer["tested"]:
        return f"no pair of {answer['tested']:,} tested has a rising trend (Mann-Kendall test, p < 0.05)"
    if answer["most_joint"]:
        least = answer["min_joint"]
        if answer["most_joint"] < least:
            return (
                f"no pair has {least} joint works or more; the most is {answer['most_joint']}: give a lower "
                "--min-joint"
            )
    return "no pair has a trend" if answer["rising"] else "no pair has a value"


def export(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The file to write.")],
    workspace: WorkspaceOption,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="FORMAT", help="parquet, csv, xlsx or arrow; from OUT's ending by default."
        ),
    ] = None,
    table: Annotated[
        str,
        typer.Option(
            "--table",
            metavar="NAME",
            help="indices (long form), a published table, or papers, patents, trade or quarantine as stored.",
        ),
    ] = "indices",
    pair: Annotated[str | None, typer.Option("--pair", metavar="A-B", help="Only this pair.")] = None,
    field: FieldOption = None,
    source: Annotated[str | None, typer.Option("--source", metavar="FEED", help="Only this feed.")] = None,
    index: Annotated[str | None, typer.Option("--index", metavar="NAME", help="Only this index.")] = None,
    release: ReleaseOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace OUT if it is there.")] = False,
    json: JsonOption = False,
) -> None:
    """Write published indices, or another table, to a file.

    Texts that a spreadsheet would run as formulas are escaped.
    """
    from trendcore.cli.exporting import Selection, write_table
    from trendcore.workspace import Workspace

    selection = Selection(table, pair, field, source, index, release)
    rows = write_table(Workspace(workspace), selection, out, form, force=force)
    if json:
        print_json({"out": str(out), "rows": rows})
        return
    typer.echo(f"{out}: {rows:,} rows")


def indices(json: JsonOption = False, csv: CsvOption = False) -> None:
    """List every index: formula, range, neutral value and the source of the definition."""
    from trendcore import indices as registered

    one_form(json, csv)
    keys = ["name", "title", "formula", "range", "neutral", "directed", "subject", "kinds", "marginals"]
    keys += ["source", "notes"]
    plain = [{key: getattr(entry, key) for key in keys} for entry in registered.registry().values()]
    entries = [row | {key: list(row[key]) for key in ("kinds", "marginals")} for row in plain]
    if json:
        print_json(entries)
    elif csv:
        print_csv(entries)
    else:
        for entry in entries:
            _print_index(entry)


def _print_index(entry: Record) -> None:
    """Print one index as a short paragraph: formulas and sources are too long for a table."""
    subject = (
        "one country"
        if entry["subject"] == "country"
        else "a pair, both ways"
        if entry["directed"]
        else "a pair"
    )
    typer.echo(f"{entry['name']}: {entry['title']} ({subject}; {', '.join(entry['kinds'])})")
    typer.echo(f"    formula   {entry['formula']}")
    typer.echo(f"    range     {entry['range']}")
    typer.echo(
        f"    neutral   {entry['neutral']} (no threshold)"
        if entry["neutral"] != "none"
        else "    neutral   none"
    )
    typer.echo(f"    over      {', '.join(entry['marginals'])}")
    typer.echo(f"    source    {entry['source']}\n")


def releases(workspace: WorkspaceOption, json: JsonOption = False, csv: CsvOption = False) -> None:
    """List the releases of a workspace, the newest last.

    Of a rollback it is said to which release, and of it and of an accepted change the reason.
    """
    from trendcore.workspace import Workspace

    one_form(json, csv)
    rows = Workspace(workspace).releases().to_dicts()
    if json:
        print_json(rows)
    elif csv:
        print_csv(rows)
    elif not rows:
        typer.echo(f"no release yet; run `trendcore update -w {workspace}`")
    else:
        keys = list(rows[0])
        rows = [row | {"created": row["created"][:16].replace("T", " ")} for row in rows]
        body = [["" if row[key] is None else str(row[key]) for key in keys] for row in rows]
        print_table([(key.replace("_", " "), "left") for key in keys], body)


def doctor(
    workspace: Annotated[
        str | None, typer.Option("--workspace", "-w", metavar="WS", help="Look into this workspace too.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Say what is installed, which backends can be used and why others cannot, and how a workspace is.

    Of a workspace every file of every release and of the stored rows is read; exit code 6 if one is not as it
    was written.
    """
    from trendcore.cli.health import examine, print_health
    from trendcore.errors import StorageError

    found = examine(workspace)
    if json:
        print_json(found)
    else:
        print_health(found)
    if found.get("workspace", {}).get("damage"):
        raise typer.Exit(StorageError.exit_code)
