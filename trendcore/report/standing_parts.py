"""Where a pair stands, partners of its countries, and a bloc: tables and figures."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from trendcore.report import charts
from trendcore.report.pair_tables import count, head_of, small_note, trend_words, with_interval, year_of
from trendcore.report.parts import Figure, Panel, Part, Row, Table, Words, table
from trendcore.report.record import ReportRecord
from trendcore.report.standing import MIN_JOINT, OF_BLOC, PARTNERS, SHOWN, BlocMembers
from trendcore.report.words import SMALL, number, percent, title_of

Record = dict[str, Any]


def by_source(rows: list[Record]) -> list[list[Record]]:
    """Put rows of the same source and role together."""
    return [list(of) for _, of in groupby(rows, lambda row: (row["source"], row["role"]))]


def position_table(record: ReportRecord) -> Table:
    """Say the pair's place in each field among pairs with enough joint works."""
    own = f"{record.pair.a}–{record.pair.b}"
    heads = ["Field", "Source", "#Year", "#Place", "#Pairs compared", "#Salton [95\u00a0%]", "Strongest pair"]
    rows = []
    for row in sorted(record.standings, key=lambda row: record.title(row["field"])):
        mine, first = row["own"], (row["pairs"] or [None])[0]
        cells = ["papers" if row["role"] == "author" else "patents", str(row["year"])]
        cells += [str(mine["rank"]) if mine else "–", f"{row['of']:,}"]
        cells += [with_interval(mine, "", 3) if mine else "–"]
        cells += ["–" if first is None else f"{first['a']}–{first['b']} {number(first['value'], 3)}"]
        rows.append((head_of(record, row), Row(tuple(cells))))
    notes = [
        f"By Salton's index, among pairs with at least {MIN_JOINT} joint works in that year; "
        f"–: {own} has fewer.",
    ]
    return table(f"Position of {own} among all pairs", heads, rows, notes)


def position_figures(record: ReportRecord) -> list[Figure]:
    """Draw the strongest pairs of each field, the pair of the report in its own colour."""
    found = []
    for rows in by_source(record.standings):
        compared = [row for row in rows if row["pairs"]]
        if not compared:
            continue
        tops = [each[name] for row in compared for each in row["pairs"] for name in ("value", "hi")]
        panels = tuple(_ranking(record, row, charts.ceiling(tops)) for row in compared)
        title = title_of(rows[0]["source"], rows[0]["role"])
        notes = (
            f"The {SHOWN} strongest of the pairs with at least {MIN_JOINT} joint works, and {record.pair.a}–"
            f"{record.pair.b} in its own colour where it is one of them. Bars: 95 % intervals. All charts "
            "have the same scale.",
        )
        found.append(
            Figure(f"Strongest pairs by Salton's index, {year_of(compared)}. {title}", panels, (), notes)
        )
    return found


def _ranking(record: ReportRecord, row: Record, top: float) -> Panel:
    label = head_of(record, row)
    shown: list[Record] = [
        {"name": f"{each['rank']}  {each['a']}–{each['b']}", "own": each is row["own"]}
        | {name: each[name] for name in ("value", "lo", "hi")}
        for each in row["pairs"]
    ]
    title = f"{label}: strongest pairs by Salton's index, {row['year']}"
    said = ", ".join(f"{each['name']} {number(each['value'], 3)}" for each in shown)
    many = f"{row['of']:,} pair{'' if row['of'] == 1 else 's'}"
    return Panel(f"{label} ({many})", charts.ranking(shown, title, f"{said}.", top=top))


def partners_tables(record: ReportRecord) -> list[Table]:
    """Say with whom each of the two countries shares most of its international works."""
    ends = (record.pair.a, record.pair.b)
    found = []
    for rows in by_source(record.partners):
        heads = ["Field", "#"]
        for end in ends:
            heads += [f"Partner of {end}", "#Joint", f"#Of {end}'s [95\u00a0%]"]
        body, marked = [], False
        for row in rows:
            listed = [row[end]["rows"] for end in ends]
            for at in range(max(map(len, listed), default=0)):
                cells = [str(at + 1)]
                for of_end in listed:
                    each = of_end[at] if at < len(of_end) else None
                    marked |= each is not None and each["joint"] < SMALL
                    cells += ["–"] * 3 if each is None else _partner(record, each)
                body.append((head_of(record, row), Row(tuple(cells))))
        notes = [
            f"The {PARTNERS} partners with the largest share of a country's international works; where the "
            "intervals of two overlap, which of them is first cannot be said.",
            small_note(marked),
        ]
        title = title_of(rows[0]["source"], rows[0]["role"])
        if body:
            found.append(table(f"Top partners, {year_of(rows)}. {title}", heads, body, notes))
    return found


def _partner(record: ReportRecord, row: Record) -> list[str]:
    lo, hi = row["lo"], row["hi"]
    said = "" if lo is None or hi is None else f" [{100 * lo:.1f}, {100 * hi:.1f}]"
    return [record.name(row["b"]), count(row["joint"]), percent(row["value"]) + said]


def bloc_parts(record: ReportRecord, bloc: BlocMembers) -> list[Part]:
    """Say how the members of a bloc work together, and with whom the bloc does as one node."""
    parts: list[Part] = [_members(record, bloc)]
    parts += [_members_table(record, rows) for rows in by_source(record.members_pairs) if _any(rows, "pairs")]
    parts += [
        _bloc_table(record, rows, bloc) for rows in by_source(record.partners_of_bloc) if _any(rows, "rows")
    ]
    if len(parts) == 1:
        parts.append(Words(("No joint works of its members, or of it with others, are published.",)))
    return parts


def _any(rows: list[Record], name: str) -> bool:
    return any(row[name] for row in rows)


def _members(record: ReportRecord, bloc: BlocMembers) -> Words:
    if bloc.by_year is None:
        return Words((
            "Members are not shown: the file of blocs is not the one that this release was made with.",
        ))  # fmt: skip
    last = max(bloc.by_year)
    names = [record.name(code) for code in sorted(bloc.by_year[last])]
    changes = len(set(bloc.by_year.values())) > 1
    said = f"Members{f' in {last}' if changes else ''}: {', '.join(names)}."
    return Words((said + (" Membership changes over the years of this release." if changes else ""),))


def _members_table(record: ReportRecord, rows: list[Record]) -> Table:
    body, marked, more = [], False, []
    for row in rows:
        for each in row["pairs"]:
            own = (each["a"], each["b"]) == record.pair.sorted
            cells = [f"{each['a']}–{each['b']}", count(each["joint"]), with_interval(each, "", 3)]
            cells += [trend_words(each["trend"], each["trend_p"])]
            body.append((head_of(record, row), Row(tuple(cells), own)))
            marked |= each["joint"] < SMALL
        more.append(f"{head_of(record, row)} {row['met']} of {row['of']}")
    notes = [f"Pairs of members with joint works, by Salton's index: {', '.join(more)}."]
    notes += [
        f"At most {OF_BLOC} of them are listed a field." if any(r["met"] > OF_BLOC for r in rows) else ""
    ]
    title = title_of(rows[0]["source"], rows[0]["role"])
    heads = ["Field", "Pair", "#Joint works", "#Salton [95\u00a0%]", "Trend"]
    return table(f"Pairs of members, {year_of(rows)}. {title}", heads, body, [*notes, small_note(marked)])


def _bloc_table(record: ReportRecord, rows: list[Record], bloc: BlocMembers) -> Table:
    body = [
        (
            head_of(record, row),
            Row((
                record.name(each["partner"]),
                count(each["joint"]),
                with_interval(each, "", 3),
            )),
        )
        for row in rows
        for each in row["rows"]
    ]  # fmt: skip
    title = title_of(rows[0]["source"], rows[0]["role"])
    notes = [
        f"The bloc counts as one node: a work of several members and a partner is one joint work, so this is "
        f"no sum of pairs. Partners with at least {MIN_JOINT} joint works, the {SHOWN} strongest.",
    ]
    heads = ["Field", "Partner", "#Joint works", "#Salton [95\u00a0%]"]
    return table(f"{bloc.label} as one node and its partners, {year_of(rows)}. {title}", heads, body, notes)
