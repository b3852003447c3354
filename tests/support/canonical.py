"""Canonical rows for tests of the store: random ones of any table, and a small fixed one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from trendcore.schemas import CANONICAL
from trendcore.store import Content, Ledger, Store, Unit

Row = dict[str, Any]


def values(kind: pa.DataType) -> st.SearchStrategy[Any]:
    """Any value of an Arrow type that canonical tables use."""
    if pa.types.is_list(kind):
        return st.lists(values(kind.value_type), max_size=3)
    if pa.types.is_struct(kind):
        return st.fixed_dictionaries({field.name: values(field.type) for field in kind})
    if pa.types.is_integer(kind):
        return st.integers(-(2 ** (kind.bit_width - 1)), 2 ** (kind.bit_width - 1) - 1)
    if pa.types.is_floating(kind):
        return st.floats(allow_nan=False)
    if pa.types.is_boolean(kind):
        return st.booleans()
    if pa.types.is_date(kind):
        return st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))
    assert pa.types.is_string(kind), kind
    return st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


def rows(table: str, max_size: int = 4) -> st.SearchStrategy[list[Row]]:
    """Any rows of a canonical table."""
    columns = {
        field.name: st.none() | values(field.type) if field.nullable else values(field.type)
        for field in CANONICAL[table]
    }
    return st.lists(st.fixed_dictionaries(columns), max_size=max_size)


def batch(table: str, given: Iterable[Row]) -> pa.RecordBatch:
    """A record batch of rows."""
    return pa.RecordBatch.from_pylist(list(given), schema=CANONICAL[table])


def refused(*lines: int) -> pa.RecordBatch:
    """Quarantined rows of these lines."""
    return batch("quarantine", [{"file": "a.csv", "line": n, "reason": "bad", "raw": "x"} for n in lines])


def ingest(store: Store, ledger: Ledger, content: str, *lines: int) -> None:
    """Store quarantined rows as a content; the ledger is changed, not saved."""
    with store.writer(content) as writer:
        writer.add("quarantine", refused(*lines))
    name(ledger, content, writer.rows)


def name(ledger: Ledger, content: str, held: dict[str, int]) -> None:
    """Put a content into a ledger, as found in one unit."""
    ledger.contents[content] = Content(content, "baci", "all", "", "1", ledger.next_seq, dict(held))
    ledger.units.append(Unit("baci", content, [], content, "2026-01-01T00:00:00+00:00"))
    ledger.next_seq += 1


def lines(store: Store, *contents: str) -> list[tuple[str, int]]:
    """Content and line of the quarantined rows of contents, sorted."""
    found = store.scan("quarantine", contents).select("input", "line").collect()
    return sorted(found.iter_rows())
