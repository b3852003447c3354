"""Pointwise mutual information: the binary logarithm of observed over expected joint works.

Formula
    pmi = log2(T c / (x y)); c joint works, x and y totals of a and b, T the total: link strengths and 2m
    (``matrix``), so that it is log2 of `association`; or works (``docs_int``, ``docs_all``), log2 of `ncses`.
Unit and range
    bits, any sign; symmetric.
Zero and missing
    c = 0: minus infinity, published as null flagged ``minus_infinite``; null where one total is zero.
How to read it
    One unit more is a doubling. Small counts give extreme values.
Neutral value
    about 0 with ``matrix``: log2(n/(n-1)) in a complete uniform network of n countries; depends on the cell
    with documents. A typical value, never a threshold.
Source
    Church & Hanks 1990, Computational Linguistics 16(1), 22-29.

Examples
--------
>>> INDEX.at(c=2, x=4, y=4, total=32)
2.0
>>> INDEX.at(c=0, x=4, y=4, total=32) is None
True
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import BOUNDED_COUNTINGS, Index, ratio


def pmi(c: pl.Expr, x: pl.Expr, y: pl.Expr, total: pl.Expr) -> pl.Expr:
    """Binary logarithm of joint works c over x y / total (n_rows,); minus infinity at c = 0."""
    return ratio(c * total, x * y).log(2)


INDEX = Index(
    name="pmi",
    title="pointwise mutual information",
    formula="log2(total c / (x y))",
    range="any; minus infinity at c = 0",
    neutral="about 0 with matrix; depends on the cell with documents",
    directed=False,
    kinds=("works",),
    evaluate=pmi,
    needs=("c", "x", "y", "total"),
    marginals=("matrix", "docs_int", "docs_all"),
    countings=BOUNDED_COUNTINGS,
    neutral_values={"matrix": 0.0},
    small="c",
    source="Church & Hanks 1990, Computational Linguistics 16(1), 22-29",
)
