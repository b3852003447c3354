"""Grubel-Lloyd: how far the trade of two countries runs both ways within the same products.

Formula
    grubel_lloyd = 1 - sum_k |X_k - M_k| / sum_k (X_k + M_k); X_k what a sells to b of product k, M_k what b
    sells to a, k the HS6 products of the cell. With the product among the cell's columns it is the index of
    that product.
Unit and range
    a fraction, 0 (one-way trade) to 1 (balanced in every product); symmetric.
Zero and missing
    null where the two do not trade; null flagged ``not_known`` where one direction is not covered.
How to read it
    Intra-industry trade. It falls with finer products; the aggregate is not the mean of the products. Both
    directions must be of one side's reports: imports (CIF) are never netted against exports (FOB).
Neutral value
    none
Source
    Grubel & Lloyd 1971, Economic Record 47, 494-517, doi:10.1111/j.1475-4932.1971.tb00772.x.

Examples
--------
>>> INDEX.at(imbalance=35 + 98 + 90, both=673 + 184 + 110)
0.76938...
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import Index, ratio


def grubel_lloyd(imbalance: pl.Expr, both: pl.Expr) -> pl.Expr:
    """1 less the products' imbalance over the trade in both directions (n_rows,)."""
    return 1 - ratio(imbalance, both)


INDEX = Index(
    name="grubel_lloyd",
    title="intra-industry trade (Grubel-Lloyd)",
    formula="1 - imbalance / both",
    range="0 to 1",
    neutral="none",
    directed=False,
    kinds=("trade",),
    evaluate=grubel_lloyd,
    needs=("imbalance", "both"),
    source="Grubel & Lloyd 1971, doi:10.1111/j.1475-4932.1971.tb00772.x",
    notes="Aggregate over the products of the cell; falls with finer products.",
)
