"""Harmonic co-authorship score: the harmonic mean of the two countries' credits, added over joint works.

Formula
    harmonic = sum over joint works of 2 f_a f_b / (f_a + f_b); f the fractional credit of a country on the
    work (of its author shares where known, else one over the number of countries). Counting scheme
    ``harmonic``.
Unit and range
    works; 0 to half of the joint works; symmetric.
Zero and missing
    0 where the two have no joint work. A tally needs the ``harmonic`` weighting: tally(...,
    counting="harmonic").
How to read it
    A work counts most where both did much of it; a token author adds little.
Neutral value
    none
Source
    Rousseau & Zhang 2021, Journal of Data and Information Science 6(1), 1-12, doi:10.2478/jdis-2021-0005.

Examples
--------
>>> INDEX.at(c=17 / 18)
0.944...
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import Index


def harmonic(c: pl.Expr) -> pl.Expr:
    """Sum c of the harmonic means of f_a and f_b over the joint works (n_rows,)."""
    return c


INDEX = Index(
    name="harmonic",
    title="harmonic co-authorship score",
    formula="sum of 2 f_a f_b / (f_a + f_b) over joint works",
    range="0 to half of the joint works",
    neutral="none",
    directed=False,
    kinds=("works",),
    evaluate=harmonic,
    needs=("c",),
    countings=("harmonic",),
    small="joint",
    source="Rousseau & Zhang 2021, doi:10.2478/jdis-2021-0005",
)
