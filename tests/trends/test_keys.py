"""What tells series apart: keys by name and type, names that clash, years and frames of another kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from support.series import frame

import trendcore as tc
from trendcore.errors import InputError, SchemaError, UsageError
from trendcore.trends import bursting, emerging, monotone, projecting, relative, segmenting

FUNCTIONS: list[tuple[Callable[..., pl.DataFrame], tuple[str, ...]]] = [
    (tc.trends.trend, monotone.COLUMNS),
    (tc.trends.change_points, segmenting.COLUMNS),
    (tc.trends.relative_growth, relative.COLUMNS),
    (tc.trends.emergence, emerging.COLUMNS),
    (tc.trends.project, projecting.COLUMNS),
    (tc.trends.bursts, bursting.COLUMNS),
]


def table(**keys: Any) -> pl.DataFrame:
    """A series that each of the functions takes."""
    named = [pl.lit(key).alias(name) for name, key in keys.items()]
    return frame(range(12)).with_columns(*named, r=pl.col("value"), d=100.0)


@pytest.mark.parametrize(("function", "columns"), FUNCTIONS)
def test_keys_may_not_have_names_of_the_result(
    function: Callable[..., pl.DataFrame], columns: tuple[str, ...]
) -> None:
    found = function(table(a="JP"), by=["a"])
    beside = ("a", "year") if function is tc.trends.project else ("a",)
    assert found.columns == [*beside, *columns]
    for name in (*columns, "_time", "_row"):
        with pytest.raises(UsageError, match=f"column {name} has the name of one of the result: rename it"):
            function(table(**{name: "JP"}), by=[name])
    with pytest.raises(UsageError, match="rename it"):
        function(table().with_columns(pl.lit("JP").alias(columns[0])))


def test_the_time_of_projections_may_not_have_a_name_of_the_result() -> None:
    with pytest.raises(UsageError, match="column last has the name of one of the result: rename it"):
        tc.trends.project(table().rename({"year": "last"}), time="last")


def test_one_column_is_not_taken_for_two() -> None:
    with pytest.raises(UsageError, match="year, r, r: the time and each value are columns of their own"):
        tc.trends.bursts(table(), total="r")


@pytest.fixture(scope="module")
def tally() -> Any:
    works: list[tuple[int, list[str]]] = []
    for year in range(2000, 2012):
        works += [(year, ["JP", "US"])] * (10 + 2 * (year - 2000)) + [(year, ["KR", "US"])] * 20
        works += [(year, ["JP", "KR", "US"])] * (3 + year % 3)
    rows = pl.DataFrame(works, schema=["year", "m"], orient="row")
    return tc.tally(rows, members="m", by=["year"], counting=["newman"], patterns=True)


def test_measures_of_the_package_are_no_keys(tally: Any) -> None:
    pairs = tally.pairs
    assert "w_newman" in pairs.columns
    plain = pairs.select("year", "a", "b", "joint")
    for function in (tc.trends.relative_growth, tc.trends.emergence):
        assert function(pairs, value="joint").equals(function(plain, value="joint"))
    members = tc.trends.trend(tally.members, value="works")
    assert members.columns == ["member", *monotone.COLUMNS]
    keys = ["a", "b", "index", "counting", "marginals", "universe", "policy"]
    calibrated = tc.trends.trend(tc.uncertainty.calibrated(tally, draws=20))
    assert calibrated.columns == [*keys, *monotone.COLUMNS]
    ranks = tc.uncertainty.bootstrap(tally, ["salton"], replicates=20, ranks=True)
    assert tc.trends.trend(ranks)["n"].to_list() == [12] * 3


def test_measures_of_composites_are_no_keys() -> None:
    scores = pl.concat(
        [
            table(name=name, level=level).with_columns(
                rank=pl.col("year") % 3, n_available=pl.col("year") % 4, flag=pl.lit("partial")
            )
            for name, level in (("top", 0), ("one", 1), ("other", 1))
        ]
    )
    found = tc.trends.trend(scores)
    assert found.select("name", "level", "n").rows() == [("one", 1, 12), ("other", 1, 12), ("top", 0, 12)]


def test_other_whole_numbers_are_keys_where_they_tell_rows_apart() -> None:
    two = pl.concat([frame([1] * 9, a="JP", code=4), frame([2] * 9, a="JP", code=5)])
    assert tc.trends.trend(two).select("a", "code", "n").rows() == [("JP", 4, 9), ("JP", 5, 9)]
    constant = frame([1] * 9, a="JP", code=4, shown=True)
    assert tc.trends.trend(constant)["n"].to_list() == [9]


@pytest.mark.parametrize("keys", [{"a": "JP"}, {}])
@pytest.mark.parametrize("kind", [pl.Int64, pl.UInt8, pl.Boolean])
def test_other_whole_numbers_that_change_along_series_are_refused(keys: Any, kind: Any) -> None:
    measured = frame(range(9), **keys).with_columns(other=pl.col("year").is_between(1983, 1985).cast(kind))
    for function in (tc.trends.trend, tc.trends.relative_growth, tc.trends.change_points):
        with pytest.raises(UsageError, match=r"column 'other' holds .* name the columns of the key in by"):
            function(measured)
    assert tc.trends.trend(measured, by=list(keys))["n"].to_list() == [9]


def test_decimals_are_no_keys() -> None:
    priced = frame(range(9)).with_columns(price=pl.col("value").cast(pl.Decimal(10, 2)))
    assert tc.trends.trend(priced)["n"].to_list() == [9]


@pytest.mark.parametrize(
    ("years", "message"),
    [
        (pl.Series([2000, 1 << 40]), "year of the table is 2000 to 1099511627776: years are at most 10,000"),
        (pl.Series([1 << 40, (1 << 40) + 1]), "years are within 1,000,000,000"),
        (pl.Series([2**63, 2**63 + 1], dtype=pl.UInt64), "years are within 1,000,000,000"),
    ],
)
@pytest.mark.parametrize("fill", [0, None])
def test_absurd_years_are_refused(years: pl.Series, message: str, fill: float | None) -> None:
    with pytest.raises(InputError, match=message):
        tc.trends.trend(pl.DataFrame({"year": years, "value": [1, 2]}), fill=fill)


def test_years_as_far_apart_as_they_may_be_are_filled() -> None:
    far = pl.DataFrame({"year": [0, 10_000], "value": [1, 2]})
    assert tc.trends.relative_growth(far)["n"].item() == 2
    said = pl.DataFrame({"year": [20_001], "complete": [True]})
    with pytest.raises(InputError, match="complete names years of 0 to 20001: too far apart to be filled"):
        tc.trends.trend(far, complete=said, fill=0)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"complete": [0]}, "column 'complete' of complete holds Int64, not true and false"),
        ({"complete": ["no"]}, "column 'complete' of complete holds String, not true and false"),
        ({"year": ["1980"]}, "column 'year' of complete holds String; years are whole numbers"),
        ({"a": [["JP"]]}, r"column 'a' of complete holds List\(String\), not String"),
    ],
)
def test_coverage_of_another_kind_is_refused(said: dict[str, Any], message: str) -> None:
    rows = {"a": ["JP"], "year": [1980], "complete": [False]} | said
    with pytest.raises(SchemaError, match=message):
        tc.trends.trend(frame(range(9), a="JP"), complete=pl.DataFrame(rows))


@pytest.mark.parametrize(
    ("kind", "key", "other"),
    [
        (pl.Int16, 4, 70_000),
        (pl.Int16, 4, 4.5),
        (pl.Int16, 4, "x"),
        (pl.Enum(["JP", "US"]), "JP", "ZZ"),
        (pl.Enum(["JP", "US"]), "JP", 0),
    ],
)
def test_coverage_of_keys_that_the_table_cannot_have_matches_nothing(kind: Any, key: Any, other: Any) -> None:
    """Not even a null."""
    values = pl.concat([frame(range(9), code=key), frame(range(9), code=None)], how="vertical_relaxed")
    said = pl.DataFrame({"code": [other], "year": [1988], "complete": [False]})
    found = tc.trends.trend(values.with_columns(pl.col("code").cast(kind)), complete=said)
    assert found["n"].to_list() == [9, 9]
