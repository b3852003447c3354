"""SHIA: the part of a country's inventions owned by applicants abroad.

Formula
    shia(a) = patents with an inventor in a and an applicant abroad / patents with an inventor in a, both over
    the patents whose inventors' and applicants' countries are known; patents are families where the feed has
    them.
Unit and range
    a fraction, 0 to 1; of one country: b is null.
Zero and missing
    0 where a owns all its inventions alone; null where a has no invention with a known owner. A feed without
    applicants' countries gives no row, never 0.
How to read it
    Foreign ownership of domestic inventions. A patent owned at home *and* abroad counts.
Neutral value
    none
Source
    Guellec & van Pottelsberghe 2001, Research Policy 30, 1253-1266, doi:10.1016/S0048-7333(00)00149-5.

Examples
--------
>>> INDEX.at(abroad=50, own=400)
0.125
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import Index, ratio


def shia(abroad: pl.Expr, own: pl.Expr) -> pl.Expr:
    """Inventions of a with an owner abroad over all inventions of a (n_rows,)."""
    return ratio(abroad, own)


INDEX = Index(
    name="shia",
    title="share of domestic inventions owned abroad",
    formula="abroad / own",
    range="0 to 1",
    neutral="none",
    directed=False,
    kinds=("directed",),
    evaluate=shia,
    needs=("abroad", "own"),
    subject="country",
    marginals=("docs_all",),
    small="abroad",
    source="Guellec & van Pottelsberghe 2001, doi:10.1016/S0048-7333(00)00149-5",
    notes="Over patents whose inventors' and applicants' countries are both known.",
)
