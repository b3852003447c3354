"""`trendcore show`: what a pair's record looks like to a person."""

from __future__ import annotations

from typing import Any

from trendcore.cli.output import arrow, print_lines, print_table, sparkline, trend_text
from trendcore.report.words import MARGINALS, SMALL, between, interval, money, number, percent, title_of

Record = dict[str, Any]


_DIGITS = {"joint": 1, "ncses": 2}
#: how an interval is made -> what a person reads of it
_METHODS = {
    None: "not published",
    "delta": "by the delta method; of counts exact",
    "percentile": "by a bootstrap of works; of small counts exact",
    "poisson": "exact, of a count",
}

_TRADE_LEGEND = (
    "trade   US dollars at current prices, gross, with re-exports, of the field's HS codes; of imports:",
    "        share of the buyer's imports; intensity: trade intensity, its neutral value is 1 and no",
    "        threshold; rank by the value of both ways",
)

_PROXY_LEGEND = (
    "~       a proxy: the field has no goods of its own in the nomenclature, these merely stand for it"
)


def print_pair(record: Record, names: tuple[str, str], release: int | None) -> None:
    """Print a pair's record: a table a source, then how to read them."""
    a, b = record["a"], record["b"]
    where = f" · release {release}" if release is not None else ""
    print_lines(f"{a}–{b}: {names[0]} and {names[1]}{where}", "")
    printers = {"works": _print_works, "ownership": _print_ownership, "trade": _print_trade}
    for kind, printer in printers.items():
        for source, role in dict.fromkeys((row["source"], row["role"]) for row in record[kind]):
            rows = [row for row in record[kind] if (row["source"], row["role"]) == (source, role)]
            printer(rows, record, title_of(source, role))
    for row in record["unanswered"]:
        print_lines(f"Not shown: {row['field']} in {title_of(row['source'], row['role'])}: {row['why']}.")
    print_lines("All values are of the latest complete year.", *_trend_legend(record))
    if record["works"]:
        print_lines(*_works_legend(record["works"], record["rank_by"]))
    if record["trade"]:
        print_lines(*_TRADE_LEGEND)
        if any(row["proxy"] for row in record["trade"]):
            print_lines(_PROXY_LEGEND)


def _rank_text(row: Record) -> str:
    return f"{row['rank']} of {row['rank_of']}" if row["rank"] else f"– of {row['rank_of']}"


def _span(rows: list[Record]) -> str:
    """Return the years that a column of bars shows."""
    years = sorted({year for row in rows for year in row["series_years"]})
    return f"{years[0]}–{str(years[-1])[2:]}" if len(years) > 1 else str(years[0])


def _print_works(rows: list[Record], record: Record, title: str) -> None:
    a, b, rank_by = record["a"], record["b"], record["rank_by"]
    extra = [name for name in (rank_by,) if name not in {"joint", "salton", "ncses"}]
    heads = ["year", "joint", f"of {a}", f"of {b}", "Salton", "IC", *extra, f"{_called(rank_by)} 95 %"]
    columns = [("field", "left"), *((name, "right") for name in heads)]
    columns += [("trend p", "left"), (_span(rows), "left"), ("rank", "right")]
    body = []
    for row in rows:
        small = "*" if row["joint"] < SMALL else " "
        cells = [row["field"], str(row["year"]), f"{row['joint']:,}{small}"]
        cells += [percent(row["share_of_a"]), percent(row["share_of_b"])]
        cells += [
            number(row["salton"], 3),
            number(row["ncses"], 2),
            *(number(row[name], 3) for name in extra),
        ]
        cells += [_interval(row, _DIGITS.get(rank_by, 3)), trend_text(row["trend"], row["trend_p"])]
        body.append([*cells, sparkline(row["series"]), _rank_text(row)])
    unknown = [row["share_unknown_country"] for row in rows if row["share_unknown_country"] is not None]
    covered = f"Without any known country, so in no pair: {between(unknown)} of the works." if unknown else ""
    print_table(columns, body, title=title, notes=[covered, ""])


def _called(index: str) -> str:
    return {"salton": "Salton", "ncses": "IC"}.get(index, index)


def _interval(row: Record, digits: int, suffix: str = "") -> str:
    """Write an interval, with a mark where it means little: an interval of the same width in every row."""
    small = "*" if row[f"interval_flag{suffix}"] == "small_count" else " "
    return interval(row[f"lo{suffix}"], row[f"hi{suffix}"], digits) + small


def _works_legend(rows: list[Record], rank_by: str) -> list[str]:
    marginals = {name: system for row in rows for name, system in row["marginals"].items()}
    base = {name: MARGINALS.get(system, system) for name, system in marginals.items()}
    small = any(row["joint"] < SMALL for row in rows)
    lines = [
        "joint   full counting: a work counts once for each pair of its countries",
        f"of      joint works in that country's {base.get('share', 'works')}",
        f"Salton  joint / √(product of the two countries' {base.get('salton', 'works')})",
        f"IC      NCSES index of collaboration over {base.get('ncses', 'works')}; its neutral value",
        "        depends on field and year and is no threshold: compare pairs of one field and year only",
        f"95 %    interval of {_called(rank_by)}, {_METHODS[_method(rows)]}",
        f"rank    by {rank_by}, among pairs with joint works",
    ]
    few = f"*       fewer than {SMALL} joint works: rates of so few say little, and their intervals nothing"
    return [*lines, few] if small else lines


def _method(rows: list[Record]) -> str | None:
    """Return how the intervals are made: but for exact ones of counts all are made alike."""
    found = {row["interval"] for row in rows} - {None}
    return next(iter(sorted(found - {"poisson", "binomial"} or found)), None)


def _trend_legend(record: Record) -> list[str]:
    """Say what the arrows mean, and over which years; none where no trend is known."""
    kinds = ("works", "ownership", "trade")
    said = [row for kind in kinds for row in record[kind]]
    years = {row[name] for row in said for name in row if name.startswith("trend_years")} - {None}
    if not years:
        return []
    first, last = min(each.split("-")[0] for each in years), max(each.split("-")[1] for each in years)
    return [
        f"trend   {arrow('rising')} rising, {arrow('falling')} falling (Mann-Kendall test, p < 0.05), "
        f"{arrow('none')} neither shown; – cannot be told.",
        f"        Over complete years, {first} to {last} or those of them with values: of "
        f"{_called(record['rank_by'])}, of patents and",
        "        of flows. Each p is of one series alone: of 100 without a trend some 5 have an arrow",
    ]


def _print_ownership(rows: list[Record], record: Record, title: str) -> None:
    a, b = record["a"], record["b"]
    heads = ["year", "patents", "95 %"]
    columns = [("field", "left"), ("way", "left"), *((name, "right") for name in heads)]
    columns += [("trend p", "left"), (_span(rows), "left"), ("rank", "right")]
    body = []
    for row in rows:
        for way, (inventor, owner) in {"a_to_b": (a, b), "b_to_a": (b, a)}.items():
            first = way == "a_to_b"
            cells = [row["field"] if first else "", f"invented {inventor}, owned {owner}", str(row["year"])]
            cells += [f"{row[f'value_{way}']:,}", _interval(row, 1, f"_{way}")]
            cells += [trend_text(row[f"trend_{way}"], row[f"trend_p_{way}"]), sparkline(row[f"series_{way}"])]
            body.append([*cells, _rank_text(row) if first else ""])
    print_table(columns, body, title=title, notes=[""])


def _print_trade(rows: list[Record], record: Record, title: str) -> None:
    a, b = record["a"], record["b"]
    ways = {"a_to_b": (f"{a} → {b}", "b"), "b_to_a": (f"{b} → {a}", "a")}
    both = any(row[f"lo_{way}"] is not None for row in rows for way in ways)
    columns = [("field", "left"), ("flow", "left"), ("year", "right"), ("dollars", "right")]
    columns += [("both reports", "right")] if both else []
    columns += [
        ("of imports", "right"),
        ("intensity", "right"),
        ("trend p", "left"),
        (_span(rows), "left"),
        ("rank", "right"),
    ]
    body = []
    for row in rows:
        for way, (flow, share) in ways.items():
            first = way == "a_to_b"
            name = f"{row['field']}~" if row["proxy"] else row["field"]
            cells = [name if first else "", flow, str(row["year"]), money(row[f"value_{way}"])]
            cells += [_reports(row[f"lo_{way}"], row[f"hi_{way}"])] if both else []
            cells += [percent(row[f"import_share_of_{share}"]), number(row[f"trade_intensity_{way}"], 2)]
            cells += [trend_text(row[f"trend_{way}"], row[f"trend_p_{way}"]), sparkline(row[f"series_{way}"])]
            body.append([*cells, _rank_text(row) if first else ""])
    print_table(columns, body, title=title, notes=[""])


def _reports(lo: float | None, hi: float | None) -> str:
    return "–" if lo is None else f"{money(lo)} to {money(hi)}"
