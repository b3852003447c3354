"""Sums that must add up exactly, networks with known counts, dense against sparse, and the widest numbers."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import comb, isqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from support.cases import OF_WORKS
from support.kernels import TYPES, Work, World, arrays, threads, worlds

from trendcore_kernels import dispatch
from trendcore_kernels.spec import ONE, Credit, Weighting, pair_column

QUICK = settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))


def run(kernel: str, backend: str, world: World) -> Any:
    return dispatch.get(kernel, backend)(*world.arguments(kernel))


def world_of(members: list[list[int]], n_members: int, **how: Any) -> World:
    """Make works of one cell; units stand for the members, with equal shares."""
    works = [
        Work(0, one, [], one, [ONE // len(one)] * len(one) if one else [], one[0] if one else 0)
        for one in members
    ]
    dtype = TYPES[0] if n_members <= 255 else TYPES[1]
    return World(works, dtype, 1, n_members, **how)


# ---------------------------------------------------------------------------------------------- what adds up


@given(world=worlds())
@QUICK
def test_whole_counts_fit_together(backend: str, world: World) -> None:
    tally = run("tally_dense", backend, world)
    assert int(tally.works.sum()) == len(world.works)
    np.testing.assert_array_equal(tally.member_works.sum(axis=1), tally.sum_n)
    np.testing.assert_array_equal(2 * tally.joint.sum(axis=1), tally.sum_pairs)
    np.testing.assert_array_equal(tally.fractional.sum(axis=1), tally.works_known * ONE)
    n = np.array([len({code for code in work.members if code < world.n_members}) for work in world.works])
    assert int(tally.bilateral.sum()) == int((n == 2).sum())
    assert (tally.works_intl <= tally.works_known).all()
    assert (tally.works_known <= tally.works).all()
    assert (tally.member_intl <= tally.member_works).all()


@pytest.mark.parametrize("credit", [Credit.COUNTRY, Credit.COMPLETE_NORMALISED, Credit.AUTHOR])
@given(world=worlds())
@QUICK
def test_renormalised_credits_add_up_to_one_a_work(backend: str, credit: Credit, world: World) -> None:
    world = replace(world, credit=credit, keep_unknown=False)
    known = run("tally_dense", "reference", world).works_known
    dense = run("add_credits_dense", backend, world)
    np.testing.assert_array_equal(dense.sum(axis=1), known * ONE)


@given(world=worlds())
@QUICK
def test_weights_add_up(backend: str, world: World) -> None:
    tally = run("tally_dense", "reference", world)
    sets = run("member_sets", "reference", world)
    n = np.diff(sets.offsets)
    newman = run("weigh_dense", backend, replace(world, weighting=Weighting.NEWMAN))
    assert int(newman.sum()) == int(n[n >= 2].sum()) * ONE // 2
    pair = run("weigh_dense", backend, replace(world, weighting=Weighting.PAIR))
    np.testing.assert_array_equal(pair.sum(axis=1), tally.works_intl * ONE)


@given(world=worlds())
@QUICK
def test_link_strength_of_a_work_is_one(backend: str, world: World) -> None:
    """Newman weights of a member's pairs add up to its international works, but for the remainders."""
    world = replace(world, weighting=Weighting.NEWMAN)
    tally = run("tally_dense", "reference", world)
    weights = run("weigh_dense", backend, world)
    network = np.zeros((world.n_cells, world.n_members, world.n_members), dtype=np.int64)
    network[:, *np.triu_indices(world.n_members, 1)] = weights
    strength = network.sum(axis=1) + network.sum(axis=2)
    off = np.abs(strength - tally.member_intl * ONE)
    assert (off <= tally.member_intl * world.n_members).all()


# -------------------------------------------------------------------------------------------- known networks


@pytest.mark.parametrize("n", [2, 3, 12, 200])
def test_complete_uniform_network(backend: str, n: int) -> None:
    world = world_of([list(pair) for pair in combinations(range(n), 2)], n)
    tally = run("tally_dense", backend, world)
    assert (tally.joint == 1).all()
    assert (tally.member_intl == n - 1).all()
    assert (tally.member_works == n - 1).all()
    assert int(tally.works_intl[0]) == comb(n, 2)
    assert (run("weigh_dense", backend, world) == ONE).all()


def test_no_works_no_cells_no_members(backend: str) -> None:
    nothing = World([], np.dtype(np.uint8), 0, 0)
    unknown = World([Work(0, [0, 255], [255], [255], [ONE], 255), Work(1, [], [], [], [], 0)], TYPES[0], 2, 0)
    for kernel in OF_WORKS:
        for world in (nothing, unknown):
            expected = arrays(run(kernel, "reference", world))
            for n in (1, 2):
                with threads(n):
                    for name, array in arrays(run(kernel, backend, world)).items():
                        assert array.shape == expected[name].shape
                        np.testing.assert_array_equal(array, expected[name])
    assert run("tally_sparse", backend, unknown).works.tolist() == [1, 1]
    assert run("directed_sparse", backend, unknown).works.tolist() == [1, 1]


# -------------------------------------------------------------------------------------- dense against sparse


@given(world=worlds())
@QUICK
def test_dense_is_sparse(backend: str, world: World) -> None:
    dense, sparse = run("tally_dense", backend, world), run("tally_sparse", backend, world)
    for name in ("works", "works_known", "works_intl", "sum_n", "sum_pairs"):
        np.testing.assert_array_equal(getattr(dense, name), getattr(sparse, name))
    columns = pair_column(sparse.a, sparse.b, world.n_members)
    check_rows(dense.member_works, (sparse.member_cell, sparse.member), sparse.member_works)
    check_rows(dense.member_intl, (sparse.member_cell, sparse.member), sparse.member_intl)
    check_rows(dense.joint, (sparse.pair_cell, columns), sparse.joint)
    added = run("add_credits_sparse", backend, world)
    check_rows(run("add_credits_dense", backend, world), (sparse.member_cell, sparse.member), added)
    weights = run("weigh_sparse", backend, world)
    check_rows(run("weigh_dense", backend, world), (sparse.pair_cell, columns), weights)


@given(world=worlds())
@QUICK
def test_directed_dense_is_sparse(backend: str, world: World) -> None:
    dense, sparse = run("directed_dense", backend, world), run("directed_sparse", backend, world)
    rows = sparse.member_cell, sparse.member
    for name in ("member_works", "partner_works", "works_abroad", "partner_abroad"):
        check_rows(getattr(dense, name), rows, getattr(sparse, name))
    check_rows(dense.joint, (sparse.pair_cell, sparse.a, sparse.b), sparse.joint)
    np.testing.assert_array_equal(dense.works_known, sparse.works_known)


def check_rows(dense: Any, rows: tuple[Any, ...], values: Any) -> None:
    rebuilt = np.zeros_like(dense)
    rebuilt[rows] = values
    np.testing.assert_array_equal(dense, rebuilt)


@given(world=worlds(max_works=6))
@QUICK
def test_directed_of_a_side_with_itself_is_the_tally(backend: str, world: World) -> None:
    works = [replace(work, partners=work.members) for work in world.works]
    world = replace(world, works=works)
    tally, directed = run("tally_dense", backend, world), run("directed_dense", backend, world)
    upper = np.triu_indices(world.n_members, 1)
    np.testing.assert_array_equal(directed.joint[:, *upper], tally.joint)
    np.testing.assert_array_equal(directed.joint, directed.joint.transpose(0, 2, 1))
    np.testing.assert_array_equal(directed.works_abroad, tally.member_intl)
    np.testing.assert_array_equal(directed.partner_works, tally.member_works)


# ---------------------------------------------------------------------------------------- the widest numbers


@pytest.mark.parametrize("keep_unknown", [False, True])
@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([ONE, 0], [ONE, 0]),
        ([0, ONE], [0, ONE]),
        ([ONE - 1, 1], [ONE - 1, 1]),
        ([1, ONE - 1], [1, ONE - 1]),
        ([ONE // 4 + 1, ONE * 3 // 4 - 1], [ONE // 4 + 1, ONE * 3 // 4 - 1]),  # a root that floats round up
    ],
)
def test_shares_at_their_bounds(
    backend: str, keep_unknown: bool, shares: list[int], expected: list[int]
) -> None:
    work = Work(0, [0, 1], [], [0, 1], shares, 0)
    world = World([work], TYPES[0], 1, 2, credit=Credit.AUTHOR, keep_unknown=keep_unknown)
    assert run("credits", backend, world).tolist() == expected
    roots = run("credits", backend, replace(world, credit=Credit.MODIFIED)).tolist()
    assert roots == [isqrt(share * ONE) for share in expected]
    weights = {
        weighting: int(run("weigh_dense", backend, replace(world, weighting=weighting))[0, 0])
        for weighting in Weighting
    }
    x, y = expected
    assert weights[Weighting.SHARE] == 2 * x * y // ONE
    assert weights[Weighting.NATURE] == x + y
    assert weights[Weighting.HARMONIC] == (4 * x * y + ONE) // (2 * ONE)


def test_one_unit_of_share(backend: str) -> None:
    """The least share there is: all of the work where it is the only known one, or a unit of it."""
    work = Work(0, [0, 255], [], [0, 255], [1, ONE - 1], 0)
    world = World([work], TYPES[0], 1, 2, credit=Credit.AUTHOR)
    assert run("credits", backend, world).tolist() == [ONE]
    assert run("credits", backend, replace(world, keep_unknown=True)).tolist() == [1]
    modified = replace(world, credit=Credit.MODIFIED, keep_unknown=True)
    assert run("credits", backend, modified).tolist() == [1 << 16]


def test_halves_are_the_widest_products(backend: str) -> None:
    world = world_of([[0, 1]], 2, credit=Credit.COUNTRY)
    for weighting in Weighting:
        expected = ONE // 2 if weighting in (Weighting.SHARE, Weighting.HARMONIC) else ONE
        assert run("weigh_dense", backend, replace(world, weighting=weighting)).tolist() == [[expected]]


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [(1, 3, 2), (3, 1, 2), (1, 1, 1), (1, 2, 1), (2, 3, 2), (3, 5, 4), (0, 0, 0), (0, 1, 0)],
)
def test_harmonic_means_are_rounded_half_up(backend: str, x: int, y: int, expected: int) -> None:
    cell, *sets = world_of([[0, 1]], 2).arguments("weigh_dense")[:3]
    weigh = dispatch.get("weigh_dense", backend)
    assert weigh(cell, *sets, np.array([x, y]), 1, 2, Weighting.HARMONIC).tolist() == [[expected]]


def test_shares_that_are_not_known(backend: str) -> None:
    """Known shares of 0: renormalised as by country, kept as they are."""
    work = Work(0, [0, 1, 255], [], [0, 1, 255], [0, 0, ONE], 255)
    world = World([work], TYPES[0], 1, 2, credit=Credit.AUTHOR)
    assert run("credits", backend, world).tolist() == [ONE // 2, ONE // 2]
    assert run("credits", backend, replace(world, keep_unknown=True)).tolist() == [0, 0]
    assert run("credits", backend, replace(world, credit=Credit.STRAIGHT)).tolist() == [0, 0]
    complete = replace(world, credit=Credit.COMPLETE_NORMALISED, keep_unknown=True)
    assert run("credits", backend, complete).tolist() == [ONE // 3, ONE // 3]


def test_ties_go_to_the_lower_code(backend: str) -> None:
    world = world_of([[4, 2, 0]], 5, credit=Credit.COUNTRY)
    assert ONE % 3 == 1
    assert run("credits", backend, world).tolist() == [ONE // 3 + 1, ONE // 3, ONE // 3]
    weights = run("weigh_sparse", backend, replace(world, weighting=Weighting.PAIR))
    assert weights.tolist() == [ONE // 3 + 1, ONE // 3, ONE // 3]


@pytest.mark.parametrize("weighting", Weighting)
def test_a_work_of_400_members(backend: str, weighting: Weighting) -> None:
    world = world_of([list(range(400))], 400, credit=Credit.AUTHOR, weighting=weighting)
    tally = run("tally_sparse", backend, world)
    assert len(tally.joint) == comb(400, 2)
    assert not tally.bilateral.any()
    assert (tally.joint == 1).all()
    assert (int(tally.sum_n[0]), int(tally.sum_pairs[0])) == (400, 400 * 399)
    assert int(run("add_credits_sparse", backend, world).sum()) == ONE
    weights = run("weigh_sparse", backend, world)
    np.testing.assert_array_equal(weights, run("weigh_sparse", "reference", world))
    total = {
        Weighting.NEWMAN: 200 * ONE,
        Weighting.PAIR: ONE,
        Weighting.NATURE: 399 * ONE,
    }
    if weighting in total:
        assert int(weights.sum()) == total[weighting]


@pytest.mark.parametrize("kernel", OF_WORKS)
def test_lists_longer_than_any_buffer(backend: str, kernel: str) -> None:
    rng = np.random.default_rng(3)
    n_members = 256 if "dense" in kernel else 400
    lists = [rng.integers(0, n_members + 9, size=size).tolist() for size in (900, 3, 70, 600, 0)]
    shares = [rng.multinomial(ONE, np.ones(len(one)) / len(one)).tolist() if one else [] for one in lists]
    works = [Work(0, one, one[::-1], one, own, 0) for one, own in zip(lists, shares, strict=True)]
    world = World(works, TYPES[1], 1, n_members, credit=Credit.AUTHOR, weighting=Weighting.PAIR)
    expected = arrays(run(kernel, "reference", world))
    for name, array in arrays(run(kernel, backend, world)).items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)


@pytest.mark.parametrize("kernel", OF_WORKS)
def test_thousands_of_works(backend: str, kernel: str) -> None:
    rng = np.random.default_rng(5)
    works = []
    for _ in range(2000):
        members = rng.zipf(1.5, size=rng.integers(0, 9)).clip(1, 60).tolist()
        shares = rng.multinomial(ONE, np.ones(len(members) + 1) / (len(members) + 1))[:-1].tolist()
        partners = rng.integers(0, 60, size=rng.integers(0, 3)).tolist()
        works.append(Work(int(rng.integers(40)), members, partners, members, shares, 3))
    world = World(works, TYPES[1], 40, 60, credit=Credit.AUTHOR, weighting=Weighting.SHARE)
    arguments = world.arguments(kernel)
    expected = arrays(dispatch.get(kernel, "reference")(*arguments))
    for n, private_bytes in ((1, 1 << 28), (2, 1 << 28), (2, 0)):
        with threads(n, private_bytes=private_bytes):
            for name, array in arrays(dispatch.get(kernel, backend)(*arguments)).items():
                np.testing.assert_array_equal(array, expected[name], err_msg=name)
