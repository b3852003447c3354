"""Ownership: the part of a's inventions that applicants in b own.

Formula
    ownership(a, b) = O / PI_a; O patents (families where the feed has them) with an inventor in a and an
    applicant in b, PI_a those with an inventor in a, both over the patents whose inventors' and applicants'
    countries are known. The flow O itself is `joint` of the same tally.
Unit and range
    a fraction, 0 to 1; directed: invented in a, owned in b.
Zero and missing
    0 where b owns none of a's inventions; null where a has no invention with a known owner. A feed without
    applicants' countries gives no row, never 0.
How to read it
    Who controls what a invents. Shares over partners do not add up to `shia`: a patent may have owners in
    several countries.
Neutral value
    none
Source
    Guellec & van Pottelsberghe 2001, Research Policy 30, 1253-1266, doi:10.1016/S0048-7333(00)00149-5.

Examples
--------
>>> INDEX.at(c=20, x=400)
0.05
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import Index, ratio


def ownership(c: pl.Expr, x: pl.Expr) -> pl.Expr:
    """Patents c invented in a and owned in b over those x invented in a (n_rows,)."""
    return ratio(c, x)


INDEX = Index(
    name="ownership",
    title="share of a's inventions owned in b",
    formula="c / x",
    range="0 to 1",
    neutral="none",
    directed=True,
    kinds=("directed",),
    evaluate=ownership,
    needs=("c", "x"),
    marginals=("docs_all",),
    small="c",
    source="Guellec & van Pottelsberghe 2001, doi:10.1016/S0048-7333(00)00149-5",
    notes="Over patents whose inventors' and applicants' countries are both known.",
)
