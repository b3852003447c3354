"""Known values of single formulas, complete networks, and what each formula gives at its edges."""

from __future__ import annotations

import polars as pl
import pytest

import trendcore as tc
from trendcore.errors import UsageError
from trendcore.indices import index, registry

US_JAPAN = {"c": 2133, "x": 44356, "y": 11712, "total": 153630}


def network(n: int) -> tc.Tally:
    """Complete uniform network of n countries: each pair has one work of two countries."""
    names = [f"C{number:03d}" for number in range(n)]
    works = pl.DataFrame(
        {"field": "x", "countries": [[a, b] for i, a in enumerate(names) for b in names[i + 1 :]]}
    )
    return tc.tally(works, members="countries", by=["field"])


def values(table: pl.DataFrame) -> set[float]:
    return set(table["value"].to_list())


@pytest.mark.parametrize("n", [3, 4, 5, 10, 40])
def test_neutral_values_of_complete_networks(n: int) -> None:
    tally = network(n)
    expected = {
        "oer": n / (2 * (n - 1)),
        "association": n / (n - 1),
        "ric:links": 0.5,
        "ric:matrix": (n - 1) / (n - 2),
        "orc:links": (n - 3) / (2 * (n - 2)),
        "steijn": 1.0,
    }
    for name, value in expected.items():
        table = tc.indices.compute(tally, [name])
        assert table.height == n * (n - 1) // (1 if name.startswith("ric") else 2)
        for each in values(table):
            assert each == pytest.approx(value, rel=1e-14, abs=1e-15), name
    assert values(tc.indices.compute(tally, ["steijn"])) == {1.0}
    assert values(tc.indices.compute(tally, ["ric:links"])) == {0.5}


def test_neutral_column_is_the_limit_of_large_networks() -> None:
    tally = network(200)
    for name in (
        "oer",
        "association",
        "ric:links",
        "ric:matrix",
        "orc:links",
        "steijn",
        "aoer",
        "aoer:matrix",
        "pmi",
    ):
        row = tc.indices.compute(tally, [name]).row(0, named=True)
        assert row["value"] == pytest.approx(row["neutral"], abs=0.01), name
    for name in ("ncses", "ric", "orc", "oer:docs_int", "salton", "pmi:docs_int"):
        assert tc.indices.compute(tally, [name])["neutral"].null_count() == 19900 * (
            2 if name == "ric" else 1
        )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ncses", 0.6308),
        ("salton", 0.09358),
        ("jaccard", 0.03955),
        ("inclusion", 0.18212),
        ("ric", 0.5486),
        ("orc", 0.525769),
        ("aoer", 0.448667),
        ("equivalence", 0.09358**2),
        ("share", 2133 / 44356),
    ],
)
def test_united_states_and_japan_by_hand(name: str, value: float) -> None:
    found = index(name)
    assert found.at(**{symbol: US_JAPAN[symbol] for symbol in found.needs}) == pytest.approx(value, rel=1e-4)


def test_lq_of_the_econgeo_matrix_is_rca() -> None:
    rows = [(100, 0, 0, 0, 0), (0, 15, 5, 70, 10), (0, 20, 10, 20, 50), (0, 25, 30, 5, 40), (0, 40, 55, 5, 0)]
    expected = [
        (5, 0, 0, 0, 0),
        (0, 0.75, 0.25, 3.5, 0.5),
        (0, 1, 0.5, 1, 2.5),
        (0, 1.25, 1.5, 0.25, 2),
        (0, 2, 2.75, 0.25, 0),
    ]
    flows = pl.DataFrame(
        [
            (f"k{k}", f"R{r}", "world", value)
            for r, row in enumerate(rows)
            for k, value in enumerate(row)
            if value
        ],
        schema={"product": pl.String, "exporter": pl.String, "importer": pl.String, "value": pl.Int64},
        orient="row",
    )
    goods = flows.group_by("exporter", "importer").agg(pl.col("value").sum())
    tally = tc.tally_trade(flows, by=["product"], product="product", goods=goods)
    table = tc.indices.compute(tally, ["rca", "rsca"], zeros=True)
    lq = table.filter(pl.col("index") == "rca").sort("a", "product")["value"].to_list()
    assert lq == pytest.approx([value for row in expected for value in row], rel=1e-15)
    rsca = table.filter(pl.col("index") == "rsca").sort("a", "product")["value"].to_list()
    assert rsca == pytest.approx([(value - 1) / (value + 1) for value in lq], rel=1e-14)


def test_grubel_lloyd_of_products_and_aggregate() -> None:
    sold, bought = (319, 43, 10), (354, 141, 100)
    rows = [("JP", "US", f"k{k}", x) for k, x in enumerate(sold)] + [
        ("US", "JP", f"k{k}", m) for k, m in enumerate(bought)
    ]
    flows = pl.DataFrame(
        rows, schema=["exporter", "importer", "product", "value"], orient="row"
    ).with_columns(year=2022)
    aggregate = tc.indices.compute(tc.tally_trade(flows, by=["year"], product="product"), ["grubel_lloyd"])
    assert aggregate.select("a", "b").rows() == [("JP", "US")]
    assert aggregate["value"].item() == pytest.approx(0.7693899, abs=5e-8)
    each = tc.indices.compute(tc.tally_trade(flows, by=["product"], product="product"), ["grubel_lloyd"])
    assert each["value"].to_list() == pytest.approx([0.947994, 0.467391, 0.181818], abs=5e-7)


@pytest.mark.parametrize(
    ("name", "symbols", "value", "flag"),
    [
        ("salton", (0, 0, 5, 9), None, "zero_denominator"),
        ("jaccard", (0, 0, 0, 9), None, "zero_denominator"),
        ("share", (0, 0, 5, 9), None, "zero_denominator"),
        ("pmi", (0, 3, 5, 9), None, "minus_infinite"),
        ("pmi", (0, 0, 5, 9), None, "zero_denominator"),
        ("npmi", (0, 3, 5, 9), -1.0, None),
        ("npmi", (0, 0, 5, 9), None, "zero_denominator"),
        ("npmi", (9, 9, 9, 9), None, "zero_denominator"),
        ("ric", (5, 6, 5, 9), None, "infinite"),
        ("ric", (0, 6, 0, 9), None, "zero_denominator"),
        ("ric", (0, 0, 5, 9), None, "zero_denominator"),
        ("ric", (5, 9, 5, 9), None, "zero_denominator"),
        ("ric", (0, 6, 5, 9), 0.0, None),
        ("orc", (5, 5, 8, 9), None, "infinite"),
        ("orc", (5, 5, 9, 9), None, "zero_denominator"),
        ("orc", (0, 5, 4, 9), 0.0, None),
        ("orc", (5, 6, 8, 9), 0.0, None),
        ("steijn", (0, 0, 5, 9), None, "zero_denominator"),
        ("steijn", (0, 9, 5, 9), None, "zero_denominator"),
        ("aoer", (0, 9, 5, 9), None, "zero_denominator"),
        ("aoer", (0, 6, 0, 9), None, "zero_denominator"),
        ("z", (0, 0, 5, 9), None, "zero_denominator"),
        ("z", (5, 9, 5, 9), None, "zero_denominator"),
        ("z", (1, 1, 1, 1), None, "zero_denominator"),
        ("z", (0, 0, 0, 0), None, "zero_denominator"),
        ("z", (2, 4, 4, 8), 0.0, None),
    ],
)
def test_edges(name: str, symbols: tuple[int, int, int, int], value: float | None, flag: str | None) -> None:
    """Each index at its edge, by the IEEE value its formula gives."""
    found = index(name)
    given = dict(zip(("c", "x", "y", "total"), symbols, strict=True))
    frame = pl.DataFrame({symbol: [float(given[symbol])] for symbol in found.needs})
    raw = frame.select(found.expression({symbol: symbol for symbol in found.needs})).to_series()[0]
    meaning = {"infinite": float("inf"), "minus_infinite": float("-inf")}
    if flag == "zero_denominator":
        assert raw != raw
    elif flag is not None:
        assert raw == meaning[flag]
    else:
        assert raw == value
    assert found.at(**{symbol: given[symbol] for symbol in found.needs}) == value


@pytest.mark.parametrize(
    ("symbols", "value"),
    [
        ((0, 0, 0), None),
        ((0, 7, 3), 1.0),
        ((7, 7, 1), 1.0),
        ((3, 6, 3), 0.25),
        ((1, 1 << 50, 2), 1 - 2.0**-50),
    ],
)
def test_disparity(symbols: tuple[int, int, int], value: float | None) -> None:
    """Of one partner it says nothing, and of no links it is not defined."""
    given = dict(zip(("c", "x", "deg"), symbols, strict=True))
    assert index("disparity").at(**given) == value


def test_partners_are_those_with_weight_in_the_scheme() -> None:
    works = pl.DataFrame({"countries": [["JP", "KR", "US"], ["JP", "US"], ["JP", "US"]]})
    tally = tc.tally(works, members="countries", by=[], counting=["full", "bilateral"])
    table = tc.indices.compute(tally, ["disparity", "disparity:bilateral"])
    found = {row[:4]: row[4] for row in table.select("a", "b", "counting", "marginals", "value").rows()}
    assert found["JP", "US", "full", "links"] == 0.25
    assert found["US", "JP", "full", "links"] == 0.25
    assert found["KR", "US", "full", "links"] == 0.5
    assert found["JP", "US", "bilateral", "links"] == 1.0
    assert found["KR", "US", "bilateral", "links"] is None


def test_what_needs_draws_is_not_computed_from_counts() -> None:
    tally = tc.tally(pl.DataFrame({"countries": [["JP", "US"]]}), members="countries", by=[])
    assert tc.indices.skipped(tally.meta)["calibrated"] == "needs draws: trendcore.uncertainty.calibrated"
    with pytest.raises(UsageError, match="calibrated needs draws: trendcore"):
        tc.indices.compute(tally, ["calibrated"])


def test_every_index_says_what_it_is() -> None:
    for name, found in registry().items():
        assert found.name == name
        for text in (found.title, found.formula, found.range, found.neutral, found.source):
            assert text, name
        assert found.subject in ("pair", "country")
        assert set(found.kinds) <= {"works", "directed", "trade"}
        assert set(found.neutral_values) <= set(found.marginals)
    assert "Deprecated" in registry()["aoer"].notes
    assert "matrix" not in registry()["orc"].marginals


def test_only_what_is_calibrated_speaks_of_chance() -> None:
    for found in registry().values():
        if found.name == "calibrated":
            continue
        text = f"{found.title} {found.formula} {found.range} {found.neutral} {found.notes}".lower()
        assert "chance" not in text
