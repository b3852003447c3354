"""Import share: the part of a's imports that b supplies.

Formula
    import_share(a, b) = m / M; m imports of a from b, M imports of a from everybody, both of the products of
    the cell.
Unit and range
    a fraction, 0 to 1; directed: a the importer, b the supplier.
Zero and missing
    0 where both are covered and no flow is listed, null flagged ``not_known`` where one is not covered; null
    where a imports nothing. Re-imports (a from a) are no pair, but stay in M unless the tally dropped them
    (``self_flows="drop"``). Imports from what is no country (``nes``) are no pair, but always in M. So a's
    shares may add up to less than 1. Aggregates such as World must be out before.
How to read it
    How far a depends on b as a seller. Entrepots such as Hong Kong and Singapore are not producers.
Neutral value
    none
Source
    Bilateral import dependency, as published for Thailand's chips from UN Comtrade; CEPII GeoDep.

Examples
--------
>>> INDEX.at(back=2207750958, imports_a=9680795326)  # Thailand from Taiwan, HS 8542, 2014
0.22805...
"""

from __future__ import annotations

import polars as pl

from trendcore.indices.model import Index, ratio


def import_share(back: pl.Expr, imports_a: pl.Expr) -> pl.Expr:
    """Take imports of a from b over all imports of a (n_rows,)."""
    return ratio(back, imports_a)


INDEX = Index(
    name="import_share",
    title="share of a's imports that b supplies",
    formula="back / imports_a",
    range="0 to 1",
    neutral="none",
    directed=True,
    kinds=("trade",),
    evaluate=import_share,
    needs=("back", "imports_a"),
    source="bilateral import dependency, CEPII GeoDep (bdd 41)",
    notes="Imports from nes stay in the denominator, and re-imports unless the tally dropped them.",
)
