"""Where a series goes next, as far as that has held before: `project`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from trendcore.errors import UsageError
from trendcore.trends.flags import joined
from trendcore.trends.kernels import call
from trendcore.trends.keys import Table
from trendcore.trends.series import Bools, Floats, Series, collect

#: a damped trend loses this part of its slope a year: the middle of what Gardner & McKenzie found
_DAMPING: Final = 0.15
#: years of which the slope is taken, and how many of them must be there
MEMORY: Final = 10
_FEWEST: Final = 5
#: ways to project, in the order in which equal ones are taken; the last value is what they must beat
METHODS: Final = ("damped", "linear", "log_linear")
_LOG: Final = METHODS.index("log_linear")
_LAST: Final = len(METHODS)
#: back tests that choose the way, and the fewest that choose or judge
_CHOOSING: Final = 15
_FEWEST_TESTS: Final = 5
#: of the result, beside the keys and the time
COLUMNS: Final = (
    "horizon", "forecast", "lo", "hi", "last", "last_value", "method", "n_tests", "mae", "mae_last", "skill",
    "coverage", "flag",
)  # fmt: skip
#: series that are looked at together
_BLOCK: Final = 4096


def project(
    table: Table,
    *,
    years: int = 3,
    level: float = 0.8,
    tests: int = 10,
    min_skill: float = 0.1,
    time: str = "year",
    value: str = "value",
    by: Sequence[str] | None = None,
    complete: Table | None = None,
    keep_incomplete: bool = False,
    fill: float | None = None,
    backend: str = "auto",
) -> pl.DataFrame:
    """Project every series some years on, where that has been better than its last value.

    Parameters
    ----------
    table, time, value, by, complete, keep_incomplete, fill
        See `trendcore.trends.trend`.
    years
        How far. 3: the publication lag that a reader wants bridged; errors grow with every year.
    level
        Of the interval. 0.8: four errors of the past are enough for it, 0.95 takes 19.
    tests
        Last years from which the past is projected to judge. 10: fewer are chance, more are another time.
    min_skill
        Least part by which the mean error must be below that of the last value. 0.1: of series that wander
        without a trend a quarter beat the last value by chance, but one in nine by a tenth.
    backend
        ``auto``, ``cpu``, ``gpu`` or ``reference``; all give the same bits.

    Returns
    -------
    pl.DataFrame
        A row for each series and year, sorted: the keys, time (the last year with a value, and 1, 2, ...),
        horizon, forecast, lo, hi; null where they are not better than the last value. Of the series: last
        (year), last_value, method (``damped``, ``linear``, ``log_linear``), n_tests (errors that judge), mae
        and mae_last (their mean sizes, of the method and of the last value), skill (1 - mae / mae_last),
        coverage (part of these years that lay in the intervals that would have been given). flag:
        ``no_values``, ``too_short`` (too few years to choose and to judge), ``not_better_than_last_value``,
        ``few_errors`` (for an interval of the level; the forecast is null too), ``gaps``,
        ``incomplete_years_left_out``.

    Raises
    ------
    SchemaError, InputError, UsageError, BackendError
        See `trendcore.trends.trend`.

    Notes
    -----
    All ways start from the last value and add the Theil-Sen slope of the last 10 years (5 at least of them
    with values): whole each year (linear), a part of 0.85 of it the first year, 0.85^2 the second and so on
    (damped: Gardner & McKenzie 1985, Management Science 31, 1237), or by the slope of logarithms (log_linear,
    where all values are above 0). A series that was never below 0 is not projected below 0.

    Back test by rolling origin (Tashman 2000, Int. J. Forecasting 16, 437): each past year takes only what
    was known in it. The 15 years before the last ``tests`` choose the way, by the mean absolute error over
    all horizons; the last ``tests`` judge it, so that no error is used for both. Errors, in units of the mean
    change from year to year in the 10 years before, make the interval of a horizon: the k-th smallest of m,
    k = ceil(level (m + 1)), on both sides (split conformal: Lei et al. 2018, JASA 113, 1094). The unit lets
    the interval of what grows grow. For ``coverage`` it is made anew in every year that judges, from errors
    known in it.

    Examples
    --------
    >>> line = pl.DataFrame({"year": range(1990, 2020), "value": [float(i) for i in range(30)]})
    >>> project(line, years=2).select("year", "forecast", "method", "skill").rows()
    [(2020, 30.0, 'linear', 1.0), (2021, 31.0, 'linear', 1.0)]
    """
    _check(years, level, tests, min_skill)
    if time in COLUMNS:
        raise UsageError(f"column {time} has the name of one of the result: rename it")
    series = collect(
        table, time=time, values=[value], by=by, complete=complete, keep_incomplete=keep_incomplete,
        fill=fill, columns=COLUMNS,
    )  # fmt: skip
    n_series = len(series.n)
    found = _Found(n_series, years)
    how, width = (years, level, tests), years + tests + _CHOOSING + MEMORY
    below = series.sums((series.values[value] < 0).astype(np.int64)) > 0
    floor = np.where(below, -np.inf, 0.0)
    for start in range(0, n_series, _BLOCK):
        rows = slice(start, min(start + _BLOCK, n_series))
        _Block(_grid(series, value, rows, width), floor[rows], *how, backend).write(found, rows)
    return _table(series, value, time, found, min_skill)


def _check(years: int, level: float, tests: int, min_skill: float) -> None:
    if years < 1:
        raise UsageError(f"years is a number from 1 on, not {years}")
    if not 0 < level < 1:
        raise UsageError(f"level is between 0 and 1, not {level}")
    if tests < _FEWEST_TESTS:
        raise UsageError(f"tests is at least {_FEWEST_TESTS}, not {tests}")
    if not 0 <= min_skill < 1:
        raise UsageError(f"min_skill is from 0 to below 1, not {min_skill}")


class _Found:
    """What is found of each series: arrays (W,), and (W, H) by horizon."""

    def __init__(self, n_series: int, years: int) -> None:
        self.forecast, self.reach = (np.full((n_series, years), np.nan) for _ in range(2))
        self.mae, self.mae_last, self.coverage, self.floor = (np.full(n_series, np.nan) for _ in range(4))
        self.method, self.n_tests = (np.zeros(n_series, dtype=np.int64) for _ in range(2))


def _grid(series: Series, value: str, rows: slice, width: int) -> Floats:
    """(m, width) values of some series in the years up to the last one of each; NaN where there is none."""
    part = slice(series.offsets[rows.start], series.offsets[rows.stop])
    of, last = series.of[part], series.last(series.years)
    column = width - 1 - (last[of] - series.years[part])
    grid = np.full((rows.stop - rows.start, width), np.nan)
    inside = column >= 0
    grid[of[inside] - rows.start, column[inside]] = series.values[value][part][inside]
    return grid


class _Block:
    """Back tests of some series, whose last columns are their last years."""

    def __init__(
        self, grid: Floats, floor: Floats, years: int, level: float, tests: int, backend: str
    ) -> None:
        self.years, self.level, self.tests = years, level, tests
        self.grid = grid
        self.floor = floor
        positive = np.where(np.isnan(grid), 1, grid).min(axis=1) > 0
        logs = np.log(np.where(positive[:, None] & ~np.isnan(grid), grid, np.nan))
        self.slopes = _slopes(grid, backend), _slopes(logs, backend)
        self.forecasts = self._forecasts()
        self.errors = self._errors()
        self.unit = _unit(grid)[:, :, None]

    def _forecasts(self) -> Floats:
        """(m, methods, origins, horizons) what each way says in each year; the last value is the last way."""
        start = self.grid[:, MEMORY - 1 :, None]
        ahead = np.arange(1, self.years + 1)
        damped = np.cumsum((1 - _DAMPING) ** ahead)
        slope, log_slope = (each[:, :, None] for each in self.slopes)
        with np.errstate(over="ignore"):
            ways = np.stack(
                [
                    start + slope * damped,
                    start + slope * ahead,
                    start * np.exp(log_slope * ahead),
                    np.broadcast_to(start, (*start.shape[:2], self.years)),
                ],
                axis=1,
            )
        ways = np.maximum(ways, self.floor[:, None, None, None])
        return np.where(np.isfinite(ways), ways, np.nan)

    def _errors(self) -> Floats:
        """(m, methods, origins, horizons) sizes of errors; NaN for years that are not there."""
        errors = np.full(self.forecasts.shape, np.nan)
        for h in range(1, self.years + 1):
            came = self.grid[:, None, MEMORY - 1 + h :]
            errors[:, :, :-h, h - 1] = np.abs(came - self.forecasts[:, :, :-h, h - 1])
        return errors

    def write(self, found: _Found, rows: slice) -> None:
        """Choose, judge and project."""
        every, first = np.arange(len(self.grid)), self.errors.shape[2] - 1 - self.tests
        choosing = np.where(self._over(first), self.errors, np.nan)
        choosing[np.isnan(choosing[:, _LOG]).all(axis=(1, 2)), _LOG] = np.inf  # there are no logarithms
        usable: Bools = np.isnan(choosing).sum(axis=1) == 0
        n_usable = np.maximum(usable.sum(axis=(1, 2)), 1)
        sizes = np.where(usable[:, None], choosing, 0).sum(axis=(2, 3)) / n_usable[:, None]
        n_choosing = usable[:, :, 0].sum(axis=1)
        method = np.argmin(sizes[:, :_LAST], axis=1)
        chosen, last = self.errors[every, method], self.errors[:, _LAST]
        judging = np.zeros(chosen.shape[1], dtype=np.bool_)
        judging[first:] = True
        both: Bools = np.isfinite(chosen + np.where(judging[:, None], last, np.nan))
        n_tests = both.sum(axis=(1, 2))
        good = (n_choosing >= _FEWEST_TESTS) & (both[:, :, 0].sum(axis=1) >= _FEWEST_TESTS)
        found.method[rows], found.n_tests[rows], found.floor[rows] = method, n_tests, self.floor
        for name, errors in (("mae", chosen), ("mae_last", last)):
            mean = np.where(both, errors, 0).sum(axis=(1, 2)) / np.maximum(n_tests, 1)
            getattr(found, name)[rows] = np.where(good, mean, np.nan)
        now = chosen.shape[1] - 1
        found.forecast[rows] = np.where(good[:, None], self.forecasts[every, method, now], np.nan)
        scaled = self._in_units(chosen)
        with np.errstate(over="ignore"):
            reach = _reach(scaled, self.level) * self.unit[:, now]
        found.reach[rows] = np.where(np.isfinite(reach), reach, np.nan)
        found.coverage[rows] = self._coverage(scaled, both, first)

    def _in_units(self, errors: Floats) -> Floats:
        """Errors in units of their origins; infinite where nothing had changed before and then did."""
        unit = np.broadcast_to(self.unit, errors.shape)
        with np.errstate(over="ignore"):
            scaled = errors / np.where(unit > 0, unit, 1)
        return np.where(np.isnan(unit), np.nan, np.where((unit > 0) | ~(errors > 0), scaled, np.inf))

    def _over(self, origin: int) -> Bools:
        """(origins, horizons) whether these years are over at an origin."""
        return np.arange(self.errors.shape[2])[:, None] + np.arange(1, self.years + 1) <= origin

    def _coverage(self, chosen: Floats, both: Bools, first: int) -> Floats:
        inside, judged = np.zeros(len(chosen)), np.zeros(len(chosen))
        for origin in range(first, chosen.shape[1] - 1):
            over = np.arange(chosen.shape[1])[:, None] + np.arange(1, self.years + 1) <= origin
            reach = _reach(np.where(over, chosen, np.nan), self.level)
            given = both[:, origin] & np.isfinite(reach)
            judged += given.sum(axis=1)
            inside += (given & (np.where(given, chosen[:, origin], 0) <= np.where(given, reach, 0))).sum(
                axis=1
            )
        coverage: Floats = inside / np.where(judged > 0, judged, np.nan)
        return coverage


def _unit(grid: Floats) -> Floats:
    """(m, origins) mean change between neighbours in the window of each origin; NaN where there are none."""
    changes = np.abs(np.diff(grid, axis=1))
    windows = np.lib.stride_tricks.sliding_window_view(changes, MEMORY - 1, axis=1)
    n = np.isfinite(windows).sum(axis=2)
    unit: Floats = np.where(np.isfinite(windows), windows, 0).sum(axis=2) / np.where(n > 0, n, np.nan)
    return unit


def _reach(errors: Floats, level: float) -> Floats:
    """(m, horizons) the k-th smallest of n errors, k = ceil(level (n + 1)); NaN where they are too few."""
    ordered = np.sort(errors, axis=1)  # NaN last
    n = (~np.isnan(errors)).sum(axis=1)
    rank = np.ceil(level * (n + 1)).astype(np.int64) - 1
    taken = np.take_along_axis(ordered, np.minimum(rank, errors.shape[1] - 1)[:, None], axis=1)[:, 0]
    return np.where((rank < n) & np.isfinite(taken), taken, np.nan)


def _slopes(grid: Floats, backend: str) -> Floats:
    """(m, origins) Theil-Sen slope of the last years at each origin; NaN where too few have values."""
    windows = np.lib.stride_tricks.sliding_window_view(grid, MEMORY, axis=1)
    there = ~np.isnan(windows)
    n = there.sum(axis=2)
    there &= (n >= _FEWEST)[:, :, None]
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(there.sum(axis=2))])
    years = np.broadcast_to(np.arange(MEMORY), windows.shape)[there]
    none = np.full(len(offsets) - 1, -1)
    slopes: Floats = call("theil_sen", backend, offsets, years, windows[there], none, none).slope
    return slopes.reshape(n.shape)


def _table(series: Series, value: str, time: str, found: _Found, min_skill: float) -> pl.DataFrame:
    n_series, years = found.forecast.shape
    judged = ~np.isnan(found.mae)
    skill = np.where(
        judged & (found.mae_last > 0), 1 - found.mae / np.where(found.mae_last > 0, found.mae_last, 1), np.nan
    )
    better = judged & (found.mae < found.mae_last) & (skill >= min_skill)
    few = better & np.isnan(found.reach).any(axis=1)
    given = (better & ~few)[:, None]
    flags = {
        "no_values": series.n == 0,
        "too_short": (series.n > 0) & ~judged,
        "not_better_than_last_value": judged & ~better,
        "few_errors": few,
        "gaps": series.has_gaps,
        "incomplete_years_left_out": series.left_out,
    }
    horizon = np.tile(np.arange(1, years + 1), n_series)
    of = np.repeat(np.arange(n_series), years)
    some = pl.Series((series.n > 0)[of])
    last = series.last(series.years)[of]
    bounds = {
        "forecast": found.forecast,
        "lo": np.maximum(found.forecast - found.reach, found.floor[:, None]),
        "hi": found.forecast + found.reach,
    }
    of_series = {name: getattr(found, name)[of] for name in ("mae", "mae_last")} | {
        "skill": skill[of],
        "coverage": np.where(judged, found.coverage, np.nan)[of],
    }
    return series.keys[of].select(
        pl.all(),
        pl.when(some).then(pl.Series(last + horizon)).alias(time),
        horizon=pl.Series(horizon),
        **{
            name: pl.Series(np.where(given, each, np.nan).ravel(), nan_to_null=True)
            for name, each in bounds.items()
        },
        last=pl.when(some).then(pl.Series(last)),
        last_value=pl.when(some).then(pl.Series(series.last(series.values[value])[of])),
        method=pl.when(pl.Series(judged[of])).then(pl.Series(np.array(METHODS)[found.method][of])),
        n_tests=pl.when(pl.Series(judged[of])).then(pl.Series(found.n_tests[of])),
        **{name: pl.Series(each, nan_to_null=True) for name, each in of_series.items()},
        flag=joined(flags)[of],
    )
