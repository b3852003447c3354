"""Each gate refuses tables that are wrong in its way, and passes those that are right."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from trendcore import gates
from trendcore.errors import GateError
from trendcore.gates.integrity import GATES as CORRECTNESS

CELL = {"source": "openalex", "role": "author", "field": "ai", "year": 2022}
ONE = 1 << 32
Tables = dict[str, pl.DataFrame]


def right() -> Tables:
    """Three works (JP-US, JP-KR-US and US alone) and two flows."""
    market = CELL | {"source": "baci", "role": "reconciled"}

    def frame(**columns: object) -> pl.DataFrame:
        rows = pl.DataFrame(columns)
        return rows.select(*(pl.lit(value).alias(name) for name, value in CELL.items()), pl.all())

    pairs = frame(a=["JP", "JP", "KR"], b=["KR", "US", "US"], joint=[1, 2, 1])
    traded = pl.DataFrame([market | {"value": 8}])
    works = frame(works=[3], works_known=[3], works_intl=[2], sum_n=[6], sum_pairs=[8])
    coverage = pl.concat([works, traded], how="diagonal_relaxed").with_columns(
        year_complete=pl.lit(value=True)
    )
    flows = [("JP", "US", 5), ("US", "JP", 3)]
    return {
        "coverage": coverage,
        "trade_flows": pl.DataFrame(
            [
                market | {"exporter": a, "importer": b, "product": "854231", "value": value}
                for a, b, value in flows
            ]
        ),
        "pairs": pairs,
        "members": frame(
            member=["JP", "KR", "US"],
            works=[2, 1, 3],
            works_intl=[2, 1, 2],
            fractional=[ONE, ONE // 2, 3 * ONE - ONE - ONE // 2],
        ),
        "patterns": frame(members=[["US"], ["JP", "US"], ["JP", "KR", "US"]], n=[1, 1, 1]),
        "indices": pairs.drop("joint").with_columns(
            salton=pl.Series([0.7, 1.0, 0.5]), ric=pl.Series([3.0, None, 1.0])
        ),
        "intervals": pairs.drop("joint").with_columns(
            salton__lo=pl.Series([0.2, None, 0.0]), salton__hi=pl.Series([0.9, None, 1.0])
        ),
        "inputs": pl.DataFrame(
            {"file": ["a"], "read": [5], "accepted": [3], "quarantined": [1], "set_aside": [1]}
        ),
    }


def changed(table: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> Tables:
    tables = right()
    return tables | {table: change(tables[table])}


def test_right_tables_pass_every_gate_and_each_looks_at_something() -> None:
    found = gates.check(right())
    assert [result.gate for result in found if not result.ok] == []
    assert all(result.checked > 0 for result in found if result.gate in CORRECTNESS)
    gates.refuse(found)


def add(column: str, by: float) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Change the first row of a column."""
    first = pl.int_range(pl.len()) == 0
    return lambda frame: frame.with_columns(
        pl.when(first).then(pl.col(column) + by).otherwise(column).alias(column)
    )


def add_last(column: str, by: int) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Change the last row of a column."""
    return lambda frame: frame[::-1].pipe(add(column, by))


def only(column: str, value: object) -> Callable[[pl.DataFrame], pl.DataFrame]:
    return lambda frame: frame.with_columns(pl.lit(value).alias(column))


@pytest.mark.parametrize(
    ("gate", "table", "change"),
    [
        ("conservation", "inputs", add("accepted", 1)),
        ("conservation", "inputs", add("read", 1)),
        ("coverage", "coverage", lambda frame: frame.clear()),
        ("keys", "pairs", lambda frame: pl.concat([frame, frame[:1]])),
        ("keys", "members", lambda frame: pl.concat([frame, frame[-1:]])),
        ("keys", "coverage", lambda frame: frame.with_columns(pl.lit(None, pl.Int32).alias("year"))),
        ("symmetry", "pairs", lambda frame: frame.rename({"a": "b", "b": "a"})),
        ("symmetry", "pairs", only("b", "JP")),
        ("parts", "pairs", add("joint", 5)),
        ("parts", "pairs", add("joint", -1)),
        ("parts", "members", add("works_intl", -1)),
        ("parts", "members", lambda frame: frame[1:]),
        ("sums", "pairs", lambda frame: frame[1:]),
        ("sums", "members", add("works", 1)),
        ("sums", "members", add("fractional", -1)),
        ("sums", "patterns", add("n", 1)),
        ("sums", "coverage", add("sum_pairs", 2)),
        ("keys", "trade_flows", lambda frame: pl.concat([frame, frame[:1]])),
        ("trade", "trade_flows", add("value", -6)),
        ("trade", "trade_flows", lambda frame: frame[1:]),
        ("trade", "coverage", add_last("value", 1)),
        ("bounds", "indices", only("salton", 1.5)),
        ("bounds", "indices", only("salton", -0.1)),
        ("bounds", "indices", only("ric", float("inf"))),
        ("bounds", "indices", only("ric", float("nan"))),
        ("intervals", "intervals", only("salton__lo", 0.95)),
        ("intervals", "intervals", only("salton__lo", -0.1)),
        ("intervals", "intervals", only("salton__hi", 1.2)),
        ("intervals", "intervals", only("salton__hi", float("inf"))),
        ("intervals", "intervals", only("salton__lo", float("nan"))),
    ],
)
def test_a_gate_refuses(gate: str, table: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    found = {result.gate: result for result in gates.check(changed(table, change))}
    assert not found[gate].ok
    assert found[gate].failed > 0
    assert found[gate].detail
    with pytest.raises(GateError, match=rf"nothing was published.*{gate}"):
        gates.refuse(list(found.values()))


def anew(*years: int) -> Tables:
    """Tables of an update that made the cells of some years anew: others are in coverage and members only."""
    parts = [
        {
            name: frame.with_columns(year=pl.lit(year)) if "year" in frame.columns else frame
            for name, frame in right().items()
        }
        for year in (2021, 2022)
    ]
    whole = {name: pl.concat([part[name] for part in parts]) for name in ("coverage", "members", "inputs")}
    by_cell = {name: pl.concat([part[name] for part in parts]) for name in parts[0] if name not in whole}
    return whole | {name: frame.filter(pl.col("year").is_in(years)) for name, frame in by_cell.items()}


@pytest.mark.parametrize("years", [(), (2021,), (2022,), (2021, 2022)])
def test_cells_that_were_not_made_anew_are_not_gone(years: tuple[int, ...]) -> None:
    last = {name: frame for name, frame in anew(*years).items() if name in gates.COMPARED}
    assert [each.gate for each in gates.check(anew(*years), before=last) if not each.ok] == []
    first = {each.gate for each in gates.check(anew(*years)) if not each.ok}
    assert first == (set() if len(years) == 2 else {"sums", "trade"})


@pytest.mark.parametrize(
    ("gate", "table"), [("sums", "pairs"), ("sums", "patterns"), ("trade", "trade_flows")]
)
def test_rows_lost_from_a_cell_that_was_made_anew(gate: str, table: str) -> None:
    tables = anew(2021)
    last = {name: frame for name, frame in tables.items() if name in gates.COMPARED}
    found = gates.check(tables | {table: tables[table][1:]}, before=last)
    assert gate in {each.gate for each in found if not each.ok}


def test_order_of_rows_decides_nothing() -> None:
    tables = {
        name: frame.sample(fraction=1, shuffle=True, seed=3) for name, frame in anew(2021, 2022).items()
    }
    assert [each.gate for each in gates.check(tables) if not each.ok] == []
    twice = pl.concat([tables["pairs"], tables["pairs"][2:3]]).sample(fraction=1, shuffle=True, seed=3)
    (keys,) = (each for each in gates.check(tables | {"pairs": twice}) if each.gate == "keys")
    assert keys.failed == 2


def test_what_a_release_lacks_is_not_checked() -> None:
    assert all(result.ok for result in gates.check({}))
