"""Export similarity: how far two countries export the same products (Finger-Kreinin).

Formula
    export_similarity = 100 sum_k min(x_ak / X_a, x_bk / X_b); x_ak exports of a of product k to everybody, k
    the HS6 products of the cell.
Unit and range
    0 to 100; symmetric.
Zero and missing
    0 where they export no product in common; null where one exports nothing of the cell's products.
How to read it
    Rivals on the world market. It falls with finer products.
Neutral value
    none
Source
    Finger & Kreinin 1979, Economic Journal 89, 905-912, doi:10.2307/2231506.

Examples
--------
>>> INDEX.at(overlap_exports=0.5)
50.0
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import Index


def export_similarity(overlap_exports: pl.Expr) -> pl.Expr:
    """Overlap of the export shares of a and b, in per cent (n_rows,)."""
    return overlap_exports * 100


INDEX = Index(
    name="export_similarity",
    title="export similarity (Finger-Kreinin)",
    formula="100 sum_k min(x_ak / X_a, x_bk / X_b)",
    range="0 to 100",
    neutral="none",
    directed=False,
    kinds=("trade",),
    evaluate=export_similarity,
    needs=("overlap_exports",),
    source="Finger & Kreinin 1979, doi:10.2307/2231506",
    notes="Over the HS6 products of the cell; falls with finer products.",
)
