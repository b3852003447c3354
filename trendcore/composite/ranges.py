"""Intervals of ranks over all choices and replicates together: what a rank is worth.

Source: Saisana, Saltelli & Tarantola 2005, doi:10.1111/j.1467-985X.2005.00350.x; OECD/JRC Handbook 2008,
step 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.composite.declaration import Composite
from trendcore.composite.panel import check_free
from trendcore.composite.sources import Table
from trendcore.composite.trials import DRAWS, Ranks, Trials, generator, whole
from trendcore.errors import UsageError

Floats = npt.NDArray[np.float64]

#: the interval: 5 % of draws on either side
LEVELS: Final = (0.05, 0.95)
#: an interval over fewer draws than all but this share is withheld
MOST_NULL: Final = 0.05
#: pairs of so many units and more in one cell are refused
MOST_PAIRED: Final = 1000
#: units whose draws are sorted at a time
_BLOCK: Final = 4096
#: columns of ranks beside those that name a unit
_OWN: Final = ("rank", "rank_median", "rank_lo", "rank_hi", "mean_shift", "null_share", "flag")
#: those of the shift, and of two units compared
_SHIFT: Final = ("mean_shift", "shift_lo", "shift_hi")
_ABOVE: Final = ("above", "tied", "n")


@dataclass(frozen=True)
class RankRanges:
    """Ranks over all draws.

    Parameters
    ----------
    ranks
        The columns of the cell and the unit; rank (as declared), rank_median, rank_lo and rank_hi (the 5 %
        and 95 % order statistics of the draws, sorted[floor(q n)]), mean_shift (mean distance from the
        declared rank), null_share (draws in which the unit has no score), flag: ``null_draws`` where these
        are more than 5 % and the interval is withheld, ``unranked`` where the unit has no declared rank.
    shift
        By cell: the mean over units of the distance from the declared rank, R = Σ |declared - rank| / U;
        its mean over draws and the same order statistics.
    factors
        What was varied.
    draws, seed
        How often, and from which seed.
    """

    ranks: pl.DataFrame
    shift: pl.DataFrame
    factors: tuple[str, ...]
    draws: int
    seed: int
    _drawn: Ranks = field(repr=False)
    _by: tuple[str, ...] = field(repr=False)

    def above(self, units: pl.DataFrame | None = None) -> pl.DataFrame:
        """Share of draws in which one unit ranks above another, for each two units of a cell.

        Parameters
        ----------
        units
            Some columns of cell and unit, with the units asked for; None: all.

        Returns
        -------
        pl.DataFrame
            The columns of the cell and the unit, those of the other with ``_other`` behind their names,
            ``above`` (share of draws, of those in which both are ranked), ``tied`` and ``n`` (such
            draws); both null where there is none.

        Raises
        ------
        UsageError
            A cell has more than 1000 of these units.
        """
        named = self.ranks.select(pl.exclude(_OWN)).with_row_index("_row")
        if units is not None:
            on = [name for name in named.columns if name in units.columns]
            if not on:
                raise UsageError(f"units: none of its columns is one of {', '.join(named.columns[1:])}.")
            named = named.join(units.select(on).unique(), on=on, how="semi", nulls_equal=True)
        cells = named.partition_by(self._by, maintain_order=True) if self._by else [named]
        parts = [self._above(cell) for cell in cells]
        return pl.concat(parts) if parts else self._above(named)

    def _above(self, cell: pl.DataFrame) -> pl.DataFrame:
        """Compare the units of one cell."""
        if cell.height > MOST_PAIRED:
            raise UsageError(
                f"{cell.height} units in one cell make too many pairs; name at most {MOST_PAIRED}."
            )
        m = cell.height
        ranks = self._drawn[:, cell["_row"].to_numpy()]
        above, tied, both = (np.zeros((m, m), dtype=np.int64) for _ in range(3))
        for number in range(m):
            one = ranks[:, number : number + 1]
            there = (one > 0) & (ranks > 0)
            both[number] = there.sum(axis=0)
            above[number] = (there & (one < ranks)).sum(axis=0)
            tied[number] = (there & (one == ranks)).sum(axis=0)
        first, second = np.nonzero(~np.eye(m, dtype=np.bool_))
        shown = cell.drop("_row")
        others = shown[second].drop(self._by)
        n = both[first, second]
        some = np.where(n > 0, n, 1)
        return pl.concat(
            [
                shown[first],
                others.rename({name: f"{name}_other" for name in others.columns}),
                pl.DataFrame(
                    {
                        "above": np.where(n > 0, above[first, second] / some, np.nan),
                        "tied": np.where(n > 0, tied[first, second] / some, np.nan),
                        "n": n,
                    }
                ).with_columns(pl.col("above", "tied").fill_nan(None)),
            ],
            how="horizontal",
        )


def uncertainty(
    table: Table,
    composite: Composite,
    *,
    draws: int = 1000,
    seed: int = 0,
    cells: Mapping[str, Any] | None = None,
    group: str | None = None,
    replicates: Table | None = None,
    tables: Mapping[str, Table] | None = None,
    denominators: pl.DataFrame | None = None,
) -> RankRanges:
    """Draw all choices of a composite, and its bootstrap replicates, together; give intervals of ranks.

    Each draw takes one alternative of each factor of ``composite.vary`` at random, the declared one among
    them, noise of the weights, one of the tables, and one replicate of every value that has replicates; every
    parameter is fitted anew. A seed gives the same bytes.

    Parameters
    ----------
    table
        A long index table, or a wide one.
    composite
        The declaration; ``vary`` says what is varied.
    draws
        How many: 1000, so that the 5 % order statistic rests on 50 draws.
    seed
        Any whole number from 0.
    cells
        Column of the cell -> value or list of values, as in ``{"year": 2022}``: which cells are ranked; None:
        all. Parameters are fitted on the reference window all the same.
    group
        Which group is ranked; None: the composite.
    replicates
        A long table with a column replicate (0, 1, 2, ...): cell, a, b, index, value, and the columns
        that name a row of ``table``. An indicator that is not in it, as of trade, stays as it is.
    tables
        Name -> other index table: counts by another scheme, another universe.
    denominators
        As for `fit`.

    Raises
    ------
    UsageError
        A factor cannot matter: a step that the declaration does not have, one alternative only, or no score
        that depends on it. Or the tables do not fit the declaration, a column of the cell or the unit has the
        name of one of the result's, or draws or the seed is no whole number.

    Examples
    --------
    >>> import trendcore as tc
    >>> table = pl.DataFrame({"who": ["p", "q", "r"], "x": [1.0, 2.0, 5.0], "y": [9.0, 4.0, 5.0]})
    >>> composite = tc.composite.Composite(
    ...     name="c", version="1", unit="own", keys=("who",),
    ...     groups=(tc.composite.Group(name="c"),),
    ...     indicators=tuple(tc.composite.Indicator(name=each, group="c") for each in "xy"),
    ...     vary=tc.composite.Vary(weight_noise=0.5, exclude=("x", "y")),
    ... )
    >>> found = uncertainty(table, composite, draws=200, seed=1)
    >>> found.ranks.select("who", "rank", "rank_lo", "rank_hi").rows()
    [('p', 2, 1, 3), ('q', 3, 2, 3), ('r', 1, 1, 2)]
    """  # fmt: skip
    others = (f"{name}_other" for name in composite.unit_columns)
    check_free(composite, (*_OWN, *_SHIFT, *_ABOVE, *others), "the result of uncertainty")
    draws = whole("draws", draws)
    if draws < 2:
        raise UsageError(f"draws: at least 2, better a thousand; not {draws}")
    trials = Trials(
        table, composite, cells=cells, group=group, denominators=denominators, tables=tables,
        replicates=replicates, seed=seed,
    )  # fmt: skip
    trials.check_effects()
    declared = trials.ranks()
    points = generator(trials.seed, DRAWS).random((draws, len(trials.factors)))
    drawn = np.empty((draws, declared.size), dtype=np.int32)
    for number, point in enumerate(points):
        drawn[number] = trials.ranks(trials.picks(point))
    return RankRanges(
        ranks=pl.concat([trials.units, _summary(declared, drawn)], how="horizontal"),
        shift=_shift(trials, declared, drawn),
        factors=tuple(factor.name for factor in trials.factors),
        draws=draws,
        seed=trials.seed,
        _drawn=drawn,
        _by=composite.by,
    )


def order_statistic(ordered: Floats, q: float) -> Floats:
    """Take the value at floor(q n) of each row of sorted values (m, draws), NaN last, n of them numbers.

    Examples
    --------
    >>> order_statistic(np.array([[1.0, 2.0, 3.0, np.nan]]), 0.5)
    array([2.])
    """
    n = np.count_nonzero(~np.isnan(ordered), axis=1)
    place = np.minimum(np.floor(q * n).astype(np.int64), np.maximum(n - 1, 0))
    return np.asarray(np.take_along_axis(ordered, place[:, None], axis=1)[:, 0])


def shifts_of(declared: Ranks, drawn: Ranks, cells: npt.NDArray[np.int64]) -> Floats:
    """Mean distance of ranks from the declared ones over the units of each cell (draws, n_cells).

    Units without one of both ranks do not count; NaN where there is none.
    """
    both = (declared > 0) & (drawn > 0)
    distance = np.where(both, np.abs(drawn - declared), 0)
    starts = cells[:-1]
    sums = np.add.reduceat(distance, starts, axis=1) if starts.size else np.zeros((len(drawn), 0))
    counts = np.add.reduceat(both.astype(np.int64), starts, axis=1) if starts.size else sums
    shifts: Floats = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return shifts


def _summary(declared: Ranks, drawn: Ranks) -> pl.DataFrame:
    m = declared.size
    null_share = np.count_nonzero(drawn == 0, axis=0) / len(drawn)
    middle, low, high, shift = (np.full(m, np.nan) for _ in range(4))
    for first in range(0, m, _BLOCK):
        part = slice(first, first + _BLOCK)
        ranks = np.where(drawn[:, part] > 0, drawn[:, part], np.nan).T
        ordered = np.sort(ranks, axis=1)  # NaN, no rank, comes last
        n = np.count_nonzero(~np.isnan(ordered), axis=1)
        middles = [np.maximum(n - 1, 0) // 2, np.minimum(n // 2, len(drawn) - 1)]
        middle[part] = np.mean([ordered[np.arange(n.size), each] for each in middles], axis=0)
        low[part], high[part] = (order_statistic(ordered, q) for q in LEVELS)
        own = np.where(declared[part] > 0, declared[part], np.nan)
        distance = np.abs(ranks - own[:, None])
        total = np.nansum(distance, axis=1)
        shift[part] = np.divide(total, n, out=np.full(n.shape, np.nan), where=(n > 0) & ~np.isnan(own))
    withheld = null_share > MOST_NULL
    values = {"rank_median": middle, "rank_lo": low, "rank_hi": high, "mean_shift": shift}
    for name in ("rank_median", "rank_lo", "rank_hi"):
        values[name][withheld] = np.nan
    return pl.DataFrame(
        {"rank": pl.Series(declared).replace(0, None)}
        | {name: pl.Series(each, nan_to_null=True) for name, each in values.items()}
        | {"null_share": null_share, "_withheld": withheld}
    ).select(
        "rank", "rank_median", pl.col("rank_lo", "rank_hi").cast(pl.Int32), "mean_shift", "null_share",
        pl.when(pl.col("rank").is_null()).then(pl.lit("unranked"))
        .when("_withheld").then(pl.lit("null_draws")).alias("flag"),
    )  # fmt: skip


def _shift(trials: Trials, declared: Ranks, drawn: Ranks) -> pl.DataFrame:
    ordered = np.sort(shifts_of(declared, drawn, trials.cells).T, axis=1)
    n = np.count_nonzero(~np.isnan(ordered), axis=1)
    total = np.nansum(ordered, axis=1)
    made = {_SHIFT[0]: np.divide(total, n, out=np.full(n.shape, np.nan), where=n > 0)}
    made |= {name: order_statistic(ordered, q) for name, q in zip(_SHIFT[1:], LEVELS, strict=True)}
    shown = pl.DataFrame({name: pl.Series(each, nan_to_null=True) for name, each in made.items()})
    by = trials.composite.by
    return pl.concat([trials.units[trials.cells[:-1]].select(by), shown], how="horizontal") if by else shown
