"""The packaged composite runs on a workspace: the shipped sample of papers, patents and trade."""

from __future__ import annotations

import polars as pl
import pytest
from support.workspaces import of_sample

import trendcore as tc
from trendcore import composite as co


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    workspace = of_sample(tmp_path_factory.mktemp("composite") / "ws", ("openalex", "patentsview", "baci"))
    workspace.update()
    return workspace.indices().collect()


@pytest.fixture(scope="module")
def scores(table: pl.DataFrame) -> pl.DataFrame:
    return co.score(table, co.fit(table, co.load()))


def test_every_pair_and_year_has_a_row_a_group(table: pl.DataFrame, scores: pl.DataFrame) -> None:
    whole = scores.filter(name="technology_cooperation")
    pairs = table.filter(
        pl.col("b").is_not_null(), pl.col("index").is_in(["salton", "coinvention", "import_share"])
    )
    assert (
        whole.height
        >= pairs.filter(pl.col("a") < pl.col("b")).select("field", "year", "a", "b").unique().height
    )
    for name in ("papers", "patents", "trade"):
        assert scores.filter(name=name).height == whole.height
    assert whole.filter(pl.col("a") >= pl.col("b")).is_empty()


def test_scores_are_within_the_scale_and_ranked(scores: pl.DataFrame) -> None:
    known = scores.drop_nulls("score")
    assert known.height > 1000
    assert known["score"].is_between(1 - 1e-9, 100 + 1e-9).all()
    assert scores.filter(pl.col("score").is_null())["flag"].null_count() == 0
    best = known.filter(pl.col("rank") == 1).select("field", "year", "name").unique()
    assert best.height == known.select("field", "year", "name").unique().height


def test_large_pairs_lead_in_semiconductors(scores: pl.DataFrame) -> None:
    """The sample's world has the United States, China, Japan, Korea and Taiwan trade and work together."""
    cell = scores.filter(name="technology_cooperation", field="semiconductors", year=2021).sort("rank")
    whole = cell.filter(share=1.0)
    assert whole.height > 10
    leaders = set(whole.head(5)["a"]) | set(whole.head(5)["b"])
    assert {"US"} <= leaders


def test_a_field_without_goods_rests_on_two_sources(scores: pl.DataFrame) -> None:
    ai = scores.filter(field="ai", name="technology_cooperation").drop_nulls("score")
    assert ai.height > 50
    assert ai["n_available"].max() == 4
    assert set(scores.filter(field="ai", name="trade")["flag"]) == {"too_few"}


def test_later_years_do_not_move_the_scores(table: pl.DataFrame, scores: pl.DataFrame) -> None:
    until = table.filter(pl.col("year") <= 2021)
    before = co.score(until, co.fit(until, co.load()))
    assert before.equals(scores.filter(pl.col("year") <= 2021))
    kept = co.Fitted.from_json(co.fit(until, co.load()).to_json())
    assert co.score(table, kept).equals(scores)


def test_ranks_have_intervals_over_the_declared_choices(table: pl.DataFrame, scores: pl.DataFrame) -> None:
    cells = {"field": "semiconductors", "year": 2021}
    found = co.uncertainty(table, co.load(), draws=60, seed=1, cells=cells)
    whole = scores.filter(name="technology_cooperation", field="semiconductors", year=2021)
    both = found.ranks.join(whole, on=["field", "year", "a", "b"], suffix="_scored")
    assert both.height == whole.height == found.ranks.height
    assert both["rank"].equals(both["rank_scored"])
    known = found.ranks.drop_nulls("rank")
    assert (known["rank_lo"] <= known["rank_hi"]).all()
    assert found.factors == (
        "treat", "normalise", "aggregate", "weights", "weight_noise", "exclude", "measure.salton",
        "measure.joint_papers",
    )  # fmt: skip
    assert found.shift["mean_shift"].item() > 1


def test_public_name() -> None:
    assert tc.composite is co
