"""Draws of the bootstrap: exact thresholds, the right distribution, the same however they are cut."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from support.kernels import threads
from support.kernels_draws import KEYS, ROWS, tables
from support.kernels_draws import poisson_draws as patterns

from trendcore_kernels import dispatch
from trendcore_kernels.poisson import poisson_tables
from trendcore_kernels.reference.poisson_draws import _word
from trendcore_kernels.spec.draws import TOP_LEVEL

FEW = settings(deadline=None, max_examples=8, suppress_health_check=list(HealthCheck))
WORDS = 1 << 64


def draw(backend: str, key: Any, n: Any, seed: int, first: int, n_replicates: int, **other: Any) -> Any:
    arrays = {**tables(), **other}
    parts = (arrays[name] for name in ("thresholds", "starts", "least"))
    key, n = np.array(key, dtype=np.uint64), np.array(n, dtype=np.int64)
    return dispatch.get("poisson_draws", backend)(key, n, *parts, seed, first, n_replicates)


def level_of(level: int) -> tuple[Any, int]:
    """Thresholds of a level, and the least number of works."""
    found = poisson_tables()
    return found.thresholds[found.starts[level] : found.starts[level + 1]], int(found.least[level])


# ---------------------------------------------------------------------------------------------- thresholds


@pytest.mark.parametrize("level", [0, 1, 2, 4, 9])
def test_thresholds_are_exact(level: int) -> None:
    """floor(2^64 P(X <= k)), with the exponential taken to 200 digits."""
    rate = 1 << level
    thresholds, least = level_of(level)
    with localcontext() as context:
        context.prec = 200
        term = Decimal(-rate).exp()
        total = Decimal(0)
        expected = []
        for k in range(least + len(thresholds) + 1):
            total += term
            expected.append(int(total * WORDS))
            term = term * rate / (k + 1)
    assert set(expected[:least]) <= {0}
    assert [int(threshold) for threshold in thresholds] == expected[least:-1]
    assert expected[-1] == WORDS - 1


def test_levels_ascend_from_one_to_the_next() -> None:
    found = poisson_tables()
    assert len(found.starts) == TOP_LEVEL + 2
    assert (found.starts[0], found.starts[-1]) == (0, len(found.thresholds))
    for level in range(TOP_LEVEL + 1):
        thresholds, least = level_of(level)
        assert (np.diff(thresholds.astype(object)) >= 0).all()
        assert 0 <= least < 1 << level or level == 0
        middle = least + int(np.searchsorted(thresholds, np.uint64(WORDS // 2)))
        assert abs(middle - (1 << level)) <= 1


# ---------------------------------------------------------------------------------------------- distribution


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 13, 100, 1000])
def test_draws_are_poisson(n: int) -> None:
    """Chi-square of 10^5 draws, in bins that 20 draws or more are expected in."""
    drawn = draw("cpu", np.arange(100), np.full(100, n), 7, 0, 1000).ravel()
    expected = stats.poisson.pmf(np.arange(drawn.max() + 200), n) * drawn.size
    inner = np.flatnonzero(expected >= 20)
    low, high = int(inner[0]), int(inner[-1])
    counts = np.bincount(np.clip(drawn, low, high) - low, minlength=high - low + 1)
    bins = expected[low : high + 1].copy()
    bins[0] = stats.poisson.cdf(low, n) * drawn.size
    bins[-1] = stats.poisson.sf(high - 1, n) * drawn.size
    assert stats.chisquare(counts, bins, sum_check=False).pvalue > 1e-3


@pytest.mark.parametrize("n", [70_000, 1_000_000])
def test_mean_and_variance_of_many_works(n: int) -> None:
    drawn = draw("cpu", np.arange(20), np.full(20, n), 3, 0, 1000).ravel().astype(np.float64)
    assert abs(drawn.mean() - n) < 4 * np.sqrt(n / drawn.size)
    assert abs(drawn.var() / n - 1) < 4 * np.sqrt(2 / drawn.size)


@pytest.mark.parametrize("n", [1, 6])
def test_replicates_patterns_and_seeds_are_independent(n: int) -> None:
    keys = np.arange(200)
    one, other = (draw("cpu", keys, np.full(200, n), seed, 0, 500) for seed in (1, 2))
    pairs = {
        "replicates of a block": (one[:, ::2], one[:, 1::2]),
        "replicates": (one[:, 1:-1:2], one[:, 2::2]),
        "patterns": (one[:-1], one[1:]),
        "seeds": (one, other),
    }
    for name, (left, right) in pairs.items():
        correlation = np.corrcoef(left.ravel(), right.ravel())[0, 1]
        assert abs(correlation) < 4 / np.sqrt(left.size), name


# ---------------------------------------------------------------------------------------------- how it is cut


@given(case=patterns(5), data=st.data())
@FEW
def test_any_window_and_any_order_give_the_same(backend: str, case: Any, data: st.DataObject) -> None:
    given_ = case.values
    key, n, seed, first = (given_[name] for name in ("key", "n", "seed", "first"))
    whole = draw(backend, key, n, seed, first, 7)
    cut = data.draw(st.integers(0, 7))
    parts = [draw(backend, key, n, seed, first, cut), draw(backend, key, n, seed, first + cut, 7 - cut)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)
    order = data.draw(st.permutations(range(len(key))))
    np.testing.assert_array_equal(draw(backend, key[order], n[order], seed, first, 7), whole[order])


@pytest.mark.parametrize("first", [0, 1023])
def test_more_replicates_than_words_are_made_of_at_once(first: int) -> None:
    key, n = [KEYS[4], KEYS[4], 9], [5, 5, 64]
    expected = draw("reference", key, n, 11, first, 2051)
    for n_threads in (1, 2):
        with threads(n_threads):
            np.testing.assert_array_equal(draw("cpu", key, n, 11, first, 2051), expected)
    np.testing.assert_array_equal(expected[0], expected[1])


def test_seed_key_and_replicate_have_all_their_bits(backend: str) -> None:
    """Each bit of what a word is of changes the words."""
    key, seed, first = 0x0123456789ABCDEF, 0xFEDCBA9876543210, 1 << 20
    base = draw(backend, [key], [200], seed, first, 6)
    for bit in range(64):
        assert (draw(backend, [key ^ 1 << bit], [200], seed, first, 6) != base).any()
        assert (draw(backend, [key], [200], seed ^ 1 << bit, first, 6) != base).any()
    for bit in range(3, 32):
        assert (draw(backend, [key], [200], seed, first ^ 1 << bit, 6) != base).any()


# ---------------------------------------------------------------------------------------------- equal words


@pytest.mark.parametrize("level", [0, 5, 6, TOP_LEVEL])
@pytest.mark.parametrize("replicate", [0, 1])
def test_a_word_equal_to_a_threshold_is_not_below_it(backend: str, level: int, replicate: int) -> None:
    """Thresholds are put around the very word that is drawn."""
    for key in range(20):
        word = _word(key, replicate, level, 5)
        around = [word - 2, word - 1, word, word + 1, word + 2]
        upper = [(word >> 32) - 1 << 32, word >> 32 << 32, (word >> 32) + 1 << 32]
        for values in (around, upper, around[:2], around[3:], around[2:3]):
            thresholds = np.array(values, dtype=np.uint64)
            starts = np.array([0] * (level + 1) + [len(values)] * (TOP_LEVEL + 1 - level))
            least = np.full(TOP_LEVEL + 1, 100)
            own = {"thresholds": thresholds, "starts": starts, "least": least}
            found = draw(backend, [key], [1 << level], 5, replicate, 1, **own)
            assert found.tolist() == [[100 + sum(word >= value for value in values)]]


@pytest.mark.parametrize("level", range(TOP_LEVEL + 1))
def test_words_beside_every_threshold(level: int) -> None:
    from trendcore_kernels.cpu import poisson_draws as cpu

    thresholds, least = level_of(level)
    near = [thresholds - np.uint64(1), thresholds, thresholds + np.uint64(1)]
    halves = [thresholds >> np.uint64(32) << np.uint64(32), thresholds | np.uint64(0xFFFFFFFF)]
    words = np.concatenate([*near, *halves, np.array([0, 1, WORDS - 2, WORDS - 1], dtype=np.uint64)])
    upper, lower = (words >> np.uint64(32)).astype(np.uint32), words.astype(np.uint32)
    out = np.full(len(words), 3, dtype=np.int32)
    if level < cpu._COMPARED:
        # one at a time, so that no word makes the others be looked at again
        tops = (thresholds >> np.uint64(32)).astype(np.uint32)
        for i in range(len(words)):
            one = slice(i, i + 1)
            cpu._compare(upper[one], lower[one], thresholds, tops, least, out[one])
        together = np.full(len(words), 3, dtype=np.int32)
        cpu._compare(upper, lower, thresholds, tops, least, together)
        np.testing.assert_array_equal(together, out)
    else:
        guide = np.zeros((1 << cpu._LOOKED) + 1, dtype=np.int32)
        cpu._guide(thresholds, guide)
        cpu._look_up(upper, lower, thresholds, guide, least, out)
    for start in range(0, len(words), 500):
        some = slice(start, start + 500)
        expected = 3 + least + (words[some, None] >= thresholds).sum(axis=1)
        np.testing.assert_array_equal(out[some], expected)


# -------------------------------------------------------------------------------------------- sums and ranks


def test_sums_are_of_64_bits(backend: str) -> None:
    draws = np.array([[(1 << 31) - 1, 1], [1, 0]], dtype=np.int32)
    offsets, entries = np.array([0, 2, 2, 4]), np.array([0, 1, 0, 0], dtype=np.int32)
    times = np.array([1 << 32, -7, -(1 << 31), 1 << 31])
    found = dispatch.get("replicate_sums", backend)(offsets, entries, times, draws)
    assert found.tolist() == [[((1 << 31) - 1 << 32) - 7, 1 << 32], [0, 0], [0, 0]]


@pytest.mark.parametrize("kind", range(len(ROWS)))
def test_every_rank_of_a_long_row(backend: str, kind: int) -> None:
    """Against a full sort, to the bit: 0 and NaN too."""
    n = 1000 if backend == "cpu" else 200
    row = np.array(ROWS[kind](np.random.default_rng(kind), n), dtype=np.float64)
    ordered = np.sort(row) + 0.0
    ordered[np.isnan(ordered)] = np.nan
    found = dispatch.get("order_statistics", backend)(row[None], np.arange(-1, n + 1)[None])[0]
    np.testing.assert_array_equal(found[1:-1].view(np.int64), ordered.view(np.int64))
    assert np.isnan(found[[0, -1]]).all()


def test_standing_of_numbers_that_are_not_ordinary(backend: str) -> None:
    values = np.tile([-np.inf, -0.0, 0.0, 5e-324, np.inf, np.nan], (5, 1))
    at = np.array([0.0, -0.0, np.inf, -np.inf, np.nan])
    found = dispatch.get("standing", backend)(values, at)
    assert found.tolist() == [[1, 2, 1], [1, 2, 1], [4, 1, 1], [0, 1, 1], [0, 0, 1]]
