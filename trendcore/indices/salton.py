"""Salton's cosine (Ochiai): joint works over the geometric mean of the two countries' totals.

Formula
    salton = c / sqrt(x y); c joint works, x and y the totals of a and b: international works (``docs_int``),
    all works (``docs_all``) or link strengths (``links``).
Unit and range
    a pure number, 0 to 1; symmetric. It is the geometric mean of the two shares.
Zero and missing
    0 where the two have no joint work; null where one has no works of that kind.
How to read it
    Strength of a tie with the sizes of both taken out. A small and a large country cannot reach 1.
    It rises whenever c rises. Never take a cosine *of* the table of joint works (Zhou & Leydesdorff 2016).
Neutral value
    none: it depends on the sizes.
Source
    Salton & McGill 1983, Introduction to Modern Information Retrieval; Ochiai 1957.

Examples
--------
>>> INDEX.at(c=2133, x=44356, y=11712)  # United States and Japan, AI papers 2003-22
0.09358...
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import BOUNDED_COUNTINGS, DOCS_LINKS, Index, ratio


def salton(c: pl.Expr, x: pl.Expr, y: pl.Expr) -> pl.Expr:
    """Joint works c over the root of the totals' product x y (n_rows,)."""
    return ratio(c, (x * y).sqrt())


INDEX = Index(
    name="salton",
    title="Salton's cosine",
    formula="c / sqrt(x y)",
    range="0 to 1",
    neutral="none",
    directed=False,
    kinds=("works",),
    evaluate=salton,
    needs=("c", "x", "y"),
    marginals=DOCS_LINKS,
    countings=BOUNDED_COUNTINGS,
    small="c",
    source="Salton & McGill 1983, Introduction to Modern Information Retrieval; Ochiai 1957",
)
