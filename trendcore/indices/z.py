"""Hypergeometric z: how far joint works lie from x y / T, in standard deviations of drawing works at random.

Formula
    z = (c - mu) / sigma; mu = x y / T, sigma^2 = mu (1 - x/T) (T - y) / (T - 1); c joint works, x and y those
    of a and b, T works of the cell: international works (``docs_int``) or all works (``docs_all``).
Unit and range
    standard deviations, of either sign; symmetric.
Zero and missing
    null where sigma is 0: one has no work, or all works.
How to read it
    A description and no test. A work cannot hold a country twice, so that countries push each other out:
    under pure chance every pair can be below 0, the more so the more works there are, and with all works it
    mixes how international a country is with whom it works. For chance see `calibrated`.
Neutral value
    none: what chance gives depends on the cell and is below 0 for most pairs of international works.
Source
    Teece, Rumelt, Dosi & Winter 1994, Journal of Economic Behavior & Organization 23, 1-30,
    doi:10.1016/0167-2681(94)90094-9.

Examples
--------
>>> INDEX.at(c=30, x=100, y=200, total=1000)
2.6339...
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import DOCS, Index, undefined_where


def z(c: pl.Expr, x: pl.Expr, y: pl.Expr, total: pl.Expr) -> pl.Expr:
    """Joint works less their hypergeometric mean, over the standard deviation (n_rows,)."""
    mean = x * y / total
    variance = mean * (1 - x / total) * ((total - y) / (total - 1))
    fixed = (x == 0) | (y == 0) | (x == total) | (y == total)
    return undefined_where(fixed, (c - mean) / variance.sqrt())


INDEX = Index(
    name="z",
    title="hypergeometric z",
    formula="(c - mu) / sigma, mu = x y / total, sigma^2 = mu (1 - x / total) (total - y) / (total - 1)",
    range="any number",
    neutral="none: it depends on the cell",
    directed=False,
    kinds=("works",),
    evaluate=z,
    needs=("c", "x", "y", "total"),
    marginals=DOCS,
    small="c",
    source="Teece, Rumelt, Dosi & Winter 1994, doi:10.1016/0167-2681(94)90094-9",
    notes="A description, no test: a work cannot hold a country twice, which puts most pairs below 0.",
)
