"""Intervals in closed form, the false discovery rate, and the backbone of a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.errors import UsageError
from trendcore.indices.catalogue import IndexName, Request
from trendcore.indices.evaluated import Evaluated, evaluate
from trendcore.indices.model import DOCS, SMALL_COUNT
from trendcore.indices.tables import compute
from trendcore.tallies import Tally
from trendcore.uncertainty.checks import checked_level, checked_tally

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.uint8]

#: why an interval is null, or how it differs from the formula; see `analytic`
FLAGS: Final = ("undefined", "not_met", "infinite", "haldane", "small_count")
_CODE: Final = {flag: code for code, flag in enumerate(FLAGS, start=1)}
_HALF: Final = 0.5


def analytic(
    tally: Tally,
    indices: Sequence[IndexName] = ("ric", "orc"),
    *,
    level: float = 0.95,
    zeros: bool | None = None,
) -> pl.DataFrame:
    """Compute `ric` and `orc` with the closed intervals of their two-by-two table, from counts alone.

    The table is of works with a or not, by works with b or not; works are taken as drawn each on its own.
    Needs no patterns, so that published counts (`Tally.from_frames`) have intervals too.

    Parameters
    ----------
    tally
        Counts of papers or patents.
    indices
        ``ric`` and ``orc`` in the document systems (``docs_int``, ``docs_all``), counted whole: links of one
        work depend on one another, so that no table of them has such an interval.
    level
        Level of confidence; 0.95 by default, as statistical offices publish.
    zeros
        See `trendcore.indices.compute`.

    Returns
    -------
    pl.DataFrame
        The table of `trendcore.indices.compute` and, beside the value, lo, hi and interval_flag:

        - ``undefined``: the value is undefined; no interval
        - ``not_met``, ``infinite``: `ric` of no joint work, or of a b that works with a only; no interval
        - ``haldane``: `orc` of a table with a zero; 1/2 is added to its four numbers for the interval, not
          for the value, which may lie outside of it
        - ``small_count``: fewer than 5 joint works; the interval means little

    Raises
    ------
    UsageError
        Another index, marginal system or counting scheme is asked for: `trendcore.uncertainty.delta` and
        `trendcore.uncertainty.bootstrap` give intervals of every index.

    Notes
    -----
    With c joint works, x and y works of a and b and T works: ln ric has the variance
    1/c - 1/x + 1/(y-c) - 1/(T-x) of the logarithm of a risk ratio (Katz, Baptista, Azen & Pike 1978,
    Biometrics 34, 469-474), ln orc that of an odds ratio, 1/c + 1/(x-c) + 1/(y-c) + 1/(T-x-y+c) (Woolf 1955,
    Annals of Human Genetics 19, 251-253), with 1/2 added where there is a zero (Haldane 1956, ibid. 20,
    309-311). Fuchs, Smolinsky & Rousseau 2022 join the tables of several fields or years as Mantel and
    Haenszel do; of a single table it is this.

    Examples
    --------
    >>> tally = Tally.from_frames(
    ...     pl.DataFrame({"a": ["JP"], "b": ["US"], "joint": [2133]}),
    ...     pl.DataFrame({"member": ["JP", "US"], "works_intl": [11712, 44356]}),
    ...     pl.DataFrame({"works_intl": [153630]}),
    ...     by=[],
    ... )
    >>> analytic(tally, ["ric"]).select("a", "b", "value", "lo", "hi").row(1)
    ('US', 'JP', 0.54857..., 0.52411..., 0.57417...)
    """
    checked_level(level)
    found = evaluate(checked_tally(tally), list(indices), zeros=zeros)
    for each in found.wanted:
        _check(each)
    from scipy.special import ndtri

    reach = float(ndtri((1.0 + level) / 2.0))
    ends = [_interval(found, number, each, reach) for number, each in enumerate(found.wanted)]
    beside = {"lo": [lo for lo, _, _ in ends], "hi": [hi for _, hi, _ in ends]}
    return found.long(beside, {"interval_flag": (FLAGS, [flag for _, _, flag in ends])})


def _check(each: Request) -> None:
    if each.index.name not in ("ric", "orc") or each.marginals not in DOCS or each.counting != "full":
        raise UsageError(
            f"{each.column} has no analytic interval: only ric and orc over documents have, counted whole; "
            "delta and bootstrap give intervals of every index"
        )


def _interval(found: Evaluated, number: int, each: Request, reach: float) -> tuple[Floats, Floats, Flags]:
    """Give the ends of the interval in each row, NaN where there is none, and the code of its flag."""
    columns = found.base.columns[each.column]
    c, x, y, total = (found.rows[columns[symbol]].to_numpy() for symbol in ("c", "x", "y", "total"))
    value = found.value(number)
    flag = np.where(c < SMALL_COUNT, _CODE["small_count"], 0).astype(np.uint8)
    with np.errstate(divide="ignore", invalid="ignore"):  # what is undefined is flagged below
        if each.index.name == "ric":
            middle, variance = np.log(value), 1 / c - 1 / x + 1 / (y - c) - 1 / (total - x)
            flag[c == 0] = _CODE["not_met"]
            flag[(y == c) & (c > 0) & (total > x)] = _CODE["infinite"]
            gone = (c == 0) | (y == c)
        else:
            cells = np.array([c, x - c, y - c, total - x - y + c])
            empty = (cells == 0).any(axis=0)
            cells = cells + np.where(empty, _HALF, 0.0)
            middle, variance = np.log(cells[0] * cells[3] / (cells[1] * cells[2])), (1 / cells).sum(axis=0)
            flag[empty] = _CODE["haldane"]
            gone = np.zeros(len(c), dtype=np.bool_)
        half = reach * np.sqrt(variance)
        lo, hi = np.exp(middle - half), np.exp(middle + half)
    undefined = np.isnan(value) & (flag != _CODE["infinite"])
    if each.index.name == "orc":  # an infinite ratio has an interval, one of 0/0 has none
        undefined = ((x == c) | (y == c)) & (c * (total - x - y + c) == 0) | np.isnan(c + x + y + total)
    flag[undefined] = _CODE["undefined"]
    gone |= undefined
    return np.where(gone, np.nan, lo), np.where(gone, np.nan, hi), flag


def benjamini_hochberg(p: npt.ArrayLike) -> Floats:
    """Adjust p-values so that those up to q are expected to hold a part q of false ones at most.

    For p-values of `trendcore.uncertainty.calibrated` over the pairs of a cell, which has done it already:
    take this for another choice of pairs, such as those of one country. `z` gives no p-values.

    Parameters
    ----------
    p
        (n,) p-values from 0 to 1; NaN where there is none, which counts as no test.

    Returns
    -------
    np.ndarray
        (n,) q-values, NaN where p is.

    Raises
    ------
    UsageError
        One is not from 0 to 1.

    Notes
    -----
    Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57, 289-300: of m p-values the i-th smallest is multiplied
    by m/i, and takes the smallest such number of those that are no smaller.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03, float("nan"), 0.5]).round(4)
    array([0.04  , 0.0533, 0.0533,    nan, 0.5   ])
    """
    given = np.asarray(p, dtype=np.float64)
    if given.ndim != 1:
        raise UsageError(f"p-values are a list of numbers, not an array of {given.ndim} dimensions")
    if not ((given >= 0) & (given <= 1) | np.isnan(given)).all():
        raise UsageError("p-values are from 0 to 1, or NaN")
    out = np.full(given.shape, np.nan)
    known = np.flatnonzero(~np.isnan(given))
    order = known[np.argsort(given[known], kind="stable")]
    ranks = np.arange(1, len(order) + 1)
    scaled = given[order] * (len(order) / ranks)
    out[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return out


def backbone(tally: Tally, *, alpha: float = 0.05, counting: str = "full") -> pl.DataFrame:
    """Keep the pairs that stand out among the partners of either country: the disparity filter's backbone.

    Parameters
    ----------
    tally
        Counts of papers or patents.
    alpha
        A pair stays where `disparity` is below it at either end; 0.05 by default, the level at which
        backbones are usually shown: a choice of how much to show, and no test of joint works.
    counting
        Of the links: joint works (``full``) or their weight in a scheme that the tally holds.

    Returns
    -------
    pl.DataFrame
        ``by`` columns, a, b, joint, disparity_a (of b among a's partners), disparity_b (of a among b's);
        sorted. The only partner of a country does not stand out, unless the country does among his.

    Raises
    ------
    UsageError
        ``alpha`` is not from 0 to 1, or the tally does not hold the weighting, or is of a bloc: its links
        are not known.

    Notes
    -----
    Serrano, Boguñá & Vespignani 2009, PNAS 106, 6483-6488, doi:10.1073/pnas.0808904106.

    Examples
    --------
    >>> import trendcore as tc
    >>> works = [["JP", "US"]] * 9 + [["CN", "US"], ["DE", "US"], ["JP", "KR"], ["CN", "KR"]]
    >>> tally = tc.tally(pl.DataFrame({"countries": works}), members="countries", by=[])
    >>> backbone(tally).select("a", "b", "joint").rows()
    [('JP', 'US', 9)]
    """
    checked_tally(tally)
    if not 0 <= alpha <= 1:
        raise UsageError(f"alpha is from 0 to 1, as 0.05; not {alpha!r}")
    if tally.meta.universe.startswith("bloc:"):
        raise UsageError("the links of a bloc's tally are not known: take the backbone of the countries")
    by = list(tally.meta.by)
    table = compute(tally, [("disparity", counting)], zeros=False).select(*by, "a", "b", "value")
    ways = (
        table.filter(pl.col("a") < pl.col("b")).rename({"value": "disparity_a"}),
        table.filter(pl.col("a") > pl.col("b")).rename({"a": "b", "b": "a", "value": "disparity_b"}),
    )
    key = [*by, "a", "b"]
    kept = ways[0].join(ways[1], on=key, how="left", nulls_equal=True)
    kept = kept.filter(pl.min_horizontal("disparity_a", "disparity_b") < alpha)
    joined = kept.join(tally.pairs.select(*key, "joint"), on=key, how="left", nulls_equal=True)
    return joined.select(*key, "joint", "disparity_a", "disparity_b").sort(key)
