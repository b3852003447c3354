"""Disparity filter: how likely so large a part of a's links would be b's, had they been cut at random.

Formula
    disparity(a, b) = (1 - c / x) ^ (deg - 1); c joint works or their weight, x the link strength of a, deg
    the number of a's partners: the chance that one of deg parts of x, cut at random places, is c or larger.
Unit and range
    a probability, 0 to 1; directed: a is the subject. Small means that b stands out among a's partners.
Zero and missing
    1 where the two have no joint work, or where b is a's only partner (which says nothing); null where a has
    no partner.
How to read it
    It picks the backbone of a network: keep a pair where the value is small at either end
    (`trendcore.uncertainty.backbone`). It speaks of the shares of a alone, not of b's size, and its
    probabilities are no p-values of joint works.
Neutral value
    none.
Source
    Serrano, Boguñá & Vespignani 2009, PNAS 106, 6483-6488, doi:10.1073/pnas.0808904106.

Examples
--------
>>> INDEX.at(c=5, x=10, deg=3), INDEX.at(c=10, x=10, deg=1)
(0.25, 1.0)
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import BOUNDED_COUNTINGS, Index, undefined_where


def disparity(c: pl.Expr, x: pl.Expr, deg: pl.Expr) -> pl.Expr:
    """Part of x that is not c, to the power of the number of other partners (n_rows,)."""
    alpha = pl.when((c == 0) | (deg == 1)).then(1.0).otherwise((1 - c / x).pow(deg - 1))
    return undefined_where(x == 0, alpha)


INDEX = Index(
    name="disparity",
    title="disparity filter",
    formula="(1 - c / x) ^ (deg - 1)",
    range="0 to 1",
    neutral="none",
    directed=True,
    kinds=("works",),
    evaluate=disparity,
    needs=("c", "x", "deg"),
    marginals=("links",),
    countings=BOUNDED_COUNTINGS,
    small="c",
    source="Serrano, Boguñá & Vespignani 2009, doi:10.1073/pnas.0808904106",
    notes="Picks a backbone; no p-value of joint works.",
)
