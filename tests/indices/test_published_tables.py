"""Every cell of the published NCSES and European tables, from tallies of published counts.

NCSES publishes two decimals; whether halves were rounded up or to even is not said, so a value
agrees when it lies within half a unit of the last decimal (and 1e-9 for binary fractions).
"""

from __future__ import annotations

import polars as pl
import pytest
from support.shared import shared_data

import trendcore as tc

HALF_UNIT = 0.005 + 1e-9


def snake(name: pl.Expr) -> pl.Expr:
    return name.str.to_lowercase().str.replace_all(" ", "_")


def ncses_square(table: str, value: str) -> pl.DataFrame:
    """One of the 60 x 60 tables as rows a, b, value, with column names as members."""
    wide = pl.read_csv(shared_data("ncses", f"{table}.csv")).drop("table_id", "row_id")
    long = wide.unpivot(index="region_country_or_economy", variable_name="b", value_name=value)
    return long.select(
        snake(pl.col("region_country_or_economy")).alias("a"), "b", pl.col(value).cast(pl.Float64)
    )


@pytest.fixture(scope="module")
def ncses_tally() -> tc.Tally:
    """AI papers 2003-22: joint papers of table 10060, international papers of table 10059."""
    joint = ncses_square("10060", "joint").with_columns(pl.col("joint").cast(pl.Int64))
    counts = pl.read_csv(shared_data("ncses", "10059.csv")).select(
        snake(pl.col("region_country_or_economy")).alias("member"),
        pl.col("number_of_papers_whole_").cast(pl.Int64).alias("works"),
        pl.col("papers_involving_international_institutions_whole_").cast(pl.Int64).alias("works_intl"),
    )
    world = counts.filter(pl.col("member") == "world")
    return tc.Tally.from_frames(
        joint.filter(pl.col("a") < pl.col("b"), pl.col("joint") > 0).with_columns(field=pl.lit("ai")),
        counts.filter(pl.col("member").is_in(joint["b"].unique().to_list())).with_columns(field=pl.lit("ai")),
        world.select(pl.lit("ai").alias("field"), "works", works_known="works", works_intl="works_intl"),
        by=["field"],
    )


def test_every_cell_of_the_ncses_table_of_ai(ncses_tally: tc.Tally) -> None:
    ours = tc.indices.compute(ncses_tally, ["ncses"])
    assert ours.height == 60 * 59 // 2
    both = pl.concat([ours.select("a", "b", "value"), ours.select(a="b", b="a", value="value")])
    published = ncses_square("10062", "published").filter(pl.col("a") != pl.col("b"))
    cells = published.join(both, on=["a", "b"], how="left")
    assert cells.height == 3540
    agree = cells.filter((pl.col("value") - pl.col("published")).abs() <= HALF_UNIT)
    assert agree.height == 3540
    assert cells.filter(pl.col("published") > 0).height == 3296


@pytest.mark.parametrize(
    ("index", "a", "b", "value"),
    [
        ("joint", "japan", "united_states", 2133),
        ("ncses", "japan", "united_states", 0.6308),
        ("salton", "japan", "united_states", 0.09358),
        ("jaccard", "japan", "united_states", 0.03955),
        ("inclusion", "japan", "united_states", 0.18212),
        ("ric", "united_states", "japan", 0.5486),
        ("ric", "japan", "united_states", 0.6121),
        ("orc", "japan", "united_states", 0.525769),
        ("aoer:docs_int", "united_states", "japan", 0.448667),
        ("aoer:docs_int", "japan", "united_states", 0.582700),
        ("association", "japan", "united_states", 1.161165),
        ("ncses", "algeria", "france", 6.2226),
        ("salton", "algeria", "france", 0.18368),
        ("jaccard", "algeria", "france", 0.05817),
        ("inclusion", "algeria", "france", 0.55275),
        ("ric", "algeria", "france", 6.5621),
        ("ric", "france", "algeria", 12.6772),
    ],
)
def test_two_pairs_to_the_digit(ncses_tally: tc.Tally, index: str, a: str, b: str, value: float) -> None:
    table = tc.indices.compute(ncses_tally, [index])
    ours = table.filter(pl.col("a") == a, pl.col("b") == b)["value"].item()
    digits = len(str(value).partition(".")[2])
    assert ours == pytest.approx(value, abs=0.5 * 10**-digits + 1e-12)


def test_ncses_and_association_differ_in_side_for_a_sixth_of_the_pairs(ncses_tally: tc.Tally) -> None:
    wide = tc.indices.compute_wide(ncses_tally, ["ncses", "association"], zeros=True)
    opposite = wide.filter((pl.col("ncses") - 1) * (pl.col("association") - 1) < 0)
    assert round(100 * opposite.height / wide.height) == 16


def test_every_row_of_all_science_and_engineering() -> None:
    rows = pl.read_csv(shared_data("ncses", "pairs_10003_10006.csv"))
    key = ["edition", "year"]
    rows = rows.with_columns(
        pl.min_horizontal("country_x", "country_y").alias("a"),
        pl.max_horizontal("country_x", "country_y").alias("b"),
    )
    pairs = rows.select(*key, "a", "b", pl.col("copapers").cast(pl.Int64).alias("joint")).unique()
    ends = [rows.select(*key, member=f"country_{end}", works_intl=f"intl_papers_{end}") for end in "xy"]
    members = pl.concat(ends).unique().with_columns(pl.col("works_intl").cast(pl.Int64))
    totals = rows.select(*key, pl.col("intl_papers_world").cast(pl.Int64).alias("works_intl")).unique()
    tally = tc.Tally.from_frames(pairs.filter(pl.col("joint") > 0), members, totals, by=key)
    ours = tc.indices.compute(tally, ["ncses"])
    cells = rows.join(ours, on=[*key, "a", "b"], how="left")
    assert cells.height == 4140
    agree = cells.filter((pl.col("value") - pl.col("published_index")).abs() <= HALF_UNIT)
    assert agree.height == 4140


def test_european_balassa_table_is_association_and_pmi() -> None:
    """V. Batagelj's log2 Balassa index of 58 countries, 1994-2003: P T / (Du Dv) with the diagonal zeroed."""
    rows = pl.read_csv(shared_data("europe-coauthorship", "europe_1994-2003.csv"))
    joint = rows.filter(pl.col("country_a") < pl.col("country_b"), pl.col("copapers") > 0)
    pairs = joint.select(
        period=pl.lit("1994-2003"), a="country_a", b="country_b", joint=pl.col("copapers").cast(pl.Int64)
    )
    domestic = rows.filter(pl.col("country_a") == pl.col("country_b"))
    members = domestic.select(
        period=pl.lit("1994-2003"), member="country_a", works=pl.col("copapers").cast(pl.Int64)
    )
    assert members.height == 58
    totals = pl.DataFrame(
        {"period": ["1994-2003"], "works": [None], "works_known": [None], "works_intl": [None]},
        schema_overrides=dict.fromkeys(["works", "works_known", "works_intl"], pl.Int64),
    )
    tally = tc.Tally.from_frames(pairs, members, totals, by=["period"])
    wide = tc.indices.compute_wide(tally, ["pmi", "association"])
    published = rows.filter(pl.col("log2_balassa_published").is_not_null())
    ours = pl.concat([wide, wide.rename({"a": "b", "b": "a"}).select(wide.columns)])
    both = published.join(ours, left_on=["country_a", "country_b"], right_on=["a", "b"], how="left")
    assert both.height == 2080
    assert both.select((pl.col("pmi") - pl.col("log2_balassa_published")).abs().max()).item() < 1e-9
    assert (
        both.select((pl.col("association").log(2) - pl.col("log2_balassa_published")).abs().max()).item()
        < 1e-9
    )
