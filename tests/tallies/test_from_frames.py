"""Tallies from published or stored counts: what is taken, what is refused and how; merging and closing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from support.tallies import FRAMES, assert_same_tally, works, works_frame

import trendcore as tc
from trendcore.errors import InputError, SchemaError, UsageError
from trendcore.tallies.types import WEIGHTINGS

PAIRS = pl.DataFrame({"year": [2022], "a": ["JP"], "b": ["US"], "joint": [7]})
MEMBERS = pl.DataFrame(
    {"year": [2022, 2022], "member": ["US", "JP"], "works": [20, 15], "works_intl": [12, 10]}
)
TOTALS = pl.DataFrame({"year": [2022], "works": [90], "works_known": [80], "works_intl": [30]})
PATTERNS = pl.DataFrame({"year": [2022, 2022], "members": [["JP", "US"], []], "n": [7, 3]})

TWO_TOTALS = {
    "pairs": PAIRS.drop("year"),
    "members": MEMBERS.drop("year"),
    "totals": pl.concat([TOTALS, TOTALS]).drop("year"),
    "by": [],
}


def build(**changes: Any) -> tc.Tally:
    frames = {"pairs": PAIRS, "members": MEMBERS, "totals": TOTALS, "by": ["year"], **changes}
    return tc.Tally.from_frames(**frames)


def test_counts_are_sorted_and_typed() -> None:
    made = build(pairs=PAIRS.cast({"joint": pl.UInt32}).with_columns(note=pl.lit("x")), patterns=PATTERNS)
    assert made.pairs.schema == {"year": pl.Int64, "a": pl.String, "b": pl.String, "joint": pl.Int64}
    assert made.members["member"].to_list() == ["JP", "US"]
    assert made.patterns is not None
    assert made.patterns["members"].to_list() == [[], ["JP", "US"]]
    assert made.meta.counting == ("full",)
    assert (made.meta.credit, made.meta.backend) == ("none", "")


def test_weights_and_fractional_make_counting_and_credit() -> None:
    pairs = PAIRS.with_columns(w_pair=pl.lit(5), w_newman=pl.lit(6))
    made = build(pairs=pairs, members=MEMBERS.with_columns(fractional=pl.lit(9)), credit="author")
    assert made.meta.counting == ("full", "newman", "pair")
    assert made.meta.credit == "author"
    assert made.pairs.columns == ["year", "a", "b", "joint", "w_newman", "w_pair"]


def test_unknown_counts_are_null() -> None:
    made = build(
        members=MEMBERS.drop("works").with_columns(works_intl=pl.Series([None, 10])),
        totals=TOTALS.drop("works"),
    )
    assert made.members["works_intl"].to_list() == [10, None]
    assert made.merge(made).members["works_intl"].to_list() == [20, None]
    assert made.merge(made).pairs["joint"].to_list() == [14]


@settings(max_examples=30, deadline=None)
@given(works())
def test_a_tally_builds_itself_again(drawn: list[tuple[str, int, list[str | None]]]) -> None:
    counted = tc.tally(
        works_frame(drawn),
        members="countries",
        by=["field", "year"],
        counting=list(WEIGHTINGS),
        patterns=True,
    )
    shuffled = {
        name: getattr(counted, name).sample(fraction=1, shuffle=True, seed=1)
        for name in (*FRAMES, "patterns")
    }
    assert_same_tally(tc.Tally.from_frames(**shuffled, by=["field", "year"]), counted)
    assert_same_tally(tc.Tally.from_frames(**shuffled, by=["field", "year"], validate=False), counted)


def pairs(**columns: Any) -> pl.DataFrame:
    return PAIRS.with_columns(**{name: pl.lit(value) for name, value in columns.items()})


def first_member(**columns: Any) -> pl.DataFrame:
    is_first = pl.col("member") == "US"
    return MEMBERS.with_columns(
        pl.when(is_first).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
        for name, value in columns.items()
    )


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"pairs": PAIRS.drop("joint")}, SchemaError, "pairs have no column 'joint'; there are year, a, b"),
        ({"members": MEMBERS.drop("member")}, SchemaError, "members have no column 'member'"),
        ({"totals": TOTALS.drop("year")}, SchemaError, "totals have no column 'year'"),
        ({"pairs": pairs(joint=1.5)}, SchemaError, "pairs.joint holds Float64; counts are whole numbers"),
        ({"pairs": pairs(a=1)}, SchemaError, "pairs.a holds Int32; members are named by strings"),
        (
            {"pairs": pairs(a="US", b="JP")},
            InputError,
            "a not before b in byte order in 1 of 1 rows, first where year 2022, a 'US'",
        ),
        ({"pairs": pairs(joint=0)}, InputError, "joint below 1 or null"),
        ({"pairs": pairs(joint=None)}, InputError, "joint below 1 or null"),
        ({"pairs": pairs(joint=-1)}, InputError, "a negative count in joint"),
        ({"pairs": pairs(joint=11)}, InputError, "joint larger than the works_intl of a .*joint 11"),
        ({"pairs": pairs(year=2021)}, InputError, "a cell that totals do not have"),
        ({"pairs": pairs(year=None)}, InputError, "pairs.year is null in 1 rows"),
        ({"pairs": pl.concat([PAIRS, PAIRS])}, InputError, "a key that stands twice in 2 of 2 rows"),
        ({"members": first_member(member="JP")}, InputError, "members: a key that stands twice"),
        (
            {"members": first_member(works=11)},
            InputError,
            "works_intl larger than works .*member 'US', works_intl 12",
        ),
        ({"members": MEMBERS.with_columns(year=2021)}, InputError, "members: a cell that totals do not have"),
        ({"totals": TOTALS.with_columns(works_known=91)}, InputError, "works_known larger than works"),
        ({"totals": TOTALS.with_columns(works_intl=81)}, InputError, "works_intl larger than works_known"),
        ({"patterns": PATTERNS.drop("n")}, SchemaError, "patterns have no column 'n'"),
        (
            {"patterns": PATTERNS.with_columns(members=pl.lit("JP"))},
            SchemaError,
            "it is a list of String",
        ),
        (
            {"patterns": PATTERNS.with_columns(members=pl.lit(["US", "JP"]))},
            InputError,
            "stands twice|not sorted",
        ),
        (
            {"patterns": PATTERNS[:1].with_columns(members=pl.lit(["US", "JP"]))},
            InputError,
            "members not sorted and distinct",
        ),
        (
            {"patterns": PATTERNS[:1].with_columns(members=pl.lit(["JP", "JP"]))},
            InputError,
            "members not sorted and distinct",
        ),
        ({"patterns": PATTERNS.with_columns(n=pl.lit(0))}, InputError, "n below 1"),
        (
            {"kind": "trade"},
            UsageError,
            "kind is 'works' or 'directed', not 'trade'; trade comes from tally_trade",
        ),
        ({"kind": "directed", "pairs": pairs(b="JP")}, InputError, "a member paired with itself"),
        (TWO_TOTALS, InputError, "totals have 2 rows, but without by columns there is one cell"),
    ],
)
def test_refusals(changes: dict[str, Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        build(**changes)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"by": ("year", "field")}, r"by is \('year',\) in one and \('year', 'field'\) in another"),
        ({"unknown": "keep"}, "unknown is 'renormalise' in one and 'keep' in another"),
        ({"policy": "x"}, "policy is '' in one and 'x' in another"),
        ({"universe": "bloc:quad"}, "universe is 'all'"),
        ({"counting": ("full", "pair")}, "counting is"),
    ],
)
def test_tallies_that_were_counted_otherwise_do_not_merge(changes: dict[str, Any], match: str) -> None:
    one = build()
    with pytest.raises(UsageError, match=match):
        one.merge(replace(one, meta=replace(one.meta, **changes)))


def test_backends_may_differ_in_what_is_merged() -> None:
    frame = works_frame([("ai", 2020, ["JP", "US"])])
    parts = [tc.tally(frame, members="countries", by=["year"], backend=name) for name in ("cpu", "reference")]
    assert parts[0].merge(parts[1]).meta.backend == "cpu+reference"
    assert parts[0].merge() is parts[0]


def test_closed_list() -> None:
    frame = works_frame([("ai", 2020, ["JP", "US", "KR"]), ("ai", 2020, ["KR", "JP"])])
    counted = tc.tally(frame, members="countries", by=["year"], counting="newman", patterns=True)
    closed = counted.closed(["US", "JP", "JP"])
    assert closed.pairs.select("a", "b", "joint").rows() == [("JP", "US", 1)]
    assert closed.members["member"].to_list() == ["JP", "US"]
    assert closed.totals.equals(counted.totals)
    assert closed.patterns is None
    assert closed.meta.universe == counted.closed(["JP", "US"]).meta.universe
    assert closed.meta.universe != counted.closed(["JP", "KR"]).meta.universe
    with pytest.raises(UsageError, match="only a tally of all members can be closed"):
        closed.closed(["JP"])
    with pytest.raises(UsageError, match="must name at least one"):
        counted.closed([])
