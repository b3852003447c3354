"""Calibrated ratio: joint works over those that chance gives, all else of the works being as it is.

Formula
    calibrated = c / expected; c joint works, expected their mean over draws of works in which every country
    has its number of works and every work its number of countries (fixed-degree bipartite null): of the
    international works (``docs_int``), or of all works with a known country (``docs_all``).
Unit and range
    a pure number, 0 and up; symmetric.
Zero and missing
    0 where the two have no joint work though chance gives one or more; null (``withheld``) where chance gives
    less than one, so that a single work would be a large ratio.
How to read it
    1 means chance, for every pair, field and year: the one measure that may be called above or below chance,
    and that only by its p-values. It needs draws: `trendcore.uncertainty.calibrated`, which gives its null
    interval and p-values beside it; `compute` leaves it out.
Neutral value
    1 by construction, in both systems.
Source
    the null: Zweig & Kaufmann 2011, Social Network Analysis and Mining 1, 187-218,
    doi:10.1007/s13278-011-0021-0; Neal, Domagalski & Sagan 2021, Scientific Reports 11, 23929,
    doi:10.1038/s41598-021-03238-3 (as FDSM).

Examples
--------
>>> INDEX.at(c=30, expected=20)
1.5
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import DOCS, Index, undefined_where


def calibrated(c: pl.Expr, expected: pl.Expr) -> pl.Expr:
    """Joint works over their mean under the null (n_rows,); undefined where that is below 1."""
    return undefined_where(expected < 1, c / expected)


INDEX = Index(
    name="calibrated",
    title="joint works over those that chance gives",
    formula="c / expected",
    range="0 and up",
    neutral="1, by construction",
    directed=False,
    kinds=("works",),
    evaluate=calibrated,
    needs=("c", "expected"),
    marginals=DOCS,
    neutral_values={"docs_int": 1.0, "docs_all": 1.0},
    small="c",
    drawn="trendcore.uncertainty.calibrated",
    source="the null: Zweig & Kaufmann 2011, doi:10.1007/s13278-011-0021-0; Neal, Domagalski & Sagan 2021, "
    "doi:10.1038/s41598-021-03238-3",
    notes="Above or below chance by its q-values only.",
)
