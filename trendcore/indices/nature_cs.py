"""Collaboration score of the Nature Index: the two countries' fractional credits on their joint works, added.

Formula
    nature_cs = sum over joint works of (f_a + f_b); f the fractional credit of a country on the work (of its
    author shares where known, else one over the number of countries). Counting scheme ``nature``.
Unit and range
    works; 0 to the number of joint works; symmetric.
Zero and missing
    0 where the two have no joint work. A tally needs the ``nature`` weighting: tally(..., counting="nature").
How to read it
    Joint output weighted by how much of each work the two did. Over all pairs a work adds up to n - 1.
Neutral value
    none
Source
    Nature Index, glossary "Collaboration score", https://www.nature.com/nature-index/glossary.

Examples
--------
>>> INDEX.at(c=2.0)
2.0
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import Index


def nature_cs(c: pl.Expr) -> pl.Expr:
    """Sum c of the weights f_a + f_b of the joint works (n_rows,)."""
    return c


INDEX = Index(
    name="nature_cs",
    title="Nature Index collaboration score",
    formula="sum of f_a + f_b over joint works",
    range="0 to the joint works",
    neutral="none",
    directed=False,
    kinds=("works",),
    evaluate=nature_cs,
    needs=("c",),
    countings=("nature",),
    small="joint",
    source="Nature Index glossary, https://www.nature.com/nature-index/glossary",
)
