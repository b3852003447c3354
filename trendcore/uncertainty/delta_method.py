"""Delta-method intervals: quick, without drawing anything, for every index of works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.indices.catalogue import IndexName
from trendcore.indices.evaluated import evaluate
from trendcore.tallies import Tally, TradeTally, resolve_backend
from trendcore.taxonomy import Blocs
from trendcore.uncertainty.checks import checked_level
from trendcore.uncertainty.classes import Classes
from trendcore.uncertainty.exact import poisson_interval
from trendcore.uncertainty.intervals import Column, Intervals, is_count
from trendcore.uncertainty.jackknife import Jackknife, jackknives
from trendcore.uncertainty.sample import of_bloc, sample_of
from trendcore.uncertainty.source import counted

if TYPE_CHECKING:
    from trendcore.indices.model import Index

Floats = npt.NDArray[np.float64]


def delta(
    works: Any,
    indices: Sequence[IndexName] | None = None,
    *,
    level: float = 0.95,
    bloc: str | None = None,
    zeros: bool | None = None,
    backend: str = "auto",
    **counting: Any,
) -> pl.DataFrame:
    """Compute indices with intervals by the delta method: the quick default, for some 20 joint works or more.

    Works are taken as drawn at random, each on its own (a Poisson number of each kind), so that the variance
    of a value is the sum over works of the square of what each one moves it by. The interval is symmetric on
    the scale of the logarithm for indices from 0 up, of the logit for those from 0 to 1, else of the index.
    The number of joint works has its exact Poisson interval, a share of fewer than 5 works or of all its
    exact binomial one.

    Parameters
    ----------
    works
        A tally with patterns (``tally(..., patterns=True)``), or works as `trendcore.tally` takes them. Trade
        has no works: the intervals of its tally are null.
    indices, zeros
        See `trendcore.indices.compute`.
    level
        Level of confidence; 0.95 by default, as statistical offices publish.
    bloc
        A bloc that is one node, as ``quad``: its pairs with other countries. Works are drawn as they are
        without it.
    backend
        Of the kernels, see `trendcore.tally`; every one gives the same numbers.
    **counting
        Arguments of `trendcore.tally` where works are given: members, by, shares, ...

    Returns
    -------
    pl.DataFrame
        The table of `trendcore.indices.compute` and, beside the value: lo, hi, interval (``delta``,
        ``poisson``, ``binomial``, or null) and interval_flag (see `trendcore.uncertainty.intervals`).

    Raises
    ------
    UsageError
        The tally has no patterns, or the level is not between 0 and 1.

    Notes
    -----
    Oehlert 1992, A note on the delta method, The American Statistician 46(1), 27-29; the influence of a work
    is that of the infinitesimal jackknife (Efron 1982, The Jackknife, the Bootstrap and Other Resampling
    Plans). For `salton`, `ncses`, `jaccard`, `ric` and `orc` over documents it is the textbook variance of
    their logarithm.

    Examples
    --------
    >>> import trendcore as tc
    >>> works = pl.DataFrame({"countries": [["JP", "US"]] * 30 + [["JP", "KR"]] * 20 + [["KR", "US"]] * 50})
    >>> tally = tc.tally(works, members="countries", by=[], patterns=True)
    >>> delta(tally, ["share"]).select("a", "b", "value", "lo", "hi").row(0)
    ('JP', 'KR', 0.4, 0.27462..., 0.53999...)
    """
    tally = counted(works, indices, counting)
    return delta_intervals(tally, indices, level=level, bloc=bloc, zeros=zeros, backend=backend).finish(level)


def delta_intervals(
    tally: Tally | TradeTally,
    indices: Sequence[IndexName] | None = None,
    *,
    level: float = 0.95,
    bloc: str | None = None,
    blocs: Blocs | None = None,
    zeros: bool | None = None,
    backend: str = "auto",
) -> Intervals:
    """Make the intervals of `delta`, before they are shown."""
    checked_level(level)
    backend = resolve_backend(backend)
    found = evaluate(of_bloc(tally, bloc, blocs), indices, zeros=zeros)
    intervals = Intervals(found)
    if isinstance(tally, TradeTally):
        intervals.without_works()
        return intervals
    sample = sample_of(tally, found.base, bloc, blocs)
    for part in jackknives(found, sample, intervals.rows_drawn(sample), backend):
        column = intervals.columns[part.number]
        if is_count(part.request):
            column.put(part.rows, *poisson_interval(part.value, level), "poisson")
        elif part.classes is None:
            column.withhold(part.rows, np.ones(len(part.rows), dtype=np.bool_), "needs_bootstrap")
        else:
            _put(column, part, part.classes, level)
    return intervals


def _put(column: Column, part: Jackknife, classes: Classes, level: float) -> None:
    """Set the intervals of the rows of an index."""
    from scipy.special import ndtri

    slopes = classes.slopes(part.request, part.at)
    sd = np.sqrt(classes.total(slopes * slopes, len(part.rows)))
    scale = SCALES[scale_of(part.request.index)]
    with np.errstate(divide="ignore", invalid="ignore"):  # ends of the scale become NaN, which is looked at
        middle, slope = scale.forth(part.value)
        reach = float(ndtri((1.0 + level) / 2.0)) * sd * slope
        lo, hi = scale.back(middle - reach), scale.back(middle + reach)
    undefined = ~(np.isfinite(lo) & np.isfinite(hi)) | (reach == 0)
    column.put(part.rows, np.where(undefined, np.nan, lo), np.where(undefined, np.nan, hi), "delta")
    column.mark(part.rows, undefined, "undefined")


@dataclass(frozen=True)
class Scale:
    """A scale on which an interval is symmetric: there (with the slope of the way), and back."""

    forth: Any
    back: Any


def _logit(value: Floats) -> tuple[Floats, Floats]:
    return np.log(value / (1 - value)), 1 / (value * (1 - value))


SCALES = {
    "log": Scale(lambda value: (np.log(value), 1 / value), np.exp),
    "logit": Scale(_logit, lambda value: 1 / (1 + np.exp(-value))),
    "identity": Scale(lambda value: (value, np.ones_like(value)), lambda value: value),
}


def scale_of(index: Index) -> str:
    """Name the scale on which an interval of an index is symmetric, from its range.

    Examples
    --------
    >>> from trendcore.indices import index
    >>> [scale_of(index(name)) for name in ("ric", "share", "pmi")]
    ['log', 'logit', 'identity']
    """
    if index.range.startswith("0 to 1") and not index.range.startswith("0 to 100"):
        return "logit"
    return "log" if index.range.startswith("0 ") else "identity"
