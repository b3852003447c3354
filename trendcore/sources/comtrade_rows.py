"""Rows of Comtrade: what each field says, what is set aside, and levels of the HS that must not be added up.

Source: UN Comtrade methodology, https://unstats.un.org/wiki/display/comtrade.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import polars as pl

from trendcore.sources.base import FIRST_YEAR, LAST_YEAR
from trendcore.sources.trade_rows import codes_of, first_reason, resolved, scaled
from trendcore.taxonomy import Countries

EDITIONS: Final = {
    f"H{at}": name for at, name in enumerate(("HS92", "HS96", "HS02", "HS07", "HS12", "HS17", "HS22"))
}
IMPORT, EXPORT, RE_IMPORT, RE_EXPORT = "import", "export", "re-import", "re-export"
BREAKDOWN: Final = "breakdown"
#: parts of imports and of exports (domestic, foreign, inward and outward processing), all in M and X
_PARTS: Final = ("DX", "FM", "MIP", "MOP", "XIP", "XOP", "DOMESTIC EXPORT", "FOREIGN IMPORT")
FLOWS: Final = {
    **dict.fromkeys(("M", "IMPORT", "IMPORTS", "1"), IMPORT),
    **dict.fromkeys(("X", "EXPORT", "EXPORTS", "2"), EXPORT),
    **dict.fromkeys(("RX", "RE-EXPORT", "RE-EXPORTS", "3"), RE_EXPORT),
    **dict.fromkeys(("RM", "RE-IMPORT", "RE-IMPORTS", "4"), RE_IMPORT),
    **dict.fromkeys(_PARTS, BREAKDOWN),
}
#: how much of a heading its children must hold to take its place
WHOLE: Final = 0.999
KEY: Final = ["year", "reporter", "partner", "flow", "hs_revision", "hs6"]
PARENT, CHILD, REPEAT = "parent_level", "child_level", "repeat"

#: columns that are kept of a row until the file is read
KEPT: Final = [*KEY, "exporter", "importer", "reporter_side", "value", "quantity_t", "line"]


def judged(frame: pl.DataFrame, countries: Countries) -> pl.DataFrame:
    """Read the fields of rows, and say which are refused and which set aside.

    Parameters
    ----------
    frame
        Text columns as `comtrade_layout` names them, ``line`` and ``raw``.
    countries
        The country table.

    Returns
    -------
    polars.DataFrame
        With the columns of `KEPT`, ``refused`` and ``aside`` (the reason, null where it does not hold; never
        both) and ``raw``.
    """
    frame = frame.with_columns(pl.exclude("line", "raw").str.strip_chars())
    aggregates = sorted(int(code) for code in countries.aggregates("comtrade"))
    remainders = sorted(countries.remainders())
    frame = _countries(_fields(frame), countries)
    frame = frame.with_columns(**_sides()).with_columns(aside=_aside(aggregates), broken=_broken())
    # a row that would not count anyway is not judged by its numbers
    return frame.with_columns(
        refused=pl.coalesce("broken", pl.when(pl.col("aside").is_null()).then(_wrong(remainders))),
        aside=pl.when(pl.col("broken").is_null()).then("aside"),
    )


def _fields(frame: pl.DataFrame) -> pl.DataFrame:
    upper = {name: pl.col(name).str.to_uppercase() for name in ("flow", "classification", "code")}
    length = pl.col("level").cast(pl.Int32, strict=False)
    code = upper["code"]
    odd = code.str.len_bytes() % 2
    # spreadsheets drop leading zeros; the level tells how many digits there were
    padded = (
        pl.when(~code.str.contains(r"^[0-9]{1,6}$"))
        .then(code)
        .when(length.is_in([2, 4, 6]) & (code.str.len_bytes() < length))
        .then(code.str.zfill(length))
        .otherwise(pl.when(odd == 1).then(pl.lit("0") + code).otherwise(code))
    )
    net = pl.col("net_kg").cast(pl.Float64, strict=False)
    arrives = pl.col("flow").is_in([IMPORT, RE_IMPORT])
    frame = frame.with_columns(
        year=pl.col("year").cast(pl.Int32, strict=False),
        flow_text=pl.col("flow"),
        flow=upper["flow"].replace_strict(FLOWS, default=None, return_dtype=pl.String),
        classification=upper["classification"],
        hs_revision=upper["classification"].replace_strict(EDITIONS, default=None, return_dtype=pl.String),
        hs6=padded,
        quantity_t=pl.when(net.is_finite() & (net > 0)).then(net / 1000),
        reporter_text=pl.col("reporter"),
        partner_text=pl.col("partner"),
        reporter=codes_of(pl.col("reporter")),
        partner=codes_of(pl.col("partner")),
    )
    amount = frame.select(
        value=pl.when(pl.col("value") != "")
        .then("value")
        .otherwise(pl.when(arrives.fill_null(value=False)).then("cif").otherwise("fob"))
    )["value"]
    return frame.with_columns(value=scaled(amount, 3))


def _countries(frame: pl.DataFrame, countries: Countries) -> pl.DataFrame:
    """Resolve both codes by the year of each row."""
    parts = []
    for (year,), part in frame.partition_by("year", as_dict=True).items():
        known = countries.mapping("comtrade", year if isinstance(year, int) else None)
        parts.append(
            part.with_columns(
                reporter_code=resolved(part["reporter"], known), partner_code=resolved(part["partner"], known)
            )
        )
    if not parts:
        return frame.with_columns(reporter_code=pl.lit(None, pl.Int16), partner_code=pl.lit(None, pl.Int16))
    return pl.concat(parts).sort("line")


def _sides() -> dict[str, pl.Expr]:
    arrives = pl.col("flow").is_in([IMPORT, RE_IMPORT])
    return {
        "exporter": pl.when(arrives).then("partner_code").otherwise("reporter_code"),
        "importer": pl.when(arrives).then("reporter_code").otherwise("partner_code"),
        "reporter_side": pl.when(arrives).then(pl.lit("importer")).otherwise(pl.lit("exporter")),
    }


def _broken() -> pl.Expr:
    """Rows of which not even the keys can be read."""
    shifted = ~pl.col("type").is_in(["", "C", "S"])
    return first_reason(
        [
            ("type is neither C nor S: are the columns shifted?", shifted),
            ("year is not a number", pl.col("year").is_null()),
            ("year out of range", ~pl.col("year").is_between(FIRST_YEAR, LAST_YEAR)),
            (pl.format("unknown flow {}", pl.col("flow_text").str.slice(0, 40)), pl.col("flow").is_null()),
            (
                pl.format("reporter is not a code: {}", pl.col("reporter_text").str.slice(0, 40)),
                pl.col("reporter").is_null(),
            ),
            (
                pl.format("partner is not a code: {}", pl.col("partner_text").str.slice(0, 40)),
                pl.col("partner").is_null(),
            ),
        ]
    )


def _aside(aggregates: list[int]) -> pl.Expr:
    monthly = ~pl.col("freq").is_in(["", "A"]) | (pl.col("period").str.len_bytes() == 6)
    group = pl.col("reporter").is_in(aggregates) | pl.col("partner").is_in(aggregates)
    part = (
        (pl.col("flow") == BREAKDOWN)
        | ~pl.col("partner2").is_in(["", "0"])
        | ~pl.col("customs").str.to_uppercase().is_in(["", "C00"])
        | ~pl.col("transport").is_in(["", "0"])
        | ~pl.col("supply").is_in(["", "0"])
    )
    return first_reason(
        [
            ("services", pl.col("type") == "S"),
            ("not_annual", monthly),
            ("not_hs", ~pl.col("classification").str.starts_with("H")),
            ("total", pl.col("hs6") == "TOTAL"),
            ("aggregate", group),
            (BREAKDOWN, part),
        ]
    )


def _wrong(remainders: list[int]) -> pl.Expr:
    # trade with areas that are not named is reported, but no such area reports
    nobody = pl.col("reporter_code").is_null() | pl.col("reporter_code").is_in(remainders)
    return first_reason(
        [
            (
                pl.format("unknown edition of the HS: {}", pl.col("classification").str.slice(0, 20)),
                pl.col("hs_revision").is_null(),
            ),
            # 9999AA: commodities not specified
            (
                "not an HS code of 2, 4 or 6 digits",
                ~pl.col("hs6").str.contains(r"^([0-9]{2}){1,3}$|^99[0-9]{2}[A-Z]{2}$"),
            ),
            ("value is not a number", pl.col("value").is_null()),
            ("negative value", pl.col("value") < 0),
            (pl.format("unknown reporter {}", "reporter"), nobody),
            (pl.format("unknown partner {}", "partner"), pl.col("partner_code").is_null()),
        ]
    )


def mark_repeats(rows: pl.DataFrame) -> pl.DataFrame:
    """Mark rows whose key came before: ``aside`` repeat with the same value, ``refused`` with another.

    Parameters
    ----------
    rows
        Columns of `KEPT`, in the order of the file.
    """
    again = ~pl.struct(KEY).is_first_distinct()
    same = pl.col("value") == pl.col("value").first().over(KEY)
    marked = rows.with_columns(again=again, same=same)
    return marked.with_columns(
        aside=pl.when(pl.col("again") & pl.col("same")).then(pl.lit(REPEAT)),
        refused=pl.when(pl.col("again") & ~pl.col("same")).then(
            pl.lit("the same flow comes again with another value")
        ),
    ).drop("again", "same")


def mark_levels(rows: pl.DataFrame, remainders: Collection[int] = ()) -> pl.DataFrame:
    """Mark rows that another level of the HS holds too, so that sums count nothing twice.

    For each reporter, year, flow, edition and heading: where the longer codes hold at least 99.9 % of the
    heading's value over the same partners, the heading is set aside (``parent_level``), else the longer
    codes are (``child_level``), since they are a selection. Headings go before chapters. What a country keeps
    confidential moves between a partner and a remainder ("Areas, nes") from one level to the other, so
    remainders are weighed, and set aside, with the partners that both levels have.

    Parameters
    ----------
    rows
        Columns of `KEY`, ``value`` and ``aside``.
    remainders
        Values of ``partner`` that are no country.

    Examples
    --------
    >>> rows = pl.DataFrame(
    ...     {
    ...         "year": 2020,
    ...         "reporter": 764,
    ...         "partner": 392,
    ...         "flow": "import",
    ...         "hs_revision": "HS17",
    ...         "hs6": ["8542", "854231", "854232", "8541", "854110"],
    ...         "value": [10, 4, 6, 10, 4],
    ...         "aside": None,
    ...     }
    ... )
    >>> mark_levels(rows)["aside"].to_list()
    ['parent_level', None, None, None, 'child_level']
    """
    rows = rows.with_columns(pl.col("aside").cast(pl.String))
    for digits in (4, 2):
        if (rows["hs6"].str.len_bytes() == digits).any():
            rows = _mark_level(rows, digits, remainders)
    return rows


def _mark_level(rows: pl.DataFrame, digits: int, remainders: Collection[int]) -> pl.DataFrame:
    heading = ["year", "reporter", "flow", "hs_revision", "head"]
    own = [*heading, "partner"]
    length = pl.col("hs6").str.len_bytes()
    rows = rows.with_row_index("at").with_columns(head=pl.col("hs6").str.slice(0, digits))
    counted = rows.filter(pl.col("aside").is_null())
    parents = counted.filter(length == digits)
    children = counted.filter((length > digits) & ~pl.col("hs6").str.contains("[A-Z]"))
    sums = [
        level.group_by(own).agg(pl.col("value").sum().alias(name))
        for level, name in ((parents, "above"), (children, "inside"))
    ]
    levels = sums[0].join(sums[1], on=own, how="full", coalesce=True)
    common = pl.col("above").is_not_null() & pl.col("inside").is_not_null()
    weighed = levels.filter(common.any().over(heading), common | pl.col("partner").is_in(list(remainders)))
    above, inside = (pl.col(name).sum().over(heading).cast(pl.Float64) for name in ("above", "inside"))
    weighed = weighed.select(*own, whole=inside >= WHOLE * above)
    out = pl.concat(
        [
            parents.join(weighed.filter("whole"), on=own, how="semi").select("at", mark=pl.lit(PARENT)),
            children.join(weighed.filter(~pl.col("whole")), on=own, how="semi").select(
                "at", mark=pl.lit(CHILD)
            ),
        ]
    )
    marked = rows.join(out, on="at", how="left", maintain_order="left")
    return marked.with_columns(aside=pl.coalesce("aside", "mark")).drop("at", "head", "mark")
