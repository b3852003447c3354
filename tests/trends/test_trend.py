"""`tc.trends.trend`: published numbers, the field's own implementations, and every degenerate series."""

from __future__ import annotations

import warnings
from itertools import permutations
from typing import Any

import numpy as np
import polars as pl
import pymannkendall
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy import stats
from support.series import frame

import trendcore as tc
from trendcore.errors import BackendError, InputError, SchemaError, UsageError
from trendcore.trends import kendall

#: agreement asked of other implementations
CLOSE = 1e-9
QUICK = settings(deadline=None, max_examples=40)


def one(values: Any, **how: Any) -> dict[str, Any]:
    return tc.trends.trend(frame(values), **how).row(0, named=True)


# ------------------------------------------------------------------------------------------ published numbers


def test_mann_kendall_example() -> None:
    values = [12.9, 14.8, 13.2, 15.7, 13.8, 15.6, 12.9, 11.0, 17.3, 15.9, 19.0, 18.3, 20.1, 21.7]
    found = one(values, test="original")
    assert found["s"] == 54
    assert found["var_s"] == pytest.approx(332.6667, abs=5e-5)
    assert found["z"] == pytest.approx(2.90584, abs=5e-6)
    assert found["p"] == pytest.approx(0.0036627, abs=5e-8)
    assert found["slope"] == pytest.approx(0.5666667, abs=5e-8)
    assert (found["direction"], found["test"], found["flag"]) == ("rising", "original", "ties")


def test_theil_sen_example() -> None:
    table = frame([12, 14, 13, 17, 16, 20, 19, 24, 22, 28], first=0)
    found = tc.trends.trend(table).row(0, named=True)
    assert (found["slope"], found["intercept"], found["slope_hi"]) == (1.5, 11.25, 2.0)
    assert found["slope_lo"] == pytest.approx(1.142857, abs=5e-7)


# ------------------------------------------------------------------------------------- other implementations


def drawn(kind: int, n: int, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    noise = rng.normal(size=n)
    return [noise, noise.cumsum(), np.rint(noise * 2), rng.poisson(4, n).cumsum().astype(float)][kind]


@pytest.fixture(scope="module")
def many() -> dict[int, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(8)
    return {w: drawn(w % 4, int(rng.choice([8, 9, 10, 11, 24, 45, 46])), rng) for w in range(300)}


@pytest.mark.parametrize("test", ["original", "hamed_rao"])
def test_agrees_with_pymannkendall_and_scipy(many: dict[int, Any], test: Any) -> None:
    table = pl.concat([frame(values, w=w) for w, values in many.items()])
    shuffled = table.sample(fraction=1, shuffle=True, seed=1)
    found = tc.trends.trend(shuffled, test=test)
    assert_frame_equal(found, tc.trends.trend(table, test=test))
    assert found["w"].to_list() == list(many)
    n_corrected = 0
    for row in found.iter_rows(named=True):
        values = many[row["w"]]
        corrected = test == "hamed_rao" and len(values) >= 10
        n_corrected += corrected
        peer = pymannkendall.hamed_rao_modification_test if corrected else pymannkendall.original_test
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it takes the root of a negative variance
            right = peer(values)
        line = stats.theilslopes(values, np.arange(1980, 1980 + len(values)))
        expected = {
            "s": right.s,
            "tau": right.Tau,
            "tau_b": stats.kendalltau(np.arange(len(values)), values).statistic,
            "slope": right.slope,
            "intercept": line.intercept,
            "slope_lo": line.low_slope,
            "slope_hi": line.high_slope,
        }
        if right.var_s > 0:
            expected |= {"var_s": right.var_s, "z": right.z, "p": right.p}
            words = {"increasing": "rising", "decreasing": "falling", "no trend": "none"}
            assert row["direction"] == words[right.trend]
        else:
            assert (row["var_s"], row["z"], row["p"], row["test"]) == (None,) * 4
            assert "negative_variance" in row["flag"]
        for name, value in expected.items():
            assert row[name] == pytest.approx(value, rel=CLOSE, abs=CLOSE), (row["w"], name)
    assert n_corrected > 150 or test == "original"


def test_gaps_count_as_years() -> None:
    values = np.random.default_rng(4).normal(size=20).cumsum()
    table = frame(values).filter(~pl.col("year").is_in([1983, 1984, 1990]))
    found = tc.trends.trend(table).row(0, named=True)
    line = stats.theilslopes(table["value"].to_numpy(), table["year"].to_numpy())
    assert found["slope"] == pytest.approx(line.slope, rel=CLOSE)
    assert found["intercept"] == pytest.approx(line.intercept, rel=CLOSE)
    assert (found["n"], found["first"], found["last"]) == (17, 1980, 1999)
    assert "gaps" in found["flag"]


@pytest.mark.parametrize("n", range(2, 8))
def test_exact_p_is_that_of_all_orders(n: int) -> None:
    """Every way to be tied, by going through all orders."""
    rng = np.random.default_rng(n)
    for values in {tuple(sorted(rng.integers(0, n, n).tolist())) for _ in range(60)} | {tuple(range(n))}:
        groups = np.unique(values, return_counts=True)[1]
        tied, ties = (groups * (groups - 1) // 2).sum(), (groups * (groups - 1) * (2 * groups + 5)).sum()
        orders = np.array(list(permutations(values)))
        i, j = np.triu_indices(n, 1)
        s = np.abs(np.sign(orders[:, j] - orders[:, i]).sum(axis=1))
        asked = np.unique(s)
        same = np.ones(len(asked), dtype=np.int64)
        found = kendall.exact_p(asked, n * same, tied * same, ties * same)
        np.testing.assert_allclose(found, [(s >= each).mean() for each in asked], rtol=1e-12)


def test_short_series_have_exact_p() -> None:
    found = one([1, 2, 3, 4, 5])
    assert (found["test"], found["direction"]) == ("exact", "rising")
    assert found["p"] == pytest.approx(2 / 120)
    assert found["p"] == pytest.approx(stats.kendalltau(range(5), range(5), method="exact").pvalue)
    assert found["flag"] == "autocorrelation_not_estimated"
    assert one([1, 2, 3, 4], min_years=2)["p"] == pytest.approx(2 / 24)


def test_without_correction_wandering_series_are_called_trends_more_often() -> None:
    rng = np.random.default_rng(1)
    table = pl.concat([frame(rng.normal(size=40).cumsum(), w=w) for w in range(200)])
    called = {
        test: (tc.trends.trend(table, test=test)["direction"] != "none").sum()
        for test in ("original", "hamed_rao")
    }
    assert called["hamed_rao"] < called["original"]


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_interval_by_level(level: float) -> None:
    values = np.random.default_rng(2).normal(size=30)
    right = stats.theilslopes(values, alpha=level)
    found = one(values, level=level)
    assert found["slope_lo"] == pytest.approx(right.low_slope, rel=CLOSE)
    assert found["slope_hi"] == pytest.approx(right.high_slope, rel=CLOSE)


def test_no_interval_where_all_slopes_are_too_few_for_the_level() -> None:
    found = one([1, 4, 2, 8, 5], level=0.999)
    assert (found["slope_lo"], found["slope_hi"]) == (None, None)
    assert found["slope"] is not None


# ------------------------------------------------------------------------------------------------ growth


def test_growth_takes_real_years() -> None:
    table = pl.DataFrame({"year": [2000, 2010], "value": [1.0, 2.0]})
    found = tc.trends.trend(table).row(0, named=True)
    assert found["cagr"] == pytest.approx(2 ** (1 / 10) - 1, rel=1e-12)
    assert found["log_slope"] == pytest.approx(np.log(2) / 10, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "cagr", "log_slope"),
    [
        ([0, 1, 2], None, None),
        ([-1, 1, 2], None, None),
        ([4, 0, 1], pytest.approx(-0.5), None),
        ([1, 2, 0], pytest.approx(-1.0), None),
        ([1, 2, -1], None, None),
        ([3], None, None),
        ([2, 2, 2], 0.0, 0.0),
    ],
)
def test_growth_of_what_is_not_positive_is_null(values: list[float], cagr: Any, log_slope: Any) -> None:
    found = one(values)
    assert (found["cagr"], found["log_slope"]) == (cagr, log_slope)


def test_log_slope_is_least_squares() -> None:
    values = np.exp(np.random.default_rng(3).normal(size=25))
    right = stats.linregress(np.arange(25), np.log(values)).slope
    assert one(values)["log_slope"] == pytest.approx(right, rel=CLOSE)


# ------------------------------------------------------------------------------------------ degenerate series

TESTS = ["slope", "slope_lo", "slope_hi", "intercept", "s", "var_s", "z", "p", "tau", "tau_b", "direction"]


@pytest.mark.parametrize("test", ["original", "hamed_rao"])
@pytest.mark.parametrize("value", [0.0, -0.0, 3.5])
@pytest.mark.parametrize("n", [5, 8, 20])
def test_a_constant_series_has_no_test(n: int, value: float, test: Any) -> None:
    found = one([value] * n, test=test)
    assert (found["slope"], found["intercept"], found["s"]) == (0, value, 0)
    null = ["slope_lo", "slope_hi", "z", "p", "tau_b", "direction", "test"]
    assert [found[name] for name in null] == [None] * len(null)
    assert found["flag"] == "constant,ties"


@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0], [1.0, 3.0, 2.0, 4.0]])
def test_a_short_series_has_ends_only(values: list[float]) -> None:
    found = one(values)
    assert (found["n"], found["first"], found["first_value"]) == (len(values), 1980, 1.0)
    assert (found["last"], found["last_value"]) == (1979 + len(values), values[-1])
    assert [found[name] for name in TESTS] == [None] * len(TESTS)
    assert (found["test"], found["flag"]) == (None, "too_short")


def test_a_series_without_values_keeps_its_row() -> None:
    table = pl.concat([frame([None, None], a="AN"), frame([float("nan")], a="SU"), frame(range(9), a="US")])
    found = tc.trends.trend(table)
    assert found["a"].to_list() == ["AN", "SU", "US"]
    for row in found.head(2).iter_rows(named=True):
        assert (row["n"], row["flag"]) == (0, "no_values")
        assert set(row.values()) == {row["a"], 0, None, "no_values"}


def test_missing_values_are_missing_and_not_zero() -> None:
    whole = frame(np.arange(12.0) ** 2)
    holed = whole.with_columns(
        value=pl.when(pl.col("year") == 1985).then(None).when(pl.col("year") == 1987).then(float("nan"))
        .otherwise("value")
    )  # fmt: skip
    left = whole.filter(~pl.col("year").is_in([1985, 1987]))
    assert_frame_equal(tc.trends.trend(holed), tc.trends.trend(left))


def test_a_country_that_vanishes() -> None:
    """Years after its end are no zeros, but with fill=0 they are where its cell goes on."""
    soviet = frame(np.arange(12.0, 0, -1), a="SU", field="ai")
    table = pl.concat(
        [soviet, frame(range(1, 31), a="US", field="ai"), frame(range(40), a="US", field="qis")]
    )
    found = tc.trends.trend(table).filter(a="SU").row(0, named=True)
    assert (found["n"], found["last"], found["last_value"], found["slope"]) == (12, 1991, 1.0, -1.0)
    filled = tc.trends.trend(table, fill=0)
    soviet_filled = filled.filter(a="SU").row(0, named=True)
    assert (soviet_filled["n"], soviet_filled["last"], soviet_filled["last_value"]) == (30, 2009, 0.0)
    assert filled.filter(pl.col("a") != "SU")["n"].to_list() == [30, 40]


def test_fill_leaves_what_is_there_but_not_known() -> None:
    table = pl.concat([frame([1, None, 3, 4, 5], a="JP"), frame(range(7), a="US")])
    found = tc.trends.trend(table, fill=0).filter(a="JP").row(0, named=True)
    assert (found["n"], found["last"], found["last_value"]) == (6, 1986, 0.0)
    assert "gaps" in found["flag"]


@given(values=st.lists(st.one_of(st.none(), st.integers(-2, 2), st.floats(-1e6, 1e6)), max_size=14))
@QUICK
def test_any_series_gives_finite_numbers_or_nulls(values: list[float | None]) -> None:
    table = pl.concat([frame(values, a="X"), frame([1.0], a="Y")])
    for test in ("original", "hamed_rao"):
        found = tc.trends.trend(table, test=test)  # warnings are errors
        numbers = found.select(pl.selectors.float())
        assert (
            numbers.select(pl.all().is_finite().fill_null(value=True).all()).row(0) == (True,) * numbers.width
        )
        p = found["p"].drop_nulls()
        assert ((p >= 0) & (p <= 1)).all()


# ------------------------------------------------------------------------------------------ incomplete years


def test_incomplete_years_are_left_out_and_said() -> None:
    table = frame([*range(10), 0]).with_columns(value_flag=pl.lit(None, pl.String))
    flagged = table.with_columns(value_flag=pl.when(pl.col("year") == 1990).then(pl.lit("incomplete_year")))
    found = tc.trends.trend(flagged).row(0, named=True)
    assert (found["last"], found["last_value"], found["slope"]) == (1989, 9.0, 1.0)
    assert found["flag"] == "incomplete_years_left_out"
    kept = tc.trends.trend(flagged, keep_incomplete=True).row(0, named=True)
    assert (kept["last"], kept["flag"]) == (1990, "ties")


@pytest.mark.parametrize("column", ["complete", "year_complete"])
def test_coverage_says_which_years_are_complete(column: str) -> None:
    table = pl.concat([frame(range(12), source="openalex", a="JP"), frame(range(12), source="baci", a="JP")])
    said = pl.DataFrame({"source": ["openalex", "openalex"], "year": [1990, 1991], column: [True, False]})
    found = tc.trends.trend(table, complete=said)
    assert dict(zip(found["source"], found["last"], strict=True)) == {"openalex": 1990, "baci": 1991}
    assert found["flag"].to_list() == [None, "incomplete_years_left_out"]


def test_coverage_has_columns_of_its_own() -> None:
    """The published table has values too: they are no key."""
    said = pl.DataFrame(
        {"year": [1990, 1991], "value": [7, 8], "a": ["JP"] * 2, "year_complete": [True, False]}
    )
    table = pl.concat([frame(range(12), a="JP"), frame(range(12), a="US")])
    assert tc.trends.trend(table, complete=said)["last"].to_list() == [1990, 1991]


def test_years_of_coverage_without_rows_are_filled() -> None:
    """One pair alone, as it is published: only years with joint works have rows."""
    pair = frame([3, 4, 9], first=2003, a="JP", b="US", field="ai")
    years = range(2000, 2008)
    said = pl.DataFrame(
        {"field": ["ai"] * 8 + ["qis"], "year": [*years, 2020], "complete": [True] * 7 + [False, True]}
    )
    found = tc.trends.trend(pair, complete=said, fill=0).row(0, named=True)
    assert (found["n"], found["first"], found["last"]) == (7, 2000, 2006)
    assert (found["first_value"], found["last_value"], found["flag"]) == (
        0.0, 0.0, "ties,autocorrelation_not_estimated",
    )  # fmt: skip
    kept = tc.trends.trend(pair, complete=said, fill=0, keep_incomplete=True).row(0, named=True)
    assert (kept["n"], kept["last"]) == (8, 2007)
    without_keys = tc.trends.trend(pair, complete=said.drop("field"), fill=0).row(0, named=True)
    assert (without_keys["n"], without_keys["last"]) == (8, 2020)
    assert tc.trends.trend(pair, complete=said)["n"].item() == 3


def test_keys_that_all_rows_share() -> None:
    table = frame(range(12), a="JP", b=None, index="joint", countings=["full"])
    found = tc.trends.trend(pl.concat([table, table.with_columns(a=pl.lit("US"))]))
    assert found.select("a", "b", "index", "n").rows() == [
        ("JP", None, "joint", 12),
        ("US", None, "joint", 12),
    ]
    assert found["countings"].to_list() == [["full"]] * 2
    assert tc.trends.trend(table).select("a", "b", "n").rows() == [("JP", None, 12)]


@pytest.mark.parametrize("how", ["complete", "value_flag"])
def test_a_year_left_out_of_a_series_is_not_filled(how: str) -> None:
    """Though rows of the same cell cover it."""
    table = pl.concat([frame([10] * 7 + [3], a="JP"), frame([20] * 8, a="US"), frame([1], a="KR")])
    said = pl.DataFrame({"a": ["JP"], "year": [1987], "complete": [False]})
    if how == "value_flag":
        late = (pl.col("a") == "JP") & (pl.col("year") == 1987)
        table, said = table.with_columns(value_flag=pl.when(late).then(pl.lit("incomplete_year"))), None
    found = tc.trends.trend(table, fill=0, complete=said).select("a", "n", "last", "last_value", "flag")
    assert found.filter(a="JP").row(0)[1:] == (7, 1986, 10, "constant,ties,incomplete_years_left_out")
    assert found.filter(a="KR").row(0)[1:4] == (8, 1987, 0)
    assert found.filter(a="US").row(0)[1:] == (8, 1987, 20, "constant,ties")


def test_a_year_without_a_row_that_is_incomplete_is_not_filled() -> None:
    table = pl.concat([frame([10] * 7, a="JP"), frame([20] * 8, a="US")])
    said = pl.DataFrame({"a": ["JP"] * 2, "year": [1987, 1990], "complete": [False] * 2})
    found = tc.trends.trend(table, fill=0, complete=said).row(0, named=True)
    assert (found["n"], found["last"]) == (7, 1986)
    assert found["flag"] == "constant,ties,incomplete_years_left_out"
    assert tc.trends.trend(table, fill=0, complete=said, keep_incomplete=True)["last"].to_list() == [1990] * 2


def test_rows_with_another_flag_are_of_an_incomplete_year_too() -> None:
    """A flag is one word; null says that a row is complete."""
    table = pl.concat([frame([10] * 8, a="JP"), frame([2] * 8, a="KR"), frame([20] * 8, a="US")])
    word = {"JP": "incomplete_year", "KR": "small_count"}
    late = pl.col("a").replace_strict(word, default=None, return_dtype=pl.String)
    table = table.with_columns(value_flag=pl.when(pl.col("year") == 1987).then(late))
    assert tc.trends.trend(table)["n"].to_list() == [7, 7, 8]


def test_a_series_of_incomplete_years_only() -> None:
    said = pl.DataFrame({"year": [1980], "complete": [False]})
    found = tc.trends.trend(frame([1.0]), complete=said.lazy()).row(0, named=True)
    assert (found["n"], found["flag"]) == (0, "no_values,incomplete_years_left_out")


# ---------------------------------------------------------------------------------------------- keys, errors


def test_series_of_other_conventions_never_mix() -> None:
    tables = [frame(range(6), a="JP", index="salton", marginals=m) for m in ("docs_int", "links")]
    of_values = {"neutral": 0.5, "value_flag": None, "lo": 1.0, "interval_flag": None}
    interval = pl.when(pl.col("year") > 1983).then(pl.lit("bca")).otherwise(pl.lit("percentile"))
    found = tc.trends.trend(
        pl.concat(tables).with_columns(interval=interval, **{k: pl.lit(v) for k, v in of_values.items()})
    )
    assert found.columns[:4] == ["a", "index", "marginals", "n"]
    assert found.height == 2


def test_an_index_table_of_a_tally() -> None:
    rows = [(year, ["JP", "US"]) for year in range(2000, 2012) for _ in range(year - 1990)]
    works = pl.DataFrame(rows, schema={"year": pl.Int32, "countries": pl.List(pl.String)}, orient="row")
    table = tc.indices.compute(tc.tally(works, members="countries", by=["year"]), ["joint"])
    found = tc.trends.trend(table).row(0, named=True)
    assert (found["a"], found["b"], found["slope"], found["direction"]) == ("JP", "US", 1.0, "rising")


def test_backends_give_the_same() -> None:
    rng = np.random.default_rng(6)
    table = pl.concat([frame(drawn(w % 4, 5 + w % 20, rng), w=w) for w in range(40)])
    assert tc.trends.trend(table, backend="cpu").equals(tc.trends.trend(table, backend="reference"))


def test_no_rows_and_no_keys() -> None:
    assert tc.trends.trend(frame([], a="x")).height == 0
    assert tc.trends.trend(frame([])).select("n", "flag").row(0) == (0, "no_values")


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"level": 1.0}, UsageError, "level is between 0 and 1, not 1.0"),
        ({"test": "yue"}, UsageError, "no test 'yue': choose one of hamed_rao, original"),
        ({"min_years": 1}, UsageError, "min_years is at least 2, not 1"),
        ({"value": "v"}, SchemaError, "no column v; there are year, value"),
        ({"by": ["year"]}, UsageError, "by names year"),
        ({"backend": "tpu"}, UsageError, "no backend 'tpu'"),
        ({"complete": pl.DataFrame({"year": [1]})}, SchemaError, "complete has to have year, complete"),
    ],
)
def test_bad_arguments(change: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        tc.trends.trend(frame(range(9)), **change)


def test_bad_rows() -> None:
    with pytest.raises(InputError, match="a series has two rows of year 1981: a JP; name all columns"):
        tc.trends.trend(pl.concat([frame(range(3), a="JP"), frame([1], first=1981, a="JP")]))
    with pytest.raises(InputError, match=r"holds values beyond 1e.150, or infinite"):
        tc.trends.trend(frame([1.0, float("inf")]))
    with pytest.raises(InputError, match="a row has no year"):
        tc.trends.trend(pl.DataFrame({"year": [None, 2000], "value": [1.0, 2.0]}))
    with pytest.raises(
        SchemaError, match="column 'year' of the table holds Float64; years are whole numbers"
    ):
        tc.trends.trend(pl.DataFrame({"year": [2000.5], "value": [1.0]}))
    with pytest.raises(SchemaError, match="column 'value' holds String; values are numbers"):
        tc.trends.trend(pl.DataFrame({"year": [2000], "value": ["1"]}))


def test_a_missing_gpu_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trendcore_kernels.dispatch._why_not", lambda _: "none here")
    with pytest.raises(BackendError, match="backend gpu cannot be used: none here"):
        tc.trends.trend(frame(range(9)), backend="gpu")
