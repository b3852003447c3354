"""The null keeps both margins, and is drawn as likely as it says: against all matrices that there are, and
against the ensemble that keeps the sizes of works exactly and the totals of members on average."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from trendcore.uncertainty.calibrating import SWEEPS
from trendcore.uncertainty.meetings import MEMBERS_A_MEETING, meetings
from trendcore_kernels import dispatch

Sets = Sequence[Sequence[int]]
KEY = 0x0123456789ABCDEF


def joint(sets: Sets, n_draws: int, sweeps: int = SWEEPS, key: int = KEY) -> Any:
    """Joint works of all pairs in draws of the null: (n_draws, n_pairs)."""
    sizes = np.array([len(each) for each in sets])
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    codes = np.array([code for each in sets for code in each], dtype=np.uint8)
    n_members = int(codes.max()) + 1
    met = meetings(sizes, sweeps, key, "cpu")
    pairs = np.triu_indices(n_members, 1)
    draws = np.arange(n_draws)
    return dispatch.get("null_joint", "cpu")(
        draws, met.rounds, met.works, offsets, codes, *pairs, n_members, key
    )


def matrices(totals: tuple[int, ...], sizes: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Every way to put members in works that keeps both margins: the member set of each work."""
    if not sizes:
        if not any(totals):
            yield ()
        return
    there = [member for member, left in enumerate(totals) if left]
    for some in combinations(there, sizes[0]):
        left = tuple(total - (member in some) for member, total in enumerate(totals))
        for rest in matrices(left, sizes[1:]):
            yield (some, *rest)


def joint_of(sets: Sets, n_members: int) -> tuple[int, ...]:
    met = Counter(pair for each in sets for pair in combinations(sorted(each), 2))
    return tuple(met[pair] for pair in combinations(range(n_members), 2))


SMALL: dict[str, Sets] = {
    "pairs": [[0, 1], [0, 1], [0, 2], [2, 3], [2, 3]],
    "two works": [[0, 1], [2, 3]],
    "three works": [[0, 1, 2], [0, 1], [3, 4]],
    "works of all sizes": [[0, 1, 2, 3], [0, 1, 2], [0, 4], [4, 5], [3]],
    "a member in nearly every work": [[0, 1], [0, 1], [0, 2], [0, 3], [1, 2]],
    "one work far larger": [[0, 1, 2, 3, 4], [0, 5], [1, 5], [2, 6], [5, 6], [3, 5]],
    "works alone": [[0, 1], [0, 1], [2], [3], [3]],
}


@pytest.mark.parametrize("name", SMALL)
def test_every_matrix_is_as_likely(name: str) -> None:
    """Of 40,000 draws, by what of a matrix can be seen: how many works each pair has."""
    sets = SMALL[name]
    n_members = max(map(max, sets)) + 1
    totals = tuple(sum(member in each for each in sets) for member in range(n_members))
    ways = Counter(joint_of(each, n_members) for each in matrices(totals, tuple(len(each) for each in sets)))
    assert len(ways) > 1
    n_draws = 40_000
    found = Counter(map(tuple, joint(sets, n_draws).tolist()))
    assert set(found) <= set(ways)
    expected = np.array([n_draws * n / sum(ways.values()) for n in ways.values()])
    assert expected.min() > 5
    assert stats.chisquare([found[each] for each in ways], expected).pvalue > 1e-3


def test_too_few_sweeps_are_seen() -> None:
    """The same test finds draws that still remember the works as they are."""
    sets = SMALL["works of all sizes"]
    totals = tuple(sum(member in each for each in sets) for member in range(6))
    ways = Counter(joint_of(each, 6) for each in matrices(totals, tuple(map(len, sets))))
    found = Counter(map(tuple, joint(sets, 40_000, sweeps=1).tolist()))
    expected = np.array([40_000 * n / sum(ways.values()) for n in ways.values()])
    assert stats.chisquare([found[each] for each in ways], expected).pvalue < 1e-9


def works_of(rng: np.random.Generator, n: int, n_members: int, sizes: Sequence[int], skew: float) -> Sets:
    """Draw works of two blocs that hardly meet: far from the null."""
    weights = 1 / np.arange(1, n_members + 1) ** skew
    works = []
    for size in rng.choice(sizes, n):
        own = weights * np.where(np.arange(n_members) % 2 == rng.integers(2), 1, 0.02)
        works.append(np.sort(rng.choice(n_members, size, replace=False, p=own / own.sum())).tolist())
    return works


@given(st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_both_margins_are_kept(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pairs = works_of(rng, 40, 12, [2], 1.0)
    strengths = np.zeros((64, 12), dtype=np.int64)
    drawn = joint([*pairs, [0, 11]], 64)
    for column, ends in enumerate(zip(*np.triu_indices(12, 1), strict=True)):
        for member in ends:
            strengths[:, member] += drawn[:, column]
    totals = np.bincount(np.concatenate([*pairs, [0, 11]]), minlength=12)
    assert (strengths == totals).all()  # of works of two, a member has as many links as works
    sets = works_of(rng, 40, 12, [1, 2, 3, 5, 9], 1.0)
    n = np.array(list(map(len, sets)))
    assert (joint(sets, 64).sum(axis=1) == (n * (n - 1) // 2).sum()).all()


def sums_of_products(x: Any, most: int) -> Any:
    """Elementary symmetric polynomials e_0 to e_most of x, by the usual recurrence."""
    e = np.zeros(most + 1)
    e[0] = 1
    for value in x:
        e[1:] += value * e[:-1].copy()
    return e


def mean_joint(sets: Sets, n_members: int) -> Any:
    """Means where work sizes are exact and totals hold on average: sets as likely as the product of weights.

    That ensemble is the null's but for the fluctuation of the totals, which is small with many works.
    """
    totals = np.bincount(np.concatenate(sets), minlength=n_members).astype(float)
    sizes = Counter(map(len, sets))
    most = max(sizes)
    x = totals / totals.sum()
    for _ in range(300):
        e = sums_of_products(x, most)
        without = np.array([sums_of_products(np.delete(x, i), most) for i in range(n_members)])
        expected = sum(n * x * without[:, size - 1] / e[size] for size, n in sizes.items())
        x *= totals / expected
    e = sums_of_products(x, most)
    means = []
    for i, j in combinations(range(n_members), 2):
        left = sums_of_products(np.delete(x, [i, j]), most)
        means.append(sum(n * x[i] * x[j] * left[size - 2] / e[size] for size, n in sizes.items() if size > 1))
    return np.array(means)


@pytest.mark.parametrize("sizes", [[2], [2, 2, 2, 3, 4], [1, 2, 3, 8]])
def test_means_are_those_of_maximum_entropy(sizes: list[int]) -> None:
    sets = works_of(np.random.default_rng(8), 4000, 16, sizes, 1.0)
    drawn = joint(sets, 2048)
    error = drawn.std(axis=0) / np.sqrt(2048)
    off = drawn.mean(axis=0) - mean_joint(sets, 16)
    assert np.abs(off / (4 * error + 0.002 * drawn.mean(axis=0) + 0.02)).max() < 1
    apart = joint_of(sets, 16) - drawn.mean(axis=0)
    assert np.abs(apart / drawn.std(axis=0)).max() > 10  # the works themselves are far from it


def test_draws_forget_the_works_as_they_are() -> None:
    """Means and spreads settle well before the default number of sweeps; works of 40 members too."""
    rng = np.random.default_rng(4)
    sets = [list(range(40))] * 60 + list(works_of(rng, 900, 120, [2, 2, 2, 3], 1.1))
    settled = joint(sets, 2048, sweeps=4 * SWEEPS, key=1)
    some = settled.mean(axis=0) >= 1
    distance = []
    for sweeps in (1, 8, SWEEPS // 2, SWEEPS):
        drawn = joint(sets, 2048, sweeps=sweeps, key=2)
        error = np.sqrt((drawn.var(axis=0) + settled.var(axis=0)) / 2048)
        gap = (drawn.mean(axis=0) - settled.mean(axis=0))[some] / error[some]
        distance.append(float(np.sqrt((gap**2).mean())))
        if sweeps >= SWEEPS // 2:
            assert np.abs(gap).max() < 5.5
            spread = drawn.std(axis=0)[some] / settled.std(axis=0)[some]
            assert np.median(spread) == pytest.approx(1, abs=0.01)
    assert distance[0] > 10 > distance[1] > 1.5
    assert distance[2:] == pytest.approx([1, 1], abs=0.08)


def test_draws_are_independent() -> None:
    """Joint works of draws that follow one another are not correlated, though works meet alike in all."""
    drawn = joint(works_of(np.random.default_rng(1), 300, 8, [2, 3], 0.5), 8192).astype(float)
    for column in drawn.T:
        assert abs(np.corrcoef(column[:-1], column[1:])[0, 1]) < 4.5 / np.sqrt(len(column))


def test_nobody_meets_twice_in_a_round_and_large_works_meet_more() -> None:
    sizes = np.random.default_rng(2).choice([1, 2, 3, 4, 5, 9, 17], size=61)
    met = meetings(sizes, 3, KEY, "reference")
    times = np.bincount(met.works.ravel(), minlength=61)
    for start, stop in zip(met.rounds[:-1], met.rounds[1:], strict=True):
        assert len(set(met.works[start:stop].ravel().tolist())) == 2 * (stop - start)
    assert (times >= 3 * (-(-sizes // MEMBERS_A_MEETING) - 1)).all()
    assert (times[sizes <= MEMBERS_A_MEETING] <= 3 * 5).all()
    assert len(met.rounds) == 1 + 3 * 5


def test_large_works_that_find_no_small_one_meet_one_another() -> None:
    met = meetings(np.array([9, 9, 9, 9, 2]), 1, KEY, "reference")
    assert np.diff(met.rounds).tolist() == [2, 2, 2]


@pytest.mark.parametrize("n", [0, 1])
def test_a_work_alone_meets_nobody(n: int) -> None:
    met = meetings(np.full(n, 3), 5, KEY, "cpu")
    assert met.rounds.tolist() == [0]
    assert met.works.shape == (0, 2)
