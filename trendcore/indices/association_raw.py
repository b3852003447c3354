"""Association strength, raw: joint works over the product of the two totals, as VOSviewer prints it.

Formula
    association_raw = c / (x y); c joint works, x and y the link strengths (``matrix``) or the works of a and
    b (``docs_int``, ``docs_all``).
Unit and range
    per work, 0 and up; symmetric.
Zero and missing
    0 where the two have no joint work; null where one has no total.
How to read it
    Only inside one cell. It shrinks as the corpus grows: never compare it across years, fields or sources;
    use `association` for that.
Neutral value
    depends on the cell (1 over the total of the system): none given.
Source
    van Eck & Waltman 2009, JASIST 60, 1635-1651, doi:10.1002/asi.21075.

Examples
--------
>>> INDEX.at(c=2, x=4, y=5)
0.1
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import BOUNDED_COUNTINGS, Index, ratio


def association_raw(c: pl.Expr, x: pl.Expr, y: pl.Expr) -> pl.Expr:
    """Joint works c over the totals' product x y (n_rows,)."""
    return ratio(c, x * y)


INDEX = Index(
    name="association_raw",
    title="association strength, raw",
    formula="c / (x y)",
    range="0 and up",
    neutral="depends on the cell: 1 / total",
    directed=False,
    kinds=("works",),
    evaluate=association_raw,
    needs=("c", "x", "y"),
    marginals=("matrix", "docs_int", "docs_all"),
    countings=BOUNDED_COUNTINGS,
    small="c",
    source="van Eck & Waltman 2009, doi:10.1002/asi.21075",
    notes="Scale-dependent: never compare across years, fields or sources.",
)
