"""NSF/NCSES index of collaboration: a's share of work with b over b's share of all international works.

Formula
    ncses = (c / x) / (y / T) = T c / (x y); c joint works, x and y the international works of a and b, T the
    international works of the cell (``docs_int``, as NCSES publishes it). ``docs_all`` takes all works
    instead.
Unit and range
    a pure number, 0 and up; symmetric.
Zero and missing
    0 where the two have no joint work; null where one has no international work.
How to read it
    Only against other pairs of the same cell. It rises with the number of countries on a work, whoever they
    are. It can fall when c rises, for pairs that take most of each other's links.
Neutral value
    depends on the pair and the cell: to first order N sum n(n-1) / (sum n)^2 K/(K-1) over works of n
    countries, K countries in all; one half for two-country works, more for larger teams (pooled: 0.65 in AI;
    1.49 in all science in 2003 and 1.92 in 2022). So it is never compared with 1, nor across fields or years;
    the cell's totals hold the sums of n and of n(n-1).
Source
    NCSES, Science and Engineering Indicators, technical notes; Luukkonen, Tijssen, Persson & Sivertsen 1993,
    Scientometrics 28, 15-36, doi:10.1007/BF02016282.

Examples
--------
>>> INDEX.at(c=2133, x=44356, y=11712, total=153630)  # published as 0.63
0.6307...
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import BOUNDED_COUNTINGS, DOCS, Index, ratio


def ncses(c: pl.Expr, x: pl.Expr, y: pl.Expr, total: pl.Expr) -> pl.Expr:
    """Joint works c times the cell's works over the totals' product x y (n_rows,)."""
    return ratio(c * total, x * y)


INDEX = Index(
    name="ncses",
    title="NSF/NCSES index of collaboration",
    formula="(c / x) / (y / total)",
    range="0 and up",
    neutral="depends on the pair and the cell: one half for two-country works, more for larger teams",
    directed=False,
    kinds=("works",),
    evaluate=ncses,
    needs=("c", "x", "y", "total"),
    marginals=DOCS,
    countings=BOUNDED_COUNTINGS,
    small="c",
    source="NCSES Science and Engineering Indicators; Luukkonen, Tijssen, Persson & Sivertsen 1993, "
    "doi:10.1007/BF02016282",
    notes="Never compare with 1, nor across fields or years. May fall when joint works rise, for pairs that "
    "take most of each other's links.",
)
