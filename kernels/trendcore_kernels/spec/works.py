"""Kernels that count works.

Shape letters: W works, E entries of their lists, S entries of their member sets, U units, C cells, M members,
P = M(M - 1)/2 pairs of members, K rows of members and Q rows of pairs in a sparse result. F is the number of
entries of the partners' lists.

Works lie one after the other: the list of work w is ``codes[offsets[w] : offsets[w + 1]]``, and
``offsets[0]`` need not be 0. A code of ``n_members`` or more is an unknown member; members may repeat, in any
order. A member set holds the distinct known members of a work, ascending; n is how many there are. A work
with n >= 2 is international. Results do not depend on the order of works, nor on the number of threads, and
those of two batches of works add up to those of both. Inputs are never written to.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from trendcore_kernels.spec.model import Array, Codes, Ints, KernelSpec, ints

#: one work in fixed point: credits and weights are whole numbers of 2^-32 works
ONE: Final = 1 << 32


class Credit(IntEnum):
    """How the credit for a work is divided over its members.

    Ratios are apportioned within the work by largest remainder, ties to the lower code, so that they add up
    to ``ONE``, or where unknown units are kept to the floor of their exact sum. Units are known where their
    member is in the member set. Where a work has no known units, or their shares are all 0, ratios are those
    of ``COUNTRY``, or 0 where unknown units are kept.
    """

    #: 1/n each
    COUNTRY = 0
    #: units of the member
    COMPLETE = 1
    #: units of the member over known units (unknown kept: over all units)
    COMPLETE_NORMALISED = 2
    #: shares of the member's units over shares of known units (unknown kept: the shares as they are)
    AUTHOR = 3
    #: 1 for the member of the first author, where it is in the set
    STRAIGHT = 4
    #: square root of ``AUTHOR`` (of ``COUNTRY`` where no shares are given), rounded down
    MODIFIED = 5


class Weighting(IntEnum):
    """What a work adds to each pair of its n members; c are the members' credits.

    ``NEWMAN``, ``PAIR`` and ``SHARE`` are apportioned within the work by largest remainder, ties to the first
    pair in lexicographic order, so that they add up to the floor of their exact sum. ``SHARE`` and
    ``HARMONIC`` take credits of at most ``ONE`` a work.
    """

    #: 1/(n - 1); n/2 a work
    NEWMAN = 0
    #: 2/(n(n - 1)); 1 a work
    PAIR = 1
    #: 2 c_a c_b
    SHARE = 2
    #: c_a + c_b
    NATURE = 3
    #: 2 c_a c_b / (c_a + c_b), rounded half up; 0 where both are 0
    HARMONIC = 4


@dataclass(frozen=True)
class MemberSets:
    """Member set of each work; ``offsets`` (W+1,) from 0, ``codes`` (S,).

    The sets of works with fewer members than were asked for are left empty.
    """

    offsets: Ints
    codes: Codes


@dataclass(frozen=True)
class DenseTally:
    """Whole counts by cell, member and pair.

    Attributes
    ----------
    works, works_known, works_intl
        (C,) works: all, with a known member, with two or more.
    sum_n, sum_pairs
        (C,) sums of n and of n(n - 1).
    member_works, member_intl
        (C, M) works with the member, and the international ones of these.
    fractional
        (C, M) sums of the credits `Credit.COUNTRY` of the member, in units of 2^-32.
    joint, bilateral
        (C, P) works with both members of the pair, and those of just these two; columns as `pair_column`.
    """

    works: Ints
    works_known: Ints
    works_intl: Ints
    sum_n: Ints
    sum_pairs: Ints
    member_works: Ints
    member_intl: Ints
    fractional: Ints
    joint: Ints
    bilateral: Ints


@dataclass(frozen=True)
class SparseTally:
    """As `DenseTally`, in rows of those that have works.

    Attributes
    ----------
    works, works_known, works_intl, sum_n, sum_pairs
        (C,) as in `DenseTally`.
    member_cell, member, member_works, member_intl, fractional
        (K,) sorted by cell and member.
    pair_cell, a, b, joint, bilateral
        (Q,) sorted by cell, a and b; a < b.
    """

    works: Ints
    works_known: Ints
    works_intl: Ints
    sum_n: Ints
    sum_pairs: Ints
    member_cell: Ints
    member: Ints
    member_works: Ints
    member_intl: Ints
    fractional: Ints
    pair_cell: Ints
    a: Ints
    b: Ints
    joint: Ints
    bilateral: Ints


@dataclass(frozen=True)
class DenseDirected:
    """Whole counts of ordered pairs: a among the members of a work, b among its partners.

    Attributes
    ----------
    works, works_known
        (C,) works: all, and those with a known member on both sides; all that follows is of the latter.
    member_works, partner_works
        (C, M) works with it among the members, among the partners.
    works_abroad, partner_abroad
        (C, M) those of the former with another partner, those of the latter with another member.
    joint
        (C, M, M) works with a among the members and b among the partners; 0 where a is b.
    """

    works: Ints
    works_known: Ints
    member_works: Ints
    partner_works: Ints
    works_abroad: Ints
    partner_abroad: Ints
    joint: Ints


@dataclass(frozen=True)
class SparseDirected:
    """As `DenseDirected`, in rows of those that have works.

    Attributes
    ----------
    works, works_known
        (C,) as in `DenseDirected`.
    member_cell, member, member_works, partner_works, works_abroad, partner_abroad
        (K,) sorted by cell and member; rows with works on either side.
    pair_cell, a, b, joint
        (Q,) sorted by cell, a and b.
    """

    works: Ints
    works_known: Ints
    member_cell: Ints
    member: Ints
    member_works: Ints
    partner_works: Ints
    works_abroad: Ints
    partner_abroad: Ints
    pair_cell: Ints
    a: Ints
    b: Ints
    joint: Ints


def pair_column(a: int, b: int, n_members: int) -> int:
    """Column of the pair a < b: pairs in lexicographic order, as ``np.triu_indices(n_members, 1)`` has them.

    Examples
    --------
    >>> [pair_column(a, b, 3) for a, b in ((0, 1), (0, 2), (1, 2))]
    [0, 1, 2]
    """
    return a * (2 * n_members - a - 1) // 2 + b - a - 1


_CODES = ("uint8", "uint16", "uint32")
_CELL: Final = {"cell": Array(("int32",), ("W",))}
_LISTS: Final = {"offsets": Array(("int64",), ("W+1",)), "codes": Array(_CODES, ("E",))}
_PARTNERS: Final = {
    "partner_offsets": Array(("int64",), ("W+1",)),
    "partner_codes": Array(_CODES, ("F",)),
}

_SETS: Final = {"set_offsets": Array(("int64",), ("W+1",)), "set_codes": Array(_CODES, ("S",))}
_UNITS: Final = {
    "unit_offsets": Array(("int64",), ("W+1",), optional=True),
    "unit_codes": Array(_CODES, ("U",), optional=True),
    "unit_shares": Array(("int64",), ("U",), optional=True),
    "first": Array(_CODES, ("W",), optional=True),
}
_CREDITS: Final = ints("credits", shape=("S",))
_SOME_CREDITS: Final = {"credits": Array(("int64",), ("S",), optional=True)}
_SIZES: Final[dict[str, Array | type]] = {"n_cells": int, "n_members": int}
_MEMBER_ROWS: Final = ints("member_cell", "member", shape=("K",))
_PAIR_ROWS: Final = ints("pair_cell", "a", "b", shape=("Q",))
_TOTALS: Final = ints("works", "works_known", "works_intl", "sum_n", "sum_pairs", shape=("C",))
_DIRECTED: Final = ("member_works", "partner_works", "works_abroad", "partner_abroad")

KERNELS: Final = (
    KernelSpec(
        "member_sets",
        "Distinct known members of each work that has so many at least, ascending.",
        {**_LISTS, "n_members": int, "least": int},
        MemberSets,
        {**ints("offsets", shape=("W+1",)), "codes": Array(("codes",), ("S",))},
    ),
    KernelSpec(
        "tally_dense",
        "Works by cell, member and pair, in arrays of all of them; for up to 256 members.",
        {**_CELL, **_LISTS, **_SIZES},
        DenseTally,
        {
            **_TOTALS,
            **ints("member_works", "member_intl", "fractional", shape=("C", "M")),
            **ints("joint", "bilateral", shape=("C", "P")),
        },
    ),
    KernelSpec(
        "tally_sparse",
        "Works by cell, member and pair, in rows of those that have works; for any number of members.",
        {**_CELL, **_LISTS, **_SIZES},
        SparseTally,
        {
            **_TOTALS,
            **_MEMBER_ROWS,
            **ints("member_works", "member_intl", "fractional", shape=("K",)),
            **_PAIR_ROWS,
            **ints("joint", "bilateral", shape=("Q",)),
        },
    ),
    KernelSpec(
        "credits",
        "Credit of each entry of the member sets, in units of 2^-32.",
        {**_SETS, **_UNITS, "credit": Credit, "keep_unknown": bool},
        np.ndarray,
        ints("", shape=("S",)),
    ),
    KernelSpec(
        "add_credits_dense",
        "Sum of credits by cell and member.",
        {**_CELL, **_SETS, **_CREDITS, **_SIZES},
        np.ndarray,
        ints("", shape=("C", "M")),
    ),
    KernelSpec(
        "add_credits_sparse",
        "Sum of credits for each row of members that a sparse tally of the works has.",
        {**_CELL, **_SETS, **_CREDITS, **_MEMBER_ROWS},
        np.ndarray,
        ints("", shape=("K",)),
    ),
    KernelSpec(
        "weigh_dense",
        "Sum of pair weights by cell and pair, in units of 2^-32.",
        {**_CELL, **_SETS, **_SOME_CREDITS, **_SIZES, "weighting": Weighting},
        np.ndarray,
        ints("", shape=("C", "P")),
    ),
    KernelSpec(
        "weigh_sparse",
        "Sum of pair weights for each row of pairs that a sparse tally of the works has, in units of 2^-32.",
        {**_CELL, **_SETS, **_SOME_CREDITS, **_PAIR_ROWS, "weighting": Weighting},
        np.ndarray,
        ints("", shape=("Q",)),
    ),
    KernelSpec(
        "directed_dense",
        "Works by cell, and by a among the members and b among the partners, in arrays of all of them.",
        {**_CELL, **_LISTS, **_PARTNERS, **_SIZES},
        DenseDirected,
        {
            **ints("works", "works_known", shape=("C",)),
            **ints(*_DIRECTED, shape=("C", "M")),
            **ints("joint", shape=("C", "M", "M")),
        },
    ),
    KernelSpec(
        "directed_sparse",
        "Works by cell, and by a among the members and b among the partners, in rows of those with works.",
        {**_CELL, **_LISTS, **_PARTNERS, **_SIZES},
        SparseDirected,
        {
            **ints("works", "works_known", shape=("C",)),
            **_MEMBER_ROWS,
            **ints(*_DIRECTED, shape=("K",)),
            **_PAIR_ROWS,
            **ints("joint", shape=("Q",)),
        },
    ),
)
