"""Sobol indices against closed forms, SciPy, and composites of which the answer is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats
from support.composites import small

from trendcore import composite as co
from trendcore.composite.sobol import saltelli, sobol_indices
from trendcore.composite.trials import generator
from trendcore.errors import UsageError

Array = np.ndarray[Any, Any]


def ishigami(u: Array, a: float = 7.0, b: float = 0.1) -> Array:
    x = np.pi * (2 * u - 1)
    return np.asarray(np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0]))


def estimates(model: Callable[[Array], Array], d: int, n: int, seed: int = 1) -> tuple[Array, Array]:
    a, b = saltelli(n, d, seed)
    found = []
    for each in range(d):
        mixed = a.copy()
        mixed[:, each] = b[:, each]
        found.append(sobol_indices(model(a)[:, None], model(b)[:, None], model(mixed)[:, None]))
    return np.array([each.first[0] for each in found]), np.array([each.total[0] for each in found])


def test_ishigami() -> None:
    """Ishigami & Homma 1990: V, V1, V2 and V13 in closed form, a = 7, b = 0.1."""
    a, b = 7.0, 0.1
    v1 = 0.5 * (1 + b * np.pi**4 / 5) ** 2
    v2 = a**2 / 8
    v13 = b**2 * np.pi**8 * (1 / 18 - 1 / 50)
    v = v1 + v2 + v13
    first, total = estimates(ishigami, 3, 2**14)
    np.testing.assert_allclose(first, [v1 / v, v2 / v, 0], atol=5e-3)
    np.testing.assert_allclose(total, [(v1 + v13) / v, v2 / v, v13 / v], atol=5e-3)


def test_an_additive_model_has_no_interactions() -> None:
    first, total = estimates(lambda u: u @ np.array([3.0, 2.0, 1.0]), 3, 2**12)
    np.testing.assert_allclose(first, np.array([9, 4, 1]) / 14, atol=5e-3)
    np.testing.assert_allclose(total, np.array([9, 4, 1]) / 14, atol=5e-3)


def test_estimators_are_those_of_scipy_on_the_same_points() -> None:
    """SciPy divides by the variance with n, here it is that of a sample, with n - 1."""
    n, d = 256, 3
    a, b = saltelli(n, d, seed=4)
    mixed = []
    for each in range(d):
        one = a.copy()
        one[:, each] = b[:, each]
        mixed.append(ishigami(one))
    given = {"f_A": ishigami(a)[None], "f_B": ishigami(b)[None], "f_AB": np.array(mixed)[:, None, :]}
    theirs = stats.sobol_indices(func=given, n=n)
    for each in range(d):
        ours = sobol_indices(ishigami(a)[:, None], ishigami(b)[:, None], mixed[each][:, None])
        shrunk = (2 * n - 1) / (2 * n)
        assert ours.first[0] == pytest.approx(np.ravel(theirs.first_order)[each] * shrunk, rel=1e-9)
        assert ours.total[0] == pytest.approx(np.ravel(theirs.total_order)[each] * shrunk, rel=1e-9)


def test_formulas_by_hand() -> None:
    y_a, y_b, y_ab = np.array([1.0, 3.0]), np.array([2.0, 6.0]), np.array([2.0, 3.0])
    mean = 3.0
    v = np.var([1, 3, 2, 6], ddof=1)
    found = sobol_indices(y_a[:, None], y_b[:, None], y_ab[:, None])
    assert found.first[0] == pytest.approx(np.mean((y_b - mean) * (y_ab - y_a)) / v)
    assert found.total[0] == pytest.approx(np.sum((y_a - y_ab) ** 2) / (2 * 2 * v))


def test_no_variance_is_no_number() -> None:
    same = np.full((8, 2), 5.0)
    same[:, 1] += np.arange(8)
    found = sobol_indices(same, same, same, np.ones((3, 8)))
    assert np.isnan(found.first[0])
    assert np.isnan(found.total_hi[0])
    assert found.total[1] == 0


def test_intervals_hold_the_estimate_and_narrow() -> None:
    widths = []
    for n in (64, 1024):
        a, b = saltelli(n, 3, seed=2)
        mixed = a.copy()
        mixed[:, 0] = b[:, 0]
        drawn = generator(1, 3).integers(0, n, size=(200, n))
        weights = np.stack([np.bincount(each, minlength=n) for each in drawn]).astype(float)
        found = sobol_indices(*(ishigami(x)[:, None] for x in (a, b, mixed)), weights)
        assert found.total_lo[0] < found.total[0] < found.total_hi[0]
        widths.append(found.total_hi[0] - found.total_lo[0])
    assert widths[1] < widths[0] / 2


def test_design_is_balanced_and_repeatable() -> None:
    a, b = saltelli(64, 3, seed=9)
    for points in (a, b):
        for column in points.T:
            # one point in each of 64 equal parts, up to the turn
            assert len(set(np.floor(((column - column.min()) % 1.0) * 64 + 1e-9))) == 64
    again, _ = saltelli(64, 3, seed=9)
    other, _ = saltelli(64, 3, seed=10)
    np.testing.assert_array_equal(a, again)
    assert not np.allclose(a, other)
    for n in (0, 1, 100):
        with pytest.raises(UsageError, match="power of two"):
            saltelli(n, 2, 1)


TABLE = pl.DataFrame(
    {"who": list("pqrstu"), "x": [1.0, 2, 5, 7, 4, 9], "y": [9.0, 4, 5, 1, 2, 7], "z": [3.0, 8, 1, 2, 9, 4]}
)


def test_one_factor_explains_all_of_it() -> None:
    composite = small(vary=co.Vary(aggregate=("copeland",)))
    found = co.sensitivity(TABLE, composite, base=1024, seed=1)
    assert found.shift["factor"].to_list() == ["aggregate"]
    assert found.shift["first"].item() == pytest.approx(1, abs=0.02)
    assert found.shift["total"].item() == pytest.approx(1, abs=0.02)
    assert found.evaluations == 1024 * 3


def test_by_unit_and_for_all_units() -> None:
    composite = small(vary=co.Vary(weight_noise=0.9, exclude=("x", "y"), aggregate=("copeland",)))
    found = co.sensitivity(TABLE, composite, base=64, seed=1)
    assert found.shift.height == 3
    assert found.ranks.height == 18
    known = found.ranks.filter(pl.col("flag").is_null())
    assert known["total"].min() >= 0
    assert (found.shift["total_lo"] <= found.shift["total"]).all()
    assert found.shift["total"].sum() > 0.9
    again = co.sensitivity(TABLE, composite, base=64, seed=1)
    assert again.ranks.equals(found.ranks)
    assert not co.sensitivity(TABLE, composite, base=64, seed=2).ranks.equals(found.ranks)


def test_a_rank_that_never_moves_has_no_indices() -> None:
    top = TABLE.with_columns(
        pl.when(pl.col("who") == "p").then(99.0).otherwise(pl.col("x", "y", "z")).name.keep()
    )
    found = co.sensitivity(top, small(vary=co.Vary(weight_noise=0.9)), base=64)
    first = found.ranks.filter(who="p")
    assert first["flag"].item() == "no_variance"
    assert first["total"].item() is None


def test_a_unit_without_a_rank_in_some_draw_has_no_indices() -> None:
    table = TABLE.with_columns(z=pl.when(pl.col("who") == "q").then(None).otherwise("z"))
    composite = small(
        impute=co.Impute(), floor=0.5, vary=co.Vary(impute=(co.Impute(method="mean"),), weights=("pca",))
    )
    found = co.sensitivity(table, composite, base=32)
    # parts that oppose one another have no principal component in common: no ranks in half of the draws
    assert set(found.ranks["flag"]) == {"null_draws"}
    assert found.shift["flag"].to_list() == ["null_draws"] * 2
