"""Where the level of a series changes: `change_points`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

import numpy as np
import polars as pl

from trendcore.errors import UsageError
from trendcore.trends.flags import joined
from trendcore.trends.kernels import call
from trendcore.trends.keys import Ints, Table
from trendcore.trends.series import Bools, Floats, Series, collect

Cost = Literal["l2", "poisson"]

#: costs of runs that are looked at together
_BLOCK: Final = 1 << 22
#: of the result, beside the keys
COLUMNS: Final = ("n", "changes", "segment", "first", "last", "years", "level", "step", "flag")


def change_points(
    table: Table,
    *,
    cost: Cost = "l2",
    penalty: float = 3.0,
    max_changes: int | None = None,
    min_segment: int = 3,
    time: str = "year",
    value: str = "value",
    by: Sequence[str] | None = None,
    complete: Table | None = None,
    keep_incomplete: bool = False,
    fill: float | None = None,
    backend: str = "auto",
) -> pl.DataFrame:
    """Cut every series of an index table into segments of equal level, exactly.

    Parameters
    ----------
    table, time, value, by, complete, keep_incomplete, fill
        See `trendcore.trends.trend`.
    cost
        ``l2`` (default: it suits any index): squares around the mean of a segment, in units of the variance
        between neighbours. ``poisson``: for counts, twice the negative log-likelihood of a Poisson
        distribution per segment.
    penalty
        Cost of a change in units of ln n. 3: then 1 to 7 % of series of pure noise of 12 to 45 years are
        cut; at 1 half of them are.
    max_changes
        At most so many; None: as many as the penalty allows.
    min_segment
        Least years of a segment. 3: one or two years apart are an outlier, not a level.
    backend
        ``auto``, ``cpu``, ``gpu`` or ``reference``; all give the same bits.

    Returns
    -------
    pl.DataFrame
        A row a segment, sorted by key and time: n, changes (of the series), segment (from 0), first, last
        (its years with values), years, level (its mean), step (level less that of the segment before; null
        for the first), flag: ``no_values``, ``too_short`` (below two segments), ``not_counts`` (``poisson``
        and a value is negative or no whole number), ``constant``, ``gaps``, ``incomplete_years_left_out``.
        A series with one of the first three has one row, with nulls from ``changes`` on.

    Raises
    ------
    SchemaError, InputError, UsageError, BackendError
        See `trendcore.trends.trend`.

    Notes
    -----
    The cuts with the least sum of costs and penalties, by dynamic programming over all of them (Auger &
    Lawrence 1989, Bull. Math. Biol. 51, 39): series of years are short enough to need no heuristics. Of sums
    that are equal but for rounding (a cut is made only if it lowers the sum by more than 1e-10 of its parts)
    the one with fewer changes. The variance of ``l2`` is half the mean square of differences of
    neighbours (von Neumann 1941), which changes of level hardly move. A penalty of ln n per parameter is that
    of BIC (Yao 1988, Stat. Prob. Letters 6, 181); of about 3 ln n that of the modified BIC (Zhang & Siegmund
    2007, Biometrics 63, 22), which counts the choice of the place too. A steady trend is no level: it is cut
    into steps.

    Examples
    --------
    >>> steps = pl.DataFrame({"year": range(2000, 2012), "value": [1.0, 2, 1, 2, 1, 2, 8, 9, 8, 9, 8, 9]})
    >>> change_points(steps).select("segment", "first", "last", "level", "step").rows()
    [(0, 2000, 2005, 1.5, None), (1, 2006, 2011, 8.5, 7.0)]
    """
    _check(cost, penalty, max_changes, min_segment)
    series = collect(
        table, time=time, values=[value], by=by, complete=complete, keep_incomplete=keep_incomplete,
        fill=fill, columns=COLUMNS,
    )  # fmt: skip
    values, n = series.values[value], series.n
    counts = np.ones(len(n), dtype=np.bool_)
    if cost == "poisson":
        counts = series.sums(((values < 0) | (values != np.rint(values))).astype(np.int64)) == 0
    cut = (n >= 2 * min_segment) & counts
    most = len(series.years) if max_changes is None else max_changes
    label = _labels(series, values, cut, cost, (penalty, most, min_segment), backend)
    constant = series.sums((values != series.first(values)[series.of]).astype(np.int64)) == 0
    flags = {
        "no_values": n == 0,
        "too_short": (n > 0) & (n < 2 * min_segment),
        "not_counts": ~counts,
        "constant": (n > 0) & constant,
        "gaps": series.has_gaps,
        "incomplete_years_left_out": series.left_out,
    }
    return _table(series, values, label, cut, joined(flags))


def _check(cost: str, penalty: float, max_changes: int | None, min_segment: int) -> None:
    if cost not in get_args(Cost):
        raise UsageError(f"no cost {cost!r}: choose one of {', '.join(get_args(Cost))}")
    if not 0 <= penalty < float("inf"):
        raise UsageError(f"penalty is a number from 0 on, not {penalty}")
    if max_changes is not None and max_changes < 0:
        raise UsageError(f"max_changes is a number from 0 on, not {max_changes}")
    if min_segment < 1:
        raise UsageError(f"min_segment is a number of years from 1 on, not {min_segment}")


def _labels(
    series: Series, values: Floats, cut: Bools, cost: str, how: tuple[float, int, int], backend: str
) -> Ints:
    """(E,) segment of each observation; series of equal length are cut together."""
    penalty, most, least = how
    label = np.zeros(len(values), dtype=np.int64)
    for n in np.unique(series.n[cut]).tolist():
        rows = np.flatnonzero(cut & (series.n == n))
        places = series.offsets[rows, None] + np.arange(n)
        size = max(_BLOCK // (n * (n + 1) // 2), 1)
        for start in range(0, len(rows), size):
            block = places[start : start + size]
            costs = _l2(values[block]) if cost == "l2" else _poisson(values[block])
            each = np.full(len(block), penalty * np.log(n))
            label[block] = call("segments", backend, costs, each, n, most, least).label
    return label


def _runs(totals: Floats) -> tuple[Ints, Ints]:
    """Give ends and beginnings of all runs of years, in the order of the kernel."""
    end, begin = np.tril_indices(totals.shape[1], -1)
    return end, begin


def _totals(values: Floats) -> Floats:
    """(m, n + 1) sums of the first 0, 1, ... n values."""
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


def _l2(values: Floats) -> Floats:
    """(m, n(n + 1)/2) squares around the mean of each run, in units of the variance between neighbours."""
    variance = (np.diff(values, axis=1) ** 2).mean(axis=1, keepdims=True) / 2
    scaled = (values - values.mean(axis=1, keepdims=True)) / np.sqrt(np.where(variance > 0, variance, 1))
    first, second = _totals(scaled), _totals(scaled * scaled)
    end, begin = _runs(first)
    squares = second[:, end] - second[:, begin] - (first[:, end] - first[:, begin]) ** 2 / (end - begin)
    costs: Floats = np.maximum(squares, 0)
    return costs


def _poisson(values: Floats) -> Floats:
    """(m, n(n + 1)/2) twice the negative log-likelihood of each run, but for what all cuts share."""
    mean = values.mean(axis=1, keepdims=True)
    totals = _totals(values)
    end, begin = _runs(totals)
    total = totals[:, end] - totals[:, begin]
    expected = (end - begin) * np.where(mean > 0, mean, 1)
    costs: Floats = -2 * total * np.log(np.where(total > 0, total, expected) / expected)
    return costs


def _table(series: Series, values: Floats, label: Ints, cut: Bools, flag: pl.Series) -> pl.DataFrame:
    """Rows of segments, and one for each series that was not cut."""
    of = series.of
    is_first = np.ones(len(of), dtype=np.bool_)
    is_first[1:] = (np.diff(of) != 0) | (np.diff(label) != 0)
    begins = np.flatnonzero(is_first)
    stops = np.append(begins, len(of))[1:]
    levels = np.add.reduceat(values, begins) / (stops - begins) if len(begins) else values
    which, segment = of[begins], label[begins]
    steps = np.where(segment > 0, np.diff(levels, prepend=np.nan), np.nan)
    rows = pl.DataFrame(
        {
            "_row": which,
            "changes": series.last(label)[which],
            "segment": segment,
            "first": series.years[begins],
            "last": series.years[stops - 1],
            "years": stops - begins,
            "level": levels,
            "step": pl.Series(steps, nan_to_null=True),
        }
    ).filter(pl.Series(cut[which], dtype=pl.Boolean))
    keys = series.keys.select(
        pl.all(), _row=pl.Series(np.arange(len(series.n))), n=pl.Series(series.n), flag=flag
    )
    found = keys.join(rows, on="_row", how="left", maintain_order="left_right")
    return found.select(pl.exclude("_row", "flag"), "flag")
