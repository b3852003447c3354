"""When works of a pair come much more often than usual: `bursts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.errors import InputError, UsageError
from trendcore.trends.flags import joined
from trendcore.trends.kernels import call
from trendcore.trends.keys import Table
from trendcore.trends.series import Floats, Series, collect

#: a rate of 1 would make every step with another event impossible
_HIGHEST_RATE: Final = 0.9999
#: of the result, beside the keys
COLUMNS: Final = (
    "n", "rate", "burst", "first", "last", "years", "relevant", "total", "weight", "flag",
)  # fmt: skip


def bursts(
    table: Table,
    *,
    relevant: str = "r",
    total: str = "d",
    s: float = 2.0,
    gamma: float = 1.0,
    time: str = "year",
    by: Sequence[str] | None = None,
    complete: Table | None = None,
    keep_incomplete: bool = False,
    backend: str = "auto",
) -> pl.DataFrame:
    """Find the bursts of every series of counts among totals: Kleinberg's two states for batches.

    Parameters
    ----------
    table, time, by, complete, keep_incomplete
        See `trendcore.trends.trend`. A year without a row, or with a null, is no step.
    relevant, total
        Columns of what is counted (joint works of a pair) and of all among which it is (works of the cell).
    s
        Rate in a burst over the rate of the whole series. 2, Kleinberg's own choice: twice as often.
    gamma
        Cost of the rise into a burst in units of ln(number of steps). 1, Kleinberg's own choice.
    backend
        ``auto``, ``cpu``, ``gpu`` or ``reference``; all give the same bits.

    Returns
    -------
    pl.DataFrame
        A row a burst, sorted by key and time: n (steps), rate (of the whole series), burst (from 1), first,
        last, years (with values), relevant, total (in the burst), weight (how much cheaper the upper state is
        than the lower one over the burst, Kleinberg's weight), flag: ``no_values``, ``no_burst``,
        ``no_upper_rate`` (there is no rate above that of the series: nothing is counted, all is, or s <= 1),
        ``gaps``, ``incomplete_years_left_out``. A series with one of the first three has one row, with nulls.

    Raises
    ------
    InputError
        A count is negative, or there are more relevant ones than all.
    SchemaError, UsageError, BackendError
        See `trendcore.trends.trend`.

    Notes
    -----
    Kleinberg (2003) Data Mining and Knowledge Discovery 7, 373, sections 2 and 4. Rates p0 = sum r / sum d
    and p1 = min(s p0, 0.9999); a step costs -r ln p - (d - r) ln(1 - p), a rise gamma ln n, a fall nothing.
    The cheapest path is found by Viterbi's algorithm, from state 0 before the first step; of equal costs the
    lower state.

    Examples
    --------
    >>> r = [10, 12, 11, 14, 19, 20, 21, 22, 12, 10]
    >>> steps = pl.DataFrame({"year": range(2000, 2010), "r": r, "d": [1000] * 10})
    >>> bursts(steps, s=1.4).select("first", "last", "relevant").rows()
    [(2004, 2007, 82.0)]
    """
    for name, number in (("s", s), ("gamma", gamma)):
        if not 0 <= number < float("inf"):
            raise UsageError(f"{name} is a number from 0 on, not {number}")
    series = collect(
        table, time=time, values=[relevant, total], by=by, complete=complete,
        keep_incomplete=keep_incomplete, columns=COLUMNS,
    )  # fmt: skip
    r, d = series.values[relevant], series.values[total]
    if len(r) and ((r < 0) | (r > d)).any():
        year = series.years[np.argmax((r < 0) | (r > d))]
        raise InputError(f"{relevant} is negative or greater than {total}, first in {time} {year}")
    some, every = series.sums(r), series.sums(d)
    low = np.where(every > 0, some / np.where(every > 0, every, 1), np.nan)
    high = np.minimum(s * low, _HIGHEST_RATE)
    defined = (low > 0) & (low < 1) & (high > low)
    stepped = series.keep(defined[series.of])
    r, d = stepped.values[relevant], stepped.values[total]
    costs = [_cost(r, d, rate[stepped.of]) for rate in (low, high)]
    rise = gamma * np.log(np.maximum(stepped.n, 1))
    states = call("viterbi", backend, stepped.offsets, *costs, rise)
    rows = _rows(stepped, states, {"relevant": r, "total": d, "weight": costs[0] - costs[1]})
    has = np.zeros(len(some), dtype=np.bool_)
    has[rows["_row"].to_numpy()] = True
    flags = {
        "no_values": series.n == 0,
        "no_upper_rate": (series.n > 0) & ~defined,
        "no_burst": defined & ~has,
        "gaps": series.has_gaps,
        "incomplete_years_left_out": series.left_out,
    }
    keys = series.keys.select(
        pl.all(),
        _row=pl.Series(np.arange(len(low))),
        n=pl.Series(series.n),
        rate=pl.Series(low, nan_to_null=True),
        flag=joined(flags),
    )
    return keys.join(rows, on="_row", how="left", maintain_order="left_right").select(
        pl.exclude("_row", "flag"), "flag"
    )


def _cost(r: Floats, d: Floats, rate: Floats) -> Floats:
    cost: Floats = -r * np.log(rate) - (d - r) * np.log1p(-rate)
    return cost


def _rows(series: Series, states: npt.NDArray[np.int8], sums: dict[str, Floats]) -> pl.DataFrame:
    """Rows of the bursts: runs of the upper state."""
    of, up = series.of, states == 1
    before = np.concatenate([[False], up[:-1] & (np.diff(of) == 0)]) if len(of) else up
    after = np.concatenate([up[1:] & (np.diff(of) == 0), [False]]) if len(of) else up
    begins, ends = np.flatnonzero(up & ~before), np.flatnonzero(up & ~after)
    which = of[begins]
    first_of = np.searchsorted(which, which)
    added = {
        name: np.add.reduceat(np.append(np.where(up, each, 0), 0), np.ravel([begins, ends + 1], "F"))[::2]
        if len(begins)
        else np.zeros(0)
        for name, each in sums.items()
    }
    return pl.DataFrame(
        {
            "_row": which,
            "burst": np.arange(len(which)) - first_of + 1,
            "first": series.years[begins],
            "last": series.years[ends],
            "years": ends - begins + 1,
            **added,
        }
    )
