"""Trade intensity: a's share of its exports that goes to b, over b's share of the world's imports.

Formula
    trade_intensity(a, b) = (v / X_a) / (M_b / X_w); v exports of a to b, X_a exports of a, M_b imports of b,
    X_w the world's trade, all of the products of the cell.
Unit and range
    a pure number, 0 and up; directed: a the exporter, b the importer.
Zero and missing
    0 where both are covered and no flow is listed, null flagged ``not_known`` where one is not covered; null
    where a exports or b imports nothing.
How to read it
    How oriented a's exports are towards b, size of b's market taken out. It needs the trade of all countries;
    from one country's reports it says nothing. Large exporters cannot export to themselves: see
    `trade_intensity_drysdale`.
Neutral value
    1, a little more for large exporters. A typical value, never a threshold.
Source
    Kojima 1964, Hitotsubashi Journal of Economics 5(1), 16-36; World Bank WITS; UNESCAP 2009.

Examples
--------
>>> INDEX.at(out=10, exports_a=50, imports_b=40, world=400)
2.0
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import Index, ratio


def trade_intensity(out: pl.Expr, exports_a: pl.Expr, imports_b: pl.Expr, world: pl.Expr) -> pl.Expr:
    """Take exports of a to b over their expectation from a's exports and b's imports (n_rows,)."""
    return ratio(out * world, exports_a * imports_b)


INDEX = Index(
    name="trade_intensity",
    title="trade intensity",
    formula="(out / exports_a) / (imports_b / world)",
    range="0 and up",
    neutral="1, a little more for large exporters",
    directed=True,
    kinds=("trade",),
    evaluate=trade_intensity,
    needs=("out", "exports_a", "imports_b", "world"),
    neutral_values={"none": 1.0},
    source="Kojima 1964, Hitotsubashi Journal of Economics 5(1), 16-36; World Bank WITS",
    notes="Needs the trade of all countries.",
)
