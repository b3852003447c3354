"""Trade with what is no country ("nes"): a part of every total, never a pair, a row or a trader."""

from __future__ import annotations

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trendcore as tc
from trendcore.tallies.types import NES

SCHEMA = {"product": pl.String, "exporter": pl.String, "importer": pl.String, "value": pl.Int64}


def tally(
    rows: list[tuple[str, str, str, int]], *, goods: list[tuple[str, str, str, int]] | None = None
) -> tc.TradeTally:
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    whole = None if goods is None else pl.DataFrame(goods, schema=SCHEMA, orient="row").drop("product")
    return tc.tally_trade(frame, by=[], product="product", goods=whole)


def value_of(table: pl.DataFrame, index: str, a: str, b: str | None) -> tuple[float | None, str | None]:
    row = table.filter(
        pl.col("index") == index, pl.col("a") == a, pl.col("b").eq_missing(pl.lit(b, pl.String))
    )
    assert row.height == 1, (index, a, b)
    return row["value"].item(), row["value_flag"].item()


#: exports: TW 9000, US 4000, nes 5000; imports: JP 8000, TW 4000, US 2000, nes 4000; the world 18000
CHIPS = [
    ("1", "TW", "JP", 4000),
    ("2", "TW", "US", 2000),
    ("1", "TW", NES, 3000),
    ("1", "US", "TW", 1000),
    ("2", "US", "JP", 2000),
    ("2", "US", NES, 1000),
    ("1", NES, "JP", 2000),
    ("2", NES, "TW", 3000),
]
TABLE = tc.indices.compute(tally(CHIPS), zeros=True)


def test_remainders_are_in_the_denominator_of_import_shares() -> None:
    assert value_of(TABLE, "import_share", "JP", "TW") == (4 / 8, None)
    assert value_of(TABLE, "import_share", "TW", "US") == (1 / 4, None)
    assert value_of(TABLE, "import_share", "US", "TW") == (1.0, None)


def test_remainders_have_no_pair_no_row_and_no_place_in_the_grid() -> None:
    for zeros in (True, False, None):
        goods = [*CHIPS, ("9", NES, "KR", 70), ("9", "KR", NES, 50)]
        for traded in (tally(CHIPS), tally(CHIPS, goods=goods)):
            long = tc.indices.compute(traded, zeros=zeros)
            assert long.height > 0
            assert NES not in {*long["a"], *long["b"]}
            wide = tc.indices.compute_wide(traded, zeros=zeros)
            assert NES not in {*wide["a"], *wide["b"]}
    # nobody sells to Korea but a remainder: so Korea's imports are covered, and those from others are zero
    covered = tc.indices.compute(tally(CHIPS, goods=goods), ["value"], zeros=True)
    assert value_of(covered, "value", "TW", "KR") == (0.0, None)
    assert value_of(covered, "value", "KR", "JP") == (0.0, None)


def test_intensities_take_the_whole_world() -> None:
    assert value_of(TABLE, "trade_intensity", "TW", "JP")[0] == pytest.approx((4 / 9) / (8 / 18))
    assert value_of(TABLE, "trade_intensity_drysdale", "TW", "JP")[0] == pytest.approx(
        (4 / 9) / (8 / (18 - 4))
    )


def test_drysdale_weighs_to_one_over_all_markets() -> None:
    """Of a's exports, by market: intensity times the market's weight sums to 1 with the remainder's part."""
    for a, own_imports, exports, to_nes in (("TW", 4000, 9000, 3000), ("US", 2000, 4000, 1000)):
        imports = {"JP": 8000, "TW": 4000, "US": 2000}
        parts = [
            value * imports[b] / (18000 - own_imports)
            for b in imports
            if b != a and (value := value_of(TABLE, "trade_intensity_drysdale", a, b)[0]) is not None
        ]
        assert sum(parts) + to_nes / exports == pytest.approx(1)


def test_complementarity_and_similarity_take_all_partners() -> None:
    """Export shares: TW (7/9, 2/9), US (1/4, 3/4); import shares of JP (6/8, 2/8)."""
    assert value_of(TABLE, "complementarity", "TW", "JP")[0] == pytest.approx(100 * (6 / 8 + 2 / 9))
    assert value_of(TABLE, "export_similarity", "TW", "US")[0] == pytest.approx(100 * (1 / 4 + 2 / 9))


def test_grubel_lloyd_is_of_the_pair_alone() -> None:
    """Product 1: nothing against 1000; product 2: 2000 against 500."""
    table = tc.indices.compute(tally([*CHIPS, ("2", "US", "TW", 500)]), ["grubel_lloyd"])
    assert value_of(table, "grubel_lloyd", "TW", "US")[0] == pytest.approx(1 - (1000 + 1500) / 3500)


def test_concentration_is_of_the_named_suppliers() -> None:
    assert value_of(TABLE, "supplier_hhi", "JP", None)[0] == pytest.approx((4 / 6) ** 2 + (2 / 6) ** 2)
    assert value_of(TABLE, "supplier_hhi", "TW", None) == (1.0, None)
    only = tc.indices.compute(tally([("1", NES, "JP", 5), ("1", "TW", "US", 5)]), zeros=True)
    assert value_of(only, "supplier_hhi", "JP", None) == (None, "zero_denominator")
    assert value_of(only, "import_share", "JP", "TW") == (0.0, None)


def test_rca_takes_exports_to_and_of_remainders() -> None:
    goods = [*CHIPS, ("9", "TW", NES, 11_000), ("9", NES, "US", 21_000)]
    table = tc.indices.compute(tally(CHIPS, goods=goods), ["rca"], zeros=True)
    assert value_of(table, "rca", "TW", None)[0] == pytest.approx((9 / 20) / (18 / 50))


def test_codes_of_remainders_are_one_end() -> None:
    labels = tc.taxonomy.countries().labels()
    rows = [("1", 2899, 764, 5), ("1", 2568, 764, 7), ("1", 158, 764, 8), ("1", 764, 2837, 2)]
    frame = pl.DataFrame(rows, schema=SCHEMA | {"exporter": pl.Int16, "importer": pl.Int16}, orient="row")
    for policy in (None, tc.taxonomy.policy("default")):
        counted = tc.tally_trade(frame, by=[], product="product", goods=frame, labels=labels, policy=policy)
        assert counted.flows.rows() == [
            ("1", "TH", NES, 2), ("1", "TW", "TH", 8), ("1", NES, "TH", 12)
        ]  # fmt: skip
        assert counted.goods is not None
        assert counted.goods.rows() == [("TH", NES, 2), ("TW", "TH", 8), (NES, "TH", 12)]
    mine = tc.tally_trade(frame, by=[], product="product", labels=labels | {2899: "Areas"})
    assert set(mine.flows["exporter"]) == {"Areas", NES, "TH", "TW"}


def test_trade_between_remainders_is_no_self_flow() -> None:
    rows = [("1", NES, NES, 6), ("1", "TW", "TW", 3), ("1", "TW", "JP", 1)]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    for self_flows, world in (("in_total", 10), ("drop", 7)):
        counted = tc.tally_trade(frame, by=[], product="product", self_flows=self_flows)  # type: ignore[arg-type]
        assert counted.flows["value"].sum() == world
        table = tc.indices.compute(counted, ["trade_intensity"])
        exports = world - 6
        assert value_of(table, "trade_intensity", "TW", "JP")[0] == pytest.approx((1 / exports) / (1 / world))


ENDS = ("JP", "TW", "US", NES)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("12"), st.sampled_from(ENDS), st.sampled_from(ENDS), st.integers(1, 10**12)
        ),
        min_size=1,
        max_size=20,
    )
)
def test_shares_of_countries_and_of_the_remainder_are_all_imports(
    rows: list[tuple[str, str, str, int]],
) -> None:
    table = tc.indices.compute(tally(rows), ["import_share"], zeros=True)
    assert NES not in {*table["a"], *table["b"]}
    for importer in ENDS[:3]:
        bought = {name: sum(row[3] for row in rows if row[1:3] == (name, importer)) for name in ENDS}
        total = sum(bought.values())
        mine = table.filter(pl.col("a") == importer, pl.col("value").is_not_null())
        if not total:
            assert mine.is_empty()
            continue
        for supplier, share in mine.select("b", "value").rows():
            assert share == pytest.approx(float(Fraction(bought[supplier], total)), rel=1e-12)
        listed = {supplier for supplier in ENDS[:3] if supplier != importer and bought[supplier]}
        assert listed <= set(mine["b"])
