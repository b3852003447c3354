"""Association strength, scaled: observed joint works over those expected from the two link strengths.

Also called the probabilistic affinity index (PAI) and, on symmetric tables, Balassa's index.

Formula
    association = T c / (x y) with T = 2m; c joint works, x and y the link strengths of a and b (sums over
    partners), 2m the sum of the symmetric table without its diagonal. Marginal system ``matrix`` only: with
    ``links`` it is `oer`, with documents `ncses`.
Unit and range
    a pure number, 0 and up; symmetric.
Zero and missing
    0 where the two have no joint work; null where one has no partner at all.
How to read it
    Tie strength with both sizes taken out. It depends on which countries are in the table. It can fall when c
    rises, for pairs that take most of each other's links.
Neutral value
    about 1: n/(n-1) in a complete uniform network of n countries. A typical value, never a threshold.
Source
    van Eck & Waltman 2009, JASIST 60, 1635-1651, doi:10.1002/asi.21075; Zitt, Bassecoulard & Okubo 2000,
    Scientometrics 47, 627-657, doi:10.1023/A:1005632319799.

Examples
--------
>>> INDEX.at(c=1, x=3, y=3, total=12)  # complete network of four countries: 4/3
1.333...
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import BOUNDED_COUNTINGS, Index, ratio


def association(c: pl.Expr, x: pl.Expr, y: pl.Expr, total: pl.Expr) -> pl.Expr:
    """Joint works c over their expectation x y / total (n_rows,)."""
    return ratio(c * total, x * y)


INDEX = Index(
    name="association",
    title="association strength, scaled (PAI)",
    formula="total c / (x y)",
    range="0 and up",
    neutral="about 1: n/(n-1) in a complete uniform network of n countries",
    directed=False,
    kinds=("works",),
    evaluate=association,
    needs=("c", "x", "y", "total"),
    marginals=("matrix",),
    countings=BOUNDED_COUNTINGS,
    neutral_values={"matrix": 1.0},
    small="c",
    source="van Eck & Waltman 2009, doi:10.1002/asi.21075; Zitt, Bassecoulard & Okubo 2000, "
    "doi:10.1023/A:1005632319799",
    notes="May fall when joint works rise, for pairs that take most of each other's links.",
)
