"""Share: the part of a's works that it has with b.

Formula
    share(a, b) = c / x; c joint works, x the total of a: its international works (``docs_int``), all its
    works (``docs_all``) or its link strength (``links``).
Unit and range
    a fraction, 0 to 1; directed: a is the subject whose total is the denominator.
Zero and missing
    0 where the two have no joint work; null where a has no works of that kind.
How to read it
    Whom a works with. In the document systems the shares over partners add up to more than 1, because a work
    with three countries counts for two partners; in ``links`` they add up to 1.
Neutral value
    none: large partners have large shares.
Source
    Luukkonen, Tijssen, Persson & Sivertsen 1993, Scientometrics 28, 15-36, doi:10.1007/BF02016282.

Examples
--------
>>> INDEX.at(c=2133, x=11712)  # Japan's international AI papers 2003-22 with the United States
0.18212...
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import BOUNDED_COUNTINGS, DOCS_LINKS, Index, ratio


def share(c: pl.Expr, x: pl.Expr) -> pl.Expr:
    """Joint works c over the total x of a (n_rows,)."""
    return ratio(c, x)


INDEX = Index(
    name="share",
    title="share of a's collaboration that is with b",
    formula="c / x",
    range="0 to 1",
    neutral="none",
    directed=True,
    kinds=("works",),
    evaluate=share,
    needs=("c", "x"),
    marginals=DOCS_LINKS,
    countings=BOUNDED_COUNTINGS,
    small="c",
    source="Luukkonen, Tijssen, Persson & Sivertsen 1993, doi:10.1007/BF02016282",
)
