"""Odds ratio of collaboration: odds that a work of a is with b, over the odds that another work is b's.

Formula
    orc = c (T - x - y + c) / ((x - c) (y - c)); c joint works, x and y totals of a and b, T the total of the
    system: international works (``docs_int``), all works (``docs_all``) or links m (``links``). It is the
    odds ratio of the two-by-two table that `ric` takes the risk ratio of (our reading of the published name).
    Undefined in ``matrix``, where a link stands twice.
Unit and range
    a pure number, 0 and up; symmetric.
Zero and missing
    0 where the two have no joint work, or no work is without both, while each has works without the other;
    one only ever with the other: infinite (null with that flag), or null where the numerator is 0 too.
How to read it
    It rises whenever c rises. Only against other pairs of the same cell in the document systems.
Neutral value
    ``links``: (n-3)/(2(n-2)) in a complete uniform network of n countries, so about 0.5; with documents it
    depends on the cell and is not 1. A typical value, never a threshold.
Source
    Smolinsky & Yang 2024, Journal of Informetrics 18(1), S1751157724000014, introduce the measure by name;
    the formula is the odds ratio of the table of Fuchs, Sivertsen & Rousseau 2021,
    doi:10.1007/s11192-021-04110-x.

Examples
--------
>>> INDEX.at(c=2133, x=44356, y=11712, total=153630)
0.525768...
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import BOUNDED_COUNTINGS, DOCS_LINKS, Index


def orc(c: pl.Expr, x: pl.Expr, y: pl.Expr, total: pl.Expr) -> pl.Expr:
    """Odds ratio of the table "with a" by "with b" (n_rows,)."""
    neither = total - (x + y) + c
    numerator = c * neither
    denominator = (x - c) * (y - c)
    return (
        pl.when((denominator == 0) & (numerator > 0))
        .then(float("inf"))
        .when(denominator == 0)
        .then(float("nan"))
        .otherwise(numerator / denominator)
    )


INDEX = Index(
    name="orc",
    title="odds ratio of collaboration",
    formula="c (total - x - y + c) / ((x - c) (y - c))",
    range="0 and up, may be infinite",
    neutral="about 0.5 with links: (n-3)/(2(n-2)) in a complete network; with documents depends on the cell",
    directed=False,
    kinds=("works",),
    evaluate=orc,
    needs=("c", "x", "y", "total"),
    marginals=DOCS_LINKS,
    countings=BOUNDED_COUNTINGS,
    docs_countings=("full",),  # a weight beside whole works is no count of a two-by-two table
    neutral_values={"links": 0.5},
    small="c",
    source="Smolinsky & Yang 2024, Journal of Informetrics 18(1) (name); odds ratio of the table of "
    "Fuchs, Sivertsen & Rousseau 2021, doi:10.1007/s11192-021-04110-x",
    notes="Undefined in the matrix system. With documents never compare with 1, nor across fields or years.",
)
