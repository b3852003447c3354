"""On which choice ranks depend: Sobol indices of the factors of a composite.

Source: Saisana, Saltelli & Tarantola 2005, doi:10.1111/j.1467-985X.2005.00350.x; for the formulas see
`sobol.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.composite.declaration import Composite
from trendcore.composite.panel import check_free
from trendcore.composite.ranges import shifts_of
from trendcore.composite.sobol import SobolIndices, saltelli, sobol_indices
from trendcore.composite.sources import Table
from trendcore.composite.trials import RESAMPLES, Ranks, Trials, generator, whole

Floats = npt.NDArray[np.float64]

#: resamples of the points of a design, for intervals
_RESAMPLES: Final = 200
_VALUES: Final = ("first", "first_lo", "first_hi", "total", "total_lo", "total_hi")


@dataclass(frozen=True)
class Sensitivity:
    """Sobol indices of each factor.

    Parameters
    ----------
    shift
        Of the mean distance from the declared rank: by cell and factor first, first_lo, first_hi (share of
        the variance that the factor explains alone), total, total_lo, total_hi (with all it interacts in),
        flag. Intervals are 95 % ones, of the design resampled.
    ranks
        The same of each unit's rank.
    evaluations
        How often the composite was made: base x (factors + 2).
    seed
        Of the design.

    Notes
    -----
    ``flag`` is ``no_variance`` where the output never changes, and ``null_draws`` where it has no value in
    some draw; the indices are null then.
    """

    shift: pl.DataFrame
    ranks: pl.DataFrame
    evaluations: int
    seed: int


def sensitivity(
    table: Table,
    composite: Composite,
    *,
    base: int = 256,
    seed: int = 0,
    cells: Mapping[str, Any] | None = None,
    group: str | None = None,
    replicates: Table | None = None,
    tables: Mapping[str, Table] | None = None,
    denominators: pl.DataFrame | None = None,
) -> Sensitivity:
    """Estimate how much of the variance of ranks each choice explains.

    Parameters
    ----------
    table, composite, cells, group, replicates, tables, denominators
        As for `uncertainty`.
    base
        Points of the design, a power of two: 256 tells large effects from small ones; intervals say whether
        it was enough.
    seed
        Any whole number from 0.

    Raises
    ------
    UsageError
        As for `uncertainty`; or ``base`` is no power of two.

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
    >>> found = sensitivity(table, composite, base=256, seed=1)
    >>> found.shift.select("factor", pl.col("first", "total").round(1)).rows()
    [('weight_noise', 0.2, 0.4), ('exclude', 0.6, 0.8)]
    """  # fmt: skip
    check_free(composite, ("factor", *_VALUES, "flag"), "the result of sensitivity")
    base = whole("base", base)
    trials = Trials(
        table, composite, cells=cells, group=group, denominators=denominators, tables=tables,
        replicates=replicates, seed=seed,
    )  # fmt: skip
    a, b = saltelli(base, len(trials.factors), trials.seed)
    trials.check_effects()
    declared = trials.ranks()
    weights = _resamples(base, trials.seed)
    at_a, at_b = _ranks(trials, a), _ranks(trials, b)
    shifts, ranks = [], []
    for number, factor in enumerate(trials.factors):
        mixed = a.copy()
        mixed[:, number] = b[:, number]
        at_ab = _ranks(trials, mixed)
        of = (at_a, at_b, at_ab)
        moved = [shifts_of(declared, each, trials.cells) for each in of]
        first = trials.units[trials.cells[:-1]].select(composite.by)
        shifts.append(_shown(first, factor.name, moved, weights))
        ranks.append(_shown(trials.units, factor.name, [_numbers(each) for each in of], weights))
    return Sensitivity(pl.concat(shifts), pl.concat(ranks), base * (len(trials.factors) + 2), trials.seed)


def _ranks(trials: Trials, points: Floats) -> Ranks:
    """Ranks at each point (n_points, n_units)."""
    return np.stack([trials.ranks(trials.picks(point)) for point in points])


def _numbers(ranks: Ranks) -> Floats:
    return np.where(ranks > 0, ranks, np.nan)


def _resamples(base: int, seed: int) -> Floats:
    """How often each point is drawn in each resample (n_resamples, base)."""
    drawn = generator(seed, RESAMPLES).integers(0, base, size=(_RESAMPLES, base))
    return np.stack([np.bincount(each, minlength=base) for each in drawn]).astype(np.float64)


def _shown(keys: pl.DataFrame, factor: str, outputs: list[Floats], weights: Floats) -> pl.DataFrame:
    """Show the indices of one factor for outputs at A, B and AB, each (n_points, n)."""
    null = np.isnan(outputs).any(axis=(0, 1))
    y_a, y_b, y_ab = (np.where(null, 0.0, each) for each in outputs)
    found: SobolIndices = sobol_indices(y_a, y_b, y_ab, weights)
    flag = np.where(null, "null_draws", np.where(np.isnan(found.first), "no_variance", "")).tolist()
    values = {name: pl.Series(getattr(found, name), nan_to_null=True) for name in _VALUES}
    shown = pl.DataFrame(
        {"factor": pl.Series([factor] * null.size, dtype=pl.String)}
        | values
        | {"flag": pl.Series([each or None for each in flag], dtype=pl.String)}
    )
    return pl.concat([keys, shown], how="horizontal") if keys.width else shown
