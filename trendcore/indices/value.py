"""Trade value: what a sells to b.

Formula
    value(a, b) = v / 1000; v the sum of the flows a -> b over the products of the cell, in thousandths of a
    US dollar, as canonical trade tables hold them.
Unit and range
    US dollars, 0 and up; directed: a the exporter, b the importer.
Zero and missing
    0 where both are covered (a exports something, b imports something, in the goods the tally holds) and no
    flow is listed; null flagged ``not_known`` where one is not covered. Flows of a country to itself are no
    pair.
How to read it
    Gross trade: where goods were shipped from, not where they were designed or made. Of whose report the
    numbers are, the ``role`` column says.
Neutral value
    none
Source
    Gaulier & Zignago 2010, BACI, CEPII working paper 2010-23, doi:10.2139/ssrn.1994500.

Examples
--------
>>> INDEX.at(out=2_500_000)
2500.0
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import Index


def value(out: pl.Expr) -> pl.Expr:
    """Give exports of a to b in US dollars (n_rows,)."""
    return out / 1000


INDEX = Index(
    name="value",
    title="exports of a to b, US dollars",
    formula="out / 1000",
    range="0 and up",
    neutral="none",
    directed=True,
    kinds=("trade",),
    evaluate=value,
    needs=("out",),
    source="Gaulier & Zignago 2010, doi:10.2139/ssrn.1994500",
    notes="Gross trade: where goods were shipped from, not where they were designed or made.",
)
