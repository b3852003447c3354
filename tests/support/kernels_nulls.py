"""Inputs from hypothesis for the kernels that draw from null models."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
from hypothesis import strategies as st
from support.kernels import TYPES, packed, read_only

from trendcore_kernels import dispatch
from trendcore_kernels.spec import SPECS

KEYS: Final = (0, 1, 1 << 32, (1 << 32) - 1, 0x0123456789ABCDEF, (1 << 64) - 1)
#: numbers of draws and of rounds; these are 32 bits wide
NUMBERS: Final = st.one_of(st.integers(0, 80), st.sampled_from([(1 << 31) - 1, 1 << 31, (1 << 32) - 1]))


@dataclass(frozen=True)
class Null:
    """Member sets of works, and how they are drawn; `numbers` are those of rounds or draws."""

    sets: list[list[int]]
    dtype: np.dtype[Any]
    n_members: int
    n_meetings: list[int]
    numbers: list[int]
    key: int
    pairs: list[tuple[int, int]]

    def arguments(self, kernel: str) -> list[Any]:
        """Arguments of a kernel in their order."""
        offsets, codes = packed(self.sets, self.dtype)
        a, b = np.array(self.pairs, dtype=np.int64).reshape(-1, 2).T
        values = {
            "rounds": read_only(self.numbers, np.int64),
            "draws": read_only(self.numbers, np.int64),
            "n_works": len(self.sets),
            "offsets": offsets,
            "codes": codes,
            "a": read_only(a, np.int64),
            "b": read_only(b, np.int64),
            "n_members": self.n_members,
            "key": self.key,
        }
        if kernel == "null_joint":
            order = dispatch.get("null_orders", "reference")
            orders = order(np.arange(len(self.n_meetings)), len(self.sets), self.key)
            some = [row[: 2 * n].tolist() for row, n in zip(orders, self.n_meetings, strict=True)]
            values["rounds"], flat = packed([row[: len(row) // 2 * 2] for row in some], np.int32)
            values["rounds"] = read_only(values["rounds"] // 2, np.int64)
            values["meetings"] = read_only(flat.reshape(-1, 2), np.int32)
        return [values[name] for name in SPECS[kernel].arguments]


@st.composite
def member_set(draw: st.DrawFn, n_members: int) -> list[int]:
    """Draw a set in any order: mostly small, now and then all members, or all but one."""
    if n_members <= 256 and draw(st.integers(0, 20)) == 20:
        return list(range(draw(st.integers(0, 1)), n_members))
    few = st.integers(0, min(n_members, 5) - 1)
    return draw(st.lists(st.one_of(few, st.integers(0, n_members - 1)), unique=True, max_size=5))


@st.composite
def worlds_for(draw: st.DrawFn, kernel: str, size: int = 8) -> Null:
    """Draw up to so many draws or rounds, of about as many works; any pairs are asked for."""
    dtype = draw(st.sampled_from(TYPES))
    most = int(np.iinfo(dtype).max) + 1
    n_members = draw(st.sampled_from([n for n in (1, 2, 3, 5, 9, 255, 256, 257, 3000, 70_000) if n <= most]))
    sets = draw(st.lists(member_set(n_members), max_size=size + 1))
    met = {pair for each in sets for pair in combinations(sorted(each[:6]), 2)}
    some = draw(st.sets(st.tuples(*[st.integers(0, n_members - 1)] * 2), max_size=5))
    pairs = met | {pair for pair in some if pair[0] < pair[1]}
    numbers = draw(st.lists(NUMBERS, max_size=size))
    key = draw(st.one_of(st.sampled_from(KEYS), st.integers(0, (1 << 64) - 1)))
    left_out = draw(st.sampled_from([0, 0, 1, 3]))
    kept = sorted(pairs)[left_out:]
    n_meetings = draw(st.lists(st.integers(0, size), max_size=3))
    return Null(sets, dtype, n_members, n_meetings, numbers, key, kept)


def example(kernel: str) -> Null:
    """Forty draws of forty works, or as many rounds, always the same."""
    rng = np.random.default_rng(9)
    sets = [rng.permutation(12)[:n].tolist() for n in rng.integers(0, 6, 40)]
    pairs = list(combinations(range(12), 2))
    if kernel == "null_orders":  # what it gives is not to be far more than what it takes
        sets = sets[:3]
    return Null(sets, TYPES[1], 12, [20, 20, 6, 20], list(range(100, 140)), (1 << 64) - 3, pairs)
