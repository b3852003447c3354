"""Co-invention share: the part of a's inventions that have an inventor in b too.

Formula
    coinvention(a, b) = CI / PI_a; CI patents (families where the feed has them) with an inventor in a and one
    in b, PI_a those with an inventor in a.
Unit and range
    a fraction, 0 to 1; directed: a is the subject, the numerator is the same both ways.
Zero and missing
    0 where no patent has inventors in both; null where no patent has an inventor in a.
How to read it
    Whom a's inventors work with. Shares over partners may add up to more than `shii`: a patent with inventors
    in three countries counts for two partners. One office's grants over-represent its residents.
Neutral value
    none
Source
    Guellec & van Pottelsberghe 2001, Research Policy 30, 1253-1266, doi:10.1016/S0048-7333(00)00149-5; the
    rule "at least one inventor" is OECD's, Patent Statistics Manual 2009, doi:10.1787/9789264056442-en.

Examples
--------
>>> INDEX.at(c=30, x=400)
0.075
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import Index, ratio


def coinvention(c: pl.Expr, x: pl.Expr) -> pl.Expr:
    """Co-inventions c over the inventions x of a (n_rows,)."""
    return ratio(c, x)


INDEX = Index(
    name="coinvention",
    title="share of a's inventions made with inventors in b",
    formula="c / x",
    range="0 to 1",
    neutral="none",
    directed=True,
    kinds=("works",),
    evaluate=coinvention,
    needs=("c", "x"),
    marginals=("docs_all",),
    small="c",
    roles=("inventor",),
    source="Guellec & van Pottelsberghe 2001, doi:10.1016/S0048-7333(00)00149-5; OECD Patent Statistics "
    "Manual 2009, doi:10.1787/9789264056442-en",
    notes="From a tally of inventors' countries.",
)
