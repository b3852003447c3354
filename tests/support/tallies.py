"""The counts of a tally again, plain and slow: one work at a time, in Python's own numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

import polars as pl
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import trendcore as tc

ONE = 1 << 32
#: countries in and outside blocs
COUNTRIES = ["AU", "CA", "DE", "FR", "GB", "IN", "JP", "KR", "US", "ZA"]
FRAMES = ("pairs", "members", "totals")


def assert_same_tally(left: tc.Tally, right: tc.Tally) -> None:
    """Frames are equal to the bit, in types and in order, and so is how they were counted but the backend."""
    for name in (*FRAMES, "patterns"):
        ours, theirs = getattr(left, name), getattr(right, name)
        assert (ours is None) == (theirs is None), name
        if ours is not None:
            assert_frame_equal(ours, theirs, check_exact=True)
    for name in ("by", "kind", "counting", "credit", "unknown", "universe", "policy"):
        assert getattr(left.meta, name) == getattr(right.meta, name), name


def rows(frame: pl.DataFrame, n_keys: int) -> dict[Any, tuple[int, ...]]:
    """Counts of a frame by its first columns."""
    return {row[:n_keys]: row[n_keys:] for row in frame.iter_rows()}


def naive(works: Iterable[tuple[Any, Iterable[str | None]]]) -> dict[str, dict[Any, tuple[int, ...]]]:
    """Whole counts of works as (cell, members): by cell, by cell and member, by cell and pair, by set."""
    totals: dict[Any, list[int]] = {}
    members: Counter[Any] = Counter()
    abroad: Counter[Any] = Counter()
    pairs: Counter[Any] = Counter()
    patterns: Counter[Any] = Counter()
    for cell, listed in works:
        distinct = sorted({member for member in listed if member})
        n = len(distinct)
        total = totals.setdefault((cell,), [0] * 5)
        for at, add in enumerate((1, n > 0, n > 1, n, n * (n - 1))):
            total[at] += add
        for member in distinct:
            members[cell, member] += 1
            abroad[cell, member] += n > 1
        pairs.update((cell, a, b) for a, b in combinations(distinct, 2))
        patterns[cell, tuple(distinct)] += 1
    return {
        "totals": {key: tuple(total) for key, total in totals.items()},
        "members": {key: (count, abroad[key]) for key, count in members.items()},
        "pairs": {key: (count,) for key, count in pairs.items()},
        "patterns": {key: (count,) for key, count in patterns.items()},
    }


def author_credits(
    listed: Sequence[str | None], shares: Sequence[float], *, keep: bool = False
) -> dict[str, Fraction]:
    """Shares of the known members of one work, as fractions."""
    own: dict[str, Fraction] = {}
    for member, share in zip(listed, shares, strict=True):
        if member:
            own[member] = own.get(member, Fraction(0)) + Fraction(share)
    whole = Fraction(1) if keep else sum(own.values())
    if not whole:
        return {member: Fraction(1, len(own)) for member in own}
    return {member: share / whole for member, share in own.items()}


def pair_weight(name: str, n: int, x: Fraction, y: Fraction) -> Fraction:
    """Return what a work of n members adds to a pair of them with the credits x and y."""
    match name:
        case "newman":
            return Fraction(1, n - 1)
        case "pair":
            return Fraction(2, n * (n - 1))
        case "share":
            return 2 * x * y
        case "nature":
            return x + y
        case "harmonic":
            return 2 * x * y / (x + y) if x + y else Fraction(0)
        case "bilateral":
            return Fraction(n == 2)
    raise AssertionError(name)


def works_frame(works: Sequence[tuple[str, int, list[str | None]]]) -> pl.DataFrame:
    """Frame of works given as field, year and countries."""
    schema = {"field": pl.String, "year": pl.Int16, "countries": pl.List(pl.String)}
    return pl.DataFrame(works, schema=schema, orient="row")


def members(names: Sequence[str] = COUNTRIES, *, most: int = 6) -> st.SearchStrategy[list[str | None]]:
    """Lists of members: some repeat, some are unknown, most works have few."""
    return st.lists(st.sampled_from([*names, *names[:4], None, ""]), max_size=most)


def works(max_size: int = 40) -> st.SearchStrategy[list[tuple[str, int, list[str | None]]]]:
    """Works of a few fields and years."""
    years = st.sampled_from([2003, 2004, 2019, 2020, 2021])
    return st.lists(st.tuples(st.sampled_from(["ai", "qis"]), years, members()), max_size=max_size)
