"""Delta-method intervals against variances of the textbook; the jackknife against works taken out singly."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm
from support.resampling import INDICES, some_works, tally_of

import trendcore as tc
from trendcore.uncertainty.intervals import Intervals
from trendcore.uncertainty.jackknife import jackknives
from trendcore.uncertainty.sample import sample_of

PATTERNS = some_works(2, 300).group_by("year", "members").len("n").with_columns(pl.col("members").list.sort())
TALLY = tally_of(PATTERNS, ["year"])
Z = float(norm.ppf(0.975))


def with_totals(index: str) -> pl.DataFrame:
    """Intervals of an index, with c, x, y and total in international works."""
    members = TALLY.members.select("year", "member", "works_intl")
    return (
        tc.uncertainty.delta(TALLY, [index])
        .with_columns(low=pl.min_horizontal("a", "b"), high=pl.max_horizontal("a", "b"))
        .join(TALLY.pairs.select("year", low="a", high="b", c="joint"), on=["year", "low", "high"])
        .join(members.rename({"member": "a", "works_intl": "x"}), on=["year", "a"])
        .join(members.rename({"member": "b", "works_intl": "y"}), on=["year", "b"])
        .join(TALLY.totals.select("year", total="works_intl"), on="year")
    )


@pytest.mark.parametrize(
    ("index", "variance"),
    [
        ("ncses", lambda c, x, y, n: 1 / c - 1 / x - 1 / y - 1 / n + 2 * c / (x * y)),
        ("salton", lambda c, x, y, _: 1 / c - 0.75 * (1 / x + 1 / y) + c / (2 * x * y)),
        ("jaccard", lambda c, x, y, _: 1 / c - 1 / (x + y - c)),
        ("ric", lambda c, x, y, n: 1 / c - 1 / x + 1 / (y - c) - 1 / (n - x)),
        ("orc", lambda c, x, y, n: 1 / c + 1 / (x - c) + 1 / (y - c) + 1 / (n - x - y + c)),
        ("share", lambda c, x, *_: 1 / c - 1 / x),
    ],
)
def test_variances_of_the_logarithm(index: str, variance: object) -> None:
    table = with_totals(index).filter(pl.col("interval") == "delta")
    assert table.height > 50
    c, x, y, n = (table[name].to_numpy().astype(float) for name in ("c", "x", "y", "total"))
    value, lo, hi = (table[name].to_numpy() for name in ("value", "lo", "hi"))
    if tc.indices.index(index).range == "0 to 1":
        half = (np.log(hi / (1 - hi)) - np.log(lo / (1 - lo))) / 2 * (1 - value)
    else:
        half = (np.log(hi) - np.log(lo)) / 2
    expected = np.sqrt(variance(c, x, y, n))  # type: ignore[operator]
    np.testing.assert_allclose(half / Z, expected, rtol=1e-7)


def test_counts_have_their_exact_interval() -> None:
    table = tc.uncertainty.delta(TALLY, ["joint"])
    lo, hi = tc.uncertainty.poisson_interval(table["value"].to_numpy())
    np.testing.assert_array_equal(table["lo"], lo)
    np.testing.assert_array_equal(table["hi"], hi)
    assert table["interval"].unique().to_list() == ["poisson"]
    assert table["interval_flag"].null_count() == table.height


def test_works_left_out_one_by_one() -> None:
    """For each member set a work less, tallied anew: all values of all indices."""
    # the number of partners is taken as fixed, so the disparity filter's change is another one
    indices = [name for name in INDICES if name != "disparity"]
    found = tc.indices.evaluate(TALLY, indices, zeros=False)
    sample = sample_of(TALLY, found.base)
    parts = list(jackknives(found, sample, Intervals(found).rows_drawn(sample), "cpu"))
    assert {part.number for part in parts} == set(range(len(found.wanted)))
    sums: dict[tuple[int, int], list[float]] = {}
    for part in parts:
        assert part.classes is not None
        moved = part.classes.moved(part.request, part.at, -1.0)
        change = moved - part.value[part.classes.row]
        for power in (1, 2, 3):
            total = part.classes.total(np.where(np.isfinite(change), change, 0.0) ** power, len(part.rows))
            for row, value in zip(part.rows, total, strict=True):
                sums.setdefault((part.number, int(row)), []).append(float(value))
    expected = {key: [0.0, 0.0, 0.0] for key in sums}
    year = 2020
    assert TALLY.patterns is not None
    rows = found.keys(found.rows).with_row_index("_row")
    for at, (this, _, n) in enumerate(TALLY.patterns.iter_rows()):
        if this != year:
            continue
        less = TALLY.patterns.with_columns(
            n=pl.Series(np.where(np.arange(TALLY.patterns.height) == at, n - 1, TALLY.patterns["n"]))
        )
        again = tc.indices.evaluate(tally_of(less.filter(pl.col("n") > 0), ["year"]), indices, zeros=True)
        place = (
            again.keys(again.rows)
            .with_row_index("_again")
            .join(rows, on=["year", "a", "b"], nulls_equal=True)
        )
        for number in range(len(found.wanted)):
            mine = place.filter((pl.col("year") == year) & pl.Series(found.keep(number))[place["_row"]])
            there, now = mine["_row"].to_numpy(), mine["_again"].to_numpy()
            change = again.value(number)[now] - found.value(number)[there]
            for row, value in zip(there, np.where(np.isfinite(change), change, 0.0), strict=True):
                if (number, int(row)) in expected:
                    for power in (1, 2, 3):
                        expected[number, int(row)][power - 1] += n * value**power
    compared = 0
    for (number, row), values in sums.items():
        if rows["year"][row] == year:
            np.testing.assert_allclose(
                values, expected[number, row], rtol=1e-6, atol=1e-9, err_msg=found.wanted[number].column
            )
            compared += 1
    assert compared > 500
