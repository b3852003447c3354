"""Supplier concentration: the Hirschman-Herfindahl index of a's imports over its foreign suppliers.

Formula
    supplier_hhi(a) = sum of s_j^2, s_j the share of supplier j in a's imports of the products of the cell;
    re-imports (a from a) and imports from what is no country (``nes``: one supplier or many) are left out and
    the shares renormalised.
Unit and range
    a pure number, 1/n to 1 with n suppliers of a positive value; of one country: b is null.
Zero and missing
    never 0; null where a imports nothing from other countries.
How to read it
    1: a single supplier. 1/HHI is the number of equal suppliers that would be as concentrated. CEPII's GeoDep
    takes more than 0.4 for dependent. Not normalised by the number of suppliers.
Neutral value
    1/n: depends on the cell.
Source
    Hirschman 1964, American Economic Review 54(5), 761-762.

Examples
--------
>>> INDEX.at(squares=50.0, abroad=10.0)  # suppliers of 5 and 5
0.5
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import Index, ratio


def supplier_hhi(squares: pl.Expr, abroad: pl.Expr) -> pl.Expr:
    """Sum of squared imports over the square of the imports from abroad (n_rows,)."""
    return ratio(squares, abroad * abroad)


INDEX = Index(
    name="supplier_hhi",
    title="concentration of a's suppliers",
    formula="squares / abroad^2",
    range="above 0, up to 1",
    neutral="1 over the number of suppliers: depends on the cell",
    directed=False,
    kinds=("trade",),
    evaluate=supplier_hhi,
    needs=("squares", "abroad"),
    subject="country",
    source="Hirschman 1964, American Economic Review 54(5), 761-762",
    notes="Foreign countries only: re-imports and nes are left out and the shares renormalised.",
)
