"""Kernels that draw from null models.

The null keeps the number of works of each member and the number of members of each work: every way to place
members in works that does so is as likely as any other (fixed-degree bipartite null). Draws start from the
works as they are. In each round some works meet two by two and exchange members: of the two, the one with
fewer members (the first, of equals) offers one member after the other for a member of the other work, each of
whose n places is as likely as none of them, 1/(n + 1); they are exchanged if neither work has the member
already that it would get. Of works of equal size the last member is not offered: that would only be another
name for the same. So each step is a swap that keeps both margins, as likely as its reverse, and rounds of any
meetings leave the null as it is. Meetings are the same for all draws, which are independent all the same.

It is the curveball of Strona, Nappo, Boccacci, Fattorini & San-Miguel-Ayanz 2014, Nature Communications 5,
4114, doi:10.1038/ncomms5114 (uniform: Carstens 2015, Physical Review E 91, 042812,
doi:10.1103/PhysRevE.91.042812), with all works traded at once as by Carstens, Berger & Strona 2016,
arXiv:1609.05137, but for its trades being made of single swaps, which draws can take side by side.

Words are those of Philox4x32-10 under the key, lower half first: for the n-th offer of a round the (n mod
4)th of counter (n / 4, round, draw, 0), for the place n of an order that of counter (n / 4, round, 0, 1). A
word x is for one of m the (x m / 2^32)-th: that differs from 1/m by less than 2^-32.

Shape letters: W draws or rounds, T rounds, Z meetings, N works, L entries of their member sets, Q pairs.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from trendcore_kernels.spec.model import Array, KernelSpec, ints

KERNELS: Final[tuple[KernelSpec, ...]] = (
    KernelSpec(
        "null_orders",
        "Order of works in each round: by words of their own, ties by place.",
        {"rounds": Array(("int64",), ("W",)), "n_works": int, "key": int},
        np.ndarray,
        {"": Array(("int32",), ("W", "N"))},
        family="nulls",
    ),
    KernelSpec(
        "null_joint",
        "Joint works of pairs of members in each draw of the null that keeps both margins.",
        {
            **ints("draws", shape=("W",)),
            **ints("rounds", shape=("T+1",)),
            "meetings": Array(("int32",), ("Z", "2")),
            **ints("offsets", shape=("N+1",)),
            "codes": Array(("uint8", "uint16", "uint32"), ("L",)),
            **ints("a", "b", shape=("Q",)),
            "n_members": int,
            "key": int,
        },
        np.ndarray,
        {"": Array(("int32",), ("W", "Q"))},
        family="nulls",
    ),
)
