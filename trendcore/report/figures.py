"""Figures of a pair: its index, its joint works and its trade over the years, a small chart a field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from trendcore.report import charts
from trendcore.report.pair_tables import head_of
from trendcore.report.parts import Figure, Panel
from trendcore.report.record import ReportRecord
from trendcore.report.words import money, number, title_of

Record = dict[str, Any]

_WRITE: dict[str, Callable[[float], str]] = {
    "index": lambda value: number(value, 3),
    "works": lambda value: number(value, 0),
    "dollars": money,
}


def index_figure(record: ReportRecord, roles: Sequence[list[Record]], keys: Sequence[str]) -> Figure:
    """Draw Salton's index over the years with its interval, all fields on the same scale.

    Parameters
    ----------
    record
        Of the report.
    roles
        Histories of the first and, where there is one, of the second role: a line each.
    keys
        What the lines are.
    """
    points = [p for rows in roles for row in rows for p in row["lines"]["salton"]]
    top = charts.ceiling([p[name] for p in points for name in ("value", "hi")])
    panels = [
        _panel(record, rows, [row["lines"]["salton"] for row in rows], keys, "Salton's index", "index", top)
        for rows in _by_field(roles)
    ]
    notes = ("Bands: 95 % intervals. All charts have the same scale.", *_notes(roles))
    return Figure(_caption(record, "Salton's index", roles), tuple(panels), tuple(keys), notes)


def joint_figure(record: ReportRecord, roles: Sequence[list[Record]], keys: Sequence[str]) -> Figure:
    """Draw joint works over the years, each field on a scale of its own."""
    panels = [
        _panel(record, rows, [row["lines"]["joint"] for row in rows], keys, "joint works", "works", None)
        for rows in _by_field(roles)
    ]
    notes = (
        "Bands: 95 % intervals of the counts. Each chart has a scale of its own.",
        *_notes(roles),
    )
    return Figure(_caption(record, "Joint works", roles), tuple(panels), tuple(keys), notes)


def ways_figure(record: ReportRecord, rows: list[Record], keys: Sequence[str]) -> Figure:
    """Draw ownership or trade both ways over the years, each field on a scale of its own."""
    dollars = rows[0]["kind"] == "trade"
    what, unit = ("trade", "dollars") if dollars else ("patents", "works")
    panels = [
        _panel(record, [row], [row["lines"][way] for way in ("a_to_b", "b_to_a")], keys, what, unit, None)
        for row in rows
    ]
    told = any(p["lo"] is not None for row in rows for line in row["lines"].values() for p in line)
    band = (
        "from the smaller to the larger report of the two sides"
        if dollars
        else "95 % intervals of the counts"
    )
    notes = [f"{f'Bands: {band}. ' if told else ''}Each chart has a scale of its own."]
    notes += [*_notes([rows]), *_editions(record, rows)]
    title = "Trade, US dollars a year" if dollars else "Patents by country of inventor and of owner"
    return Figure(_caption(record, title, [rows]), tuple(panels), tuple(keys), tuple(notes))


def _by_field(roles: Sequence[list[Record]]) -> list[list[Record]]:
    """Put the roles of each field together; a role without that field has no line."""
    names = dict.fromkeys(row["field"] for rows in roles for row in rows)
    nothing: Record = {"lines": {"salton": [], "joint": []}, "years": []}
    of_role = [{row["field"]: row for row in rows} for rows in roles]
    return [[rows.get(name, nothing | {"field": name}) for rows in of_role] for name in names]


def _panel(
    record: ReportRecord,
    rows: list[Record],
    lines: list[list[Record]],
    keys: Sequence[str],
    what: str,
    unit: str,
    top: float | None,
) -> Panel:
    label = head_of(record, rows[0])
    years = [year for row in rows for year in row["years"]]
    named = dict.fromkeys(title_of(row["source"], row["role"]) for row in rows if row["years"])
    ends = f"{record.pair.a} and {record.pair.b}, {min(years)} to {max(years)}"
    title = f"{label}: {what} of {ends}. {'; '.join(named)}"
    said = [_described(line, key, unit) for line, key in zip(lines, keys or ("",), strict=True)]
    span = (min(years), max(years))
    drawn = charts.lines(lines, title, " ".join(said), years=span, top=top, unit=unit)
    return Panel(label, drawn)


def _described(line: list[Record], key: str, unit: str) -> str:
    """Say in words what a line shows: its ends and its highest value."""
    write, prefix = _WRITE[unit], f"{key}: " if key else ""
    known = [p for p in line if p["value"] is not None]
    if not known:
        return f"{prefix}no values."
    first, last, most = known[0], known[-1], max(known, key=lambda p: p["value"])
    return (
        f"{prefix}{write(first['value'])} in {first['year']}, {write(last['value'])} in {last['year']}; "
        f"highest {write(most['value'])} in {most['year']}."
    )


def _caption(record: ReportRecord, what: str, roles: Sequence[list[Record]]) -> str:
    titles = dict.fromkeys(title_of(row["source"], row["role"]) for rows in roles for row in rows)
    return f"{what}, {record.pair.a} and {record.pair.b}. {'; '.join(titles)}"


def _notes(roles: Sequence[list[Record]]) -> list[str]:
    """Say which years are left out, and where a line has gaps."""
    every = [row for rows in roles for row in rows]
    left_out = sorted({year for row in every for year in row["left_out"]})
    gaps = any(p["value"] is None for row in every for line in row["lines"].values() for p in line)
    notes = []
    if left_out:
        notes.append(f"Left out: {', '.join(map(str, left_out))}, not complete (incomplete_year).")
    if gaps:
        notes.append("A gap is a year for which the value is not defined or not known.")
    return notes


def _editions(record: ReportRecord, rows: list[Record]) -> list[str]:
    """Say where an edition of the Harmonized System ends: values on both sides are not of the same goods."""
    said = []
    for row in rows:
        spans = [
            (edition, list(years)) for edition, years in groupby(row["editions"].items(), lambda e: e[1])
        ]
        if len(spans) > 1:
            parts = [f"{edition} {_span([year for year, _ in years])}" for edition, years in spans]
            said.append(f"{head_of(record, row)}: {', '.join(parts)}")
    if not said:
        return []
    return [f"Editions of the Harmonized System, at which series may break: {'; '.join(said)}."]


def _span(years: list[int]) -> str:
    return str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}"
