"""Relative intensity of collaboration: how much more b is with a than with those who are not a.

Formula
    ric(a, b) = (c / x) / ((y - c) / (T - x)) = c (T - x) / (x (y - c)); c joint works, x and y totals of a
    and b, T the total of the system: international works (``docs_int``), all works (``docs_all``), links m
    (``links``) or 2m (``matrix``). It is the risk ratio of the two-by-two table "with a or not" by "with b or
    not".
Unit and range
    a pure number, 0 and up; directed: a is the subject, ric(a, b) differs from ric(b, a).
Zero and missing
    0 where the two have no joint work; null where a has none (x = 0) or is in everything (x = T); b only ever
    with a (y = c > 0): infinite, published as null with that flag; y = c = 0: null.
How to read it
    It rises whenever c rises. Only against other pairs of the same cell in the document systems.
Neutral value
    ``links``: exactly 0.5 in a complete uniform network of n >= 3 countries; ``matrix``: about 1,
    (n-1)/(n-2); with documents it depends on the cell and is not 1. A typical value, never a threshold.
Source
    Fuchs, Sivertsen & Rousseau 2021, Scientometrics 126, 8673-8682, doi:10.1007/s11192-021-04110-x;
    with fractional counts Cao, Zhang, Rousseau & Sivertsen 2025, doi:10.1016/j.joi.2025.101743.

Examples
--------
>>> INDEX.at(c=2133, x=44356, y=11712, total=153630)  # United States towards Japan, AI papers 2003-22
0.5485...
>>> INDEX.at(c=2133, x=11712, y=44356, total=153630)  # Japan towards the United States
0.6121...
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import BOUNDED_COUNTINGS, Index


def ric(c: pl.Expr, x: pl.Expr, y: pl.Expr, total: pl.Expr) -> pl.Expr:
    """Share of b in a over the share of b in what a is not in (n_rows,)."""
    return (
        pl.when((x == 0) | (total == x))
        .then(float("nan"))
        .when((y == c) & (c > 0))
        .then(float("inf"))
        .when(y == c)
        .then(float("nan"))
        .otherwise(c * (total - x) / (x * (y - c)))
    )


INDEX = Index(
    name="ric",
    title="relative intensity of collaboration",
    formula="(c / x) / ((y - c) / (total - x))",
    range="0 and up, may be infinite",
    neutral="0.5 with links, about 1 with matrix; depends on the cell with documents",
    directed=True,
    kinds=("works",),
    evaluate=ric,
    needs=("c", "x", "y", "total"),
    marginals=("docs_int", "docs_all", "links", "matrix"),
    countings=BOUNDED_COUNTINGS,
    neutral_values={"links": 0.5, "matrix": 1.0},
    small="c",
    source="Fuchs, Sivertsen & Rousseau 2021, doi:10.1007/s11192-021-04110-x",
    notes="With documents never compare with 1, nor across fields or years.",
)
