"""Equivalence: the square of Salton's cosine, the product of the two shares.

Formula
    equivalence = c^2 / (x y); c joint works, x and y the totals of a and b: international works
    (``docs_int``), all works (``docs_all``) or link strengths (``links``).
Unit and range
    a pure number, 0 to 1; symmetric.
Zero and missing
    0 where the two have no joint work; null where one has no works of that kind.
How to read it
    The probability that a random work of a is with b, times the reverse. Same ranks as Salton's cosine.
Neutral value
    none: it depends on the sizes.
Source
    Callon, Courtial & Laville 1991, Scientometrics 22, 155-205, doi:10.1007/BF02019280.

Examples
--------
>>> INDEX.at(c=2133, x=44356, y=11712)
0.00875...
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import BOUNDED_COUNTINGS, DOCS_LINKS, Index, ratio


def equivalence(c: pl.Expr, x: pl.Expr, y: pl.Expr) -> pl.Expr:
    """Square of joint works c over the totals' product x y (n_rows,)."""
    return ratio(c * c, x * y)


INDEX = Index(
    name="equivalence",
    title="equivalence (square of Salton's cosine)",
    formula="c^2 / (x y)",
    range="0 to 1",
    neutral="none",
    directed=False,
    kinds=("works",),
    evaluate=equivalence,
    needs=("c", "x", "y"),
    marginals=DOCS_LINKS,
    countings=BOUNDED_COUNTINGS,
    small="c",
    source="Callon, Courtial & Laville 1991, doi:10.1007/BF02019280",
)
