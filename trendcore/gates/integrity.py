"""Gates of correctness: what the tables of any release satisfy, whatever its inputs hold.

None has a limit, none can be switched off, and none accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import polars as pl

from trendcore.gates.cells import CELL, Seen, ascending, by_cell, failing, numbered, together
from trendcore.gates.results import Case, Found

#: one work in fixed point
_ONE: Final = 1 << 32
#: above every code of a country and every row of a table
_MANY: Final = 1 << 20
#: indices that cannot leave 0 to 1
_FRACTIONS: Final = ("share", "salton", "equivalence", "jaccard", "inclusion", "import_share", "supplier_hhi")
#: sums of floating-point ratios may pass a bound by their rounding
_ROUNDING: Final = 1e-9
_KEYS: Final = {
    "coverage": CELL, "members": [*CELL, "member"], "pairs": [*CELL, "a", "b"],
    "ownership_pairs": [*CELL, "a", "b"], "trade_flows": [*CELL, "product", "exporter", "importer"],
    "bloc_pairs": ["bloc", *CELL, "a", "b"],
}  # fmt: skip


def _conservation(seen: Seen) -> Found:
    """Rows read are rows accepted, quarantined and set aside, of every file."""
    inputs = seen.tables.get("inputs")
    if inputs is None:
        return Found()
    kept = pl.col("accepted") + pl.col("quarantined") + pl.col("set_aside")
    shown = ["file", "read", "accepted", "quarantined", "set_aside"]
    return failing(inputs, "inputs", pl.col("read").ne_missing(kept), shown)


def _something(seen: Seen) -> Found:
    """There is a cell to publish."""
    cells = seen.tables.get("coverage")
    if cells is None:
        return Found()
    if cells.is_empty():
        return Found(1, 1, 1, (Case("no work or flow is in any field of the taxonomy"),))
    return Found(1)


def _keys(seen: Seen) -> Found:
    """No key stands twice, and none is null."""
    found = []
    for name, key in _KEYS.items():
        frame = seen.tables.get(name)
        if frame is None or not set(key) <= set(frame.columns):
            continue
        # published tables are sorted by their keys, so that the slow look is for those that are wrong
        if ascending(frame, key):
            found.append(Found(frame.height))
            continue
        twice = pl.struct(key).is_duplicated() | pl.any_horizontal(pl.col(key).is_null())
        found.append(failing(frame, name, twice, key))
    return together(found)


def _order(seen: Seen) -> Found:
    """Each symmetric pair stands once with a < b; nobody is paired with itself."""
    found = []
    for name in ("pairs", "bloc_pairs", "ownership_pairs"):
        if name in seen.tables:
            wrong = pl.col("a") >= pl.col("b") if name != "ownership_pairs" else pl.col("a") == pl.col("b")
            found.append(failing(seen.tables[name], name, wrong, [*CELL, "a", "b"]))
    return together(found)


def _parts(seen: Seen) -> Found:
    """Joint works are at least one and at most the international works of each of the two."""
    if not {"pairs", "members"} <= set(seen.tables):
        return Found()
    pairs, members = seen.tables["pairs"], seen.tables["members"]
    names = pl.concat([pairs["a"], pairs["b"], members["member"]]).unique().drop_nulls().sort()
    codes = pl.Enum(names)
    cells = by_cell(members)

    def key(frame: pl.DataFrame, end: str) -> pl.Series:
        return numbered(frame, cells) * _MANY + frame[end].cast(codes).to_physical().cast(pl.Int64)

    own = pl.DataFrame({"key": key(members, "member"), "intl": members["works_intl"]}).unique(
        "key", keep="last"
    )
    for end in ("a", "b"):
        of = pl.DataFrame({"key": key(pairs, end)}).join(own, on="key", how="left", maintain_order="left")
        pairs = pairs.with_columns(of["intl"].alias(f"of_{end}"))
    # a member without a row has no works; nulls are no smallest value to Polars
    small = pl.min_horizontal(pl.col("of_a", "of_b").fill_null(0))
    wrong = (pl.col("joint") < 1) | (pl.col("joint") > small)
    return failing(pairs, "pairs", wrong, [*CELL, "a", "b", "joint", "of_a", "of_b"])


def _sums(seen: Seen) -> Found:
    """Pairs, members, fractions and patterns of a cell add up to what its totals say."""
    if not {"coverage", "pairs", "members", "patterns"} <= set(seen.tables):
        return Found()
    tables = seen.tables
    cells = tables["coverage"].filter(pl.col("sum_n").is_not_null() & (pl.col("works") > 0))
    pairs = by_cell(tables["pairs"], (2 * pl.col("joint").sum()).alias("of_pairs"))
    patterns = by_cell(tables["patterns"], pl.col("n").sum().alias("of_patterns"))
    members = by_cell(
        tables["members"],
        pl.col("works").sum().alias("of_members"),
        pl.col("fractional").sum().alias("of_fractions"),
    )
    cells = _anew(cells, seen, pairs, patterns)
    for each in (pairs, members, patterns):
        cells = cells.join(each, on=CELL, how="left")
    cells = cells.with_columns(pl.col("^of_.*$").fill_null(0))
    wrong = (
        (pl.col("of_pairs") != pl.col("sum_pairs"))
        | (pl.col("of_members") != pl.col("sum_n"))
        | (pl.col("of_fractions") != pl.col("works_known") * _ONE)
        | (pl.col("of_patterns") != pl.col("works"))
    )
    shown = [*CELL, "sum_pairs", "of_pairs", "sum_n", "of_members", "works", "of_patterns"]
    return failing(cells, "coverage", wrong.fill_null(value=True), shown)


def _anew(cells: pl.DataFrame, seen: Seen, *made: pl.DataFrame) -> pl.DataFrame:
    """Keep the cells that were made anew: all of a first release, else those of which some table has rows."""
    if seen.before is None:
        return cells
    return cells.join(pl.concat([each.select(CELL) for each in made]).unique(), on=CELL, how="semi")


def _trade(seen: Seen) -> Found:
    """No flow is negative, and the flows of a cell add up to its value."""
    if not {"coverage", "trade_flows"} <= set(seen.tables):
        return Found()
    flows = seen.tables["trade_flows"]
    negative = failing(flows, "trade_flows", pl.col("value") < 0, [*CELL, "exporter", "importer", "value"])
    sums = by_cell(flows, pl.col("value").sum().alias("of_flows"))
    cells = _anew(seen.tables["coverage"].filter(pl.col("value").is_not_null()), seen, sums)
    cells = cells.join(sums, on=CELL, how="full", coalesce=True)
    wrong = pl.col("value").ne_missing(pl.col("of_flows"))
    return together([negative, failing(cells, "coverage", wrong, [*CELL, "value", "of_flows"])])


def _bounds(seen: Seen) -> Found:
    """Every value is finite or null; a fraction lies between 0 and 1."""
    found = []
    for name, frame in seen.tables.items():
        if not name.endswith("indices"):
            continue
        wrong = {}
        for column, dtype in frame.schema.items():
            if dtype == pl.Float64:
                wrong[column] = ~pl.col(column).is_finite()
                if _is_fraction(column):
                    wrong[column] |= (pl.col(column) < -_ROUNDING) | (pl.col(column) > 1 + _ROUNDING)
        found.append(_columns(frame, name, wrong, lambda column: [column]))
    return together(found)


def _intervals(seen: Seen) -> Found:
    """Every interval is finite or null, no lower end above its upper one; a fraction's is within 0 and 1."""
    found = []
    for name, frame in seen.tables.items():
        if not name.endswith("intervals"):
            continue
        wrong = {}
        for lower in (column for column in frame.columns if column.endswith("__lo")):
            column = lower.removesuffix("__lo")
            lo, hi = pl.col(lower), pl.col(f"{column}__hi")
            wrong[column] = _any(~lo.is_finite(), ~hi.is_finite(), lo > hi)
            if _is_fraction(column):
                wrong[column] = _any(wrong[column], lo < -_ROUNDING, hi > 1 + _ROUNDING)
        found.append(_columns(frame, name, wrong, lambda column: [f"{column}__lo", f"{column}__hi"]))
    return together(found)


def _any(*conditions: pl.Expr) -> pl.Expr:
    """Whether one holds; nulls do not."""
    return pl.any_horizontal(each.fill_null(value=False) for each in conditions)


def _columns(
    frame: pl.DataFrame, name: str, wrong: Mapping[str, pl.Expr], shown: Callable[[str], list[str]]
) -> Found:
    """Count where each column is wrong, in one go; rows are looked up only of those that are."""
    if not wrong:
        return Found()
    counts = frame.select(each.sum().alias(column) for column, each in wrong.items()).row(0, named=True)
    found = [Found(frame.height * len(wrong))]
    for column, n in counts.items():
        if n:
            bad = failing(
                frame, name, wrong[column].fill_null(value=False), [*CELL, "a", "b", *shown(column)]
            )
            found.append(Found(0, bad.failed, bad.figure, bad.cases))
    return together(found)


def _is_fraction(column: str) -> bool:
    return column.split(":")[0] in _FRACTIONS and "links" not in column and "matrix" not in column


#: every gate of correctness by name, in the order in which they run
GATES: Final[Mapping[str, Callable[[Seen], Found]]] = {
    "conservation": _conservation,
    "coverage": _something,
    "keys": _keys,
    "symmetry": _order,
    "parts": _parts,
    "sums": _sums,
    "trade": _trade,
    "bounds": _bounds,
    "intervals": _intervals,
}
