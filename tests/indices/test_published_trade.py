"""Published trade tables: the Atlas of economic complexity and Thailand's chip imports."""

from __future__ import annotations

import polars as pl
import pytest
from support.shared import shared_data

import trendcore as tc


def test_every_rca_of_the_atlas() -> None:
    """Exports 2019 by country and HS4; each product is a cell of its own, all products are the goods."""
    exports = pl.read_csv(shared_data("atlas-rca", "export.csv"), schema_overrides={"product": pl.String})
    flows = exports.filter(pl.col("export_val") != 0).select(
        "product", exporter="country", importer=pl.lit("world"), value=pl.col("export_val").cast(pl.Int64)
    )
    goods = flows.group_by("exporter", "importer").agg(pl.col("value").sum())
    tally = tc.tally_trade(flows, by=["product"], product="product", goods=goods)
    ours = tc.indices.compute(tally, ["rca"], zeros=True)
    published = pl.read_csv(shared_data("atlas-rca", "rca.csv"), schema_overrides={"product": pl.String})
    both = published.join(ours, left_on=["country", "product"], right_on=["a", "product"], how="left")
    assert both.height == 162_659
    traded = both.filter(pl.col("rca") > 0)
    assert traded.select(((pl.col("value") / pl.col("rca")) - 1).abs().max()).item() < 1e-5
    assert both.filter(pl.col("rca") == 0, pl.col("value") != 0).is_empty()
    assert both.filter(pl.col("rca").is_not_null(), pl.col("value").is_null()).is_empty()


@pytest.fixture(scope="module")
def thai_chips() -> tc.TradeTally:
    """Thailand's imports of HS 8542 by partner, without the World row, in thousandths of a dollar."""
    path = shared_data("comtrade", "TradeData.csv")
    header = path.read_bytes().split(b"\n", 1)[0].decode("latin-1").strip().split(",")
    text = path.read_bytes().decode("latin-1").replace(",\r\n", "\r\n").replace(",\n", "\n")
    rows = pl.read_csv(text.encode(), schema=dict.fromkeys(header, pl.String), truncate_ragged_lines=True)
    flows = rows.filter(pl.col("partnerCode") != "0").select(
        pl.col("refYear").cast(pl.Int64).alias("year"),
        pl.col("cmdCode").alias("hs6"),
        pl.col("partnerDesc").replace("Areas, nes", "nes").alias("exporter"),
        pl.col("reporterDesc").alias("importer"),
        (pl.col("primaryValue").cast(pl.Float64) * 1000).round().cast(pl.Int64).alias("value"),
    )
    return tc.tally_trade(flows, by=["year"], product="hs6")


def test_thai_import_shares_of_every_year(thai_chips: tc.TradeTally) -> None:
    published = pl.read_csv(shared_data("comtrade", "taiwan_dependency_index.csv"))
    ours = tc.indices.compute(thai_chips, ["import_share"]).filter(
        pl.col("a") == "Thailand", pl.col("b") == "Other Asia, nes"
    )
    both = published.join(ours, on="year", how="left").sort("year")
    assert both["year"].to_list() == list(range(2014, 2025))
    assert (
        both.select((100 * pl.col("value") - pl.col("taiwan_proxy_dependency_pct")).abs().max()).item() < 1e-7
    )
    assert [round(100 * value, 3) for value in both["value"].gather([0, -1])] == [22.805, 43.613]


def test_thai_top_suppliers(thai_chips: tc.TradeTally) -> None:
    """The published ranking keeps Thailand itself (re-imports), which is no pair of ours."""
    published = pl.read_csv(shared_data("comtrade", "top_suppliers_by_year.csv"))
    assert published.height == 165
    abroad = published.filter(pl.col("partner_country") != "Thailand")
    ours = tc.indices.compute(thai_chips, ["import_share", "value"])
    shares = ours.filter(pl.col("index") == "import_share", pl.col("a") == "Thailand")
    both = abroad.join(shares, left_on=["year", "partner_country"], right_on=["year", "b"], how="left")
    assert both.height == abroad.height
    assert (
        both.select((100 * pl.col("value") - pl.col("share_of_total_import_pct")).abs().max()).item() < 1e-7
    )
    values = ours.filter(pl.col("index") == "value", pl.col("b") == "Thailand")
    paid = abroad.join(values, left_on=["year", "partner_country"], right_on=["year", "a"], how="left")
    assert paid.select((pl.col("value") - pl.col("trade_value_usd")).abs().max()).item() < 1e-2


def test_thai_areas_nes_are_no_supplier(thai_chips: tc.TradeTally) -> None:
    table = tc.indices.compute(thai_chips)
    assert "nes" in thai_chips.flows["exporter"]
    assert "nes" not in {*table["a"], *table["b"]}


def test_thai_exports_are_not_known_from_thai_imports(thai_chips: tc.TradeTally) -> None:
    table = tc.indices.compute(thai_chips, ["value"]).filter(pl.col("a") == "Thailand")
    assert table["value"].null_count() == table.height
    assert set(table["value_flag"]) == {"not_known"}
