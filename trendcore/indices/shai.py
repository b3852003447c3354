"""SHAI: the part of the inventions a country owns that were made by inventors abroad.

Formula
    shai(a) = patents with an applicant in a and an inventor abroad / patents with an applicant in a, both
    over the patents whose inventors' and applicants' countries are known; patents are families where the feed
    has them.
Unit and range
    a fraction, 0 to 1; of one country: b is null.
Zero and missing
    0 where all that a owns was invented at home alone; null where a owns none with known inventors. A feed
    without applicants' countries gives no row, never 0.
How to read it
    Domestic ownership of foreign inventions: the reach of a's firms.
Neutral value
    none
Source
    Guellec & van Pottelsberghe 2001, Research Policy 30, 1253-1266, doi:10.1016/S0048-7333(00)00149-5.

Examples
--------
>>> INDEX.at(abroad=120, own=480)
0.25
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import Index, ratio


def shai(abroad: pl.Expr, own: pl.Expr) -> pl.Expr:
    """Patents owned in a with an inventor abroad over all patents owned in a (n_rows,)."""
    return ratio(abroad, own)


INDEX = Index(
    name="shai",
    title="share of owned inventions made abroad",
    formula="abroad / own",
    range="0 to 1",
    neutral="none",
    directed=False,
    kinds=("directed",),
    evaluate=shai,
    needs=("abroad", "own"),
    subject="country",
    marginals=("docs_all",),
    small="abroad",
    source="Guellec & van Pottelsberghe 2001, doi:10.1016/S0048-7333(00)00149-5",
    notes="Over patents whose inventors' and applicants' countries are both known.",
)
