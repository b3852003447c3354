"""Closed intervals against published numbers and simulation; false discovery rate and backbone by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import trendcore as tc
from trendcore.errors import UsageError
from trendcore.tallies import Tally
from trendcore.uncertainty import analytic, backbone, benjamini_hochberg, delta

P = st.lists(st.floats(0, 1), max_size=30)


def of_table(c: int, x: int, y: int, total: int) -> Tally:
    return Tally.from_frames(
        pl.DataFrame({"a": ["JP"], "b": ["US"], "joint": [c]}).filter(pl.col("joint") > 0),
        pl.DataFrame({"member": ["JP", "US"], "works_intl": [x, y], "works": [x, y]}),
        pl.DataFrame({"works_intl": [total], "works_known": [total], "works": [total]}),
        by=[],
    )


def interval(table: tuple[int, int, int, int], name: str, **how: Any) -> tuple[Any, ...]:
    found = analytic(of_table(*table), [name], zeros=True, **how).filter(a="JP")
    assert found.height == 1
    return found.select("value", "lo", "hi", "interval_flag").row(0)


# ------------------------------------------------------------------------------------------- closed intervals


def test_united_states_and_japan() -> None:
    tally = of_table(2133, 11712, 44356, 153630)
    table = analytic(tally, ["ric"])
    assert table.select("a", "b").rows() == [("JP", "US"), ("US", "JP")]
    ends = table.select(pl.col("lo", "hi").round(4)).rows()
    assert ends == [(0.5886, 0.6366), (0.5241, 0.5742)]
    assert table["interval_flag"].to_list() == [None, None]
    orc = analytic(tally, ["orc"]).row(0, named=True)
    cells = np.array([2133, 11712 - 2133, 44356 - 2133, 153630 - 44356 - 11712 + 2133])
    half = 1.959963984540054 * np.sqrt((1 / cells).sum())
    assert (orc["lo"], orc["hi"]) == pytest.approx(tuple(orc["value"] * np.exp([-half, half])), rel=1e-12)


def test_equals_the_delta_method_where_works_are_known() -> None:
    works = [["JP", "US"]] * 30 + [["JP", "KR"]] * 20 + [["KR", "US"]] * 50 + [["JP", "KR", "US"]] * 9
    works += [["DE", "FR"]] * 40
    tally = tc.tally(pl.DataFrame({"countries": works}), members="countries", by=[], patterns=True)
    key = ["a", "b", "index", "lo", "hi"]
    both = [of(tally, ["ric", "orc"]).select(key) for of in (analytic, delta)]
    joined = both[0].join(both[1], on=["a", "b", "index"], suffix="_delta").drop_nulls()
    assert joined.height > 6
    for end in ("lo", "hi"):
        kept = joined.filter(pl.col("index").is_in(["ric", "orc"]) & (pl.col(end) > 0))
        np.testing.assert_allclose(kept[end], kept[f"{end}_delta"], rtol=1e-4)


@pytest.mark.parametrize("name", ["ric", "orc"])
def test_intervals_hold_the_truth_as_often_as_they_say(name: str) -> None:
    rng = np.random.default_rng(1)
    p = np.array([0.05, 0.15, 0.2, 0.6])
    a, b, c, d = p
    truth = float((a / (a + b)) / (c / (c + d)) if name == "ric" else a * d / (b * c))
    drawn = rng.multinomial(1500, p, size=1000)
    frame = pl.DataFrame({"year": range(1000), "joint": drawn[:, 0]})
    sizes = {"JP": drawn[:, 0] + drawn[:, 1], "US": drawn[:, 0] + drawn[:, 2]}
    members = [
        pl.DataFrame({"year": range(1000), "member": name, "works_intl": size})
        for name, size in sizes.items()
    ]
    totals = pl.DataFrame({"year": range(1000), "works_intl": 1500})
    pairs = frame.select("year", pl.lit("JP").alias("a"), pl.lit("US").alias("b"), "joint")
    tally = Tally.from_frames(pairs, pl.concat(members), totals, by=["year"])
    found = analytic(tally, [name]).filter(a="JP")
    assert ((found["lo"] <= truth) & (truth <= found["hi"])).mean() == pytest.approx(0.95, abs=0.02)
    narrow = analytic(tally, [name], level=0.5).filter(a="JP")
    assert ((narrow["lo"] <= truth) & (truth <= narrow["hi"])).mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("table", "name", "flag", "bounded"),
    [
        ((4, 10, 20, 100), "ric", "small_count", True),
        ((5, 10, 20, 100), "ric", None, True),
        ((0, 10, 20, 100), "ric", "not_met", False),
        ((10, 20, 10, 100), "ric", "infinite", False),
        ((5, 100, 20, 100), "ric", "undefined", False),
        ((0, 0, 20, 100), "ric", "undefined", False),
        ((5, 10, 20, 100), "orc", None, True),
        ((0, 10, 20, 100), "orc", "haldane", True),
        ((10, 10, 20, 100), "orc", "haldane", True),
        ((10, 20, 90, 100), "orc", "haldane", True),
        ((0, 0, 20, 100), "orc", "undefined", False),
        ((5, 100, 5, 100), "orc", "undefined", False),
        ((0, 0, 0, 0), "orc", "undefined", False),
        ((0, 0, 0, 0), "ric", "undefined", False),
    ],
)
def test_edges(table: tuple[int, int, int, int], name: str, flag: str | None, bounded: bool) -> None:
    if not table[1]:  # who has no works has no row of its own
        row = analytic(of_table(*table).merge(), [name], zeros=True)
        assert row.filter(pl.col("lo").is_not_null()).is_empty()
        return
    value, lo, hi, found = interval(table, name)
    assert found == flag
    assert (lo is not None) == (hi is not None) == bounded
    if bounded:
        assert 0 < lo < hi
        assert flag == "haldane" or lo < value < hi


def test_half_is_added_inside_the_interval_only() -> None:
    value, lo, hi, _ = interval((0, 10, 20, 100), "orc")
    cells = np.array([0, 10, 20, 70]) + 0.5
    middle, sd = np.log(cells[0] * cells[3] / (cells[1] * cells[2])), np.sqrt((1 / cells).sum())
    assert value == 0.0
    z = stats.norm.ppf(0.975)
    assert (lo, hi) == pytest.approx((np.exp(middle - z * sd), np.exp(middle + z * sd)), rel=1e-12)
    value, lo, hi, _ = interval((10, 10, 20, 100), "orc")
    assert value is None  # infinite
    assert lo < hi < np.inf


@pytest.mark.parametrize("name", ["salton", "ric:links", "ric:matrix", "orc:links", "joint"])
def test_others_have_none(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} has no analytic interval"):
        analytic(of_table(5, 10, 20, 100), [name])


def test_weights_have_none() -> None:
    tally = tc.tally(
        pl.DataFrame({"countries": [["JP", "US"]]}), members="countries", by=[], counting=["full", "newman"]
    )
    with pytest.raises(UsageError, match="ric:newman has no analytic interval"):
        analytic(tally, ["ric:newman"])


def test_counts_that_are_not_known_have_no_interval() -> None:
    tally = Tally.from_frames(
        pl.DataFrame({"a": ["JP"], "b": ["US"], "joint": [7]}),
        pl.DataFrame({"member": ["JP", "US"]}),
        pl.DataFrame({"works_intl": [70]}),
        by=[],
    )
    table = analytic(tally)
    assert table["lo"].null_count() == table.height == 3
    assert set(table["value_flag"]) == {"not_known"}
    assert set(table["interval_flag"]) == {"undefined"}


# ------------------------------------------------------------------------------------------ false discoveries


@given(P)
@settings(deadline=None)
def test_q_is_that_of_scipy(p: list[float]) -> None:
    q = benjamini_hochberg(p)
    if p:
        np.testing.assert_allclose(q, stats.false_discovery_control(p), rtol=1e-12, atol=1e-300)
    assert q.shape == (len(p),)
    assert (q >= np.array(p)).all()
    assert (q <= 1).all()


@given(P, st.data())
@settings(deadline=None)
def test_what_is_not_tested_does_not_count(p: list[float], data: st.DataObject) -> None:
    order = data.draw(st.permutations([*range(len(p)), *[None] * 3]))
    mixed = [float("nan") if place is None else p[place] for place in order]
    q = benjamini_hochberg(mixed)
    expected = benjamini_hochberg(p)
    for place, found in zip(order, q, strict=True):
        assert np.isnan(found) if place is None else found == expected[place]


@pytest.mark.parametrize("p", [[-0.1], [1.1], [0.5, float("inf")]])
def test_what_is_no_p_value_is_refused(p: list[float]) -> None:
    with pytest.raises(UsageError, match="p-values are from 0 to 1"):
        benjamini_hochberg(p)


# ------------------------------------------------------------------------------------------------- backbone


def star() -> Tally:
    """US works much with JP, a little with three others, which work with nobody else."""
    works = [["JP", "US"]] * 17 + [["CN", "US"], ["DE", "US"], ["FR", "US"]]
    return tc.tally(pl.DataFrame({"countries": works}), members="countries", by=[])


def test_a_pair_stays_where_it_stands_out_at_either_end() -> None:
    found = backbone(star())
    assert found.columns == ["a", "b", "joint", "disparity_a", "disparity_b"]
    # JP has no other partner, so that US says nothing about it: (1 - 17/20)^3 among those of US
    assert found.rows() == [("JP", "US", 17, 1.0, pytest.approx((1 - 17 / 20) ** 3))]
    everything = backbone(star(), alpha=1.0)
    assert everything["b"].to_list() == ["US"] * 4
    assert everything.filter(a="CN").row(0)[3:] == (1.0, pytest.approx(0.95**3))
    assert backbone(star(), alpha=0.0).is_empty()


def test_a_pair_alone_does_not_stand_out() -> None:
    tally = tc.tally(pl.DataFrame({"countries": [["JP", "US"]] * 99}), members="countries", by=[])
    assert backbone(tally, alpha=1.0).is_empty()


def test_backbone_by_cells_and_weights() -> None:
    works = pl.DataFrame(
        {
            "year": [2021] * 5 + [2022] * 5,
            "countries": [["JP", "US"]] * 4 + [["CN", "JP", "US"]] + [["CN", "KR"]] * 5,
        }
    )
    tally = tc.tally(works, members="countries", by=["year"], counting=["full", "newman"])
    full, newman = (backbone(tally, alpha=0.2, counting=name) for name in ("full", "newman"))
    assert full.select("year", "a", "b", "joint").rows() == [(2021, "JP", "US", 5)]
    assert full["disparity_a"].item() == pytest.approx(1 / 6)
    assert newman["disparity_a"].item() == pytest.approx(1 - 4.5 / 5)


@pytest.mark.parametrize("alpha", [-0.1, 1.1, float("nan")])
def test_alpha_is_a_probability(alpha: float) -> None:
    with pytest.raises(UsageError, match="alpha is from 0 to 1"):
        backbone(star(), alpha=alpha)


def test_links_of_a_bloc_are_not_known() -> None:
    works = pl.DataFrame({"countries": [["JP", "US"], ["JP", "KR", "US"]]})
    tally = tc.tally(works, members="countries", by=[], groups="quad")
    with pytest.raises(UsageError, match="links of a bloc"):
        backbone(tally)


def test_a_pair_in_every_work_is_undefined() -> None:
    """Where all works have both, there is no work without a: 0/0, and no infinite ratio."""
    works = pl.DataFrame({"c": [["A", "B"]] * 9})
    found = analytic(tc.tally(works, members="c", by=[]), ["ric"])
    assert found["value_flag"].to_list() == ["zero_denominator"] * 2
    assert found["interval_flag"].to_list() == ["undefined"] * 2


@pytest.mark.parametrize("function", [analytic, backbone])
def test_what_is_no_tally(function: Any) -> None:
    for wrong in (pl.DataFrame({"c": [["A", "B"]]}), None):
        with pytest.raises(UsageError, match="give a tally of works"):
            function(wrong)


def test_p_values_are_a_list() -> None:
    for wrong in (0.5, [[0.1, 0.2]]):
        with pytest.raises(UsageError, match="dimensions"):
            benjamini_hochberg(wrong)  # type: ignore[arg-type]
