"""Trade intensity with a's own imports out of the world's: Drysdale's form.

Formula
    trade_intensity_drysdale(a, b) = (v / X_a) / (M_b / (M_w - M_a)); v exports of a to b, X_a exports of a,
    M_b imports of b, M_a of a, M_w the world's imports, all of the products of the cell. Trade with what is
    no country (``nes``) stays in all of them: it is a market of a, so part of M_w - M_a as of X_a.
Unit and range
    a pure number, 0 and up; directed: a the exporter, b the importer.
Zero and missing
    as `trade_intensity`: 0 where both are covered and no flow is listed, null flagged ``not_known`` where one
    is not covered; null where a exports or b imports nothing, or nobody but a imports.
How to read it
    As `trade_intensity`; the two differ for large importers, which cannot be their own customers.
Neutral value
    1. A typical value, never a threshold.
Source
    Drysdale & Garnaut 1982, Hitotsubashi Journal of Economics 22(2), 62-84.

Examples
--------
>>> INDEX.at(out=10, exports_a=50, imports_b=40, imports_a=80, world=400)
1.6
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import Index, undefined_where


def trade_intensity_drysdale(
    out: pl.Expr, exports_a: pl.Expr, imports_b: pl.Expr, imports_a: pl.Expr, world: pl.Expr
) -> pl.Expr:
    """Take exports of a to b over their expectation, a's own imports left out (n_rows,)."""
    expected = exports_a * imports_b
    return undefined_where((expected == 0) | (world == imports_a), out * (world - imports_a) / expected)


INDEX = Index(
    name="trade_intensity_drysdale",
    title="trade intensity, Drysdale's form",
    formula="(out / exports_a) / (imports_b / (world - imports_a))",
    range="0 and up",
    neutral="1",
    directed=True,
    kinds=("trade",),
    evaluate=trade_intensity_drysdale,
    needs=("out", "exports_a", "imports_b", "imports_a", "world"),
    neutral_values={"none": 1.0},
    source="Drysdale & Garnaut 1982, Hitotsubashi Journal of Economics 22(2), 62-84",
    notes="Needs the trade of all countries.",
)
