"""What is new, grows and lasts: `emergence`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from trendcore.errors import UsageError
from trendcore.trends.flags import joined
from trendcore.trends.keys import OF_ROWS, Ints, Table, numbered
from trendcore.trends.relative import check_counts, fitted, growth_columns, world_totals
from trendcore.trends.series import Floats, Series, collect

_GROWTH: Final = "growth_world"
#: before all years
NEVER: Final = -(1 << 40)
#: of the result, beside the keys
COLUMNS: Final = (
    "first", "last", "n", "count", "novelty", "novelty_world", *growth_columns(_GROWTH), "persistence",
    "emerging", "flag",
)  # fmt: skip


def emergence(
    table: Table,
    *,
    world: Table | None = None,
    window: int = 10,
    min_count: int = 10,
    min_persistence: float = 0.8,
    level: float = 0.95,
    time: str = "year",
    value: str = "value",
    by: Sequence[str] | None = None,
    complete: Table | None = None,
    keep_incomplete: bool = False,
    fill: float | None = 0,
) -> pl.DataFrame:
    """Novelty, relative growth and persistence of counts in the last years, each beside the others.

    Parameters
    ----------
    table, world, time, value, by, complete, keep_incomplete, fill
        See `trendcore.trends.relative_growth`.
    window
        Last covered years of the cell in which something may emerge. 10: enough for an interval of growth,
        and short beside the decades before.
    min_count
        Counts in the window below which nothing is said to emerge. 10: a few works are chance.
    min_persistence
        Part of the years of the window that have counts. 0.8: two of ten years may be empty.
    level
        Of the interval of growth; 0.95, as in `trendcore.trends.trend`.

    Returns
    -------
    pl.DataFrame
        A row a series, sorted by key:

        - first, last: years of the window; n: those known; count: in the window.
        - novelty: part of all counts that lie in the window, 0 to 1; novelty_world: the same of the world.
        - growth_world, with _lo, _hi, _doubling and _flag: growth in the window relative to the world, as in
          `trendcore.trends.relative_growth`.
        - persistence: part of the years of the window that have counts, 0 to 1; years that are left out as
          incomplete are not among them.
        - emerging: novelty above that of the world, growth_world_lo > 0 and persistence at least
          min_persistence; null where that hangs on one that is null, or where count is small.
        - flag: ``no_values``, ``no_years_before`` (novelty would be 1 of everything: null), ``small_count``,
          ``incomplete_years_left_out``.

    Raises
    ------
    SchemaError, InputError, UsageError
        See `trendcore.trends.relative_growth`.

    Notes
    -----
    Three of the five attributes of an emerging technology of Rotolo, Hicks & Martin (2015) Research Policy
    44, 1827: radical novelty, relatively fast growth, and coherence that persists, as far as counts of years
    can show them; impact and uncertainty they cannot. The attributes stand beside each other: there is no
    score, and the thresholds of ``emerging`` are arguments. Nothing here is the patented emergence score of
    terms.

    Examples
    --------
    >>> years = list(range(2000, 2020))
    >>> new, old = [0] * 10 + [2**i for i in range(10)], [100] * 20
    >>> rows = {"a": ["JP"] * 20 + ["US"] * 20, "year": years * 2, "value": new + old}
    >>> emergence(pl.DataFrame(rows)).select("a", "novelty", "persistence", "emerging").rows()
    [('JP', 1.0, 1.0, True), ('US', 0.5, 1.0, False)]
    """
    _check(window, min_count, min_persistence, level)
    series = collect(
        table, time=time, values=[value], by=by, complete=complete, keep_incomplete=keep_incomplete,
        fill=fill, columns=COLUMNS,
    )  # fmt: skip
    check_counts(series, value, time)
    whole = world_totals(series, value, world, time)
    both = replace(series, values={"counts": series.values[value], "whole": whole})
    last = _last_of_cell(series)
    in_window = series.years > (last - window)[series.of]
    recent = both.keep(in_window)
    before = series.n > recent.n
    count = recent.sums(recent.values["counts"])
    novelty = {
        name: np.where(before, _part(recent, both, array), np.nan)
        for name, array in (("novelty", "counts"), ("novelty_world", "whole"))
    }
    years = recent.n
    lasting = recent.sums((recent.values["counts"] > 0).astype(np.float64))
    since = last[series.left_of] - series.left_years
    is_left = (since >= 0) & (since < window)
    judged = window - np.bincount(series.left_of[is_left], minlength=len(last))
    persistence = lasting / np.where(years > 0, judged, np.nan)
    growth = fitted(
        replace(recent, values={value: recent.values["counts"]}),
        value, _GROWTH, recent.values["whole"], level, min(window, 5),
    )  # fmt: skip
    flags = {
        "no_values": series.n == 0,
        "no_years_before": (series.n > 0) & ~before,
        "small_count": (last > NEVER) & (count < min_count),
        "incomplete_years_left_out": series.left_out,
    }
    some = pl.Series(last > NEVER)
    return (
        series.keys.select(
            pl.all(),
            first=pl.when(some).then(pl.Series(last - window + 1)),
            last=pl.when(some).then(pl.Series(last)),
            n=pl.Series(years),
            count=pl.when(some).then(pl.Series(count)),
            **{name: pl.Series(array, nan_to_null=True) for name, array in novelty.items()},
        )
        .with_columns(
            *growth,
            persistence=pl.Series(persistence, nan_to_null=True),
            flag=joined(flags),
        )
        .with_columns(
            emerging=pl.when(pl.col("count") >= min_count).then(
                (pl.col("novelty") > pl.col("novelty_world"))
                & (pl.col(f"{_GROWTH}_lo") > 0)
                & (pl.col("persistence") >= min_persistence)
            )
        )
        .select(pl.exclude("flag"), "flag")
    )


def _check(window: int, min_count: int, min_persistence: float, level: float) -> None:
    if window < 3:
        raise UsageError(f"window is at least 3 years, not {window}: growth has no interval in two")
    if min_count < 0:
        raise UsageError(f"min_count is a number from 0 on, not {min_count}")
    if not 0 <= min_persistence <= 1:
        raise UsageError(f"min_persistence is between 0 and 1, not {min_persistence}")
    if not 0 < level < 1:
        raise UsageError(f"level is between 0 and 1, not {level}")


def _last_of_cell(series: Series) -> Ints:
    """(W,) last year with a value of any series of the same cell; `NEVER` where there is none."""
    cell = numbered(series.keys, [name for name in series.keys.columns if name not in OF_ROWS])
    last = np.full(len(cell), NEVER)
    np.maximum.at(last, cell[series.of], series.years)
    return last[cell]


def _part(recent: Series, whole: Series, name: str) -> Floats:
    """(W,) part of all counts that is recent; NaN where there are none."""
    total = whole.sums(whole.values[name])
    part: Floats = recent.sums(recent.values[name]) / np.where(total > 0, total, np.nan)
    return part
