"""Indices of patents: co-invention from the inventor tally, ownership from the directed one."""

from __future__ import annotations

import polars as pl
import pytest

import trendcore as tc

PATENTS = pl.DataFrame(
    {
        "role": "inventor",
        "year": 2020,
        "inventors": [["US"], ["US", "DE"], ["DE"], ["US", "JP"], ["JP"], ["KR"]],
        "applicants": [["US"], ["DE"], ["US"], ["JP", "US"], [], ["US", "KR"]],
    }
)


def values(table: pl.DataFrame) -> dict[tuple[str, str | None], float | None]:
    return {(row["a"], row["b"]): row["value"] for row in table.iter_rows(named=True)}


@pytest.fixture(scope="module")
def inventors() -> tc.Tally:
    return tc.tally(PATENTS, members="inventors", by=["role", "year"])


@pytest.fixture(scope="module")
def owners() -> tc.Tally:
    return tc.tally(PATENTS, members="inventors", partners="applicants", by=["year"])


def test_coinvention_share(inventors: tc.Tally) -> None:
    shares = values(tc.indices.compute(inventors, ["coinvention"], zeros=True))
    assert shares["US", "DE"] == 1 / 3
    assert shares["DE", "US"] == 1 / 2
    assert shares["KR", "US"] == 0.0


def test_shii(inventors: tc.Tally) -> None:
    table = tc.indices.compute(inventors, ["shii"])
    assert values(table) == {("DE", None): 1 / 2, ("JP", None): 1 / 2, ("KR", None): 0.0, ("US", None): 2 / 3}
    assert table.schema["b"] == pl.String


def test_patent_indices_are_defaults_of_inventor_tallies_only(inventors: tc.Tally) -> None:
    assert {"coinvention", "shii", "salton"} <= set(tc.indices.compute(inventors)["index"])
    papers = tc.tally(PATENTS.with_columns(role=pl.lit("author")), members="inventors", by=["role", "year"])
    assert not {"coinvention", "shii"} & set(tc.indices.compute(papers)["index"])
    wide = tc.indices.compute_wide(papers, ["coinvention", "salton"])
    assert wide["coinvention"].null_count() == wide.height


def test_country_rows_stand_before_the_pairs_of_the_country(inventors: tc.Tally) -> None:
    table = tc.indices.compute(inventors)
    assert table.select("a", "b", "index").rows() == sorted(
        table.select("a", "b", "index").rows(), key=lambda row: (row[0], row[1] or "", row[2])
    )


def test_ownership_over_patents_with_both_sides_known(owners: tc.Tally) -> None:
    """JP's own patent without a known applicant is in no denominator."""
    shares = values(tc.indices.compute(owners, ["ownership"], zeros=True))
    assert shares["US", "DE"] == 1 / 3
    assert shares["DE", "US"] == 1 / 2
    assert shares["JP", "US"] == 1.0
    assert shares["US", "JP"] == 1 / 3
    assert shares["KR", "DE"] == 0.0
    joint = values(tc.indices.compute(owners, ["joint"], zeros=False))
    assert joint["JP", "US"] == 1
    assert ("US", "US") not in joint


def test_foreign_owners_and_foreign_inventors(owners: tc.Tally) -> None:
    table = tc.indices.compute(owners)
    shia = values(table.filter(pl.col("index") == "shia"))
    shai = values(table.filter(pl.col("index") == "shai"))
    assert shia == {("DE", None): 1 / 2, ("JP", None): 1.0, ("KR", None): 1.0, ("US", None): 2 / 3}
    assert shai == {("DE", None): 1.0, ("JP", None): 1.0, ("KR", None): 0.0, ("US", None): 3 / 4}


def test_blank_applicants_give_no_rows_never_zeros() -> None:
    blank = PATENTS.with_columns(applicants=pl.lit([], dtype=pl.List(pl.String)))
    tally = tc.tally(blank, members="inventors", partners="applicants", by=["year"])
    assert tc.indices.compute(tally).is_empty()
