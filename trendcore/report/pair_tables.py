"""Tables of a pair: its latest complete year in papers, patents, ownership and trade."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from trendcore.report.pair import ways
from trendcore.report.parts import Row, Table, table
from trendcore.report.record import ReportRecord
from trendcore.report.words import SMALL, between, interval, money, number, p_value, percent, title_of

Record = dict[str, Any]

_TRENDS: Final = {"rising": "rising", "falling": "falling", "none": "none\u00a0shown"}
_MARK: Final = "*"
_KEY: Final = {
    "papers": (("openalex", "author"), ("openalex-concepts", "author")),
    "patents": (("patentsview", "inventor"), ("patentsview", "applicant")),
    "trade": (("baci", "reconciled"), ("comtrade", "importer"), ("comtrade", "exporter")),
}


def trend_words(direction: str | None, p: float | None) -> str:
    r"""Say where a series is going; a p is not parted from its letter.

    Examples
    --------
    >>> trend_words("rising", 0.0123), trend_words("none", 0.8), trend_words(None, None)
    ('rising, p\xa00.012', 'none\xa0shown, p\xa00.800', '–')
    """
    if direction is None or p is None:
        return "–"
    return f"{_TRENDS[direction]}, p\u00a0{p_value(p)}"


def with_interval(row: Record, prefix: str, digits: int, suffix: str = "") -> str:
    """Write a value with its interval, and a mark where it means little.

    Examples
    --------
    >>> with_interval({"value": 0.2, "lo": 0.1, "hi": 0.4, "interval_flag": "small_count"}, "", 2)
    '0.20 [0.10, 0.40]*'
    >>> with_interval({"value": None, "value_flag": "infinite", "lo": None, "hi": None}, "", 2)
    '∞'
    """
    value = row.get(f"{prefix}value{suffix}")
    if value is None:
        return {"infinite": "∞", "minus_infinite": "-∞"}.get(
            row.get(f"{prefix}value_flag{suffix}") or "", "–"
        )
    said = interval(row[f"{prefix}lo{suffix}"], row[f"{prefix}hi{suffix}"], digits)
    small = _MARK if row.get(f"{prefix}interval_flag{suffix}") == "small_count" else ""
    return f"{number(value, digits)}{f' {said}{small}' if said != '–' else ''}"


def count(joint: int) -> str:
    """Write a number of works, with a mark where rates of so few say little."""
    return f"{joint:,}{_MARK if joint < SMALL else ''}"


def small_note(marked: bool) -> str:
    """Say what the mark means, where there is one."""
    if not marked:
        return ""
    few = f"* Fewer than {SMALL} joint works (small_count)"
    return f"{few}: rates of so few say little, and their intervals nothing."


def head_of(record: ReportRecord, row: Record) -> str:
    """Return the title of a row's field, with a mark where goods merely stand for it."""
    return f"{record.title(row['field'])}{' (proxy)' if row.get('proxy') else ''}"


def year_of(rows: Iterable[Record]) -> str:
    """Return the year of rows, or from when to when they are."""
    years = sorted({row["year"] for row in rows})
    return str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}"


def key_figures(record: ReportRecord) -> Table:
    """One row a field: joint papers and patents, Salton's index and its trend, and trade both ways."""
    a, b = record.pair.a, record.pair.b
    found = {kind: _preferred(record, kind) for kind in _KEY}
    fields = dict.fromkeys(name for rows in found.values() for name in rows)
    heads = ["Field"]
    for kind in ("papers", "patents"):
        heads += [f"#Joint {kind}", f"#Salton, {kind} [95\u00a0%]", f"Trend, {kind}"] if found[kind] else []
    heads += [f"#{a} → {b}, US$", f"#{b} → {a}, US$"] if found["trade"] else []
    rows, marked = [], False
    for name in sorted(fields, key=record.title):
        cells: list[str] = []
        for kind in ("papers", "patents"):
            row = found[kind].get(name)
            marked |= row is not None and row["joint"] < SMALL
            said = ["–"] * 3 if row is None else _works_cells(row)
            cells += said if found[kind] else []
        flows = found["trade"].get(name)
        dollars = [money(None if flows is None else flows[f"value_{way}"]) for way in ("a_to_b", "b_to_a")]
        cells += dollars if found["trade"] else []
        rows.append((record.title(name), Row(tuple(cells))))
    every = [row for rows_of in found.values() for row in rows_of.values()]
    sources = [
        title_of(*next((r["source"], r["role"]) for r in rows.values())) for rows in found.values() if rows
    ]
    caption = f"{a} and {b} in the latest complete year ({year_of(every)})" if every else f"{a} and {b}"
    notes = [
        f"{'; '.join(sources)}." if sources else "",
        "Trend: Mann-Kendall test of Salton's index, p below 0.05; each p is of one series alone.",
        small_note(marked),
        "– not published or not defined.",
    ]
    return table(caption, heads, rows, notes)


def _works_cells(row: Record) -> list[str]:
    trend = trend_words(row["trend"], row["trend_p"])
    return [count(row["joint"]), with_interval(row, "", 3), trend]


def _preferred(record: ReportRecord, kind: str) -> dict[str, Record]:
    """Return the rows of the first source and role that is there, by field."""
    rows = record.summary["trade" if kind == "trade" else "works"]
    for wanted in _KEY[kind]:
        found = {row["field"]: row for row in rows if (row["source"], row["role"]) == wanted}
        if found:
            return found
    return {}


def works_table(record: ReportRecord, rows: list[Record]) -> Table:
    """One row a field: joint works, Salton's index and the relative intensity both ways, with intervals."""
    a, b = record.pair.a, record.pair.b
    heads = [
        "Field", "#Year", "#Joint works [95\u00a0%]", f"#Of {a}'s", f"#Of {b}'s", "#Salton [95\u00a0%]",
        f"#RIC of {a} with {b} [95\u00a0%]", f"#RIC of {b} with {a} [95\u00a0%]", "Trend of Salton", "#Rank",
    ]  # fmt: skip
    body = []
    for row in rows:
        joint = {"value": row["joint"], "lo": row["joint_lo"], "hi": row["joint_hi"]}
        shown = count(row["joint"]) + with_interval(joint, "", 1).removeprefix(number(row["joint"], 1))
        cells = [str(row["year"]), shown, percent(row["share_of_a"]), percent(row["share_of_b"])]
        cells += [
            with_interval(row, "", 3),
            with_interval(row, "ric_of_a_", 2),
            with_interval(row, "ric_of_b_", 2),
        ]
        cells += [trend_words(row["trend"], row["trend_p"]), _rank(row)]
        body.append((head_of(record, row), Row(tuple(cells))))
    unknown = [row["share_unknown_country"] for row in rows if row["share_unknown_country"] is not None]
    notes = [
        f"Of {a}'s, of {b}'s: joint works in that country's international works. RIC: relative intensity of "
        "collaboration, how much more the second country is with the first than with others; compare it only "
        "with other pairs of the same field and year, never with 1. Rank: by Salton's index among pairs with "
        "joint works.",
        trend_note(rows, "Salton's index"),
        f"Without any known country, so in no pair: {between(unknown)} of the works." if unknown else "",
        small_note(any(row["joint"] < SMALL for row in rows)),
    ]
    return table(f"{title_of(rows[0]['source'], rows[0]['role'])}: {a} and {b}", heads, body, notes)


def trend_note(rows: Iterable[Record], what: str) -> str:
    """Say over which years trends are; nothing where there are none."""
    years = {row[name] for row in rows for name in row if name.startswith("trend_years")} - {None}
    if not years:
        return "No trend can be told: too few complete years."
    first, last = min(each.split("-")[0] for each in years), max(each.split("-")[1] for each in years)
    return (
        f"Trend: of {what} over complete years, {first} to {last} or those of them with values; Mann-Kendall "
        "test, p below 0.05; of 100 series without a trend some 5 are called one."
    )


def _rank(row: Record) -> str:
    return f"{row['rank']:,} of {row['rank_of']:,}" if row["rank"] else f"– of {row['rank_of']:,}"


def ownership_table(record: ReportRecord, rows: list[Record]) -> Table:
    """Two rows a field: patents invented in one country and owned in the other."""
    pair = record.pair
    heads = ["Field", "Way", "#Year", "#Patents [95\u00a0%]", "Trend", "#Rank"]
    body = []
    for row in rows:
        for way, (inventor, owner) in ways(pair).items():
            cells = [f"invented in {inventor}, owned in {owner}", str(row["year"])]
            value = f"{row[f'value_{way}']:,}"
            said = interval(row[f"lo_{way}"], row[f"hi_{way}"], 1)
            small = _MARK if row[f"interval_flag_{way}"] == "small_count" else ""
            cells += [f"{value} {said}{small}" if said != "–" else value]
            cells += [trend_words(row[f"trend_{way}"], row[f"trend_p_{way}"]), _rank(row)]
            body.append((head_of(record, row), Row(tuple(cells))))
    notes = [
        "Rank: by both ways together, among pairs of countries.",
        trend_note(rows, "patents"),
        small_note(any(row[f"interval_flag_{way}"] == "small_count" for row in rows for way in ways(pair))),
    ]
    return table(f"{title_of(rows[0]['source'], rows[0]['role'])}: {pair.a} and {pair.b}", heads, body, notes)


def trade_table(record: ReportRecord, rows: list[Record]) -> Table:
    """Two rows a field: trade each way, as both sides report it where they do."""
    pair = record.pair
    both = any(row[f"lo_{way}"] is not None for row in rows for way in ways(pair))
    heads = ["Field", "Flow", "#Year", "#US dollars", *(["#Reports of both sides"] if both else [])]
    heads += ["#Of the buyer's imports", "#Intensity", "Trend", "#Rank"]
    buyers = {"a_to_b": "b", "b_to_a": "a"}
    body = []
    for row in rows:
        for way, (seller, buyer) in ways(pair).items():
            cells = [f"{seller} → {buyer}", str(row["year"]), money(row[f"value_{way}"])]
            lo, hi = row[f"lo_{way}"], row[f"hi_{way}"]
            cells += [("–" if lo is None else f"{money(lo)} to {money(hi)}")] if both else []
            cells += [
                percent(row[f"import_share_of_{buyers[way]}"]),
                number(row[f"trade_intensity_{way}"], 2),
            ]
            cells += [trend_words(row[f"trend_{way}"], row[f"trend_p_{way}"]), _rank(row)]
            body.append((head_of(record, row), Row(tuple(cells))))
    notes = [
        "US dollars at current prices, gross, with re-exports, of the field's codes of goods. Intensity: "
        "trade intensity, neutral at 1, which is no threshold. Rank: by the value of both ways.",
        "Reports of both sides: the smaller and the larger of what exporter and importer report; the gap "
        "between them is how far the value can be trusted." if both
        else "The gap between the reports of exporter and importer is not known from this source.",
        trend_note(rows, "flows"),
        "(proxy): the field has no goods of its own in the nomenclature, these merely stand for it."
        if any(row["proxy"] for row in rows) else "",
    ]  # fmt: skip
    return table(f"{title_of(rows[0]['source'], rows[0]['role'])}: {pair.a} and {pair.b}", heads, body, notes)
