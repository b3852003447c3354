"""Revealed comparative advantage (Balassa): a field's weight in a's exports over its weight in the world's.

Formula
    rca(a) = (x / X) / (w / W); x exports of a of the cell's products (a field, or one product), X exports of
    a of all goods, w and W those of the world.
Unit and range
    a pure number, 0 and up; of one exporter: b is null.
Zero and missing
    0 where a exports goods but none of the cell; null where a exports nothing, or nobody exports the cell's
    products. Without all goods (``tally.goods`` is None) every value is null, flagged ``no_goods_total``.
How to read it
    Specialisation in exporting, not in producing. Its distribution is skewed: `rsca` is symmetric around 0.
Neutral value
    1: the world's own weight. A typical value, never a threshold.
Source
    Balassa 1965, Manchester School 33, 99-123, doi:10.1111/j.1467-9957.1965.tb00050.x.

Examples
--------
>>> INDEX.at(field=20, goods=100, world_field=100, world_goods=1000)
2.0
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import Index, ratio


def rca(field: pl.Expr, goods: pl.Expr, world_field: pl.Expr, world_goods: pl.Expr) -> pl.Expr:
    """Weight of the field in a's exports over its weight in the world's (n_rows,)."""
    return ratio(field * world_goods, goods * world_field)


INDEX = Index(
    name="rca",
    title="revealed comparative advantage (Balassa)",
    formula="(field / goods) / (world_field / world_goods)",
    range="0 and up",
    neutral="1",
    directed=False,
    kinds=("trade",),
    evaluate=rca,
    needs=("field", "goods", "world_field", "world_goods"),
    subject="country",
    neutral_values={"none": 1.0},
    source="Balassa 1965, doi:10.1111/j.1467-9957.1965.tb00050.x",
    notes="Needs the exports of all goods.",
)
