"""Trade tallies: sums by key, ends of any kind, self flows, goods, and what is refused."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import trendcore as tc
from trendcore import taxonomy
from trendcore.errors import InputError, SchemaError, UsageError

FLOWS = pl.DataFrame(
    {
        "year": [2022, 2022, 2022, 2023],
        "hs6": ["854231", "854231", "854232", "854231"],
        "exporter": ["TW", "TW", "KR", "US"],
        "importer": ["US", "US", "JP", "US"],
        "value": [5000, 2000, 700, 90],
    }
)
DRAWN = st.lists(
    st.tuples(
        st.sampled_from([2022, 2023]),
        st.sampled_from(["854231", "854232"]),
        st.sampled_from(["JP", "TW", "US"]),
        st.sampled_from(["JP", "KR", "US"]),
        st.integers(0, 2**40),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(DRAWN, st.randoms())
def test_values_are_sums_in_any_order_and_batches(
    drawn: list[tuple[int, str, str, str, int]], order: random.Random
) -> None:
    schema = {name: FLOWS.schema[name] for name in FLOWS.columns}
    expected: Counter[tuple[int, str, str, str]] = Counter()
    for *key, value in drawn:
        expected[tuple(key)] += value  # type: ignore[index]
    frame = pl.DataFrame(drawn, schema=schema, orient="row")
    counted = tc.tally_trade(frame).flows
    assert counted.columns == ["year", "product", "exporter", "importer", "value"]
    assert counted.rows() == [(*key, expected[key]) for key in sorted(expected)]
    order.shuffle(drawn)
    shuffled = pl.DataFrame(drawn, schema=schema, orient="row")
    for flows in (shuffled.lazy(), shuffled.to_arrow(), [shuffled[:7], shuffled[7:]]):
        assert_frame_equal(tc.tally_trade(flows).flows, counted)


def test_codes_labels_and_policy() -> None:
    codes = {"TW": 158, "US": 840, "KR": 410, "JP": 392}
    coded = FLOWS.with_columns(pl.col("exporter", "importer").replace_strict(codes))
    labels = taxonomy.countries().labels()
    assert_frame_equal(tc.tally_trade(coded, labels=labels).flows, tc.tally_trade(FLOWS).flows)
    assert tc.tally_trade(coded).flows["exporter"].to_list() == ["158", "410", "840"]
    with pytest.raises(InputError, match="code 158 has no label"):
        tc.tally_trade(coded, labels={840: "US", 410: "KR", 392: "JP"})
    policy = taxonomy.CountryPolicy("mine", "1", "y" * 64, {158: 840, 410: None})
    for flows in (coded, FLOWS):
        merged = tc.tally_trade(flows, labels=labels, policy=policy)
        nes = (2022, "854232", "nes", "JP", 700)
        us = [(2022, "854231", "US", "US", 7000), (2023, "854231", "US", "US", 90)]
        assert merged.flows.rows() == [us[0], nes, us[1]]
        assert merged.meta.policy == "y" * 64
        assert tc.tally_trade(flows, labels=labels, policy=policy, self_flows="drop").flows.rows() == [nes]


def test_a_country_mapped_to_unknown_stays_in_the_denominator() -> None:
    flows = pl.DataFrame(
        {
            "year": [2022] * 3,
            "hs6": ["854231"] * 3,
            "exporter": ["TW", "KR", " "],
            "importer": ["JP"] * 3,
            "value": [6000, 3000, 1000],
        }
    )
    policy = taxonomy.CountryPolicy("mine", "1", "y" * 64, {410: None})
    tally = tc.tally_trade(flows, goods=flows.drop("hs6"), policy=policy)
    assert tally.flows.select("exporter", "value").rows() == [("TW", 6000), ("nes", 4000)]
    assert tally.goods is not None
    assert tally.goods["value"].sum() == 10_000
    shares = tc.indices.compute(tally, ["import_share"]).drop_nulls("value")
    assert shares.select("a", "b", "value").rows() == [("JP", "TW", 0.6)]


def test_self_flows() -> None:
    kept, dropped = tc.tally_trade(FLOWS), tc.tally_trade(FLOWS, self_flows="drop")
    assert kept.flows.filter(pl.col("exporter") == pl.col("importer")).height == 1
    assert_frame_equal(dropped.flows, kept.flows.filter(pl.col("exporter") != pl.col("importer")))
    assert (kept.meta.self_flows, dropped.meta.self_flows) == ("in_total", "drop")
    assert kept.meta.kind == "trade"


def test_product_may_be_a_cell_and_fields_may_be_lists() -> None:
    by_product = tc.tally_trade(FLOWS, by=["hs6"])
    assert by_product.flows.columns == ["product", "exporter", "importer", "value"]
    assert by_product.meta.by == ("product",)
    fields = FLOWS.with_columns(field=pl.Series([["chips", "ai"], ["chips"], [], ["ai", "ai"]]))
    spread = tc.tally_trade(fields, by=["field"])
    assert spread.flows.rows() == [
        ("ai", "854231", "TW", "US", 5000),
        ("ai", "854231", "US", "US", 90),
        ("chips", "854231", "TW", "US", 7000),
    ]


def test_goods_have_neither_field_nor_product() -> None:
    flows = FLOWS.with_columns(field=pl.lit("chips"))
    goods = FLOWS.drop("hs6").with_columns(value=pl.col("value") * 10)
    counted = tc.tally_trade(flows, by=["field", "year"], goods=goods)
    assert counted.goods is not None
    assert counted.goods.rows() == [
        (2022, "KR", "JP", 7000),
        (2022, "TW", "US", 70000),
        (2023, "US", "US", 900),
    ]
    all_years = tc.tally_trade(flows, by=["field", "year"], goods=goods.drop("year"))
    assert all_years.goods is not None
    assert all_years.goods.columns == ["exporter", "importer", "value"]
    assert tc.tally_trade(flows).goods is None


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"product": "hs4"}, SchemaError, "flows have no column 'hs4'; there are year, hs6"),
        ({"by": "year"}, UsageError, r"write by=\['year'\]"),
        ({"self_flows": "keep"}, UsageError, "self_flows is 'in_total' or 'drop', not 'keep'"),
        (
            {"value": "usd"},
            SchemaError,
            "column 'usd' holds Float64; values are whole thousandths of a US dollar",
        ),
        ({"by": ["gap"]}, InputError, "flows: column 'gap' is null in 1 of 4 rows"),
        ({"exporter": "gap"}, InputError, "flows: column 'gap' is null"),
        ({"exporter": "usd"}, SchemaError, "column 'exporter' holds Float64; countries are strings or codes"),
        ({"by": ["usd"]}, SchemaError, "by column 'usd' holds Float64"),
    ],
)
def test_refusals(changes: dict[str, Any], error: type[Exception], match: str) -> None:
    flows = FLOWS
    if "hs4" not in match:
        flows = flows.with_columns(usd=pl.lit(1.5), gap=pl.Series(["x", None, "y", "y"]))
    with pytest.raises(error, match=match):
        tc.tally_trade(flows, **changes)
