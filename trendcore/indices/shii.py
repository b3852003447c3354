"""SHII: the part of a country's inventions made with inventors abroad.

Formula
    shii(a) = patents with an inventor in a and one abroad / patents with an inventor in a (PI_a); patents are
    families where the feed has them.
Unit and range
    a fraction, 0 to 1; of one country: b is null.
Zero and missing
    0 where all of a's inventions are domestic; null where a has none. Unknown countries are not "abroad".
How to read it
    How international a's inventing is. Small countries have high values. The last years are incomplete.
Neutral value
    none
Source
    Guellec & van Pottelsberghe 2001, Research Policy 30, 1253-1266, doi:10.1016/S0048-7333(00)00149-5.

Examples
--------
>>> INDEX.at(abroad=90, own=400)
0.225
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import Index, ratio


def shii(abroad: pl.Expr, own: pl.Expr) -> pl.Expr:
    """Inventions with an inventor abroad over all inventions of a (n_rows,)."""
    return ratio(abroad, own)


INDEX = Index(
    name="shii",
    title="share of inventions with co-inventors abroad",
    formula="abroad / own",
    range="0 to 1",
    neutral="none",
    directed=False,
    kinds=("works",),
    evaluate=shii,
    needs=("abroad", "own"),
    subject="country",
    marginals=("docs_all",),
    small="abroad",
    roles=("inventor",),
    source="Guellec & van Pottelsberghe 2001, doi:10.1016/S0048-7333(00)00149-5",
    notes="From a tally of inventors' countries.",
)
