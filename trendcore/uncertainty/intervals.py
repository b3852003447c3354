"""Intervals of the values of an index table while they are made, and how they are shown beside the values.

========================  ===============================================================================
``interval_flag``         meaning
========================  ===============================================================================
``no_works``              trade: flows are not works, so there is nothing to resample; null
``not_met``               the two have no joint work, so none can be drawn; null, but for counts
``needs_shares``          the weighting goes by shares of authors, which are not at hand; null
``needs_bootstrap``       a total of weights by shares of authors: the bootstrap has an interval; null
``undefined_replicates``  the index is undefined in more than 5 % of the replicates; null
``undefined``             the value, or what the interval is made of, is undefined; null
``degenerate``            every replicate is alike, as at an end of the range; null, but for shares of works
``infinite``              an end is infinite, and null
``small_count``           fewer than 5 joint works (works, for one country): the interval means little
``percentile_instead``    BCa's correction is infinite or undefined: the percentile interval stands there
========================  ===============================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.arrays import Ints
from trendcore.indices.base import COUNTRY
from trendcore.indices.catalogue import Request
from trendcore.indices.evaluated import FLAG_CODE, LONG, Evaluated, check_names
from trendcore.indices.model import DOCS
from trendcore.tallies.types import BY_SHARES
from trendcore.uncertainty.exact import binomial_interval, poisson_interval
from trendcore.uncertainty.sample import Sample

Floats = npt.NDArray[np.float64]

FLAGS: Final = (
    "no_works",
    "not_met",
    "needs_shares",
    "needs_bootstrap",
    "undefined_replicates",
    "undefined",
    "degenerate",
    "infinite",
    "small_count",
    "percentile_instead",
)
_CODE: Final = {flag: code for code, flag in enumerate(FLAGS, start=1)}
METHODS: Final = ("delta", "percentile", "bca", "poisson", "binomial")
_METHOD: Final = {method: code for code, method in enumerate(METHODS, start=1)}


@dataclass(frozen=True)
class Column:
    """Intervals of one index in all rows of a base; NaN and 0 where there is none."""

    lo: Floats
    hi: Floats
    method: npt.NDArray[np.uint8]
    flag: npt.NDArray[np.uint8]

    def put(self, rows: Ints, lo: Floats, hi: Floats, method: str) -> None:
        """Set the intervals of some rows; an end that is infinite is left out, with a flag."""
        for ends, found in ((self.lo, lo), (self.hi, hi)):
            ends[rows] = np.where(np.isfinite(found), found, np.nan)
        self.method[rows] = np.where(np.isnan(lo) & np.isnan(hi), 0, _METHOD[method])
        self.mark(rows, np.isinf(lo) | np.isinf(hi), "infinite")

    def mark(self, rows: Ints, where: npt.NDArray[np.bool_], flag: str) -> None:
        """Set a flag of some rows, unless there is one that says more."""
        chosen = rows[where]
        before = self.flag[chosen]
        self.flag[chosen] = np.where(before == 0, _CODE[flag], np.minimum(before, _CODE[flag]))

    def withhold(self, rows: Ints, where: npt.NDArray[np.bool_], flag: str) -> None:
        """Take the intervals of some rows away, with the reason."""
        self.mark(rows, where, flag)
        chosen = rows[where]
        self.lo[chosen] = self.hi[chosen] = np.nan
        self.method[chosen] = 0


class Intervals:
    """Intervals of everything that was evaluated.

    Parameters
    ----------
    found
        Values.
    """

    def __init__(self, found: Evaluated) -> None:
        check_names(
            found.meta.by, [*LONG, "lo", "hi", "interval", "interval_flag"]
        )  # before anything is drawn
        n = found.rows.height
        self._found = found
        self.columns = [
            Column(np.full(n, np.nan), np.full(n, np.nan), np.zeros(n, np.uint8), np.zeros(n, np.uint8))
            for _ in found.wanted
        ]
        is_pair = (found.rows["_kind"] != COUNTRY).to_numpy()
        if "joint" in found.rows.columns:
            joint = found.rows["joint"].fill_null(0).to_numpy()
            self._not_met = is_pair & (joint == 0)
        else:
            self._not_met = np.zeros(n, dtype=np.bool_)

    def rows_drawn(self, sample: Sample) -> list[Ints]:
        """Rows of each index that change when works are drawn again: of countries, and of pairs that met.

        Where a weighting goes by shares of authors and the sample has none, there are no such rows.
        """
        rows = []
        for number, request in enumerate(self._found.wanted):
            mine = np.flatnonzero(self._found.keep(number) & ~self._not_met)
            if (
                request.counting in BY_SHARES
                and sample.credits is None
                and self._found.meta.shares != "equal"
            ):
                self.columns[number].mark(mine, np.ones(len(mine), dtype=np.bool_), "needs_shares")
                mine = mine[:0]
            rows.append(mine)
        return rows

    def without_works(self) -> None:
        """Say of every value that there are no works behind it: trade."""
        for number, column in enumerate(self.columns):
            rows = np.flatnonzero(self._found.keep(number))
            column.mark(rows, np.ones(len(rows), dtype=np.bool_), "no_works")

    def finish(self, level: float, more: Mapping[str, list[Floats]] | None = None) -> pl.DataFrame:
        """Put exact intervals where counts have them, flag small counts, and show all beside the values."""
        self._complete(level)
        beside = {
            "lo": [column.lo for column in self.columns],
            "hi": [column.hi for column in self.columns],
            **(more or {}),
        }
        words = {
            "interval": (METHODS, [column.method for column in self.columns]),
            "interval_flag": (FLAGS, [column.flag for column in self.columns]),
        }
        return self._found.long(beside, words)

    def finish_wide(self, level: float, usual: str) -> pl.DataFrame:
        """Do the same for a wide table, with the rows of `trendcore.indices.compute_wide`.

        Parameters
        ----------
        level
            Level of confidence.
        usual
            Method of most intervals, see `usual_of`.

        Returns
        -------
        pl.DataFrame
            ``by`` columns, a, b, then ``<index>__lo`` and ``<index>__hi`` of each index; where some rows have
            an interval by another method than the usual one, ``<index>__interval``, of these; and where some
            have a flag other than ``small_count`` of a pair, which follows from ``joint``,
            ``<index>__interval_flag``.
        """
        self._complete(level)
        columns = []

        def add(name: str, words: Sequence[str], of: npt.NDArray[np.uint8]) -> None:
            """Add a column of words, unless it is null in every row."""
            if of.any():
                shown = pl.DataFrame({"word": pl.Series([None, *words], dtype=pl.String)})
                columns.append(shown[pl.Series(of.astype(np.uint32))].to_series().alias(name))

        for number, (request, column) in enumerate(zip(self._found.wanted, self.columns, strict=True)):
            keep = self._found.keep(number)
            for end, values in (("lo", column.lo), ("hi", column.hi)):
                shown = np.where(keep, values, np.nan)
                columns.append(pl.Series(f"{request.column}__{end}", shown, nan_to_null=True))
            other = column.method != _METHOD[usual_of(request, usual)]
            add(f"{request.column}__interval", METHODS, np.where(keep & other, column.method, 0))
            follows = (column.flag == _CODE["small_count"]) & (request.index.subject == "pair")
            add(f"{request.column}__interval_flag", FLAGS, np.where(keep & ~follows, column.flag, 0))
        return self._found.keys(self._found.rows).with_columns(columns)

    def _complete(self, level: float) -> None:
        for number, request in enumerate(self._found.wanted):
            self._exact(number, request, level)
            small = self._found.rows[f"_f{number}"].to_numpy() == FLAG_CODE["small_count"]
            column = self.columns[number]
            shown = np.flatnonzero(small & (column.method != 0) & (column.method < _METHOD["poisson"]))
            column.mark(shown, np.ones(len(shown), dtype=np.bool_), "small_count")

    def _exact(self, number: int, request: Request, level: float) -> None:
        """Give counts and shares their exact interval where resampling says little or nothing.

        That is below 5 works, none too, and for a share of all works.
        """
        column = self.columns[number]
        mine = self._found.keep(number)
        not_met = np.flatnonzero(mine & self._not_met)
        column.withhold(not_met, np.ones(len(not_met), dtype=np.bool_), "not_met")
        drawn = np.flatnonzero(mine & (column.method != 0))
        column.withhold(drawn, column.lo[drawn] == column.hi[drawn], "degenerate")
        values = self._found.value(number)
        if is_count(request):
            rows = np.flatnonzero(mine & (values < SMALL))
            ends = poisson_interval(values[rows], level)
            name = "poisson"
        elif is_share(request) and self._found.meta.kind != "trade":
            part, whole = (self._symbol(request, symbol) for symbol in request.index.needs)
            rows = np.flatnonzero(mine & (whole > 0) & ((part < SMALL) | (part == whole)))
            ends = binomial_interval(part[rows], whole[rows], level)
            name = "binomial"
        else:
            return
        column.flag[rows] = 0
        column.put(rows, *ends, name)

    def _symbol(self, request: Request, symbol: str) -> Floats:
        """Values of a symbol of a formula, NaN for null."""
        column = self._found.base.columns[request.column][symbol]
        found: Floats = self._found.rows[column].cast(pl.Float64).to_numpy()
        return found


#: joint works below which a resampled interval means little
SMALL: Final = 5


def usual_of(request: Request, usual: str) -> str:
    """Name the method of most intervals of an index: with the delta method counts have their exact ones.

    Examples
    --------
    >>> from trendcore.indices import request
    >>> usual_of(request("joint"), "delta"), usual_of(request("joint"), "percentile")
    ('poisson', 'percentile')
    """
    return "poisson" if usual == "delta" and is_count(request) else usual


def is_count(request: Request) -> bool:
    """Whether an index is a number of works itself.

    Examples
    --------
    >>> from trendcore.indices import request
    >>> is_count(request("joint")), is_count(request("joint:newman")), is_count(request("salton"))
    (True, False, False)
    """
    return request.index.name == "joint" and request.counting == "full"


def is_share(request: Request) -> bool:
    """Whether an index is a part of some works: so many of them, counted whole.

    Examples
    --------
    >>> from trendcore.indices import request
    >>> [is_share(request(name)) for name in ("share", "shii", "share:links", "inclusion")]
    [True, True, False, False]
    """
    index = request.index
    of_works = request.marginals in (*DOCS, "none") and request.counting == "full"
    return index.needs in (("c", "x"), ("abroad", "own")) and index.range == "0 to 1" and of_works
