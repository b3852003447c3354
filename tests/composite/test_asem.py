"""The ASEM index of sustainable connectivity, reproduced at every published stage.

Becker, Dominguez-Torreiro, Neves, Tacao Moura & Saisana 2018, JRC; the data of the R package COINr. What each
stage did was read off the data: values over denominators, missing ones filled with the mean of Europe or of
Asia, skewed ones winsorised, min-max to 0 to 100, weighted arithmetic means.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from support.composites import SHOWN, asem, asem_composite, asem_denominators
from support.shared import shared_data

from trendcore import composite as co

#: the published stage of each of ours
STAGES = {
    "raw": "Raw",
    "denominated": "Denominated",
    "imputed": "Imputed",
    "treated": "Treated",
    "normalised": "Normalised",
    "aggregated": "Aggregated",
}
TOLERANCE = 1e-10


@pytest.fixture(scope="module")
def ours() -> dict[str, pl.DataFrame]:
    declared, table, denominators = asem_composite(), asem("Raw"), asem_denominators()
    fitted = co.fit(table, declared, denominators=denominators)
    return co.steps(table, fitted, denominators=denominators)


@pytest.mark.parametrize("stage", STAGES)
def test_stage_is_reproduced(ours: dict[str, pl.DataFrame], stage: str) -> None:
    published, made = asem(STAGES[stage]).sort("UnitCode"), ours[stage]
    assert made["UnitCode"].equals(published["UnitCode"])
    names = [name for name in made.columns if name != "UnitCode"]
    assert len(names) == (11 if stage == "aggregated" else 49)
    for name in names:
        x, y = made[name].to_numpy(), published[name].cast(pl.Float64).to_numpy()
        assert np.array_equal(np.isnan(x), np.isnan(y)), name
        # values span nine orders of magnitude: relative to the largest of the indicator
        assert np.nanmax(np.abs(x - y)) <= TOLERANCE * max(1.0, np.nanmax(np.abs(y))), name


def test_small_values_are_reproduced_relative_to_themselves(ours: dict[str, pl.DataFrame]) -> None:
    for stage in STAGES:
        published = asem(STAGES[stage]).sort("UnitCode")
        for name in ours[stage].columns[1:]:
            x, y = ours[stage][name].to_numpy(), published[name].cast(pl.Float64).to_numpy()
            np.testing.assert_allclose(x, y, rtol=1e-10, atol=1e-300 if stage != "normalised" else 1e-11)


def test_denominators_are_those_of_every_indicator_that_has_them(ours: dict[str, pl.DataFrame]) -> None:
    """Taken from one or two indicators of each kind, they give the others: 12 of the 17 are a test."""
    published = asem("Denominated").sort("UnitCode")
    taken = {each for shown in SHOWN.values() for each in shown}
    with_one = [each.name for each in asem_composite().indicators if each.denominator]
    others = [name for name in with_one if name not in taken]
    assert len(others) == 12
    for name in others:
        x, y = ours["denominated"][name].to_numpy(), published[name].to_numpy()
        np.testing.assert_allclose(x, y, rtol=1e-12)


def test_scores_and_ranks_are_the_published_ones() -> None:
    """Scores are published with two decimals, and ranks are those of scores so rounded."""
    table, denominators = asem("Raw"), asem_denominators()
    scores = co.score(
        table, co.fit(table, asem_composite(), denominators=denominators), denominators=denominators
    )
    published = pl.read_csv(shared_data("asem-composite", "Results.AggregatesScore.csv"))
    ranks = pl.read_csv(shared_data("asem-composite", "Results.AggregatesRank.csv"))
    for name in ranks.columns[2:]:
        made = scores.filter(pl.col("name") == name).join(published, on="UnitCode").join(
            ranks, on="UnitCode", suffix="_rank"
        )  # fmt: skip
        # of the shared column names of both tables the second gets the suffix
        assert (made["score"].round(2) - made[name]).abs().max() <= 0.01 / 2 + 1e-9
        rounded = made[name].rank("min", descending=True).cast(pl.Int64)
        assert rounded.to_list() == made[f"{name}_rank"].to_list()
        assert made.height == 51


def test_index_ranks_need_no_rounding() -> None:
    table, denominators = asem("Raw"), asem_denominators()
    scores = co.score(
        table, co.fit(table, asem_composite(), denominators=denominators), denominators=denominators
    )
    ranks = pl.read_csv(shared_data("asem-composite", "Results.AggregatesRank.csv"))
    for name in ("Index", "Conn", "Sust"):
        made = scores.filter(pl.col("name") == name).join(ranks, on="UnitCode")
        assert made["rank"].to_list() == made[name].to_list()
    assert scores.select("name", "level").unique().filter(name="Index")["level"].item() == 4


def test_imputed_units_are_flagged() -> None:
    table, denominators = asem("Raw"), asem_denominators()
    scores = co.score(
        table, co.fit(table, asem_composite(), denominators=denominators), denominators=denominators
    )
    laos = scores.filter(UnitCode="LAO", name="Index")
    assert (
        laos["n_available"].item()
        == 49 - asem("Denominated").filter(UnitCode="LAO").transpose()["column_0"].null_count()
    )
    assert laos["flag"].item() == "imputed"


def test_a_unit_without_denominator_has_no_value(ours: dict[str, pl.DataFrame]) -> None:
    assert ours["denominated"].filter(UnitCode="LAO")["Elec"].item() is None
    assert ours["raw"].filter(UnitCode="LAO")["Elec"].item() is not None


def test_winsorised_points_are_those_published() -> None:
    table, denominators = asem("Raw"), asem_denominators()
    fitted = co.fit(table, asem_composite(), denominators=denominators)
    points = {
        name: column.treatment.points
        for name, column in fitted.scopes[0].indicators.items()
        if column.treatment.kind != "none"
    }
    before, after = asem("Imputed"), asem("Treated")
    published = {
        name: moved
        for name in points
        if (moved := int(((before[name] - after[name]).abs() > 1e-12 * before[name].abs()).sum()))
    }
    assert points == published
    assert len(points) == 15
