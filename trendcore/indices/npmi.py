"""Normalised pointwise mutual information: pmi over the information of the joint works themselves.

Formula
    npmi = log2(T c / (x y)) / -log2(c / T); c joint works, x and y totals of a and b, T the total: link
    strengths and 2m (``matrix``), or works (``docs_int``, ``docs_all``).
Unit and range
    a pure number, -1 to 1; symmetric.
Zero and missing
    -1 at c = 0, the limit; null where one total is zero, or c = T (0/0). With ``matrix`` c is at most T/2, so
    that 1 is not reached.
How to read it
    As `pmi`, with the pull towards rare pairs weakened.
Neutral value
    about 0 with ``matrix``; depends on the cell with documents. A typical value, never a threshold.
Source
    Bouma 2009, Proceedings of GSCL, 31-40.

Examples
--------
>>> INDEX.at(c=2, x=4, y=4, total=32)
0.5
>>> INDEX.at(c=0, x=4, y=4, total=32)
-1.0
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import BOUNDED_COUNTINGS, Index, ratio


def npmi(c: pl.Expr, x: pl.Expr, y: pl.Expr, total: pl.Expr) -> pl.Expr:
    """Pmi over the information -log2(c / total) of the joint works; -1 at c = 0 (n_rows,)."""
    informed = ratio(ratio(c * total, x * y).log(2), -ratio(c, total).log(2))
    return pl.when((c == 0) & (x * y > 0)).then(-1.0).when(x * y == 0).then(float("nan")).otherwise(informed)


INDEX = Index(
    name="npmi",
    title="normalised pointwise mutual information",
    formula="log2(total c / (x y)) / -log2(c / total)",
    range="-1 to 1",
    neutral="about 0 with matrix; depends on the cell with documents",
    directed=False,
    kinds=("works",),
    evaluate=npmi,
    needs=("c", "x", "y", "total"),
    marginals=("matrix", "docs_int", "docs_all"),
    countings=BOUNDED_COUNTINGS,
    neutral_values={"matrix": 0.0},
    small="c",
    source="Bouma 2009, Proceedings of GSCL, 31-40",
)
