"""Association without self-pairs (Steijn): joint works over those expected when nobody pairs with itself.

Formula
    steijn = c / (((x/T) (y/(T-x)) + (y/T) (x/(T-y))) T/2) = 2 c / (x y/(T-x) + x y/(T-y)), T = 2m;
    c joint works, x and y link strengths. Marginal system ``matrix`` only.
Unit and range
    a pure number, 0 and up; symmetric.
Zero and missing
    0 where the two have no joint work; null where one has no partner, or takes part in every link twice over
    (x = T).
How to read it
    As `association`, with the expectation corrected for the fact that a country does not pair with itself.
    It can fall when c rises, for pairs that take most of each other's links.
Neutral value
    1, exactly so in a complete uniform network. A typical value, never a threshold.
Source
    Steijn 2021, Quantitative Science Studies 2(2), 778-794, doi:10.1162/qss_a_00122; default of the R package
    EconGeo.

Examples
--------
>>> INDEX.at(c=1, x=3, y=3, total=12)  # complete network of four countries
1.0
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import BOUNDED_COUNTINGS, Index, undefined_where


def steijn(c: pl.Expr, x: pl.Expr, y: pl.Expr, total: pl.Expr) -> pl.Expr:
    """Joint works c over their expectation without repetition (n_rows,)."""
    product = x * y
    expected = (product / (total - x) + product / (total - y)) / 2
    return undefined_where((product == 0) | (total == x) | (total == y), c / expected)


INDEX = Index(
    name="steijn",
    title="association without self-pairs (Steijn)",
    formula="2 c / (x y/(total - x) + x y/(total - y))",
    range="0 and up",
    neutral="1: exactly so in a complete uniform network",
    directed=False,
    kinds=("works",),
    evaluate=steijn,
    needs=("c", "x", "y", "total"),
    marginals=("matrix",),
    countings=BOUNDED_COUNTINGS,
    neutral_values={"matrix": 1.0},
    small="c",
    source="Steijn 2021, doi:10.1162/qss_a_00122",
    notes="May fall when joint works rise, for pairs that take most of each other's links.",
)
