"""Inclusion (Simpson's overlap): joint works over the smaller country's total.

Formula
    inclusion = c / min(x, y); c joint works, x and y the totals of a and b: international works
    (``docs_int``), all works (``docs_all``) or link strengths (``links``).
Unit and range
    a fraction, 0 to 1; symmetric. It is the larger of the two shares.
Zero and missing
    0 where the two have no joint work; null where one has no works of that kind.
How to read it
    How much of the smaller country's collaboration runs through the larger one.
Neutral value
    none: large partners include everybody more.
Source
    Simpson 1943, American Journal of Science 241, 1-31, doi:10.2475/ajs.241.1.1.

Examples
--------
>>> INDEX.at(c=2133, x=44356, y=11712)
0.18212...
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import BOUNDED_COUNTINGS, DOCS_LINKS, Index, ratio


def inclusion(c: pl.Expr, x: pl.Expr, y: pl.Expr) -> pl.Expr:
    """Joint works c over the smaller of the totals x and y (n_rows,)."""
    # a comparison, not min_horizontal: that one would skip a total that is not known
    return ratio(c, pl.when(x <= y).then(x).when(x > y).then(y).otherwise(None))


INDEX = Index(
    name="inclusion",
    title="inclusion (Simpson's overlap)",
    formula="c / min(x, y)",
    range="0 to 1",
    neutral="none",
    directed=False,
    kinds=("works",),
    evaluate=inclusion,
    needs=("c", "x", "y"),
    marginals=DOCS_LINKS,
    countings=BOUNDED_COUNTINGS,
    small="c",
    source="Simpson 1943, doi:10.2475/ajs.241.1.1",
)
