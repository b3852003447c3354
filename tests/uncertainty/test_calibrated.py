"""The calibrated ratio: what it says, what it may not depend on, and what it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy import stats
from support import shim
from support.kernels import threads

import trendcore as tc
from trendcore.errors import BackendError, UsageError
from trendcore.tallies import Tally
from trendcore.uncertainty import benjamini_hochberg
from trendcore.uncertainty import calibrated as calibrated_function
from trendcore.uncertainty.null_cells import Null, all_pairs, null_cells

NAMES = ["AE", "BR", "CN", "DE", "FR", "IN", "JP", "KR", "MX", "NL", "PT", "SE", "UA", "US"]
OF_CHANCE = ("null_mean", "null_lo", "null_hi", "chance_lo", "chance_hi", "p_above", "p_below", "p", "q")


def calibrated(tally: Tally, **how: Any) -> pl.DataFrame:
    return calibrated_function(tally, **({"draws": 128, "seed": 5, "sweeps": 24} | how))


def counted(works: pl.DataFrame, by: Sequence[str] = ("field", "year"), **how: Any) -> Tally:
    return tc.tally(works, members="countries", by=list(by), patterns=True, **how)


def works_of(n: int, seed: int, *, field: str = "ai", year: int = 2022) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, len(NAMES) + 1) ** 1.5
    lists = [
        sorted(rng.choice(NAMES, size, replace=False, p=weights / weights.sum()).tolist())
        for size in rng.choice([0, 1, 2, 2, 3, 5], n)
    ]
    return pl.DataFrame(
        {"field": field, "year": year, "countries": lists},
        schema_overrides={"countries": pl.List(pl.String)},
    )


@pytest.fixture(scope="module")
def works() -> pl.DataFrame:
    cells = [("ai", 2021), ("ai", 2022), ("qis", 2022)]
    return pl.concat(works_of(150, i, field=field, year=year) for i, (field, year) in enumerate(cells))


# ---------------------------------------------------------------------------------------------- what it says


def test_columns_and_conventions(works: pl.DataFrame) -> None:
    tally = counted(works)
    table = calibrated(tally)
    plain = tc.indices.compute(tally, ["joint"])
    assert [name for name in table.columns if name in plain.columns] == plain.columns
    assert table.columns[: plain.width - 5] == plain.columns[: plain.width - 5]
    assert table.select("index", "marginals", "counting", "neutral").unique().rows() == [
        ("calibrated", "docs_int", "full", 1.0)
    ]
    assert table.equals(table.sort("field", "year", "a", "b"))
    assert (table["a"] < table["b"]).all()


def test_joint_works_are_those_of_the_tally(works: pl.DataFrame) -> None:
    tally = counted(works)
    key = ["field", "year", "a", "b"]
    for how in ({"works": "international"}, {"works": "known"}):
        table = calibrated(tally, **how)
        assert_frame_equal(table.filter(pl.col("joint") > 0).select(*key, "joint"), tally.pairs)


def test_value_interval_and_p_by_hand(works: pl.DataFrame) -> None:
    """From the draws of a cell themselves."""
    tally = counted(works)
    draws = 333
    table = calibrated(tally, draws=draws, level=0.9)
    _, cells = null_cells(tally, 2)
    cell = next(iter(cells))
    null = Null.of(cell, seed=5, sweeps=24, backend="cpu")
    drawn = null.joint(all_pairs(cell), range(draws))
    rows = table.filter(pl.col("field") == "ai", pl.col("year") == 2021)
    assert rows.height == drawn.shape[1]
    for row, values in zip(rows.iter_rows(named=True), drawn.T, strict=True):
        ordered, c = np.sort(values), row["joint"]
        assert row["null_mean"] == values.mean()
        if values.mean() < 1:
            continue
        assert row["value"] == c / values.mean()
        assert (row["null_lo"], row["null_hi"]) == (ordered[16], ordered[316])
        assert row["chance_lo"] == ordered[16] / values.mean()
        assert row["p_above"] == (1 + (values >= c).sum()) / (draws + 1)
        assert row["p_below"] == (1 + (values <= c).sum()) / (draws + 1)
        assert row["p"] == min(1, 2 * min(row["p_above"], row["p_below"]))


def test_q_is_taken_over_the_pairs_of_a_cell(works: pl.DataFrame) -> None:
    table = calibrated(counted(works))
    for _, cell in table.group_by("field", "year"):
        p = cell["p"].to_numpy()
        np.testing.assert_array_equal(cell["q"].to_numpy(), benjamini_hochberg(p))
        known = p[~np.isnan(p)]
        np.testing.assert_allclose(cell["q"].drop_nulls(), stats.false_discovery_control(known), rtol=1e-12)


def test_what_chance_gives_less_than_once_is_withheld(works: pl.DataFrame) -> None:
    table = calibrated(counted(works))
    withheld = table.filter(pl.col("null_mean") < 1)
    assert 0 < withheld.height < table.height
    assert set(withheld["value_flag"]) == {"withheld"}
    shown = [name for name in OF_CHANCE if name != "null_mean"]
    assert withheld.select("value", "verdict", *shown).null_count().row(0) == (withheld.height,) * 10
    kept = table.filter(pl.col("null_mean") >= 1)
    assert kept.select("value", "verdict", *shown).null_count().row(0) == (0,) * 10
    few = kept["joint"] < 5
    assert set(kept.filter(few)["value_flag"]) == {"small_count"}
    assert kept.filter(~few)["value_flag"].null_count() == (~few).sum()


def test_planted_pairs_are_found_and_chance_is_not_called_otherwise() -> None:
    rng = np.random.default_rng(3)
    names = [f"C{i:02d}" for i in range(30)]
    weights = 1 / np.arange(1, 31)
    lists = [rng.choice(names, 2, replace=False, p=weights / weights.sum()).tolist() for _ in range(3000)]
    chance = pl.DataFrame({"countries": lists})
    table = calibrated(counted(chance, by=[]), draws=1000)
    assert table.filter(pl.col("verdict").is_in(["above", "below"])).is_empty()
    assert (table["verdict"] == "undecided").sum() <= 3
    assert table.filter(pl.col("p") <= 0.05).height <= 0.08 * table["p"].count()
    weighted = table.filter(pl.col("null_mean") >= 20)
    assert weighted["value"].mean() == pytest.approx(1, abs=0.03)
    planted = pl.concat([chance, pl.DataFrame({"countries": [["C04", "C05"]] * 80})])
    for draws, verdict in ((20_000, "above"), (100, "undecided")):
        found = calibrated(counted(planted, by=[]), draws=draws).filter(pl.col("verdict") == verdict)
        assert ("C04", "C05") in found.select("a", "b").rows()
        assert found.height <= 2 or verdict == "undecided"
    apart = chance.filter(
        ~pl.col("countries").list.contains("C00") | ~pl.col("countries").list.contains("C01")
    )
    found = calibrated(counted(apart, by=[]), draws=20_000).filter(a="C00", b="C01").row(0, named=True)
    assert (found["value"], found["verdict"], found["value_flag"]) == (0.0, "below", "small_count")


def test_p_values_hold_under_the_null() -> None:
    """Works that are themselves drawn from the null: in 5 % of them at most p is 0.05 or less."""
    tally = counted(works_of(400, 1), by=[])
    _, cells = null_cells(tally, 2)
    cell = next(cells)
    drawn = Null.of(cell, seed=1, sweeps=40, backend="cpu").joint(all_pairs(cell), range(4000))
    drawn = drawn[:, drawn.mean(axis=0) >= 1]
    rest, observed = drawn[:2000], drawn[2000:]
    above = np.array([(1 + (rest >= each).sum(axis=0)) / 2001 for each in observed])
    below = np.array([(1 + (rest <= each).sum(axis=0)) / 2001 for each in observed])
    p = np.minimum(2 * np.minimum(above, below), 1)
    assert 0.01 < (p <= 0.05).mean() <= 0.052


def test_known_works_dilute_chance() -> None:
    """Works of one country take up countries too, so that chance puts fewer together."""
    lists = [["JP", "US"]] * 40 + [["CN", "DE"]] * 40 + [["JP"], ["US"], ["CN"], ["DE"]] * 60
    tally = counted(pl.DataFrame({"countries": lists}), by=[])
    one, other = (calibrated(tally, works=name) for name in ("international", "known"))
    assert one["joint"].to_list() == other["joint"].to_list()
    total = [table["null_mean"].sum() for table in (one, other)]
    assert total == pytest.approx([80, 80])  # a work of two has one pair
    alone = counted(pl.DataFrame({"countries": [*lists, *[["JP"]] * 400]}), by=[])
    assert calibrated(alone)["null_mean"].to_list() == one["null_mean"].to_list()
    more = calibrated(alone, works="known")
    assert set(more["marginals"]) == {"docs_all"}
    assert more.filter(a="JP")["null_mean"].sum() > other.filter(a="JP")["null_mean"].sum()


# --------------------------------------------------------------------------------- what it may not depend on


@pytest.mark.parametrize("backend", ["reference", shim.NAME])
def test_every_backend_gives_the_same_bytes(works: pl.DataFrame, backend: str) -> None:
    tally = counted(works.filter(pl.col("year") == 2022))
    expected = calibrated(tally, draws=70, sweeps=4, backend="cpu")
    if backend == shim.NAME:
        with shim.in_place_of_the_gpu(shim.ShimDevice()):
            assert calibrated(tally, draws=70, sweeps=4, backend="gpu").equals(expected)
    else:
        assert calibrated(tally, draws=70, sweeps=4, backend=backend).equals(expected)


def test_threads_order_and_division_do_not_matter(works: pl.DataFrame) -> None:
    expected = calibrated(counted(works))
    for n in (1, 2):
        with threads(n):
            assert calibrated(counted(works)).equals(expected)
    shuffled = works.sample(fraction=1, shuffle=True, seed=4)
    assert calibrated(counted(shuffled)).equals(expected)
    parts = [counted(works[i::3]) for i in range(3)]
    assert calibrated(parts[0].merge(*parts[1:])).equals(expected)
    tally = counted(works)
    assert tally.patterns is not None
    mixed = replace(tally, patterns=tally.patterns.sample(fraction=1, shuffle=True, seed=1))
    assert calibrated(mixed).equals(expected)


def test_a_cell_does_not_depend_on_the_others(works: pl.DataFrame) -> None:
    expected = calibrated(counted(works)).filter(pl.col("field") == "qis")
    assert calibrated(counted(works.filter(pl.col("field") == "qis"))).equals(expected)
    renamed = works.with_columns(year=pl.col("year").cast(pl.Int16))
    assert_frame_equal(calibrated(counted(renamed)), calibrated(counted(works)), check_dtypes=False)
    turned = calibrated(counted(works, by=["year", "field"])).filter(pl.col("field") == "qis")
    assert turned.select(expected.columns).equals(expected)


def test_numbers_of_countries_do_not_matter(works: pl.DataFrame) -> None:
    """Names in another order of codes, with others beside that only works of other cells have."""
    expected = calibrated(counted(works)).filter(pl.col("year") == 2021)
    others = works_of(50, 9, field="more").with_columns(
        pl.col("countries").list.eval(pl.lit("A") + pl.element())
    )
    assert calibrated(counted(pl.concat([others, works]))).filter(pl.col("year") == 2021).equals(expected)


def test_which_pairs_have_rows_does_not_matter(works: pl.DataFrame) -> None:
    tally = counted(works)
    dense, sparse = calibrated(tally), calibrated(tally, zeros=False)
    assert dense.filter(pl.col("joint") > 0).drop("q", "verdict").equals(sparse.drop("q", "verdict"))
    assert dense.height > sparse.height


@pytest.mark.parametrize("most", [1, 700, 128 * 11, 1 << 26])
def test_what_cannot_be_held_at_once_is_drawn_in_parts(
    works: pl.DataFrame, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally = counted(works)
    expected = calibrated(tally, draws=20)
    monkeypatch.setattr("trendcore.uncertainty.calibrating._MOST_COUNTS", most)
    assert calibrated(tally, draws=20).equals(expected)


def test_seeds_and_draws(works: pl.DataFrame) -> None:
    tally = counted(works)
    one, other = calibrated(tally, seed=1), calibrated(tally, seed=(1 << 64) - 1)
    assert not one["null_mean"].equals(other["null_mean"])
    assert one["joint"].equals(other["joint"])
    few, many = calibrated(tally, draws=1), calibrated(tally, draws=3000)
    assert (many["null_mean"] - one["null_mean"]).abs().max() < 1.5
    assert few["p"].drop_nulls().is_in([1.0]).all()


def test_members_by_number(works: pl.DataFrame) -> None:
    """Canonical tables hold numbers of countries; what is displayed decides."""
    codes = {name: 900 - i for i, name in enumerate(NAMES)}
    coded = works.with_columns(pl.col("countries").list.eval(pl.element().replace_strict(codes)))
    tally = counted(coded, labels={code: name for name, code in codes.items()})
    assert calibrated(tally).equals(calibrated(counted(works)))


# ------------------------------------------------------------------------------------------------------ edges


def test_totals_that_leave_no_choice() -> None:
    """A single work, a single pair, a country in every work: the value is 1, and no verdict but chance."""
    lists = {
        "one work": [["CN", "JP", "US"]],
        "one pair": [["JP", "US"]] * 7,
        "all alike": [["CN", "JP", "US"]] * 4,
        "in every work": [["CN", "US"], ["JP", "US"], ["KR", "US"], ["KR", "US"]],
    }
    frame = pl.DataFrame(
        [(name, each) for name, some in lists.items() for each in some],
        schema=["field", "countries"],
        orient="row",
    )
    table = calibrated(counted(frame, by=["field"]))
    kept = table.filter(pl.col("value").is_not_null())
    assert kept.height == 3 + 1 + 3 + 3
    assert set(kept["value"]) == {1.0}
    assert set(kept["p"]) == set(kept["q"]) == {1.0}
    assert set(kept["verdict"]) == {"chance"}
    assert (kept["null_lo"] == kept["null_hi"]).all()


def test_cells_without_international_works() -> None:
    frame = pl.DataFrame(
        {"field": ["a", "a", "b", "b"], "countries": [["JP"], ["US"], ["JP", "US"], []]},
        schema_overrides={"countries": pl.List(pl.String)},
    )
    table = calibrated(counted(frame, by=["field"]))
    assert table["field"].to_list() == ["b"]
    known = calibrated(counted(frame, by=["field"]), works="known")
    assert known.select("field", "joint", "null_mean", "value").rows() == [
        ("a", 0, 0.0, None),
        ("b", 1, 1.0, 1.0),
    ]
    for empty in (frame[:0], frame[:1], frame[3:]):
        table = calibrated(counted(empty, by=["field"]))
        assert table.height == 0
        assert table.schema == known.schema


def test_works_of_all_256_countries() -> None:
    """As many members as one byte has codes, all of them in one work."""
    names = [f"C{i:03d}" for i in range(256)]
    lists = [names, names[:255], *([names[i], names[i + 1]] for i in range(255))]
    tally = counted(pl.DataFrame({"countries": lists}), by=[])
    table = calibrated(tally, draws=64, sweeps=2)
    assert table.height == 256 * 255 // 2
    assert table["null_mean"].sum() == table["joint"].sum()
    assert table["null_mean"].min() >= 1


def test_more_members_than_pairs_can_be_listed_of() -> None:
    names = [f"C{i:04d}" for i in range(3000)]
    rng = np.random.default_rng(0)
    lists = [sorted(rng.choice(names, 2, replace=False).tolist()) for _ in range(2000)]
    lists += [["C0000", "C0001"]] * 30 + [["C0000", "C0002"], ["C0001", "C0003"]] * 60
    table = calibrated(counted(pl.DataFrame({"countries": lists}), by=[]), draws=500)
    assert table["joint"].min() == 1
    kept = table.filter(pl.col("value").is_not_null())
    assert ("C0000", "C0001", "above") in kept.select("a", "b", "verdict").rows()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"draws": 0}, "draws is from 1 to 1,000,000, not 0"),
        ({"seed": -1}, "seed is from 0"),
        ({"seed": 1 << 64}, "seed is from 0"),
        ({"sweeps": 0}, "sweeps is from 1"),
        ({"works": "all"}, "works is 'international' or 'known', not 'all'"),
        ({"level": 1.0}, "level"),
        ({"backend": "abacus"}, "no backend 'abacus'"),
    ],
)
def test_arguments_that_make_no_sense(works: pl.DataFrame, how: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        calibrated(counted(works), **how)


def test_tallies_that_have_no_null(works: pl.DataFrame) -> None:
    tally = tc.tally(works, members="countries", by=["year"])
    with pytest.raises(UsageError, match="has no patterns"):
        calibrated(tally)
    bloc = counted(works).regroup(groups="quad")
    with pytest.raises(UsageError, match="a bloc has no null of its own"):
        calibrated(bloc)
    owned = works.with_columns(owners=pl.col("countries"))
    directed = tc.tally(owned, members="countries", partners="owners", by=["year"])
    with pytest.raises(UsageError, match="needs a tally of works"):
        calibrated(directed)
    with pytest.raises(UsageError, match="needs a tally of works"):
        calibrated(None)  # type: ignore[arg-type]


def test_a_gpu_that_is_not_there(works: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trendcore_kernels.dispatch._why_not", lambda _: "none here")
    with pytest.raises(BackendError, match="none here"):
        calibrated(counted(works), backend="gpu")
