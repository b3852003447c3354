"""What works may come in, `by` columns, labels and policies, and what is refused with which words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal
from support.tallies import ONE, assert_same_tally

import trendcore as tc
from trendcore import taxonomy
from trendcore.errors import BackendError, InputError, SchemaError, UsageError

WORKS = pl.DataFrame(
    {
        "id": ["W1", "W2", "W3", "W4"],
        "field": ["ai", "qis", "ai", "ai"],
        "year": pl.Series([2022, 2022, 2023, 2022], dtype=pl.Int16),
        "countries": [["JP", "US"], ["JP"], [], ["US", None, "JP", "KR"]],
    }
)
BY = ["field", "year"]


def tally(works: Any, **changes: Any) -> tc.Tally:
    return tc.tally(works, **{"members": "countries", "by": BY, **changes})


class Stream:
    """Stands for any library whose tables speak Arrow."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return WORKS.to_arrow().__arrow_c_stream__(requested_schema)


KINDS: dict[str, Callable[[], Any]] = {
    "lazy": WORKS.lazy,
    "table": WORKS.to_arrow,
    "batch": lambda: WORKS.to_arrow().to_batches()[0],
    "reader": lambda: WORKS.to_arrow().to_reader(max_chunksize=1),
    "batches": lambda: iter(WORKS.to_arrow().to_batches(max_chunksize=3)),
    "frames": lambda: [WORKS[:1], WORKS[1:1], WORKS[1:]],
    "stream": Stream,
    "chunks": lambda: pl.concat([WORKS[:2], WORKS[2:]], rechunk=False),
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_input(kind: str) -> None:
    assert_same_tally(tally(KINDS[kind]()), tally(WORKS))


def test_only_the_columns_that_are_needed_are_read() -> None:
    lazy = WORKS.lazy().with_columns(broken=pl.col("id").cast(pl.Int64))
    assert_same_tally(tally(lazy), tally(WORKS))


def test_arrow_lists_of_other_kinds() -> None:
    table = WORKS.drop("countries").to_arrow()
    lists = pa.array(WORKS["countries"].to_list(), pa.list_(pa.dictionary(pa.int32(), pa.string())))
    assert_same_tally(tally(table.append_column("countries", lists)), tally(WORKS))
    fixed = pa.array([["JP", "US"], ["JP", None], [None, None], ["KR", "US"]], pa.list_(pa.string(), 2))
    assert tally(table.append_column("countries", fixed)).pairs["joint"].to_list() == [1, 1]


def test_entries_below_null_lists_are_not_counted() -> None:
    """Arrow allows them; they are not data."""
    validity, offsets = pa.py_buffer(bytes([0b1101])), pa.py_buffer(np.array([0, 2, 4, 4, 5], dtype=np.int64))
    lists = pa.LargeListArray.from_buffers(
        pa.large_list(pa.string()),
        4,
        [validity, offsets],
        children=[pa.array(["JP", "US", "KR", "DE", "JP"])],
    )
    counted = tc.tally(pa.table({"c": lists}), members="c", by=[])
    assert counted.members.select("member", "works").rows() == [("JP", 2), ("US", 1)]
    assert counted.totals.row(0) == (4, 2, 1, 3, 2)


def test_a_slice_counts_its_own_rows_only() -> None:
    assert_same_tally(tally(WORKS[1:3]), tally(WORKS[1:3].clone().rechunk()))
    assert tally(WORKS[1:3]).members["member"].to_list() == ["JP"]


def test_one_member_a_work() -> None:
    counted = tc.tally(pl.DataFrame({"c": ["JP", None, "JP", ""]}), members="c", by=[])
    assert counted.members.rows() == [("JP", 2, 0, 2 * ONE)]
    assert counted.totals.row(0) == (4, 2, 0, 2, 0)
    coded = tc.tally(pl.DataFrame({"c": [392, None], "s": [1.0, 1.0]}), members="c", shares="s", by=[])
    assert coded.members.rows() == [("392", 1, 0, ONE)]


@pytest.mark.parametrize("dtype", [pl.List(pl.String), pl.List(pl.Null), pl.Null])
def test_no_known_member(dtype: Any) -> None:
    works = pl.DataFrame({"c": pl.Series([None, None], dtype=dtype)})
    counted = tc.tally(works, members="c", by=[], patterns=True, counting="pair")
    assert counted.totals.row(0) == (2, 0, 0, 0, 0)
    assert counted.members.is_empty()
    assert counted.pairs.schema == {"a": pl.String, "b": pl.String, "joint": pl.Int64, "w_pair": pl.Int64}
    assert counted.patterns is not None
    assert counted.patterns.rows() == [([], 2)]


def test_no_works() -> None:
    empty = tally(WORKS.clear(), counting="newman")
    assert all(frame.is_empty() for frame in (empty.pairs, empty.members, empty.totals))
    full = tally(WORKS, counting="newman")
    for name in ("pairs", "members", "totals"):
        assert getattr(empty, name).schema == getattr(full, name).schema
    assert_same_tally(empty.merge(full), full)
    assert tc.tally(WORKS.clear(), members="countries", by=[]).totals.is_empty()


def test_byte_order_of_names() -> None:
    works = pl.DataFrame({"c": [["é", "a", "Z", "10", "9"]]})
    counted = tc.tally(works, members="c", by=[])
    assert counted.members["member"].to_list() == ["10", "9", "Z", "a", "é"]
    assert all(a.encode() < b.encode() for a, b, _ in counted.pairs.iter_rows())


# ------------------------------------------------------------------------------------------------ by columns


def test_no_by_is_one_cell() -> None:
    counted = tc.tally(WORKS, members="countries", by=[])
    assert counted.pairs.rows() == [("JP", "KR", 1), ("JP", "US", 2), ("KR", "US", 1)]
    assert counted.totals.row(0) == (4, 3, 2, 6, 8)


def test_lists_count_once_in_each_distinct_value() -> None:
    works = WORKS.with_columns(field=pl.Series([["ai", "qis", "ai"], ["qis"], ["ai"], []]))
    spread = pl.DataFrame(
        {
            "field": ["ai", "qis", "qis", "ai"],
            "year": pl.Series([2022, 2022, 2022, 2023], dtype=pl.Int16),
            "countries": [["JP", "US"], ["JP", "US"], ["JP"], []],
        }
    )
    assert_same_tally(tally(works), tally(spread))
    twice = works.with_columns(tag=pl.Series([["x", "y"], ["x"], ["y"], ["x"]]))
    counted = tally(twice, by=["field", "tag"])
    assert counted.totals.select("field", "tag", "works").rows() == [
        ("ai", "x", 1), ("ai", "y", 2), ("qis", "x", 2), ("qis", "y", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "values",
    [
        pl.Series(["b", "a", "b", "é"]),
        pl.Series(["b", "a", "b", "c"], dtype=pl.Categorical),
        pl.Series(["b", "a", "b", "c"], dtype=pl.Enum(["c", "b", "z", "a"])),
        pl.Series([True, False, True, True]),
        pl.Series([date(2022, 1, 1), date(1969, 1, 1), date(2022, 1, 1), date(2400, 1, 1)]),
        pl.Series([2**63 + 1, 0, 2**63 + 1, 5], dtype=pl.UInt64),
        pl.Series([-(2**63), 2**63 - 1, -(2**63), 0]),
        pl.Series([-5, 3, -5, 100], dtype=pl.Int8),
    ],
    ids=lambda values: str(values.dtype)[:12],
)
def test_types_of_by_columns(values: pl.Series) -> None:
    works = WORKS.with_columns(values.alias("key"))
    counted = tally(works, by=["key", "year"])
    expected = works.group_by("key", "year").agg(works=pl.len().cast(pl.Int64)).sort("key", "year")
    assert_frame_equal(counted.totals.select("key", "year", "works"), expected)
    assert counted.pairs.schema["key"] == values.dtype


def test_many_cells() -> None:
    """More combinations of values than a look-up table is made for."""
    n = 5000
    draw = np.random.default_rng(3)
    works = pl.DataFrame(
        {name: draw.integers(0, 4000, n) for name in ("x", "y", "z")} | {"countries": [["JP", "US"]] * n}
    )
    counted = tally(works, by=["x", "y", "z"])
    expected = works.group_by("x", "y", "z").agg(joint=pl.len().cast(pl.Int64)).sort("x", "y", "z")
    assert_frame_equal(counted.pairs.drop("a", "b"), expected)


def test_enums_of_other_categories_in_other_batches() -> None:
    parts = [
        WORKS[:2].with_columns(pl.col("field").cast(pl.Enum(["qis", "ai"]))),
        WORKS[2:].with_columns(pl.col("field").cast(pl.Enum(["ai"]))),
    ]
    assert_same_tally(tally(parts[0]).merge(tally(parts[1])), tally(WORKS))


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        (
            {"by": ["field", "yaer"]},
            SchemaError,
            "works have no column 'yaer'; there are id, field, year, countries",
        ),
        ({"members": "country"}, SchemaError, "works have no column 'country'"),
        ({"by": "year"}, UsageError, r"write by=\['year'\]"),
        ({"by": ["year", "year"]}, UsageError, "by names a column twice: year, year"),
        ({"by": ["countries"]}, UsageError, "by names 'countries', which is a column of what is counted"),
        ({"by": ["joint"]}, UsageError, "'joint' has the name of a column of the tally: rename it"),
        ({"by": ["share"]}, SchemaError, "by column 'share' holds Float64; cells are of strings"),
        (
            {"by": ["gap"]},
            InputError,
            "by column 'gap' is null in 1 of 4 rows: filter them out or fill them first",
        ),
        ({"by": ["gaps"]}, InputError, "by column 'gaps' is null, or holds a null, in 2 of 4 rows"),
        (
            {"members": "share"},
            SchemaError,
            "'share' holds Float64; members are lists of strings, Categorical",
        ),
        ({"members": "shares"}, SchemaError, "column 'shares' holds List"),
        ({"backend": "fpga"}, UsageError, "no backend 'fpga': choose one of auto, reference, cpu, gpu"),
        ({"backend": "gpu"}, BackendError, "backend gpu cannot be used"),
        (
            {"counting": "newmann"},
            UsageError,
            "counting is 'full', 'newman', .* or a list of these, not 'newmann'",
        ),
        ({"counting": ["full", "whole"]}, UsageError, "not 'whole'"),
        ({"credit": "authors"}, UsageError, "credit is 'country', .*'modified' or 'none', not 'authors'"),
        ({"credit": "author"}, UsageError, "credit 'author' is by shares of authors: give shares"),
        ({"credit": "straight"}, UsageError, "credit 'straight' is by first author: give first"),
        ({"unknown": "drop"}, UsageError, "unknown is 'renormalise' or 'keep', not 'drop'"),
        ({"policy": "default"}, UsageError, r"write policy=taxonomy.policy\('default'\)"),
    ],
)
def test_refusals(changes: dict[str, Any], error: type[Exception], match: str) -> None:
    works = WORKS.with_columns(
        share=pl.lit(0.5),
        shares=pl.lit([0.5]),
        joint=pl.lit(1),
        gap=pl.Series(["a", None, "b", "b"]),
        gaps=pl.Series([["a"], None, ["b", None], []]),
    )
    if "there are" in match:
        works = WORKS
    with pytest.raises(error, match=match):
        tally(works, **changes)


@pytest.mark.parametrize("works", [3, "works.parquet", {"countries": []}, [3]])
def test_other_inputs_are_refused(works: Any) -> None:
    with pytest.raises(UsageError, match="give a Polars DataFrame or LazyFrame, a pyarrow Table"):
        tally(works)


def test_no_batch_has_no_columns() -> None:
    with pytest.raises(InputError, match="works have no batch"):
        tally(iter([]))


# --------------------------------------------------------------------------------------- labels and policies


def test_labels_name_codes() -> None:
    works = pl.DataFrame({"c": [[840, 392, None], [840]]})
    labels = taxonomy.countries().labels()
    assert tc.tally(works, members="c", by=[], labels=labels).pairs.rows() == [("JP", "US", 1)]
    assert tc.tally(works, members="c", by=[]).pairs.rows() == [("392", "840", 1)]
    with pytest.raises(InputError, match="code 840 has no label: add it to labels, or map it in the policy"):
        tc.tally(works, members="c", by=[], labels={392: "JP"})


def test_policy_merges_members_and_adds_their_shares() -> None:
    """Hong Kong with China: one member where both are, a pair with others once, their shares together."""
    works = pl.DataFrame(
        {
            "c": [["CN", "HK"], ["HK", "US", "CN"], ["HK", "US"]],
            "s": [[0.5, 0.5], [0.25, 0.5, 0.25], [0.75, 0.25]],
        }
    )
    policy = taxonomy.policy("hk-mo-with-cn")
    counted = tc.tally(works, members="c", shares="s", by=[], policy=policy, patterns=True)
    assert counted.pairs.rows() == [("CN", "US", 2)]
    assert counted.members.rows() == [("CN", 3, 2, ONE * 9 // 4), ("US", 2, 2, ONE * 3 // 4)]
    assert counted.patterns is not None
    assert counted.patterns.rows() == [(["CN"], 1), (["CN", "US"], 2)]
    assert counted.meta.policy == policy.sha256
    codes = {label: code for code, label in taxonomy.countries().labels().items()}
    coded = works.with_columns(
        pl.Series("c", [[codes[name] for name in row] for row in works["c"].to_list()])
    )
    labels = taxonomy.countries().labels()
    assert_same_tally(
        counted, tc.tally(coded, members="c", shares="s", by=[], policy=policy, patterns=True, labels=labels)
    )


def test_policy_may_map_to_unknown() -> None:
    policy = taxonomy.CountryPolicy("mine", "1", "x" * 64, {840: None})
    for members in ([["US", "JP"], ["US"]], [[840, 392], [840]]):
        counted = tc.tally(
            pl.DataFrame({"c": members}),
            members="c",
            by=[],
            policy=policy,
            labels=taxonomy.countries().labels(),
        )
        assert counted.members["member"].to_list() == ["JP"]
        assert counted.totals.row(0) == (2, 1, 0, 1, 0)


# ---------------------------------------------------------------------------------------------- other columns


def test_units_first_author_and_members_stand_for_one_another() -> None:
    works = pl.DataFrame({"c": [["JP", "JP", "US"]], "u": [["US", "US", "JP", None]], "f": [None]})
    columns: dict[str, Any] = {"members": "c", "by": []}
    repeated = tc.tally(works, **columns, credit="complete")
    assert repeated.members["fractional"].to_list() == [2 * ONE, ONE]
    units = tc.tally(works, **columns, units="u", credit="complete")
    assert units.members["fractional"].to_list() == [ONE, 2 * ONE]
    kept = tc.tally(works, **columns, units="u", credit="complete_normalised", unknown="keep")
    assert kept.members["fractional"].to_list() == [ONE // 4, ONE // 2]
    first = tc.tally(works, **columns, first="f", credit="straight")
    assert first.members["fractional"].to_list() == [0, 0]


def test_what_is_not_counted_has_no_column() -> None:
    counted = tally(WORKS, credit="none")
    assert counted.members.columns == [*BY, "member", "works", "works_intl"]
    assert counted.pairs.columns == [*BY, "a", "b", "joint"]
    assert counted.meta.credit == "none"
    assert counted.patterns is None
    two = tally(WORKS, counting=["pair", "full", "newman"])
    assert two.pairs.columns == [*BY, "a", "b", "joint", "w_newman", "w_pair"]
    assert two.meta.counting == ("full", "newman", "pair")
    assert two.meta.backend == "cpu"


@pytest.mark.parametrize("blank", ["", " "])
def test_a_code_with_a_blank_label_is_unknown(blank: str) -> None:
    works = pl.DataFrame({"c": [[1, 2], [2]]})
    counted = tc.tally(works, members="c", by=[], labels={1: "JP", 2: blank})
    assert counted.members["member"].to_list() == ["JP"]
    assert counted.totals.select("works", "works_known", "works_intl").row(0) == (2, 1, 0)
