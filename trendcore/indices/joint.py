"""Joint works: how many works two countries have together.

Formula
    joint = c, the works with at least one member in a and at least one in b. With another counting scheme
    than ``full``, the sum of the weights of those works (Newman: 1/(n-1) for a work of n countries; pair:
    2/(n(n-1)); share: 2 f_a f_b; bilateral: 1 if n = 2, else 0).
Unit and range
    works; 0 and up. From a directed tally: works invented in a and owned in b.
Zero and missing
    0 is a true zero: both countries have works in the cell and none together. Unknown countries make no pair.
How to read it
    It grows with both countries and with the number of countries on a work; compare pairs by a ratio instead.
Neutral value
    none
Source
    Counting schemes: Gauffriau 2021, Quantitative Science Studies 2(3), 932-975, doi:10.1162/qss_a_00141;
    Newman 2001, doi:10.1103/PhysRevE.64.016132; Perianes-Rodriguez, Waltman & van Eck 2016,
    doi:10.1016/j.joi.2016.10.006.

Examples
--------
>>> INDEX.at(c=2133)
2133.0
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import BOUNDED_COUNTINGS, Index


def joint(c: pl.Expr) -> pl.Expr:
    """Joint works c of a and b (n_rows,)."""
    return c


INDEX = Index(
    name="joint",
    title="joint works",
    formula="c",
    range="0 and up",
    neutral="none",
    directed=False,
    kinds=("works", "directed"),
    evaluate=joint,
    needs=("c",),
    countings=BOUNDED_COUNTINGS,
    source="Gauffriau 2021, doi:10.1162/qss_a_00141; Newman 2001, doi:10.1103/PhysRevE.64.016132; "
    "Perianes-Rodriguez, Waltman & van Eck 2016, doi:10.1016/j.joi.2016.10.006",
    notes="Full counts grow as n(n-1)/2 with n countries on a work: read the Newman count beside it.",
)
