"""The sections of a report, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from trendcore.report import figures
from trendcore.report.about import method_parts, quality_parts, release_parts
from trendcore.report.pair_tables import key_figures, ownership_table, trade_table, works_table
from trendcore.report.parts import Part, Section, Table, Words
from trendcore.report.record import ReportRecord
from trendcore.report.standing import MIN_JOINT
from trendcore.report.standing_parts import (
    bloc_parts,
    by_source,
    partners_tables,
    position_figures,
    position_table,
)

Record = dict[str, Any]

#: sources and roles of one figure: the first of them that is there, or both as two lines
_PAPERS: Final = (("openalex", "author"), ("openalex-concepts", "author"))
_PATENTS: Final = {("patentsview", "inventor"): "inventors", ("patentsview", "applicant"): "owners"}


def sections(record: ReportRecord) -> list[Section]:
    """Return the sections of a report that have something to say."""
    a, b = record.pair.a, record.pair.b
    made = [
        Section("key-figures", "Key figures", (key_figures(record),)),
        Section("papers", "Papers", tuple(_papers(record))),
        Section("patents", "Patents", tuple(_patents(record))),
        Section("ownership", "Ownership of patents", tuple(_ownership(record))),
        Section("trade", "Trade", tuple(_trade(record))),
        Section("position", "Position among all pairs", tuple(_position(record))),
        Section(
            "partners", f"Partners of {record.name(a)} and {record.name(b)}", tuple(partners_tables(record))
        ),
    ]
    if record.bloc is not None:
        made.append(Section("bloc", record.bloc.label, tuple(bloc_parts(record, record.bloc))))
    made += [
        Section("methods", "Methods and sources", tuple(method_parts(record))),
        Section("quality", "Quality of the data", tuple(quality_parts(record))),
        Section("release", "Release", tuple(release_parts(record))),
    ]
    return [section for section in made if section.parts]


def _tables(record: ReportRecord, kind: str, of: Callable[[ReportRecord, list[Record]], Table]) -> list[Part]:
    return [of(record, rows) for rows in by_source(record.summary[kind])]


def _cells(record: ReportRecord, source: str, role: str) -> list[Record]:
    return [row for row in record.histories if (row["source"], row["role"]) == (source, role)]


def _papers(record: ReportRecord) -> list[Part]:
    works = [row for row in record.summary["works"] if (row["source"], row["role"]) in _PAPERS]
    parts: list[Part] = [works_table(record, rows) for rows in by_source(works)]
    shown = next((rows for where in _PAPERS if (rows := _cells(record, *where))), [])
    if shown:
        parts[1:1] = [figures.index_figure(record, [shown], ()), figures.joint_figure(record, [shown], ())]
    return parts


def _patents(record: ReportRecord) -> list[Part]:
    works = {(rows[0]["source"], rows[0]["role"]): rows for rows in by_source(record.summary["works"])}
    parts: list[Part] = [works_table(record, works[where]) for where in _PATENTS if where in works]
    there = {where: rows for where in _PATENTS if (rows := _cells(record, *where))}
    if there:
        roles, keys = list(there.values()), [f"by {_PATENTS[where]}" for where in there]
        parts += [figures.index_figure(record, roles, keys), figures.joint_figure(record, roles, keys)]
    return parts


def _ownership(record: ReportRecord) -> list[Part]:
    a, b = record.pair.a, record.pair.b
    parts = _tables(record, "ownership", ownership_table)
    keys = [f"invented in {a}, owned in {b}", f"invented in {b}, owned in {a}"]
    rows = [row for row in record.histories if row["kind"] == "ownership"]
    return [*parts, figures.ways_figure(record, rows, keys)] if rows else parts


def _trade(record: ReportRecord) -> list[Part]:
    a, b = record.pair.a, record.pair.b
    parts: list[Part] = []
    for rows in by_source(record.summary["trade"]):
        parts.append(trade_table(record, rows))
        drawn = _cells(record, rows[0]["source"], rows[0]["role"])
        if drawn:
            parts.append(figures.ways_figure(record, drawn, [f"{a} → {b}", f"{b} → {a}"]))
    return parts


def _position(record: ReportRecord) -> list[Part]:
    if not record.standings:
        return []
    if not any(row["of"] for row in record.standings):
        return [Words((f"No pair has {MIN_JOINT} joint works in any field, so that none is compared.",))]
    return [position_table(record), *position_figures(record)]
