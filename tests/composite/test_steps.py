"""Each step by itself, against plain definitions, SciPy and values worked out by hand."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from trendcore.composite.aggregate import mean_of
from trendcore.composite.declared_steps import Impute, Normalise, Treat
from trendcore.composite.impute import apply_fill, fit_fill
from trendcore.composite.normalise import apply_scaler, fit_scaler, is_outside
from trendcore.composite.outrank import copeland
from trendcore.composite.ranks import ranks_of
from trendcore.composite.treat import apply_treatment, fit_treatment, shape_of
from trendcore.composite.weights import effective_weights, equal_effective, fit_weights, pca

NAN = float("nan")
values = st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=40)


def samples(size: int = 60, seed: int = 1) -> list[np.ndarray[Any, Any]]:
    r = np.random.default_rng(seed)
    return [r.normal(size=size), r.lognormal(size=size), r.lognormal(0, 2, size), -r.lognormal(0, 2, size)]


# --- impute


def test_fills_are_means_medians_and_those_of_groups() -> None:
    x = np.array([1.0, NAN, 3.0, 8.0, NAN])
    labels = np.array(["p", "p", "q", "q", None], dtype=object)
    filled = {
        "mean": [1, 4, 3, 8, 4],
        "median": [1, 3, 3, 8, 3],
        "group_mean": [1, 1, 3, 8, NAN],
        "group_median": [1, 1, 3, 8, NAN],
        "none": [1, NAN, 3, 8, NAN],
    }
    for method, wanted in filled.items():
        step = Impute(method=method, by="g" if method.startswith("group") else None)  # type: ignore[arg-type]
        made = apply_fill(x, fit_fill(x, step, labels), labels)
        np.testing.assert_array_equal(made, wanted, err_msg=method)
    constant = fit_fill(x, Impute(method="constant", value=7.0))
    np.testing.assert_array_equal(apply_fill(x, constant), [1, 7, 3, 8, 7])


def test_a_group_without_values_and_an_empty_column_stay_missing() -> None:
    x, labels = np.array([1.0, NAN]), np.array(["p", "q"], dtype=object)
    made = apply_fill(x, fit_fill(x, Impute(method="group_mean", by="g"), labels), labels)
    np.testing.assert_array_equal(made, [1, NAN])
    nothing = np.array([NAN, NAN])
    assert np.isnan(apply_fill(nothing, fit_fill(nothing, Impute(method="mean")))).all()


# --- treat


def test_shape_is_that_of_scipy() -> None:
    for x in samples():
        shape = shape_of(x)
        assert shape is not None
        assert shape == pytest.approx((stats.skew(x, bias=False), stats.kurtosis(x, bias=False)), rel=1e-12)
    assert shape_of(np.ones(9)) is None
    assert shape_of(np.array([1.0, 2.0, 9.0])) is None


def naive(x: np.ndarray[Any, Any], step: Treat) -> np.ndarray[Any, Any] | None:
    """Winsorise one value after another until a limit holds; None: not within `max_points`."""
    sign = 1 if stats.skew(x, bias=False) >= 0 else -1
    y = np.sort(sign * x)
    for points in range(step.max_points + 1):
        z = np.minimum(y, y[len(y) - 1 - points])
        if (
            np.ptp(z) == 0
            or abs(stats.skew(z, bias=False)) <= step.skew
            or stats.kurtosis(z, bias=False) <= step.kurtosis
        ):
            return np.asarray(sign * np.minimum(sign * x, y[len(y) - 1 - points]))
    return None


@pytest.mark.parametrize("seed", range(12))
def test_winsorising_is_as_the_plain_loop_has_it(seed: int) -> None:
    step = Treat(method="skew_kurtosis")
    for x in samples(50, seed):
        made, wanted = fit_treatment(x, step), naive(x, step)
        if wanted is None:
            assert made.kind.startswith("log")
        else:
            np.testing.assert_allclose(apply_treatment(x, made), wanted, rtol=1e-14)


def test_one_outlier_of_a_billion_does_not_blind_the_rule() -> None:
    x = np.append(np.linspace(0, 1, 30), 1e9)
    made = fit_treatment(x, Treat(method="skew_kurtosis"))
    assert (made.kind, made.high, made.points) == ("clip", 1.0, 1)
    made = fit_treatment(-x, Treat(method="skew_kurtosis"))
    assert (made.kind, made.low, made.points) == ("clip", -1.0, 1)


def test_ties_at_the_top_count_as_points() -> None:
    """Six equal outliers are more than five points: the logarithm is next."""
    x = np.append(np.linspace(0, 1, 60), [50.0] * 6)
    assert fit_treatment(x, Treat(method="skew_kurtosis", skew=1.0, kurtosis=0.5)).kind == "log"
    six = fit_treatment(x, Treat(method="skew_kurtosis", skew=1.0, kurtosis=0.5, max_points=6))
    assert (six.kind, six.points, six.high) == ("clip", 6, 1.0)


def test_logarithm_is_the_declared_one_and_its_mirror() -> None:
    x = np.array([0.0, 1.0, 3.0, 100.0])
    made = fit_treatment(x, Treat(method="log"))
    np.testing.assert_allclose(apply_treatment(x, made), np.log(x + 1.0), rtol=1e-15)
    # a later value short of the least counts as the least
    assert apply_treatment(np.array([-5.0]), made) == apply_treatment(np.array([0.0]), made)
    step = Treat(method="skew_kurtosis", max_points=0, skew=0.1, kurtosis=0.1)
    mirrored = fit_treatment(-x, step)
    assert mirrored.kind == "log_mirrored"
    np.testing.assert_allclose(apply_treatment(-x, mirrored), -np.log(x + 1.0), rtol=1e-15)
    assert fit_treatment(x, Treat(method="skew_kurtosis", max_points=0, fallback="none")).kind == "none"


def test_winsorise_takes_the_stated_number_and_a_share_where_it_is_more() -> None:
    x = np.arange(100.0) ** 3
    assert fit_treatment(x, Treat(method="winsorise", max_points=3)).high == 96.0**3
    assert fit_treatment(x, Treat(method="winsorise", max_points=3, max_share=0.1)).points == 10
    # ties: the ten greatest reach down to equal ones, so that fewer are beyond the limit
    tied = np.append(np.zeros(90), np.repeat(5.0, 10))
    assert fit_treatment(tied, Treat(method="winsorise", max_points=3)).kind == "none"


@given(values)
def test_treatment_keeps_the_order(x: list[float]) -> None:
    for step in (Treat(method="skew_kurtosis"), Treat(method="log"), Treat(method="winsorise")):
        known = np.array(x)
        made = apply_treatment(known, fit_treatment(known, step))
        assert (np.diff(made[np.argsort(known, kind="stable")]) >= 0).all()


# --- normalise


def test_normalisers_by_hand() -> None:
    x = np.array([2.0, 4.0, 4.0, 10.0, NAN])
    sd = float(np.std([2, 4, 4, 10], ddof=1))
    wanted = {
        ("min_max", 1): [0, 25, 25, 100, NAN],
        ("min_max", -1): [100, 75, 75, 0, NAN],
        ("rank", 1): [0, 100 / 3, 100 / 3, 100, NAN],
        ("rank", -1): [100, 100 / 3, 100 / 3, 0, NAN],
        ("distance", 1): [20, 40, 40, 100, NAN],
        ("distance", -1): [100, 50, 50, 20, NAN],
        ("z", 1): [-3 / sd, -1 / sd, -1 / sd, 5 / sd, NAN],
        ("z", -1): [3 / sd, 1 / sd, 1 / sd, -5 / sd, NAN],
        ("goalposts", 1): [0, 0, 0, 100, NAN],
        ("goalposts", -1): [100, 100, 100, 0, NAN],
    }
    for (method, direction), normal in wanted.items():
        scaler = fit_scaler(x, Normalise(method=method), direction, (4.0, 9.0))  # type: ignore[arg-type]
        np.testing.assert_allclose(apply_scaler(x, scaler), normal, atol=1e-12, err_msg=method)


@pytest.mark.parametrize("method", ["min_max", "rank", "distance", "z", "goalposts"])
@pytest.mark.parametrize("direction", [1, -1])
def test_normalisers_are_monotone_and_frozen(method: Any, direction: Any) -> None:
    reference = np.array([3.0, 5.0, 5.0, 7.0, 20.0])
    scaler = fit_scaler(reference, Normalise(method=method), direction, (4.0, 9.0))
    later = np.linspace(0.5, 40, 80)
    made = apply_scaler(later, scaler)
    assert (np.diff(direction * made) >= 0).all()
    # a value is normalised by itself: what stands beside it does not matter
    np.testing.assert_array_equal(made[7:8], apply_scaler(later[7:8], scaler))


def test_values_outside_are_kept_or_cut() -> None:
    reference, later = np.array([0.0, 10.0]), np.array([-5.0, 5.0, 20.0])
    keep = fit_scaler(reference, Normalise())
    np.testing.assert_allclose(apply_scaler(later, keep), [-50, 50, 200])
    clip = fit_scaler(reference, Normalise(outside="clip", scale=(1, 101)))
    np.testing.assert_allclose(apply_scaler(later, clip), [1, 51, 101])
    np.testing.assert_array_equal(is_outside(later, clip), [True, False, True])


def test_rank_is_that_of_scipy_on_its_own_reference() -> None:
    x = np.random.default_rng(3).integers(0, 8, 40).astype(float)
    made = apply_scaler(x, fit_scaler(x, Normalise(method="rank")))
    np.testing.assert_allclose(made, 100 * (stats.rankdata(x, "min") - 1) / 39)
    down = apply_scaler(x, fit_scaler(x, Normalise(method="rank"), -1))
    np.testing.assert_allclose(down, 100 * (stats.rankdata(-x, "min") - 1) / 39)


@pytest.mark.parametrize("method", ["min_max", "rank", "z"])
@pytest.mark.parametrize("x", [[5.0, 5.0, 5.0], [5.0], [0.0, 0.0], [0.1 + 0.2, 0.3]])
def test_what_does_not_vary_has_no_scale(method: Any, x: list[float]) -> None:
    scaler = fit_scaler(np.array(x), Normalise(method=method))
    assert scaler.undefined == "constant"
    assert np.isnan(apply_scaler(np.array([1.0, 5.0]), scaler)).all()


def test_no_reference_and_no_positive_leader() -> None:
    assert fit_scaler(np.array([NAN]), Normalise()).undefined == "no_reference"
    assert fit_scaler(np.array([0.0, 0.0]), Normalise(method="distance")).undefined == "not_positive"
    assert fit_scaler(np.array([0.0, 4.0]), Normalise(method="distance"), -1).undefined == "not_positive"
    leader = fit_scaler(np.array([2.0, 4.0]), Normalise(method="distance"), -1)
    np.testing.assert_array_equal(apply_scaler(np.array([0.0, -1.0, 4.0]), leader), [NAN, NAN, 50])


# --- weights


def correlated(n: int = 400, k: int = 4, seed: int = 2) -> np.ndarray[Any, Any]:
    r = np.random.default_rng(seed)
    return np.asarray(r.normal(size=(n, 1)) + r.normal(size=(n, k)) * np.array([0.3, 0.6, 1.0, 2.0])[:k])


def test_pca_weights_are_squared_loadings() -> None:
    x = correlated()
    standard = (x - x.mean(0)) / x.std(0)
    first = np.linalg.svd(standard, full_matrices=False)[2][0]
    np.testing.assert_allclose(pca(x), first**2, rtol=1e-10)
    assert pca(x).sum() == pytest.approx(1)
    # units of measurement do not matter
    np.testing.assert_allclose(pca(x * [1, 10, 100, 1000]), first**2, rtol=1e-9)


def test_pca_has_no_answer_where_parts_oppose_or_have_nothing_in_common() -> None:
    x = correlated(k=3) * np.array([1, 1, -1])
    assert np.isnan(pca(x)).all()
    r = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])  # no correlation at all
    assert np.isnan(pca(r)).all()


def test_equal_effective_weights_are_equally_effective() -> None:
    x = correlated()
    weights = equal_effective(x)
    np.testing.assert_allclose(effective_weights(x, weights), 0.25, rtol=1e-8)
    assert weights.sum() == pytest.approx(1)
    # of two parts they are inverse to the spread, whatever the correlation
    two = equal_effective(x[:, :2])
    sd = x[:, :2].std(0)
    np.testing.assert_allclose(two, (1 / sd) / (1 / sd).sum(), rtol=1e-9)
    opposed = equal_effective(np.column_stack([x[:, 0], x[:, 1] - 3 * x[:, 0]]))
    assert (opposed > 0).all()


def test_equal_effective_has_no_answer_where_parts_cancel_out() -> None:
    x = correlated()[:, :1]
    assert np.isnan(equal_effective(np.hstack([x, -x]))).all()
    # parts that are the same do not cancel
    np.testing.assert_allclose(equal_effective(np.hstack([x, x])), 0.5)


@pytest.mark.parametrize("method", ["pca", "equal_effective"])
def test_schemes_on_little_data(method: Any) -> None:
    x = correlated()
    constant = np.column_stack([x[:, :2], np.full(len(x), 3.0), np.full(len(x), NAN)])
    weights = fit_weights(method, [1, 1, 1, 1], constant)
    assert (weights[:2] > 0).all()
    np.testing.assert_array_equal(weights[2:], 0)
    for few in (x[:2], x[:0], np.full((9, 4), 2.0), np.full((9, 4), NAN)):
        assert np.isnan(fit_weights(method, [1, 1, 1, 1], few)).all()
    np.testing.assert_allclose(fit_weights(method, [1], x[:, :1]), 1)


def test_given_weights_add_up_and_zeros_stay_zeros() -> None:
    np.testing.assert_allclose(fit_weights("given", [2, 1, 1], np.empty((0, 3))), [0.5, 0.25, 0.25])
    np.testing.assert_array_equal(fit_weights("given", [0, 0], np.empty((0, 2))), [0, 0])
    np.testing.assert_allclose(fit_weights("equal", [5, 1], np.empty((0, 2))), 0.5)


# --- aggregate


positive = st.lists(st.floats(0.01, 100), min_size=3, max_size=3)


@given(positive, st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
def test_means_are_those_of_scipy_and_in_order(x: list[float], w: list[float]) -> None:
    parts = [np.array([each]) for each in x]
    arithmetic, geometric, harmonic = (
        float(mean_of(method, parts, np.array(w))[0]) for method in ("arithmetic", "geometric", "harmonic")
    )
    assert arithmetic == pytest.approx(np.average(x, weights=w))
    assert geometric == pytest.approx(stats.gmean(x, weights=w))
    assert harmonic == pytest.approx(stats.hmean(x, weights=w))
    slack = 1 + 1e-12
    assert min(x) <= harmonic * slack <= geometric * slack**2 <= arithmetic * slack**3 <= max(x) * slack**4


def test_means_share_weights_among_what_is_there() -> None:
    parts = [np.array([1.0, NAN, NAN, 0.0]), np.array([4.0, 4.0, NAN, 4.0])]
    w = np.array([0.25, 0.75])
    np.testing.assert_allclose(mean_of("arithmetic", parts, w), [3.25, 4, NAN, 3])
    np.testing.assert_allclose(mean_of("geometric", parts, w), [4**0.75, 4, NAN, NAN])
    np.testing.assert_allclose(mean_of("harmonic", parts, w), [1 / (0.25 + 0.75 / 4), 4, NAN, NAN])
    np.testing.assert_array_equal(mean_of("arithmetic", parts, np.zeros(2)), [NAN] * 4)
    # a part of weight 0 neither counts nor spoils
    np.testing.assert_allclose(mean_of("geometric", parts, np.array([0.0, 1.0])), [4, 4, NAN, 4])


# --- Copeland


def naive_copeland(matrix: np.ndarray[Any, Any], w: list[float]) -> list[float]:
    n = len(matrix)
    scores = []
    for a in range(n):
        if np.isnan(matrix[a]).all():
            scores.append(NAN)
            continue
        points, others = 0.0, 0
        for b in range(n):
            if a == b or np.isnan(matrix[b]).all():
                continue
            net = sum(
                v * np.sign(x - y)
                for x, y, v in zip(matrix[a], matrix[b], w, strict=True)
                if not np.isnan(x) and not np.isnan(y)
            )
            others += 1
            points += 0.5 if abs(net) <= 1e-12 else float(net > 0)
        scores.append(points / others if others else NAN)
    return scores


@pytest.mark.parametrize("seed", range(8))
def test_copeland_is_as_the_plain_loop_has_it(seed: int) -> None:
    r = np.random.default_rng(seed)
    matrix = r.integers(0, 4, (23, 3)).astype(float)
    matrix[r.random(matrix.shape) < 0.2] = NAN
    w = [0.5, 0.3, 0.2]
    cells = np.array([0, 9, 10, 23])
    wanted = [each for a, b in pairwise(cells) for each in naive_copeland(matrix[a:b], w)]
    np.testing.assert_allclose(copeland(list(matrix.T), np.array(w), cells), wanted)


def test_copeland_puts_first_who_beats_all_others_and_does_not_compensate() -> None:
    # the first is better in two of three parts, however far it is behind in the third
    parts = [np.array([2.0, 1.0]), np.array([2.0, 1.0]), np.array([0.0, 1e9])]
    np.testing.assert_array_equal(copeland(parts, np.ones(3) / 3, np.array([0, 2])), [1, 0])


# --- ranks


@given(st.lists(st.sampled_from([0.0, -0.0, 1.0, 2.5, NAN]), max_size=20))
def test_ranks_are_those_of_scipy(x: list[float]) -> None:
    scores = np.array(x, dtype=np.float64)
    known = ~np.isnan(scores)
    made = ranks_of(scores, np.array([0, len(x)]))
    np.testing.assert_array_equal(made[~known], 0)
    np.testing.assert_array_equal(made[known], stats.rankdata(-scores[known], "min"))


def test_ranks_stay_within_cells() -> None:
    scores = np.array([1.0, 2.0, 5.0, 5.0, NAN])
    np.testing.assert_array_equal(ranks_of(scores, np.array([0, 2, 5])), [2, 1, 1, 1, 0])
