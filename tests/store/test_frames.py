"""What can be published, and the hash of its content: equal for equal rows, different for different ones."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from support.canonical import values

from trendcore.errors import SchemaError
from trendcore.store import ReleaseInfo, Store
from trendcore.store.frames import as_arrow, content_sha256

TYPES = {
    "small": pa.int8(),
    "number": pa.int64(),
    "single": pa.float32(),
    "double": pa.float64(),
    "flag": pa.bool_(),
    "day": pa.date32(),
    "text": pa.string(),
    "members": pa.list_(pa.string()),
    "flags": pa.list_(pa.bool_()),
    "topics": pa.list_(pa.struct([pa.field("id", pa.int64()), pa.field("name", pa.string())])),
    "nested": pa.struct([pa.field("flag", pa.bool_()), pa.field("parts", pa.list_(pa.int16()))]),
}


def column(kind: pa.DataType) -> st.SearchStrategy[object]:
    """Any value or null of a type, with nulls at every depth; single floats only where they are exact."""
    if pa.types.is_float32(kind):
        return st.none() | st.floats(width=32, allow_nan=False)
    if pa.types.is_list(kind):
        return st.none() | st.lists(column(kind.value_type), max_size=3)
    if pa.types.is_struct(kind):
        return st.none() | st.fixed_dictionaries({field.name: column(field.type) for field in kind})
    return st.none() | values(kind)


frames = st.lists(
    st.fixed_dictionaries({name: column(kind) for name, kind in TYPES.items()}), max_size=12
).map(lambda rows: pl.DataFrame(pa.Table.from_pylist(rows, schema=pa.schema(TYPES))))


def content(frame: pl.DataFrame) -> str:
    return content_sha256(as_arrow("t", frame))


@settings(max_examples=60, deadline=None)
@given(frames, st.data())
def test_equal_rows_have_equal_hashes(frame: pl.DataFrame, data: st.DataObject) -> None:
    """However the rows came into memory: in chunks, as a slice, with leftovers under nulls, from rows."""
    n = frame.height
    cut = data.draw(st.integers(0, n))
    assert content(pl.concat([frame[:cut], frame[cut:]], rechunk=False)) == content(frame)
    assert content(pl.concat([frame, frame, frame]).slice(n, n)) == content(frame)
    assert content(pl.DataFrame(frame.rows(), schema=frame.schema, orient="row")) == content(frame)


def bits(*flags: int) -> pa.Buffer:
    """A bitmap of three values, and leftovers in the other five bits."""
    return pa.py_buffer(bytes([sum(flag << i for i, flag in enumerate(flags)) | 0b10101000]))


def offsets(*ends: int) -> pa.Buffer:
    return pa.array([0, *ends], pa.int64()).buffers()[1]


def test_leftovers_under_nulls_are_no_content() -> None:
    words = pa.array(["ab", "left", "c"], pa.large_string())
    arrays = {
        "number": (pa.int64(), [bits(1, 0, 1), pa.array([1, 99, 3]).buffers()[1]], []),
        "flag": (pa.bool_(), [bits(1, 0, 1), bits(1, 1, 0)], []),
        "day": (pa.date32(), [bits(1, 0, 1), pa.array([1, 99, 3], pa.int32()).buffers()[1]], []),
        "text": (pa.large_string(), [bits(1, 0, 1), *words.buffers()[1:]], []),
        "list": (pa.large_list(pa.int64()), [bits(1, 0, 1), offsets(1, 2, 3)], [pa.array([1, 99, 3])]),
        "struct": (pa.struct({"n": pa.int64()}), [bits(1, 0, 1)], [pa.array([1, 99, 3])]),
    }
    dirty = pa.table(
        {
            name: pa.Array.from_buffers(kind, 3, buffers, children=children)
            for name, (kind, buffers, children) in arrays.items()
        }
    )
    clean = pa.Table.from_pylist(dirty.to_pylist(), schema=dirty.schema)
    assert dirty.equals(clean)
    for name in arrays:
        assert content_sha256(dirty.select([name])) == content_sha256(clean.select([name])), name
    whole = pa.table({"flag": pa.Array.from_buffers(pa.bool_(), 3, [None, bits(1, 1, 0)])})
    assert content_sha256(whole) == content_sha256(pa.table({"flag": [True, True, False]}))


@settings(max_examples=60, deadline=None)
@given(frames, frames)
def test_different_rows_have_different_hashes(one: pl.DataFrame, other: pl.DataFrame) -> None:
    same = repr(one.rows()) == repr(other.rows())  # by repr: 0.0 and -0.0 are two contents
    assert (content(one) == content(other)) == same


@settings(max_examples=15, deadline=None)
@given(frames)
def test_what_is_read_back_has_the_hash_of_what_was_published(frame: pl.DataFrame) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(Path(folder) / "ws")
        with store.lock():
            manifest = store.publish({"t": frame}, ReleaseInfo(fingerprint="f"))
        back = store.read(manifest, "t").collect()
        assert back.schema == frame.schema
        assert_frame_equal(back, frame)
        assert content(back) == manifest.tables["t"].content_sha256


def test_order_names_and_types_are_content() -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": [3, 4]})
    others = [
        frame.reverse(),
        frame.select("b", "a"),
        frame.rename({"a": "c"}),
        frame.cast(pl.Int32),
        frame.with_columns(pl.lit(None, pl.Int64).alias("c")),
    ]
    assert len({content(each) for each in [frame, *others]}) == 1 + len(others)


def test_zero_false_empty_and_null_differ() -> None:
    for kind, value in ((pl.Int64, 0), (pl.Boolean, False), (pl.String, ""), (pl.List(pl.Int8), [])):
        full = pl.DataFrame({"a": [value, value]}, schema={"a": kind})
        half = pl.DataFrame({"a": [None, value]}, schema={"a": kind})
        none = pl.DataFrame({"a": [None, None]}, schema={"a": kind})
        assert len({content(each) for each in (full, half, none)}) == 3


def test_the_hash_is_that_of_the_arrow_stream_where_nothing_is_open() -> None:
    """Without nulls and bitmaps the plain stream has the same bytes: anybody can recompute the hash."""
    frame = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "", "yz"], "c": [[0.5], [], [1.0, 2.0]]})
    table = as_arrow("t", frame)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_batch(table.to_batches()[0])
    assert content_sha256(table) == hashlib.sha256(sink.getvalue()).hexdigest()


def test_hashes_stay() -> None:
    """A release is compared with one that was made long ago."""
    frame = pl.DataFrame({"a": ["JP", None], "n": [1, None], "ok": [True, None], "m": [["x", None], None]})
    assert content(frame) == "b57040dc357cc1a5858c4b797f88141c21a9e991bfbbba51d29edc8748f58c7a"


def test_categories_and_unsigned_numbers_are_cast() -> None:
    deep = pl.List(pl.Struct({"n": pl.UInt8, "c": pl.Categorical}))
    frame = pl.DataFrame(
        {
            "enum": pl.Series(["x", None], dtype=pl.Enum(["x", "y"])),
            "category": pl.Series(["x", "y"], dtype=pl.Categorical),
            "unsigned": pl.Series([0, 2**32 - 1], dtype=pl.UInt32),
            "long": pl.Series([2**63 - 1, None], dtype=pl.UInt64),
            "deep": pl.Series([[{"n": 1, "c": "x"}], None], dtype=deep),
        }
    )
    back = pl.DataFrame(as_arrow("t", frame))
    assert back.schema == {
        "enum": pl.String,
        "category": pl.String,
        "unsigned": pl.Int64,
        "long": pl.Int64,
        "deep": pl.List(pl.Struct({"n": pl.Int64, "c": pl.String})),
    }
    assert back.rows() == [("x", "x", 0, 2**63 - 1, [{"n": 1, "c": "x"}]), (None, "y", 2**32 - 1, None, None)]


@pytest.mark.parametrize(
    ("series", "kind"),
    [
        (pl.Series("x", [None]), "Null"),
        (pl.Series("x", [1], dtype=pl.Int128), "Int128"),
        (pl.Series("x", [datetime(2026, 1, 1)]), "Datetime"),
        (pl.Series("x", [Decimal("1.5")]), "Decimal"),
        (pl.Series("x", [[1, 2]], dtype=pl.Array(pl.Int64, 2)), "Array"),
        (pl.Series("x", [[datetime(2026, 1, 1)]]), "Datetime"),
        (pl.Series("x", [{"y": None}]), "Null"),
        (pl.Series("x", [object()], dtype=pl.Object), "Object"),
    ],
)
def test_other_types_are_refused_by_name(series: pl.Series, kind: str) -> None:
    with pytest.raises(SchemaError, match=f"table pairs, column x: cannot be published as {kind}"):
        as_arrow("pairs", pl.DataFrame([pl.Series("day", [date(2026, 1, 1)]), series]))


def test_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(SchemaError, match="table pairs: a value does not fit"):
        as_arrow("pairs", pl.DataFrame({"n": pl.Series([2**63], dtype=pl.UInt64)}))


@pytest.mark.parametrize(
    "frame", [pl.DataFrame(), pl.DataFrame({"": [1]}), pl.DataFrame({"a": [1], "A": [2]})]
)
def test_columns_need_names_that_differ(frame: pl.DataFrame) -> None:
    with pytest.raises(SchemaError, match="columns need names"):
        as_arrow("pairs", frame)


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(["AU", "", "JP", None, "long enough for a heap"]), max_size=3),
            st.lists(st.integers(0, 3), max_size=2),
            st.none() | st.sampled_from(["x", ""]),
            st.none() | st.integers(0, 9),
        ),
        min_size=1,
        max_size=8,
    ),
    st.data(),
)
def test_rows_hash_alike_whatever_they_are_cut_from(rows: list[tuple[Any, ...]], data: st.DataObject) -> None:
    schema = {"a": pl.List(pl.String), "b": pl.List(pl.Int64), "c": pl.String, "d": pl.Int16}
    start = data.draw(st.integers(0, len(rows) - 1))
    n = data.draw(st.integers(0, len(rows) - start))
    cut = pl.DataFrame(rows, schema=schema, orient="row").slice(start, n)
    alone = pl.DataFrame(rows[start : start + n], schema=schema, orient="row")
    assert content_sha256(as_arrow("t", cut)) == content_sha256(as_arrow("t", alone))


def test_lists_without_elements_hash_alike_wherever_they_are_cut_from() -> None:
    whole = pl.DataFrame({"year": [1, 2], "members": [["AU"], []], "parts": [[[1]], []]})
    alone = pl.DataFrame({"year": [2], "members": [[]], "parts": [[]]}, schema=whole.schema)
    assert content_sha256(as_arrow("t", whole.slice(1))) == content_sha256(as_arrow("t", alone))
