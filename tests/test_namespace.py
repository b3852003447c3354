"""`lf.trend` gives what the functions give."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import trendcore as tc
import trendcore.namespace

WORKS = pl.DataFrame({"year": [2022, 2022, 2023], "countries": [["JP", "US"], ["JP", "KR", "US"], ["US"]]})
FLOWS = pl.DataFrame(
    {"year": [2022], "hs6": ["854231"], "exporter": ["TW"], "importer": ["US"], "value": [5000]}
)


@pytest.mark.parametrize("rows", [WORKS, WORKS.lazy()], ids=["frame", "lazy"])
def test_tally_and_indices(rows: pl.DataFrame | pl.LazyFrame) -> None:
    trend = rows.trend  # type: ignore[union-attr]
    assert isinstance(trend, trendcore.namespace.TrendNamespace)
    tally = tc.tally(WORKS, members="countries", by=["year"])
    assert_frame_equal(trend.tally(members="countries", by=["year"]).pairs, tally.pairs)
    assert_frame_equal(
        trend.indices(["salton"], members="countries", by=["year"]), tc.indices.compute(tally, ["salton"])
    )


def test_trade() -> None:
    assert_frame_equal(FLOWS.trend.tally_trade().flows, tc.tally_trade(FLOWS).flows)  # type: ignore[attr-defined]
