"""Asymmetric observed-to-expected ratio of Luukkonen and others (deprecated: kept to replicate old tables).

Formula
    aoer(a, b) = (c / x) / (y / (T - x)) = c (T - x) / (x y); c joint works, x and y totals of a and b, T the
    total of the system: links m (``links``), 2m (``matrix``), international works (``docs_int``) or all works
    (``docs_all``).
Unit and range
    a pure number, 0 and up; directed: a's share of work with b over b's share of what a is not in.
Zero and missing
    0 where the two have no joint work; null where a or b has a total of zero, or a is in everything (x = T).
How to read it
    Deprecated: it can fall when c rises. Use `ric`, which puts b's works *without a* in the denominator.
Neutral value
    0.5 with ``links`` and 1 with ``matrix`` in a large network; depends on the cell with documents.
Source
    Luukkonen, Persson & Sivertsen 1992, Science, Technology & Human Values 17, 101-126,
    doi:10.1177/016224399201700106; criticised by Smolinsky & Yang 2024,
    Journal of Informetrics 18(1).

Examples
--------
>>> INDEX.at(c=2133, x=44356, y=11712, total=153630)  # United States towards Japan
0.44866...
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import BOUNDED_COUNTINGS, Index, undefined_where


def aoer(c: pl.Expr, x: pl.Expr, y: pl.Expr, total: pl.Expr) -> pl.Expr:
    """Share of b in a over b's share of what a is not in (n_rows,)."""
    return undefined_where((x == 0) | (y == 0) | (total == x), c * (total - x) / (x * y))


INDEX = Index(
    name="aoer",
    title="asymmetric observed-to-expected ratio (deprecated)",
    formula="(c / x) / (y / (total - x))",
    range="0 and up",
    neutral="0.5 with links, 1 with matrix in a large network; depends on the cell with documents",
    directed=True,
    kinds=("works",),
    evaluate=aoer,
    needs=("c", "x", "y", "total"),
    marginals=("links", "docs_int", "docs_all", "matrix"),
    countings=BOUNDED_COUNTINGS,
    neutral_values={"links": 0.5, "matrix": 1.0},
    small="c",
    source="Luukkonen, Persson & Sivertsen 1992, doi:10.1177/016224399201700106",
    notes="Deprecated: may fall when joint works rise. Kept to replicate old tables; use ric.",
)
