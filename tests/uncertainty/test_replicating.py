"""Replicates against tallies counted anew with other numbers of works, and what they may not depend on."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from support import shim
from support.kernels import threads, use
from support.resampling import INDICES, some_works, tally_of

import trendcore as tc
from trendcore.uncertainty import replicating
from trendcore.uncertainty.bootstrapping import drawn
from trendcore.uncertainty.intervals import Intervals
from trendcore.uncertainty.replicating import Draws, replicated
from trendcore.uncertainty.sample import sample_of

WORKS = some_works(1, 400)
KEY = ["year", "a", "b", "index", "counting", "marginals"]


def tally(works: pl.DataFrame = WORKS, **how: Any) -> tc.Tally:
    patterns = works.group_by("year", "members").len("n")
    return tally_of(patterns.with_columns(pl.col("members").list.sort()), ["year"], **how)


def test_the_works_as_they_are_give_the_values() -> None:
    """Draws that are the numbers of works themselves give what is published, to the bit."""

    class AsTheyAre(Draws):
        def of(self, sample: Any, first: int, stop: int) -> Any:
            return np.repeat(sample.n.astype(np.int32)[:, np.newaxis], stop - first, axis=1)

    found = tc.indices.evaluate(tally(), INDICES)
    sample = sample_of(tally(), found.base)
    seen = set()
    for part in replicated(found, sample, Intervals(found).rows_drawn(sample), AsTheyAre(3, 0, "cpu")):
        values = np.where(np.isfinite(part.values), part.values, np.nan)
        for column in values.T:
            np.testing.assert_array_equal(column, found.value(part.request)[part.rows])
        seen.add(part.request)
    assert seen == set(range(len(found.wanted)))


def test_a_replicate_is_the_tally_of_its_works() -> None:
    """The weights of one replicate as numbers of works, tallied anew, give its values: no shared path."""
    whole = tally()
    found = tc.indices.evaluate(whole, ["joint"])
    sample = sample_of(whole, found.base)
    draws = drawn(5, 99, "cpu")
    weights = draws.of(sample, 0, 5)
    every = tc.uncertainty.replicates(whole, INDICES, replicates=5, seed=99)
    assert whole.patterns is not None
    for number in range(5):
        again = whole.patterns.with_columns(n=pl.Series(weights[:, number].astype(np.int64))).filter(
            pl.col("n") > 0
        )
        expected = tc.indices.compute(tally_of(again, ["year"]), INDICES, zeros=True)
        mine = every.filter(pl.col("replicate") == number)
        both = mine.join(expected.select(*KEY, expected="value"), on=KEY, how="left", nulls_equal=True)
        # a country without works in a replicate has no row; its indices are undefined, or 0: it never met
        compared = both.filter(pl.col("expected").is_not_null())
        assert compared.height > 0.8 * mine.height
        np.testing.assert_allclose(compared["value"], compared["expected"], rtol=1e-13)
        assert set(both.filter(pl.col("expected").is_null())["value"].drop_nulls().unique()) <= {0.0}


def test_a_seed_gives_the_same_bytes_in_any_order_and_division(monkeypatch: pytest.MonkeyPatch) -> None:
    indices = ["joint", "salton:links", "orc", "joint:newman"]
    expected = tc.uncertainty.bootstrap(tally(), indices, replicates=60, seed=5, method="bca", ranks=True)
    shuffled = WORKS.sample(fraction=1.0, shuffle=True, seed=3)
    halves = tally(shuffled[:150]).merge(tally(shuffled[150:]))
    for other in (tally(shuffled), halves):
        found = tc.uncertainty.bootstrap(other, indices, replicates=60, seed=5, method="bca", ranks=True)
        assert found.equals(expected)
    for name, value in (("MOST_VALUES", 700), ("MOST_DRAWS", 900), ("_PATTERNS", 1), ("_TOGETHER", 64)):
        monkeypatch.setattr(replicating, name, value)
        if name != "MOST_VALUES":  # ranks look at all rows of a cell
            found = tc.uncertainty.bootstrap(
                tally(), indices, replicates=60, seed=5, method="bca", ranks=True
            )
            assert found.equals(expected), name
        plain = tc.uncertainty.bootstrap(tally(), indices, replicates=60, seed=5, method="bca")
        assert plain.equals(expected.drop("rank", "rank_lo", "rank_hi")), name


def test_another_seed_gives_others() -> None:
    one, two = (tc.uncertainty.bootstrap(tally(), ["salton"], replicates=50, seed=seed) for seed in (1, 2))
    assert one["value"].equals(two["value"])
    assert not one["lo"].equals(two["lo"])


@pytest.mark.parametrize("backend", ["reference", "gpu", shim.NAME])
def test_every_backend_gives_the_same_bytes(backend: str) -> None:
    indices = ["joint", "salton", "joint:newman"]
    some = tally(WORKS[:60])
    expected = tc.uncertainty.bootstrap(some, indices, replicates=11, seed=3, backend="cpu")
    with use(backend) as name:
        assert tc.uncertainty.bootstrap(some, indices, replicates=11, seed=3, backend=name).equals(expected)


def test_any_number_of_threads_gives_the_same_bytes() -> None:
    expected = tc.uncertainty.bootstrap(tally(), ["salton"], replicates=100, seed=3)
    for n in (1, 2):
        with threads(n):
            assert tc.uncertainty.bootstrap(tally(), ["salton"], replicates=100, seed=3).equals(expected)


def test_more_works_change_the_draws_of_their_member_sets_only() -> None:
    """The weights of a pattern are those of its own cell, members and number of works."""
    more = pl.concat(
        [WORKS, pl.DataFrame({"year": [2021, 2022], "members": [["C0", "C8", "Z"], ["C0", "C1"]]})]
    )
    drawn = {}
    for name, works in (("before", WORKS), ("after", more)):
        of = tally(works)
        sample = sample_of(of, tc.indices.evaluate(of, ["joint"]).base)
        assert of.patterns is not None
        weights = pl.Series(Draws(40, 6, "cpu").of(sample, 0, 40), dtype=pl.Array(pl.Int32, 40))
        drawn[name] = of.patterns.with_columns(pl.col("members").list.join(","), weights=weights)
    both = drawn["before"].join(drawn["after"], on=["year", "members"], suffix="_after")
    assert both.height == drawn["before"].height
    assert (
        both.filter(pl.col("n") == pl.col("n_after"))
        .select((pl.col("weights") == pl.col("weights_after")).all())
        .item()
    )


def test_cells_and_member_sets_are_drawn_independently() -> None:
    weights = Draws(4000, 1, "cpu").of(
        sample_of(tally(), tc.indices.evaluate(tally(), ["joint"]).base), 0, 4000
    )
    correlations = np.corrcoef(weights[:80])
    off = np.abs(correlations[np.triu_indices(80, 1)])
    assert off.max() < 6 / np.sqrt(4000)
    lagged = [np.corrcoef(row[:-1], row[1:])[0, 1] for row in weights[:80].astype(float)]
    assert np.abs(lagged).max() < 5 / np.sqrt(4000)
