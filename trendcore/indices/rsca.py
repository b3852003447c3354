"""Revealed symmetric comparative advantage (Laursen): Balassa's index mapped to -1 .. 1.

Formula
    rsca(a) = (rca - 1) / (rca + 1); rca as in `rca`.
Unit and range
    a pure number, -1 (exports none of it) up to, not reaching, 1; of one exporter: b is null.
Zero and missing
    0 means as specialised as the world; null exactly where `rca` is null.
How to read it
    Specialisation and its absence are at equal distances from 0.
Neutral value
    0. A typical value, never a threshold.
Source
    Laursen 2015, Eurasian Business Review 5, 99-115, doi:10.1007/s40821-015-0017-1 (working paper 1998).

Examples
--------
>>> INDEX.at(field=30, goods=100, world_field=100, world_goods=1000)
0.5
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import Index, undefined_where


def rsca(field: pl.Expr, goods: pl.Expr, world_field: pl.Expr, world_goods: pl.Expr) -> pl.Expr:
    """(rca - 1) / (rca + 1), without dividing twice (n_rows,)."""
    observed, expected = field * world_goods, goods * world_field
    return undefined_where(expected == 0, (observed - expected) / (observed + expected))


INDEX = Index(
    name="rsca",
    title="revealed symmetric comparative advantage",
    formula="(rca - 1) / (rca + 1)",
    range="-1 to below 1",
    neutral="0",
    directed=False,
    kinds=("trade",),
    evaluate=rsca,
    needs=("field", "goods", "world_field", "world_goods"),
    subject="country",
    neutral_values={"none": 0.0},
    source="Laursen 2015, doi:10.1007/s40821-015-0017-1",
    notes="Needs the exports of all goods.",
)
