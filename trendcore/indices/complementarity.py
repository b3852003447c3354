"""Complementarity: how well a's exports match b's imports, product by product (Michaely).

Formula
    complementarity(a, b) = 100 (1 - 1/2 sum_k |m_bk / M_b - x_ak / X_a|) = 100 sum_k min(m_bk / M_b, x_ak /
    X_a); x_ak exports of a of product k to everybody, m_bk imports of b from everybody, k the HS6 products of
    the cell.
Unit and range
    0 to 100; directed: a the exporter, b the importer.
Zero and missing
    0 where a sells nothing that b buys; null where a exports or b imports nothing of the cell's products.
How to read it
    Potential, not trade: it does not ask whether the two trade. It falls with finer products.
Neutral value
    none
Source
    Michaely 1996, World Bank policy research working paper 1583, doi:10.1596/1813-9450-1583.

Examples
--------
>>> INDEX.at(overlap_ab=0.375)
37.5
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import Index


def complementarity(overlap_ab: pl.Expr) -> pl.Expr:
    """Overlap of a's export shares with b's import shares, in per cent (n_rows,)."""
    return overlap_ab * 100


INDEX = Index(
    name="complementarity",
    title="trade complementarity (Michaely)",
    formula="100 sum_k min(m_bk / M_b, x_ak / X_a)",
    range="0 to 100",
    neutral="none",
    directed=True,
    kinds=("trade",),
    evaluate=complementarity,
    needs=("overlap_ab",),
    source="Michaely 1996, doi:10.1596/1813-9450-1583",
    notes="Over the HS6 products of the cell; falls with finer products.",
)
