"""The shape of index tables: keys, order, conventions, zeros, flags, wide and long; errors of requests."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import trendcore as tc
from trendcore.errors import UnknownIndexError, UsageError
from trendcore.indices import (
    VALUE_FLAGS,
    compute,
    compute_wide,
    conventions,
    registry,
    request,
    skipped,
    to_long,
)

WORKS = pl.DataFrame(
    {
        "field": ["ai", "ai", "ai", "ai", "qis", "qis", "ai"],
        "year": [2022, 2022, 2022, 2022, 2022, 2023, 2022],
        "countries": [
            ["JP", "US"],
            ["JP", "KR", "US"],
            ["JP"],
            ["TW"],
            ["JP", "US"],
            [],
            ["JP", "US", "FR", "DE"],
        ],
    }
)
BY = ["field", "year"]
COLUMNS = [
    *BY,
    "a",
    "b",
    "index",
    "value",
    "value_flag",
    "counting",
    "marginals",
    "universe",
    "neutral",
    "policy",
]


@pytest.fixture(scope="module")
def tally() -> tc.Tally:
    return tc.tally(WORKS, members="countries", by=BY)


@pytest.fixture(scope="module")
def weighted() -> tc.Tally:
    return tc.tally(WORKS, members="countries", by=BY, counting=["full", "newman", "pair"])


def test_long_table_is_sorted_by_its_key(tally: tc.Tally) -> None:
    table = compute(tally)
    assert table.columns == COLUMNS
    assert_frame_equal(table, table.sort(*BY, "a", "b", "index", "counting", "marginals"))
    key = [*BY, "a", "b", "index", "counting", "marginals", "universe"]
    assert table.select(key).n_unique() == table.height
    assert table.schema["field"] == pl.String
    assert table.schema["year"] == WORKS.schema["year"]
    assert table.schema["value"] == pl.Float64


def test_each_value_is_finite_or_null_with_a_reason(tally: tc.Tally) -> None:
    table = compute(tally)
    assert table.filter(pl.col("value").is_nan() | pl.col("value").is_infinite()).is_empty()
    assert table.filter(pl.col("value").is_null(), pl.col("value_flag").is_null()).is_empty()
    assert set(table["value_flag"].drop_nulls()) <= set(VALUE_FLAGS)
    assert table.filter(pl.col("value").is_not_null())["value_flag"].drop_nulls().unique().to_list() == [
        "small_count"
    ]


def test_symmetric_once_directed_both_ways(tally: tc.Tally) -> None:
    table = compute(tally)
    directed = [name for name, found in registry().items() if found.directed]
    assert table.filter(pl.col("a") >= pl.col("b"), ~pl.col("index").is_in(directed)).is_empty()
    both = table.filter(pl.col("index") == "ric")
    assert both.filter(pl.col("a") > pl.col("b")).height == both.filter(pl.col("a") < pl.col("b")).height


def test_zeros_are_rows_of_pairs_that_never_met(tally: tc.Tally) -> None:
    joint = compute(tally, ["joint"], zeros=True).filter(pl.col("field") == "ai")
    members = tally.members.filter(pl.col("field") == "ai").height
    assert joint.height == members * (members - 1) // 2
    zero = (
        joint.filter(pl.col("a") == "TW").height
        + joint.filter(pl.col("b") == "TW", pl.col("value") == 0).height
    )
    assert zero == members - 1
    assert compute(tally, ["joint"], zeros=False).filter(pl.col("value") == 0).is_empty()
    shared = compute(tally, ["share"]).filter(
        pl.col("field") == "ai", pl.col("b") == "TW", pl.col("a") == "JP"
    )
    assert shared["value"].item() == 0.0


def test_zero_denominator_is_null(tally: tc.Tally) -> None:
    """TW has no international work: its share, salton and association are undefined, never 0."""
    table = compute(tally, ["share", "salton", "association", "jaccard"])
    taiwan = table.filter((pl.col("a") == "TW") | ((pl.col("b") == "TW") & (pl.col("index") != "share")))
    undefined = taiwan.filter(pl.col("index") != "jaccard")
    assert undefined["value"].null_count() == undefined.height > 0
    assert set(undefined["value_flag"]) == {"zero_denominator"}
    assert set(taiwan.filter(pl.col("index") == "jaccard")["value"]) == {0.0}


def test_marginal_systems_by_hand(tally: tc.Tally) -> None:
    """JP-US in AI 2022: c = 3, D = (4, 3), D^int = (3, 3), k = (6, 6), m = 10, N = 5, N_int = 3."""
    pair = (pl.col("field") == "ai") & (pl.col("a") == "JP") & (pl.col("b") == "US")
    expected = {
        "salton": 3 / 3,
        "salton:docs_all": 3 / 12**0.5,
        "salton:links": 3 / 6,
        "ncses": 3 * 3 / 9,
        "ncses:docs_all": 3 * 5 / 12,
        "association": 3 * 20 / 36,
        "oer": 3 * 10 / 36,
        "ric:links": (3 / 6) / (3 / 4),
        "ric:matrix": (3 / 6) / (3 / 14),
        "share:docs_all": 3 / 4,
    }
    for name, value in expected.items():
        assert compute(tally, [name]).filter(pair)["value"].item() == pytest.approx(value, rel=1e-15), name


def test_countings_stand_in_each_row(weighted: tc.Tally) -> None:
    table = compute(
        weighted, ["joint", ("joint", "newman"), ("joint", "pair"), ("salton", "links", "newman")]
    )
    pair = table.filter(pl.col("field") == "ai", pl.col("a") == "JP", pl.col("b") == "US")
    rows = {
        (row["index"], row["counting"], row["marginals"]): row["value"] for row in pair.iter_rows(named=True)
    }
    assert rows["joint", "full", "none"] == 3
    assert rows["joint", "newman", "none"] == pytest.approx(1 + 1 / 2 + 1 / 3, abs=1e-8)
    assert rows["joint", "pair", "none"] == pytest.approx(1 + 1 / 3 + 1 / 6, abs=1e-8)
    # each country's Newman links of a work add up to 1: JP and US have 3 international works
    assert rows["salton", "newman", "links"] == pytest.approx((1 + 1 / 2 + 1 / 3) / 3, abs=1e-8)
    order = pair.select("index", "counting", "marginals").rows()
    assert order == sorted(order)


def test_a_weighting_that_the_tally_lacks(tally: tc.Tally) -> None:
    with pytest.raises(UsageError, match="joint:newman needs the weighting 'newman'"):
        compute(tally, [("joint", "newman")])
    with pytest.raises(UsageError, match="needs the weighting 'nature'"):
        compute(tally, ["nature_cs"])
    reasons = skipped(tally.meta)
    assert {"nature_cs", "harmonic", "coinvention", "shii"} <= set(reasons)
    assert not set(reasons) & set(compute(tally)["index"].unique())


@pytest.mark.parametrize(
    ("wanted", "error", "match"),
    [
        (["saltn"], UnknownIndexError, "Did you mean salton"),
        ([("ric", "sideways")], UsageError, "neither marginals nor counting 'sideways'"),
        ([("orc", "matrix")], UsageError, "orc is not defined for marginals 'matrix'"),
        (["rca"], UsageError, "rca needs a tally of kind 'trade'; this one is of kind 'works'"),
        ("salton", UsageError, r"write indices=\['salton'\]"),
    ],
)
def test_wrong_requests(tally: tc.Tally, wanted: list[str], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        compute(tally, wanted)


def test_requests_in_all_their_forms() -> None:
    assert request("ric:links") == request(("ric", "links"))
    assert request(("salton", "newman", "links")) == request("salton:links:newman")
    assert request("salton:links:newman").column == "salton:links:newman"
    assert request("nature_cs").counting == "nature"
    assert request("nature_cs").column == "nature_cs"


@pytest.mark.parametrize("zeros", [False, True])
def test_wide_table_unpivots_to_the_long_one(weighted: tc.Tally, zeros: bool) -> None:
    names = [*compute(weighted)["index"].unique(), ("salton", "links", "newman"), "ric:links"]
    wide = compute_wide(weighted, names, zeros=zeros)
    assert wide.schema["joint"] == pl.Int64
    table = conventions(weighted.meta, names)
    long = to_long(wide.lazy(), table, BY).collect().sort(*BY, "a", "b", "index", "counting", "marginals")
    assert_frame_equal(long, compute(weighted, names, zeros=zeros))


def test_wide_table_without_directed_indices_has_each_pair_once(tally: tc.Tally) -> None:
    wide = compute_wide(tally, ["joint", "salton"])
    assert wide.columns == [*BY, "a", "b", "joint", "salton"]
    assert_frame_equal(wide.drop("salton"), tally.pairs.select(*BY, "a", "b", "joint"))


def test_conventions_name_the_columns(tally: tc.Tally) -> None:
    table = conventions(tally.meta)
    assert table["index"].to_list() == sorted(table["index"].to_list())
    wide = compute_wide(tally)
    assert [name for name in wide.columns if not name.endswith("__flag")] == [*BY, "a", "b", *table["column"]]
    assert table.filter(pl.col("index") == "joint")["marginals"].item() == "none"
    assert table.filter(pl.col("index") == "ncses").select("neutral", "directed").row(0) == (None, False)


def test_no_by_column() -> None:
    tally = tc.tally(WORKS, members="countries", by=[])
    table = compute(tally, ["joint"], zeros=False)
    assert table.columns[:2] == ["a", "b"]
    assert table.filter(pl.col("a") == "JP", pl.col("b") == "US")["value"].to_list() == [4.0]


def test_empty_tally() -> None:
    tally = tc.tally(WORKS.clear(), members="countries", by=BY)
    for zeros in (True, False):
        table = compute(tally, zeros=zeros)
        assert table.is_empty()
        assert table.columns == COLUMNS
        assert compute_wide(tally, zeros=zeros).is_empty()


def test_single_pair() -> None:
    works = pl.DataFrame({"field": ["x"] * 6, "countries": [["FR", "DE"]] * 6})
    table = compute(tc.tally(works, members="countries", by=["field"]))
    rows = {
        (row["index"], row["a"]): (row["value"], row["value_flag"]) for row in table.iter_rows(named=True)
    }
    assert rows["joint", "DE"] == (6.0, None)
    assert rows["salton", "DE"] == (1.0, None)
    assert rows["ric", "DE"] == (None, "zero_denominator")
    assert rows["orc", "DE"] == (None, "zero_denominator")
    assert rows["association", "DE"] == (2.0, None)
    assert rows["npmi", "DE"] == (1.0, None)


def test_published_counts_without_all_marginals() -> None:
    """What the counts do not hold is null and says so; what they hold is computed."""
    pairs = pl.DataFrame({"field": ["x"], "a": ["DE"], "b": ["FR"], "joint": [7]})
    members = pl.DataFrame({"field": ["x", "x"], "member": ["DE", "FR"], "works_intl": [10, 12]})
    totals = pl.DataFrame({"field": ["x"], "works_intl": [30]})
    tally = tc.Tally.from_frames(pairs, members, totals, by=["field"])
    table = compute(tally, ["salton", "salton:docs_all", "ncses"])
    rows = {
        (row["index"], row["marginals"]): (row["value"], row["value_flag"])
        for row in table.iter_rows(named=True)
    }
    assert rows["salton", "docs_int"] == (7 / 120**0.5, None)
    assert rows["ncses", "docs_int"] == (7 * 30 / 120, None)
    assert rows["salton", "docs_all"] == (None, "not_known")


@pytest.mark.parametrize("zeros", [True, False])
def test_a_weight_that_is_not_known_is_no_zero(zeros: bool) -> None:
    published = tc.Tally.from_frames(
        pl.DataFrame(
            {
                "a": ["A", "A", "B"],
                "b": ["B", "C", "C"],
                "joint": [7, 3, 2],
                "w_newman": [None, 2 << 32, 1 << 32],
            }
        ),
        pl.DataFrame({"member": ["A", "B", "C", "D"], "works": [20] * 4, "works_intl": [10, 10, 10, 0]}),
        pl.DataFrame({"works": [40], "works_known": [40], "works_intl": [30]}),
        by=[],
    )
    wanted = ["joint:newman", "share:links:newman", "association:newman"]
    long = compute(published, wanted, zeros=zeros)
    values = {row["a"] + row["b"] + row["index"]: row["value"] for row in long.to_dicts()}
    assert (values["ABjoint"], values["ACjoint"], values["BCjoint"]) == (None, 2.0, 1.0)
    assert (values["CAshare"], values["CBshare"]) == (2 / 3, 1 / 3)
    # links of A and B, and those of the cell, hold the unknown weight
    assert {values[f"{pair}share"] for pair in ("AB", "AC", "BA", "BC")} == {None}
    assert {values[f"{pair}association"] for pair in ("AB", "AC", "BC")} == {None}
    unknown = long.filter(pl.col("value").is_null(), pl.col("a") != "D", pl.col("b") != "D")
    assert set(unknown["value_flag"]) == {"not_known"}


def test_each_of_several_blocs_is_a_universe_of_its_own() -> None:
    works = pl.DataFrame({"year": [2022, 2022], "c": [["KR", "US"], ["DE", "JP", "KR"]]})
    stacked = tc.tally(works, members="c", by=["year"], groups=["quad", "g7", ("quad", "g7")])
    long = compute(stacked, ["joint"])
    assert set(long.select("bloc", "universe").iter_rows()) == {
        ("g7", "bloc:g7"),
        ("quad", "bloc:quad"),
        ("g7+quad", "bloc:g7+quad"),
    }
    wide = compute_wide(stacked, ["joint"]).lazy()
    again = to_long(wide, conventions(stacked.meta, ["joint"]), stacked.meta.by).collect()
    assert_frame_equal(again.sort("bloc", "a", "b"), long.sort("bloc", "a", "b"))


def test_by_columns_that_are_called_as_columns_of_the_table() -> None:
    works = pl.DataFrame({"universe": ["grants", "applications"], "salton": [1, 2], "c": [["JP", "US"]] * 2})
    with pytest.raises(
        UsageError, match="by column 'universe' has the name of a column of the table: rename it"
    ):
        compute(tc.tally(works, members="c", by=["universe"]), ["joint"])
    with pytest.raises(UsageError, match="by column 'salton'"):
        compute_wide(tc.tally(works, members="c", by=["salton"]), ["joint", "salton"])


def test_an_odds_ratio_counts_documents_whole() -> None:
    works = pl.DataFrame({"c": [["A", "B", "C"]] * 10 + [["A", "B"]] * 3})
    tally = tc.tally(works, members="c", by=[], counting="newman")
    with pytest.raises(UsageError, match="ask for orc:links:newman"):
        compute(tally, ["orc:newman"])
    assert compute(tally, ["orc:links:newman"]).height == 3
