"""Overlap of product shares between countries: the sum over products of the smaller of two shares.

Half the sum of absolute differences of two shares that each add up to 1 is 1 less this overlap. It is taken
on dense blocks, product after product in sorted order, so that the sums of floats do not depend on how Polars
splits work.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.indices.base import CELL, A, B

Floats = npt.NDArray[np.float64]


def overlaps(rows: pl.DataFrame, flows: pl.DataFrame) -> pl.DataFrame:
    """Add ``overlap_ab`` (a's exports with b's imports) and ``overlap_exports`` to the rows of ordered pairs.

    Parameters
    ----------
    rows
        ``_cell``, ``_a``, ``_b``, ``exports_a``, ``exports_b``, ``imports_b``.
    flows
        ``_cell``, ``product`` if it is no part of the cell, ``_i``, ``_j``, ``value``.

    Returns
    -------
    pl.DataFrame
        NaN (undefined) where one side is covered but trades none of the cell's products, null where not
        covered.
    """
    product = "product" if "product" in flows.columns else None
    keyed = flows.with_columns(pl.col(product).cast(pl.String) if product else pl.lit("").alias("product"))
    blocks = keyed.partition_by(CELL, as_dict=True)
    parts = []
    for (cell, *_), pairs in rows.partition_by(CELL, as_dict=True, maintain_order=True).items():
        traded = blocks.get((cell,), keyed.clear())
        parts.append(_one_cell(pairs, traded))
    if not parts:
        return rows.with_columns(
            overlap_ab=pl.lit(None, pl.Float64), overlap_exports=pl.lit(None, pl.Float64)
        )
    done = pl.concat(parts)
    known_exports = pl.col("exports_a").is_not_null()
    return done.with_columns(
        pl.when(known_exports & pl.col("imports_b").is_not_null())
        .then(pl.col("overlap_ab"))
        .alias("overlap_ab"),
        pl.when(known_exports & pl.col("exports_b").is_not_null())
        .then(pl.col("overlap_exports"))
        .alias("overlap_exports"),
    )


def _one_cell(pairs: pl.DataFrame, traded: pl.DataFrame) -> pl.DataFrame:
    """Overlaps of the pairs of one cell, from a countries x products block of shares for each side."""
    codes = np.unique(np.concatenate([pairs[A].to_numpy(), pairs[B].to_numpy()]))
    products = traded["product"].unique().sort()
    sells = _shares(traded, "_i", codes, products)
    buys = _shares(traded, "_j", codes, products)
    a = np.searchsorted(codes, pairs[A].to_numpy())
    b = np.searchsorted(codes, pairs[B].to_numpy())
    start = 0.0 if len(products) else np.nan  # no trade at all: every share is 0/0
    with_imports = np.full((len(codes), len(codes)), start)
    with_exports = np.full((len(codes), len(codes)), start)
    for k in range(len(products)):
        with_imports += np.minimum(sells[k][:, None], buys[k][None, :])
        with_exports += np.minimum(sells[k][:, None], sells[k][None, :])
    return pairs.with_columns(
        pl.Series("overlap_ab", with_imports[a, b]), pl.Series("overlap_exports", with_exports[a, b])
    )


def _shares(traded: pl.DataFrame, side: str, codes: npt.NDArray[Any], products: pl.Series) -> Floats:
    """Shares (n_products, n_countries) of each product in a country's trade; NaN for a country without."""
    sums = traded.group_by(side, "product").agg(pl.col("value").sum())
    sums = sums.filter(pl.col(side).is_in(codes.tolist()))
    block = np.zeros((len(products), len(codes)))
    where = np.searchsorted(codes, sums[side].to_numpy())
    rank = pl.DataFrame({"product": products}).with_row_index("_k")
    product = (
        sums.select("product").join(rank, on="product", how="left", maintain_order="left")["_k"].to_numpy()
    )
    block[product, where] = sums["value"].to_numpy()
    totals = np.array([0] * len(codes), dtype=np.int64)
    np.add.at(totals, where, sums["value"].to_numpy())
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(block / totals, dtype=np.float64)
