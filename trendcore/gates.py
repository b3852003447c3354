"""Quality gates: what the tables of a release must satisfy before it is published.

A gate looks at tables only, and never mends them. Those of later kinds (change against the last release) take
their place beside these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import polars as pl

from trendcore.errors import GateError

Tables = Mapping[str, pl.DataFrame]

CELL: Final = ["source", "role", "field", "year"]
#: one work in fixed point
_ONE: Final = 1 << 32
#: indices that cannot leave 0 to 1
_FRACTIONS: Final = ("share", "salton", "equivalence", "jaccard", "inclusion", "import_share", "supplier_hhi")
#: sums of floating-point ratios may pass a bound by their rounding
_ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class GateResult:
    """What a gate found.

    Attributes
    ----------
    gate
        Its name.
    ok
        Whether the tables pass.
    checked, failed
        Rows or cells that were looked at, and that fail.
    detail
        The first that fails, with its numbers; blank where none does.
    """

    gate: str
    ok: bool
    checked: int
    failed: int
    detail: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the result as a release records it."""
        return asdict(self)


def check(tables: Tables) -> list[GateResult]:
    """Run every gate.

    Examples
    --------
    >>> pairs = pl.DataFrame({"source": "s", "role": "r", "field": "f", "year": 1, "a": ["US"], "b": ["JP"]})
    >>> [result.detail for result in check({"pairs": pairs}) if not result.ok]
    ['pairs: source s, role r, field f, year 1, a US, b JP']
    """
    return [
        GateResult(name, failed == 0, checked, failed, detail)
        for name, gate in GATES.items()
        for checked, failed, detail in [gate(tables)]
    ]


def refuse(results: list[GateResult]) -> None:
    """Raise if a gate failed.

    Raises
    ------
    GateError
        With each gate that failed, how often, and the first case.

    Examples
    --------
    >>> refuse([GateResult("bounds", False, 10, 1, "salton 1.5")])
    Traceback (most recent call last):
    trendcore.errors.GateError: nothing was published, a gate refused: bounds (1 of 10 fail, first salton 1.5)
    """
    bad = [each for each in results if not each.ok]
    if bad:
        words = "; ".join(
            f"{each.gate} ({each.failed:,} of {each.checked:,} fail, first {each.detail})" for each in bad
        )
        raise GateError(f"nothing was published, a gate refused: {words}")


Found = tuple[int, int, str]


def _conservation(tables: Tables) -> Found:
    """Rows read are rows accepted, quarantined and set aside, of every file."""
    inputs = tables.get("inputs")
    if inputs is None:
        return 0, 0, ""
    kept = pl.col("accepted") + pl.col("quarantined") + pl.col("set_aside")
    return _failing(inputs, "inputs", pl.col("read") != kept, ["file", "read", "accepted"])


def _order(tables: Tables) -> Found:
    """Each symmetric pair stands once with a < b; nobody is paired with itself."""
    found = []
    for name in ("pairs", "bloc_pairs", "ownership_pairs"):
        if name in tables:
            wrong = pl.col("a") >= pl.col("b") if name != "ownership_pairs" else pl.col("a") == pl.col("b")
            found.append(_failing(tables[name], name, wrong, [*CELL, "a", "b"]))
    return _sum(found)


def _keys(tables: Tables) -> Found:
    """No key stands twice, and none is null."""
    keys = {
        "coverage": CELL, "members": [*CELL, "member"], "pairs": [*CELL, "a", "b"],
        "ownership_pairs": [*CELL, "a", "b"], "trade_flows": [*CELL, "product", "exporter", "importer"],
        "bloc_pairs": ["bloc", *CELL, "a", "b"],
    }  # fmt: skip
    found = []
    for name, key in keys.items():
        if name in tables and set(key) <= set(tables[name].columns):
            twice = pl.struct(key).is_duplicated() | pl.any_horizontal(pl.col(key).is_null())
            found.append(_failing(tables[name], name, twice, key))
    return _sum(found)


def _parts(tables: Tables) -> Found:
    """Joint works are at least one and at most the international works of each of the two."""
    if "pairs" not in tables or "members" not in tables:
        return 0, 0, ""
    pairs, members = tables["pairs"], tables["members"]
    for end in ("a", "b"):
        own = members.select(*CELL, pl.col("member").alias(end), pl.col("works_intl").alias(f"of_{end}"))
        pairs = pairs.join(own, on=[*CELL, end], how="left")
    # a member without a row has no works; nulls are no smallest value to Polars
    small = pl.min_horizontal(pl.col("of_a", "of_b").fill_null(0))
    wrong = (pl.col("joint") < 1) | (pl.col("joint") > small)
    return _failing(pairs, "pairs", wrong, [*CELL, "a", "b", "joint", "of_a", "of_b"])


def _sums(tables: Tables) -> Found:
    """Pairs, members, fractions and patterns of a cell add up to what its totals say."""
    if not {"coverage", "pairs", "members", "patterns"} <= set(tables):
        return 0, 0, ""
    cells = tables["coverage"].filter(pl.col("sum_n").is_not_null() & (pl.col("works") > 0))
    sums = (
        tables["pairs"].group_by(CELL).agg((2 * pl.col("joint").sum()).alias("of_pairs")),
        tables["members"].group_by(CELL).agg(
            pl.col("works").sum().alias("of_members"), pl.col("fractional").sum().alias("of_fractions")
        ),
        tables["patterns"].group_by(CELL).agg(pl.col("n").sum().alias("of_patterns")),
    )  # fmt: skip
    for each in sums:
        cells = cells.join(each, on=CELL, how="left")
    cells = cells.with_columns(pl.col("^of_.*$").fill_null(0))
    wrong = (
        (pl.col("of_pairs") != pl.col("sum_pairs"))
        | (pl.col("of_members") != pl.col("sum_n"))
        | (pl.col("of_fractions") != pl.col("works_known") * _ONE)
        | (pl.col("of_patterns") != pl.col("works"))
    )
    shown = [*CELL, "sum_pairs", "of_pairs", "sum_n", "of_members", "works", "of_patterns"]
    return _failing(cells, "coverage", wrong.fill_null(value=True), shown)


def _trade(tables: Tables) -> Found:
    """No flow is negative, and the flows of a cell add up to its value."""
    if not {"coverage", "trade_flows"} <= set(tables):
        return 0, 0, ""
    flows = tables["trade_flows"]
    negative = _failing(flows, "trade_flows", pl.col("value") < 0, [*CELL, "exporter", "importer", "value"])
    sums = flows.group_by(CELL).agg(pl.col("value").sum().alias("of_flows"))
    cells = tables["coverage"].filter(pl.col("value").is_not_null())
    cells = cells.join(sums, on=CELL, how="full", coalesce=True)
    wrong = pl.col("value").ne_missing(pl.col("of_flows"))
    return _sum([negative, _failing(cells, "coverage", wrong, [*CELL, "value", "of_flows"])])


def _bounds(tables: Tables) -> Found:
    """Every value is finite or null; a fraction lies between 0 and 1."""
    found = []
    for name, frame in tables.items():
        if not name.endswith("indices"):
            continue
        for column, dtype in frame.schema.items():
            if dtype != pl.Float64:
                continue
            wrong = ~pl.col(column).is_finite()
            if _is_fraction(column):
                wrong |= (pl.col(column) < -_ROUNDING) | (pl.col(column) > 1 + _ROUNDING)
            found.append(_failing(frame, name, wrong.fill_null(value=False), [*CELL, "a", "b", column]))
    return _sum(found)


def _intervals(tables: Tables) -> Found:
    """Every interval is finite or null, no lower end above its upper one; a fraction's is within 0 and 1."""
    found = []
    for name, frame in tables.items():
        if not name.endswith("intervals"):
            continue
        for lower in (column for column in frame.columns if column.endswith("__lo")):
            column = lower.removesuffix("__lo")
            upper = f"{column}__hi"
            lo, hi = pl.col(lower), pl.col(upper)
            wrong = ~lo.is_finite().fill_null(value=True) | ~hi.is_finite().fill_null(value=True)
            wrong |= (lo > hi).fill_null(value=False)
            if _is_fraction(column):
                wrong |= (lo < -_ROUNDING).fill_null(value=False)
                wrong |= (hi > 1 + _ROUNDING).fill_null(value=False)
            found.append(_failing(frame, name, wrong, [*CELL, "a", "b", lower, upper]))
    return _sum(found)


def _is_fraction(column: str) -> bool:
    return column.split(":")[0] in _FRACTIONS and "links" not in column and "matrix" not in column


def _something(tables: Tables) -> Found:
    """There is a cell to publish."""
    cells = tables.get("coverage")
    if cells is None:
        return 0, 0, ""
    return 1, int(cells.is_empty()), "no work or flow is in any field of the taxonomy" * cells.is_empty()


#: every gate by name, in the order in which they run
GATES: Final[Mapping[str, Callable[[Tables], Found]]] = {
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


def _failing(frame: pl.DataFrame, name: str, wrong: pl.Expr, shown: list[str]) -> Found:
    """Count the rows for which an expression holds, and write down the first."""
    there = [column for column in shown if column in frame.columns]
    bad = frame.filter(wrong)
    if bad.is_empty():
        return frame.height, 0, ""
    row = ", ".join(f"{column} {bad[column][0]}" for column in there)
    return frame.height, bad.height, f"{name}: {row}"


def _sum(found: list[Found]) -> Found:
    detail = next((each[2] for each in found if each[2]), "")
    return sum(each[0] for each in found), sum(each[1] for each in found), detail
