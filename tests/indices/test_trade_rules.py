"""Trade indices: missing against zero, self flows, all goods, products, and bounds."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trendcore as tc

SCHEMA = {
    "field": pl.String,
    "product": pl.String,
    "exporter": pl.String,
    "importer": pl.String,
    "value": pl.Int64,
}


def flows(*rows: tuple[str, str, str, int]) -> pl.DataFrame:
    return pl.DataFrame([("chips", *row) for row in rows], schema=SCHEMA, orient="row")


def value_of(table: pl.DataFrame, index: str, a: str, b: str | None) -> tuple[float | None, str | None]:
    row = table.filter(
        pl.col("index") == index, pl.col("a") == a, pl.col("b").eq_missing(pl.lit(b, pl.String))
    )
    assert row.height == 1, (index, a, b)
    return row["value"].item(), row["value_flag"].item()


CHIPS = flows(
    ("1", "TW", "JP", 6000),
    ("2", "TW", "JP", 2000),
    ("1", "KR", "JP", 2000),
    ("1", "JP", "JP", 5000),
    ("1", "JP", "TW", 1000),
    ("2", "US", "TW", 3000),
)


@pytest.fixture(scope="module")
def chips() -> pl.DataFrame:
    return tc.indices.compute(tc.tally_trade(CHIPS, by=["field"], product="product"))


def test_value_is_in_dollars_and_directed(chips: pl.DataFrame) -> None:
    assert value_of(chips, "value", "TW", "JP") == (8.0, None)
    assert value_of(chips, "value", "JP", "TW") == (1.0, None)


def test_a_flow_that_is_not_listed_is_zero_only_where_both_sides_are_covered(chips: pl.DataFrame) -> None:
    assert value_of(chips, "value", "US", "JP") == (0.0, None)
    assert value_of(chips, "value", "JP", "KR") == (None, "not_known")
    assert value_of(chips, "grubel_lloyd", "JP", "KR") == (None, "not_known")
    assert value_of(chips, "grubel_lloyd", "JP", "TW")[0] == pytest.approx(1 - (5000 + 2000) / 9000)


def test_coverage_comes_from_all_goods_where_there_are_any() -> None:
    goods = pl.concat([CHIPS, flows(("9", "US", "KR", 10), ("9", "KR", "US", 10))])
    whole = goods.group_by("exporter", "importer").agg(pl.col("value").sum())
    table = tc.indices.compute(tc.tally_trade(CHIPS, by=["field"], product="product", goods=whole))
    assert value_of(table, "value", "JP", "KR") == (0.0, None)
    assert value_of(table, "grubel_lloyd", "JP", "KR") == (0.0, None)
    assert value_of(table, "grubel_lloyd", "KR", "US") == (None, "zero_denominator")


def test_self_flows_stay_in_denominators_unless_dropped() -> None:
    kept = tc.indices.compute(tc.tally_trade(CHIPS, by=["field"], product="product"))
    dropped = tc.indices.compute(tc.tally_trade(CHIPS, by=["field"], product="product", self_flows="drop"))
    assert value_of(kept, "import_share", "JP", "TW") == (8 / 15, None)
    assert value_of(dropped, "import_share", "JP", "TW") == (8 / 10, None)
    assert kept.filter(pl.col("a") == pl.col("b")).is_empty()
    for table in (kept, dropped):
        assert value_of(table, "supplier_hhi", "JP", None)[0] == pytest.approx(0.8**2 + 0.2**2, rel=1e-15)


def test_supplier_concentration(chips: pl.DataFrame) -> None:
    assert value_of(chips, "supplier_hhi", "TW", None)[0] == pytest.approx(
        (1 / 4) ** 2 + (3 / 4) ** 2, rel=1e-15
    )
    assert chips.filter(pl.col("index") == "supplier_hhi", pl.col("a") == "US").is_empty()


def test_trade_intensity_by_hand(chips: pl.DataFrame) -> None:
    """TW exports 8000, JP imports 15000, TW imports 4000, the world trades 19000 (in thousandths)."""
    assert value_of(chips, "trade_intensity", "TW", "JP")[0] == pytest.approx((8 / 8) / (15 / 19))
    assert value_of(chips, "trade_intensity_drysdale", "TW", "JP")[0] == pytest.approx(
        (8 / 8) / (15 / (19 - 4))
    )
    assert chips.filter(pl.col("index") == "trade_intensity")["neutral"].unique().to_list() == [1.0]


def test_complementarity_and_similarity_by_hand(chips: pl.DataFrame) -> None:
    """Export shares: TW (6/8, 2/8), US (0, 1), JP (1, 0). Import shares: JP (13/15, 2/15), TW (1/4, 3/4)."""
    assert value_of(chips, "complementarity", "TW", "JP")[0] == pytest.approx(100 * (6 / 8 + 2 / 15))
    assert value_of(chips, "complementarity", "US", "JP")[0] == pytest.approx(100 * 2 / 15)
    assert value_of(chips, "export_similarity", "TW", "US")[0] == pytest.approx(25.0)
    assert value_of(chips, "export_similarity", "JP", "US")[0] == 0.0
    assert chips.filter(pl.col("index") == "export_similarity", pl.col("a") >= pl.col("b")).is_empty()


def test_complementarity_is_michaelys_formula() -> None:
    """100 (1 - 1/2 sum |m - x|) on random shares, against the overlap that is computed."""
    rng = np.random.default_rng(5)
    names = ["A", "B", "C", "D"]
    rows = [
        (str(k), a, b, int(rng.integers(1, 1000)))
        for k in range(7)
        for a in names
        for b in names
        if a != b and rng.random() < 0.7
    ]
    data = flows(*rows)
    table = tc.indices.compute(tc.tally_trade(data, by=["field"], product="product"), ["complementarity"])
    sold = {a: data.filter(pl.col("exporter") == a) for a in names}
    bought = {b: data.filter(pl.col("importer") == b) for b in names}

    def shares(part: pl.DataFrame) -> np.ndarray:
        by_product = [part.filter(pl.col("product") == str(k))["value"].sum() for k in range(7)]
        return np.array(by_product) / sum(by_product)

    for row in table.iter_rows(named=True):
        expected = 100 * (1 - np.abs(shares(bought[row["b"]]) - shares(sold[row["a"]])).sum() / 2)
        assert row["value"] == pytest.approx(expected, rel=1e-12)


def test_rca_needs_all_goods(chips: pl.DataFrame) -> None:
    none = chips.filter(pl.col("index").is_in(["rca", "rsca"]))
    assert none.height > 0
    assert none["value"].null_count() == none.height
    assert set(none["value_flag"]) == {"no_goods_total"}


def test_rca_of_a_field_against_all_goods() -> None:
    goods = pl.concat([CHIPS, flows(("9", "US", "KR", 50_000), ("9", "DE", "US", 31_000))])
    whole = goods.group_by("exporter", "importer").agg(pl.col("value").sum())
    table = tc.indices.compute(
        tc.tally_trade(CHIPS, by=["field"], product="product", goods=whole), ["rca", "rsca"]
    )
    assert value_of(table, "rca", "US", None)[0] == pytest.approx((3 / 53) / (19 / 100))
    assert value_of(table, "rca", "DE", None) == (0.0, None)
    assert value_of(table, "rsca", "DE", None) == (-1.0, None)
    bare = tc.indices.compute(
        tc.tally_trade(CHIPS, by=["field"], product="product", goods=whole), ["rca"], zeros=False
    )
    assert "DE" not in bare["a"].to_list()


def test_without_zeros_only_trading_pairs_have_rows() -> None:
    tally = tc.tally_trade(CHIPS, by=["field"], product="product")
    wide = tc.indices.compute_wide(tally, ["value", "import_share", "grubel_lloyd"])
    assert set(wide.select("a", "b").rows()) == {
        ("TW", "JP"), ("JP", "TW"), ("KR", "JP"), ("JP", "KR"), ("US", "TW"), ("TW", "US")
    }  # fmt: skip
    assert wide.filter(pl.col("a") == "KR", pl.col("b") == "JP")["value"].item() == 2.0


def test_empty_flows() -> None:
    table = tc.indices.compute(tc.tally_trade(CHIPS.clear(), by=["field"], product="product"))
    assert table.is_empty()
    assert table.columns[:5] == ["field", "a", "b", "index", "value"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("123"), st.sampled_from("ABCD"), st.sampled_from("ABCD"), st.integers(1, 10**15)
        ),
        min_size=1,
        max_size=25,
        unique_by=lambda row: row[:3],
    )
)
def test_bounds_and_sums(rows: list[tuple[str, str, str, int]]) -> None:
    data = flows(*rows)
    tally = tc.tally_trade(data, by=["field"], product="product", self_flows="drop")
    table = tc.indices.compute(tally)
    bounds = {
        "import_share": 1,
        "supplier_hhi": 1,
        "grubel_lloyd": 1,
        "complementarity": 100,
        "export_similarity": 100,
    }
    for name, top in bounds.items():
        values = table.filter(pl.col("index") == name)["value"].drop_nulls()
        assert all(-1e-12 <= value <= top * (1 + 1e-12) for value in values), name
    shares = table.filter(pl.col("index") == "import_share", pl.col("value").is_not_null())
    for total in shares.group_by("a").agg(pl.col("value").sum())["value"]:
        assert total == pytest.approx(1)
    shuffled = tc.indices.compute(
        tc.tally_trade(data.reverse(), by=["field"], product="product", self_flows="drop")
    )
    assert shuffled.equals(table)
