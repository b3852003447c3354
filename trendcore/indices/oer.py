"""Observed-to-expected ratio of links: joint works over those expected, each link counted once.

Formula
    oer = T c / (x y); c joint works, x and y the link strengths of a and b, T = m the number of links
    (``links``). It is half of `association`. With documents (``docs_int``) it is `ncses`.
Unit and range
    a pure number, 0 and up; symmetric.
Zero and missing
    0 where the two have no joint work; null where one has no partner.
How to read it
    As `association`, on another scale. It can fall when c rises, for pairs that take most of each other's
    links.
Neutral value
    about 0.5 with ``links``: n/(2(n-1)) in a complete uniform network of n countries; with documents it
    depends on the cell. A typical value, never a threshold.
Source
    Luukkonen, Tijssen, Persson & Sivertsen 1993, Scientometrics 28, 15-36, doi:10.1007/BF02016282.

Examples
--------
>>> INDEX.at(c=1, x=3, y=3, total=6)  # complete network of four countries: 4/6
0.666...
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import BOUNDED_COUNTINGS, Index, ratio


def oer(c: pl.Expr, x: pl.Expr, y: pl.Expr, total: pl.Expr) -> pl.Expr:
    """Joint works c over their expectation x y / total (n_rows,)."""
    return ratio(c * total, x * y)


INDEX = Index(
    name="oer",
    title="observed-to-expected ratio",
    formula="total c / (x y)",
    range="0 and up",
    neutral="about 0.5 with links: n/(2(n-1)) in a complete network; with documents depends on the cell",
    directed=False,
    kinds=("works",),
    evaluate=oer,
    needs=("c", "x", "y", "total"),
    marginals=("links", "docs_int", "docs_all"),
    countings=BOUNDED_COUNTINGS,
    neutral_values={"links": 0.5},
    small="c",
    source="Luukkonen, Tijssen, Persson & Sivertsen 1993, doi:10.1007/BF02016282",
    notes="Never compare with 1. May fall when joint works rise, for pairs that take most of each "
    "other's links.",
)
