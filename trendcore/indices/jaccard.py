"""Jaccard: joint works over the works of either country.

Formula
    jaccard = c / (x + y - c); c joint works, x and y the totals of a and b: international works
    (``docs_int``), all works (``docs_all``) or link strengths (``links``).
Unit and range
    a fraction, 0 to 1; symmetric.
Zero and missing
    0 where the two have no joint work; null where neither has works of that kind.
How to read it
    Overlap of the two sets of works. The larger country dominates it: a small country that works with nobody
    else still has a small value with a large one.
Neutral value
    none: it depends on the sizes.
Source
    Jaccard 1912, New Phytologist 11, 37-50, doi:10.1111/j.1469-8137.1912.tb05611.x (first in French, 1901).

Examples
--------
>>> INDEX.at(c=2133, x=44356, y=11712)
0.0395...
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import BOUNDED_COUNTINGS, DOCS_LINKS, Index, ratio


def jaccard(c: pl.Expr, x: pl.Expr, y: pl.Expr) -> pl.Expr:
    """Joint works c over the union x + y - c (n_rows,)."""
    return ratio(c, (x + y) - c)


INDEX = Index(
    name="jaccard",
    title="Jaccard index",
    formula="c / (x + y - c)",
    range="0 to 1",
    neutral="none",
    directed=False,
    kinds=("works",),
    evaluate=jaccard,
    needs=("c", "x", "y"),
    marginals=DOCS_LINKS,
    countings=BOUNDED_COUNTINGS,
    small="c",
    source="Jaccard 1912, doi:10.1111/j.1469-8137.1912.tb05611.x",
)
