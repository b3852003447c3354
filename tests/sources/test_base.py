from __future__ import annotations

import pyarrow as pa
import pytest

from trendcore.errors import UsageError
from trendcore.schemas import PAPERS, QUARANTINE, TRADE
from trendcore.sources import FEEDS, Batch, Counts, QuarantineBuilder, feed
from trendcore.sources.base import RAW_CHARACTERS, empty, is_year


def test_rows_that_are_not_accounted_for_are_an_error() -> None:
    with pytest.raises(AssertionError, match="read 5 rows"):
        Counts("a", read=5, accepted=2, quarantined=1, set_aside={"merged": 1})


def test_counts_add_up_by_reason() -> None:
    one = Counts("a", 3, 1, 1, {"merged": 1}, {"unknown_country:ZZ": 2})
    other = Counts("a", 2, 0, 0, {"merged": 1, "repeat": 1})
    both = one + other
    assert (both.read, both.accepted, both.quarantined) == (5, 1, 1)
    assert both.set_aside == {"merged": 2, "repeat": 1}
    assert both.warnings == {"unknown_country:ZZ": 2}
    with pytest.raises(ValueError, match="different files"):
        one + Counts("b", 0, 0, 0)


def test_a_batch_must_hold_what_its_counts_say() -> None:
    with pytest.raises(AssertionError, match="counts say"):
        Batch(empty(PAPERS), None, None, Counts("a", 1, 1, 0))
    with pytest.raises(AssertionError, match="no canonical schema"):
        Batch(pa.RecordBatch.from_pydict({"x": [1]}), None, None, Counts("a", 1, 1, 0))
    assert Batch(empty(TRADE), None, None, Counts("a", 0, 0, 0)).rows.num_rows == 0


@pytest.mark.parametrize("raw", ["x" * 9000, b"\xff" * 9000, "\ud800", b"\x00\xc3", "日本" * 400, ""])
def test_any_raw_row_can_be_quarantined(raw: str | bytes) -> None:
    refused = QuarantineBuilder("a.csv")
    refused.add(1, "why \ud800", raw)
    batch = refused.take()
    assert batch is not None
    assert batch.schema == QUARANTINE
    batch.validate(full=True)
    assert len(batch.to_pylist()[0]["raw"]) <= RAW_CHARACTERS
    assert refused.take() is None


def test_years() -> None:
    assert [is_year(year) for year in (1399, 1400, 2100, 2101, -1, None, 10**30)] == [
        False, True, True, False, False, False, False
    ]  # fmt: skip


def test_unknown_feed_is_named() -> None:
    with pytest.raises(UsageError, match="unknown feed 'scopus'; one of openalex"):
        feed("scopus")
    assert "openalex" in FEEDS
