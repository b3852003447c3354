"""How the numbers of a report were made: release, methods, sources, gates and the quality of the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from trendcore.indices import registry
from trendcore.report.parts import Part, Row, Table, Words, table
from trendcore.report.record import ReportRecord
from trendcore.report.words import MARGINALS, title_of

Record = dict[str, Any]

#: of a release of thousands of files only so many are named: those with rows that were refused
FILES: Final = 30
WARNINGS: Final = 30

_TABLES: Final = {
    "indices": "papers, patents",
    "ownership_indices": "ownership",
    "trade_indices": "trade",
    "bloc_indices": "bloc as one node",
}
_COUNTING: Final = {
    "indices": "full: a work counts once for each pair of its countries",
    "ownership_indices": "full: once for each country of an inventor and of an owner",
    "trade_indices": "values added up",
    "bloc_indices": "full, the members of the bloc as one country",
}
_INTERVALS: Final = {
    "delta": "delta method; exact where counts are small",
    "percentile": "bootstrap of works; exact where counts are small",
    "poisson": "exact, of a count",
    "binomial": "exact, of a share",
    "reports": "the two sides' reports",
}
_UNIVERSES: Final = {"all": "all countries", "bloc": "all countries, the bloc as one"}


def method_parts(record: ReportRecord) -> list[Part]:
    """Say what the indices are, and which lists stand behind fields."""
    return [_conventions(record), _lists(record)]


def quality_parts(record: ReportRecord) -> list[Part]:
    """Say what became of the rows that were read, which gates were passed, and what was warned of."""
    parts: list[Part] = [_feeds(record), *_refused(record)]
    if record.tables["set_aside"]:
        rows = [
            (row["source"], Row((row["reason"].replace("_", " "), f"{row['rows']:,}")))
            for row in record.tables["set_aside"]
        ]
        parts.append(table("Stored rows that count nowhere", ["Source", "Reason", "#Rows"], rows))
    parts += [_gates(record), *_warnings(record)]
    return parts


def release_parts(record: ReportRecord) -> list[Part]:
    """Say which release it is and what decided its numbers."""
    said = record.release
    settings: Mapping[str, Any] = said["settings"]
    fields, policy, blocs = settings["taxonomy"], settings["policy"], settings["blocs"]
    facts = {
        "Release": f"{said['number']}, published {_moment(said['created'])}",
        "Inputs": ", ".join(f"{feed} {n:,}" for feed, n in sorted(said["feeds"].items())) or "none",
        "Fields": f"taxonomy {fields['version']}, {fields['breadth']} lists, "
        f"{'with' if fields['proxies'] else 'without'} goods that merely stand for a field",
        "Countries": f"policy {policy['name']} {policy['version']}",
        "Blocs": f"{blocs['version']}: {', '.join(blocs['names']) or 'none'}",
        "Intervals": _interval_method(settings.get("intervals")),
        "Trends": f"the last {settings['trend_years']} complete years"
        if "trend_years" in settings
        else "none",
        "Trade of a country with itself": str(settings["self_flows"]).replace("_", " "),
        "Software": f"trendcore {settings['trendcore']}; "
        + ", ".join(f"{name} {version}" for name, version in sorted(said["versions"].items())),
        "Fingerprint of inputs and method": said["fingerprint"],
    }
    if said["accepted_change"]:
        facts["Accepted change"] = said["accepted_change"]
    if said["rolled_back_to"] is not None:
        facts["Rolled back"] = f"publishes the tables of release {said['rolled_back_to']} again"
    return [table("This release", ["What", "How"], [(name, Row((how,))) for name, how in facts.items()])]


def _interval_method(said: Mapping[str, Any] | None) -> str:
    """Say how intervals were made; a release of before there were any says nothing of them."""
    if said is None:
        return "none"
    drawn = f"bootstrap of {said['replicates']:,} replicates, seed {said['seed']}"
    return f"{said['level']:.0%}, {drawn if said['replicates'] else 'delta method'}"


def _moment(created: str) -> str:
    """Write a time as it is stored, to the minute."""
    return f"{created[:16].replace('T', ' ')} UTC"


def _conventions(record: ReportRecord) -> Table:
    rows = []
    for row in record.tables["conventions"]:
        entry = registry()[row["index"]]
        over = MARGINALS.get(row["marginals"] or "", "–")
        neutral = "none" if row["neutral_rule"] == "none" else f"{row['neutral_rule']} (no threshold)"
        cells = (
            _TABLES[row["table"]],
            row["formula"],
            row["range"],
            _COUNTING[row["table"]],
            over,
            _UNIVERSES.get(row["universe"], str(row["universe"])),
            neutral,
            _INTERVALS.get(row.get("interval") or "", "none"),
            row["source"],
        )
        rows.append((f"{row['index']}: {entry.title}", Row(cells)))
    heads = [
        "Index", "Of", "Formula", "Range", "Counting", "Totals are", "Universe", "Neutral value", "Interval",
        "Source of the definition",
    ]  # fmt: skip
    notes = [
        "In formulas c: joint works of a and b; x, y: totals of a and b; total: of the system; out: trade "
        "from a to b, in thousandths of a dollar, and back: from b to a; exports, imports: with everybody; "
        "world: all trade of the field. A zero denominator gives no value, never 0. Pairs without a row have "
        "no joint works: they are 0 where both countries have works of that kind.",
    ]
    return table("Indices on this page", heads, sorted(rows, key=lambda row: row[0]), notes)


def _lists(record: ReportRecord) -> Table:
    rows = [
        (
            record.title(row["field"]),
            Row((
                row["source"],
                "proxy" if row["proxy"] else "own",
                row["list_source"] or "–",
                row["scheme_edition"] or "–",
                row["note"] or "–",
            )),
        )
        for row in record.tables["fields"]
    ]  # fmt: skip
    silent = [
        f"Not shown: {record.title(row['field'])} in {title_of(row['source'], row['role'])}: {row['why']}."
        for row in record.summary["unanswered"]
    ]
    heads = ["Field", "Source", "List", "From", "Edition", "To be known"]
    return table("Lists behind the fields", heads, rows, silent)


def _feeds(record: ReportRecord) -> Table:
    by_feed: dict[str, list[Record]] = {}
    for row in record.tables["inputs"]:
        by_feed.setdefault(row["feed"], []).append(row)
    names = ("read", "accepted", "quarantined", "set_aside")
    rows = [
        (feed, Row((f"{len(of):,}", *(f"{sum(row[name] for row in of):,}" for name in names))))
        for feed, of in by_feed.items()
    ]
    heads = ["Feed", "#Files", "#Rows read", "#Accepted", "#Quarantined", "#Set aside"]
    notes = [
        "Every row read is accepted, quarantined (it could not be used) or set aside (it is not of what is "
        "counted: another field, a repeat, an older version, a table that only names things).",
    ]
    return table("Rows of the input files", heads, rows, notes)


def _refused(record: ReportRecord) -> list[Part]:
    """Name the files of which rows were quarantined, those with most of them first."""
    bad = [row for row in record.tables["inputs"] if row["quarantined"]]
    bad.sort(key=lambda row: (-row["quarantined"], row["feed"], row["file"]))
    if not bad:
        return []
    rows = [
        (row["file"], Row((row["feed"], f"{row['quarantined']:,}", f"{row['read']:,}")))
        for row in bad[:FILES]
    ]
    more = len(bad) - len(rows)
    notes = [f"And {more:,} further files with fewer each." if more else ""]
    heads = ["File", "Feed", "#Quarantined", "#Of rows read"]
    return [table("Files with quarantined rows", heads, rows, notes)]


def _gates(record: ReportRecord) -> Table:
    rows = [
        (str(gate["gate"]), Row((_verdict(gate), f"{gate['checked']:,}", f"{gate['failed']:,}")))
        for gate in record.release["gates"]
    ]
    notes = [
        "A gate that is not passed keeps a release from being published; a person may accept a change, for a"
        " reason that the release keeps."
    ]
    return table("Quality gates", ["Gate", "Result", "#Checked", "#Failed"], rows, notes)


def _verdict(gate: Mapping[str, Any]) -> str:
    return "passed" if gate["ok"] else "failed, accepted by a person" if gate.get("accepted") else "failed"


def _warnings(record: ReportRecord) -> list[Part]:
    warnings = [str(each) for each in record.release["warnings"]]
    if not warnings:
        return [Words(("No warnings.",))]
    more = len(warnings) - WARNINGS
    last = (f"And {more:,} further warnings.",) if more > 0 else ()
    return [Words(("Warnings of this release:",)), Words((*warnings[:WARNINGS], *last), listed=True)]
