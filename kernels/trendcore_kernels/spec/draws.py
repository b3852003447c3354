"""Kernels that resample what was counted.

W is the number of works in `patterns`, of patterns in `poisson_draws` and of rows elsewhere; S entries of the
member sets of works, P patterns that are found and L entries of their member sets; R replicates, E entries, K
patterns whose draws are summed, J levels, T thresholds, Q order statistics of a row.

A pattern stands for n alike works. In each replicate a work weighs Poisson(1), so a pattern weighs
Poisson(n): the sum, over the binary digits of n, of draws of Poisson(2^j). Digits from `TOP_LEVEL` on are
drawn as many times from Poisson(2^`TOP_LEVEL`).

The draw of level j in replicate r is ``least[j]`` and the number of those of
``thresholds[starts[j] : starts[j + 1]]`` that are not above a 64-bit word. The word is half of a block of
Philox4x32-10 with the seed as key (low half first) and the counter (pattern key, low half first; r >> 1;
number of the draw): the first two words of the block for an even r, the last two for an odd r, low half
first. The draws of a pattern are numbered by level below the top one, and there from `TOP_LEVEL` on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from trendcore_kernels.spec.model import Array, Codes, Ints, KernelSpec, floats, ints

#: n of 2^(this + 1) or more takes more than one draw of this level
TOP_LEVEL: Final = 16

_CODES: Final = ("uint8", "uint16", "uint32")


@dataclass(frozen=True)
class Patterns:
    """Works by cell and member set; sorted by cell, and then by the codes of the set, a beginning first.

    Attributes
    ----------
    pattern_cell
        (P,) cells.
    offsets, codes
        (P+1,) from 0, and (L,): the set of pattern p is ``codes[offsets[p] : offsets[p + 1]]``.
    n
        (P,) works of the cell that have this set.
    """

    pattern_cell: Ints
    offsets: Ints
    codes: Codes
    n: Ints


KERNELS: Final = (
    KernelSpec(
        "patterns",
        "Works by cell and member set, of sets of so many members at least; each work for one where no times "
        "are given.",
        {
            "cell": Array(("int32",), ("W",)),
            "set_offsets": Array(("int64",), ("W+1",)),
            "set_codes": Array(_CODES, ("S",)),
            "times": Array(("int64",), ("W",), optional=True),
            "n_cells": int,
            "least": int,
        },
        Patterns,
        {
            **ints("pattern_cell", shape=("P",)),
            **ints("offsets", shape=("P+1",)),
            "codes": Array(("codes",), ("L",)),
            **ints("n", shape=("P",)),
        },
        "draws",
    ),
    KernelSpec(
        "poisson_draws",
        "Weight of each pattern in some replicates of the Poisson bootstrap.",
        {
            "key": Array(("uint64",), ("W",)),
            "n": Array(("int64",), ("W",)),
            "thresholds": Array(("uint64",), ("T",)),
            "starts": Array(("int64",), ("J+1",)),
            "least": Array(("int64",), ("J",)),
            "seed": int,
            "first": int,
            "n_replicates": int,
        },
        np.ndarray,
        {"": Array(("int32",), ("W", "R"))},
        family="draws",
    ),
    KernelSpec(
        "replicate_sums",
        "Sum of the draws of the patterns of each row, times their coefficients (1 where none are given).",
        {
            "offsets": Array(("int64",), ("W+1",)),
            "patterns": Array(("int32",), ("E",)),
            "coefficients": Array(("int64",), ("E",), optional=True),
            "draws": Array(("int32",), ("K", "R")),
        },
        np.ndarray,
        ints("", shape=("W", "R")),
        family="draws",
    ),
    KernelSpec(
        "standing",
        "Of the values of each row: how many are below a number, equal to it, and not a number.",
        {"values": Array(("float64",), ("W", "R")), "at": Array(("float64",), ("W",))},
        np.ndarray,
        ints("", shape=("W", "3")),
        family="draws",
    ),
    KernelSpec(
        "order_statistics",
        "Values of each row by their rank from 0, least first; NaN where there is no value of that rank.",
        {"values": Array(("float64",), ("W", "R")), "ranks": Array(("int64",), ("W", "Q"))},
        np.ndarray,
        floats("", shape=("W", "Q")),
        family="draws",
    ),
)
