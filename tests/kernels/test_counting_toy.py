"""Counting in exact rationals: the toy of the formula sheet, and an oracle in fractions for any works.

Toy, by authors and their affiliations: d1 US | US | JP. d2 (US+JP) | KR. d3 JP | JP. d4 US | JP | KR | TW.
The expected values are the formula sheet's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.kernels import BOUNDED, Work, World, lists, shares

from trendcore_kernels import dispatch
from trendcore_kernels.spec import ONE, Credit, Weighting

JP, KR, TW, US, UNKNOWN = 0, 1, 2, 3, 255
AUTHORS = [
    [[US], [US], [JP]],
    [[US, JP], [KR]],
    [[JP], [JP]],
    [[US], [JP], [KR], [TW]],
]
CREDITS: dict[Credit, list[Fraction]] = {  # JP, KR, TW, US
    Credit.COMPLETE: [Fraction(5), Fraction(2), Fraction(1), Fraction(4)],
    Credit.COUNTRY: [Fraction(25, 12), Fraction(7, 12), Fraction(1, 4), Fraction(13, 12)],
    Credit.AUTHOR: [Fraction(11, 6), Fraction(3, 4), Fraction(1, 4), Fraction(7, 6)],
}
WEIGHTS: dict[Weighting, list[Fraction]] = {  # JP-US, KR-US, JP-TW, all pairs
    Weighting.NEWMAN: [Fraction(11, 6), Fraction(5, 6), Fraction(1, 3), Fraction(9, 2)],
    Weighting.PAIR: [Fraction(3, 2), Fraction(1, 2), Fraction(1, 6), Fraction(3)],
    Weighting.SHARE: [Fraction(25, 36), Fraction(3, 8), Fraction(1, 8), Fraction(131, 72)],
    Weighting.NATURE: [Fraction(2), Fraction(5, 4), Fraction(1, 2), Fraction(6)],
    Weighting.HARMONIC: [Fraction(17, 18), Fraction(7, 12), Fraction(1, 4), Fraction(103, 36)],
}
UNIT = Fraction(1, ONE)
QUICK = settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))


def toy() -> World:
    works = []
    for authors in AUTHORS:
        units = [country for author in authors for country in author]
        exact = [Fraction(1, len(authors) * len(author)) for author in authors for _ in author]
        works.append(Work(0, units, [], units, rounded(exact), units[0]))
    return World(works, np.dtype(np.uint8), 1, 4, credit=Credit.AUTHOR)


def rounded(parts: Sequence[Fraction]) -> list[int]:
    """Parts of a work in units of 2^-32, such that they add up."""
    bounds = [round(sum(parts[:i], Fraction(0)) * ONE) for i in range(len(parts) + 1)]
    return [high - low for low, high in pairwise(bounds)]


def run(kernel: str, backend: str, world: World) -> Any:
    return dispatch.get(kernel, backend)(*world.arguments(kernel))


# ------------------------------------------------------------------------------------------------ the oracle


def exact_credits(work: Work, members: Sequence[int], credit: Credit, keep: bool) -> list[Fraction]:
    """Credits of the members by the definitions, from the shares as given."""
    n = len(members)
    counts = [Fraction(work.units.count(member)) for member in members]
    pairs = list(zip(work.units, work.shares, strict=True))
    sums = [Fraction(sum(share for unit, share in pairs if unit == member)) for member in members]
    match credit:
        case Credit.COMPLETE:
            return counts
        case Credit.COMPLETE_NORMALISED:
            return over(counts, Fraction(len(work.units)) if keep else sum(counts, Fraction(0)), keep)
        case Credit.AUTHOR:
            return over(sums, Fraction(ONE) if keep else sum(sums, Fraction(0)), keep)
        case Credit.STRAIGHT:
            return [Fraction(member == work.first) for member in members]
        case _:
            return [Fraction(1, n)] * n


def over(parts: Sequence[Fraction], whole: Fraction, keep: bool) -> list[Fraction]:
    if not any(parts):
        return [Fraction(0)] * len(parts) if keep else [Fraction(1, len(parts))] * len(parts)
    return [part / whole for part in parts]


def exact_weight(n: int, x: Fraction, y: Fraction, weighting: Weighting) -> Fraction:
    """Weight of a pair with credits x and y among n members."""
    match weighting:
        case Weighting.NEWMAN:
            return Fraction(1, n - 1)
        case Weighting.PAIR:
            return Fraction(2, n * (n - 1))
        case Weighting.SHARE:
            return 2 * x * y
        case Weighting.NATURE:
            return x + y
        case Weighting.HARMONIC:
            return 2 * x * y / (x + y) if x + y else Fraction(0)


def members_of(world: World, work: Work) -> list[int]:
    return sorted({code for code in work.members if code < world.n_members})


def exact_weights(world: World, of_work: Any) -> dict[tuple[int, int], Fraction]:
    """Sum the weights of each pair; ``of_work`` gives the credits of a work's members."""
    sums: dict[tuple[int, int], Fraction] = defaultdict(Fraction)
    for place, work in enumerate(world.works):
        members = members_of(world, work)
        own = dict(zip(members, of_work(place, members), strict=True))
        for a, b in combinations(members, 2):
            sums[a, b] += exact_weight(len(members), own[a], own[b], world.weighting)
    return sums


# --------------------------------------------------------------------------------------------------- the toy


def test_whole_counts(backend: str) -> None:
    tally = run("tally_dense", backend, toy())
    assert tally.member_works.tolist() == [[4, 2, 1, 3]]
    assert tally.member_intl.tolist() == [[3, 2, 1, 3]]
    joint = dict(zip(combinations(range(4), 2), tally.joint[0].tolist(), strict=True))
    assert (joint[JP, US], joint[KR, US], joint[JP, TW], sum(joint.values())) == (3, 2, 1, 10)
    assert [int(x) for x in (tally.works[0], tally.works_known[0], tally.works_intl[0])] == [4, 4, 3]
    assert (tally.sum_n[0], tally.sum_pairs[0]) == (10, 20)


@pytest.mark.parametrize("credit", CREDITS)
def test_credits(backend: str, credit: Credit) -> None:
    found = run("add_credits_dense", backend, replace(toy(), credit=credit))[0].tolist()
    for value, exact in zip(found, CREDITS[credit], strict=True):
        assert abs(value * UNIT - exact) < 4 * UNIT  # four works
    if credit != Credit.COMPLETE:
        assert sum(found) == 4 * ONE


@pytest.mark.parametrize("weighting", WEIGHTS)
def test_weights(backend: str, weighting: Weighting) -> None:
    found = run("weigh_dense", backend, replace(toy(), weighting=weighting))[0].tolist()
    pairs = dict(zip(combinations(range(4), 2), found, strict=True))
    values = [pairs[JP, US], pairs[KR, US], pairs[JP, TW], sum(found)]
    exact = WEIGHTS[weighting]
    # a weight of credits is off by what these are off (each by less than a unit), and by its own rounding
    units = 3 if weighting in (Weighting.SHARE, Weighting.NATURE, Weighting.HARMONIC) else 1
    for value, expected in zip(values[:3], exact[:3], strict=True):
        assert abs(value * UNIT - expected) < 3 * units * UNIT  # three works of two members or more
    assert abs(values[3] * UNIT - exact[3]) < 10 * units * UNIT  # ten pairs of a work


@pytest.mark.parametrize("weighting", [Weighting.NEWMAN, Weighting.PAIR])
def test_weights_of_the_toy_add_up_exactly(backend: str, weighting: Weighting) -> None:
    found = run("weigh_dense", backend, replace(toy(), weighting=weighting))
    assert int(found.sum()) == WEIGHTS[weighting][3] * ONE


@pytest.mark.parametrize("weighting", WEIGHTS)
def test_the_oracle_knows_the_toy(weighting: Weighting) -> None:
    shares = [
        [Fraction(1, 3), Fraction(2, 3)],
        [Fraction(1, 4), Fraction(1, 2), Fraction(1, 4)],
        [Fraction(1)],
    ]
    shares.append([Fraction(1, 4)] * 4)
    sums = exact_weights(replace(toy(), weighting=weighting), lambda place, _: shares[place])
    assert [sums[JP, US], sums[KR, US], sums[JP, TW], sum(sums.values())] == WEIGHTS[weighting]


# ------------------------------------------------------------------------------------- the oracle, any works


@st.composite
def small_worlds(draw: st.DrawFn) -> World:
    works = []
    for _ in range(draw(st.integers(1, 5))):
        units = draw(lists(np.dtype(np.uint8), 6))
        first = draw(st.integers(0, 6))
        works.append(Work(0, units, [], units, draw(shares(len(units))), first))
    return World(works, np.dtype(np.uint8), 1, 6, keep_unknown=draw(st.booleans()))


def of_works(world: World, values: Any) -> Iterator[list[int]]:
    """Values of the entries of member sets, work by work."""
    start = 0
    for work in world.works:
        stop = start + len(members_of(world, work))
        yield values[start:stop].tolist()
        start = stop


@pytest.mark.parametrize("credit", [*BOUNDED, Credit.COMPLETE, Credit.MODIFIED])
@given(world=small_worlds())
@QUICK
def test_credits_agree_with_fractions(backend: str, credit: Credit, world: World) -> None:
    world = replace(world, credit=credit)
    for work, found in zip(world.works, of_works(world, run("credits", backend, world)), strict=True):
        if not found:
            continue
        base = Credit.AUTHOR if credit == Credit.MODIFIED else credit
        exact = exact_credits(work, members_of(world, work), base, world.keep_unknown)
        if credit == Credit.MODIFIED:
            for value, share in zip(found, exact, strict=True):  # off by the share's unit, then rounded down
                low, high = value**2, (value + 1) ** 2
                assert low - ONE < share * ONE**2 < high + ONE
            continue
        for value, share in zip(found, exact, strict=True):
            assert abs(value - share * ONE) < 1
        assert sum(found) == sum(exact) * ONE // 1


@pytest.mark.parametrize("weighting", Weighting)
@given(world=small_worlds(), credit=st.sampled_from(BOUNDED))
@QUICK
def test_weights_agree_with_fractions(
    backend: str, weighting: Weighting, credit: Credit, world: World
) -> None:
    world = replace(world, weighting=weighting, credit=credit)
    given = [[x * UNIT for x in own] for own in of_works(world, run("credits", "reference", world))]
    found = run("weigh_dense", backend, world)[0].tolist()
    exact = exact_weights(world, lambda place, _: given[place])
    allowed = Fraction(1, 2) if weighting == Weighting.HARMONIC else Fraction(1)
    for pair, value in zip(combinations(range(6), 2), found, strict=True):
        works = sum(set(pair) <= set(members_of(world, work)) for work in world.works)
        assert abs(value - exact[pair] * ONE) <= works * allowed
        if weighting == Weighting.NATURE:
            assert value == exact[pair] * ONE
