"""The calibrated ratio: joint works over those of chance, with its null interval and p-values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.arrays import Ints
from trendcore.errors import UsageError
from trendcore.indices.base import CELL, A, B, Base
from trendcore.indices.catalogue import Request, index
from trendcore.indices.evaluated import DENSE_MEMBERS, FLAG_CODE, Evaluated
from trendcore.indices.model import SMALL_COUNT
from trendcore.tallies import Tally, TallyMeta, resolve_backend
from trendcore.uncertainty.checks import checked_level, checked_seed, checked_whole
from trendcore.uncertainty.null_cells import Counts, Null, Pairs, all_pairs, met_pairs, null_cells
from trendcore.uncertainty.ranking import ranks_of
from trendcore.uncertainty.significance import benjamini_hochberg

Floats = npt.NDArray[np.float64]

#: sweeps after which a draw has forgotten the works as they are, see `calibrated`
SWEEPS: Final = 64
#: a ratio to fewer expected joint works than this is withheld
LEAST_EXPECTED: Final = 1.0
#: what the null is over: marginal system of the value, and least number of members of a work
WORKS: Final = {"international": ("docs_int", 2), "known": ("docs_all", 1)}
VERDICTS: Final = ("above", "below", "chance", "undecided")

_MOST_DRAWS: Final = 1_000_000
_MOST_SWEEPS: Final = 100_000
#: draws times pairs that are held at a time: 256 MiB
_MOST_COUNTS: Final = 1 << 26
#: columns beside the value, in their order
_BESIDE: Final = (
    "joint",
    "null_mean",
    "null_lo",
    "null_hi",
    "chance_lo",
    "chance_hi",
    "p_above",
    "p_below",
    "p",
    "q",
)


def calibrated(
    tally: Tally,
    *,
    draws: int = 1000,
    seed: int = 0,
    sweeps: int = SWEEPS,
    works: str = "international",
    level: float = 0.95,
    zeros: bool | None = None,
    backend: str = "auto",
) -> pl.DataFrame:
    """Compare joint works with chance: what they would be, were partners met at random.

    Chance is the null that keeps in each cell every country's number of works and every work's number of
    countries, and nothing else: every way to put countries in works that does so is as likely. A value of 1
    means chance, for every pair, field and year.

    Parameters
    ----------
    tally
        Counts of papers or patents with patterns (``tally(..., patterns=True)``).
    draws
        Draws of the null; 1000 by default: p-values then go down to 2/1001, and the ends of the null interval
        are the 25th value from either side.
    seed
        The same seed gives the same bytes on every backend, with any number of threads, for works in any
        order and for any other cells beside.
    sweeps
        How often all works meet to exchange countries before a draw is counted; 64 by default. In measured
        cells, blocs that never met and works of 100 countries among them, means and spreads are those of the
        null to within the noise of 2000 draws after 32 (see `benchmarks/README.md`).
    works
        What the null is over: ``international`` works (by default, as a work of one country has no partner
        to be chosen), or all works with a ``known`` country.
    level
        Of the null interval and of verdicts: 0.95 by default, as statistical offices publish, so that of the
        pairs called above or below chance in a cell 5 % are expected to be so wrongly.
    zeros
        Give a row also to each pair of members of these works that never met. None: where the tally has at
        most 256 members.
    backend
        Of the kernels, see `trendcore.tally`.

    Returns
    -------
    pl.DataFrame
        A row a pair, as of `trendcore.indices.compute` with the index ``calibrated``, whose ``marginals`` are
        ``docs_int`` (of international works) or ``docs_all``; and beside the value:

        - joint: works of both, as they are
        - null_mean, null_lo, null_hi: mean and interval of joint works under the null
        - chance_lo, chance_hi: the same interval over the mean, on the scale of the value
        - p_above, p_below: (1 + draws with as many joint works, or more; or fewer) / (draws + 1)
        - p: the smaller of these twice, at most 1
        - q: p after Benjamini and Hochberg over the pairs of the cell
        - verdict: ``above`` or ``below`` chance where q is at most 1 - ``level``; ``undecided`` where it is
          not, though no draw went as far as the works: more draws are needed to tell; else ``chance``

        Where null_mean is below 1, the value is withheld (null, flagged so), and so are all but joint and
        null_mean; such a pair is no part of the correction. Where the two totals leave no choice (a country
        in every work, a single work), the value is 1 and p is 1.

    Raises
    ------
    UsageError
        The tally has no patterns, is of a bloc, of owners or of trade, or an argument makes no sense.
    BackendError
        The backend cannot be used on this machine.

    Notes
    -----
    The null is the fixed degree sequence model: Zweig & Kaufmann 2011, doi:10.1007/s13278-011-0021-0; Neal,
    Domagalski & Sagan 2021, doi:10.1038/s41598-021-03238-3. How it is drawn: `trendcore_kernels.spec.nulls`.
    Monte Carlo p-values: Davison & Hinkley 1997, Bootstrap Methods and their Application, ch. 4. The false
    discovery rate: Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57, 289-300; p-values of pairs of a cell
    depend on one another, as those of joint works do, for which the procedure holds in practice.

    With m pairs in a cell, k of them can be called above or below chance only if 2/(draws + 1) is at most
    (1 - level) k/m: one pair of 200 takes 8000 draws.

    Examples
    --------
    >>> import trendcore as tc
    >>> alike = [["CN", "RU"], ["DE", "FR"]] * 30 + [["CN", "DE"], ["CN", "FR"], ["DE", "RU"], ["FR", "RU"]]
    >>> tally = tc.tally(pl.DataFrame({"countries": alike}), members="countries", by=[], patterns=True)
    >>> found = calibrated(tally, draws=200, seed=7)
    >>> found.select("a", "b", "joint", "value", "verdict").row(2)
    ('CN', 'RU', 30, 2.816..., 'above')
    """
    _check(tally, works)
    draws, seed = checked_whole("draws", draws, 1, _MOST_DRAWS), checked_seed(seed)
    sweeps = checked_whole("sweeps", sweeps, 1, _MOST_SWEEPS)
    checked_level(level)
    backend = resolve_backend(backend)
    marginals, least = WORKS[works]
    numbering, cells = null_cells(tally, least)
    if zeros is None:
        zeros = len(numbering.names) <= DENSE_MEMBERS
    found = [
        _of_cell(Null.of(cell, seed=seed, sweeps=sweeps, backend=backend), draws, level, zeros=zeros)
        for cell in cells
    ]
    base = Base(numbering.cells, numbering.names, pl.DataFrame(), {})
    request = Request(index("calibrated"), marginals, "full")
    return _table(found, base, request, tally.meta, draws, level)


def _check(tally: Tally, works: str) -> None:
    if not isinstance(tally, Tally) or tally.meta.kind != "works":
        raise UsageError("calibrated compares joint works of papers or patents: it needs a tally of works")
    if tally.meta.universe.startswith("bloc:"):
        raise UsageError("a bloc has no null of its own: take the tally of the countries, not of a bloc")
    if tally.patterns is None:
        raise UsageError("the tally has no patterns, so chance cannot be drawn: tally with patterns=True")
    if works not in WORKS:
        raise UsageError(f"works is {' or '.join(map(repr, WORKS))}, not {works!r}")


@dataclass(frozen=True)
class _Found:
    """What was found of the pairs of a cell: codes from 1 as in a base, and columns beside them."""

    cell: int
    a: Ints
    b: Ints
    columns: dict[str, Floats]


def _of_cell(null: Null, draws: int, level: float, *, zeros: bool) -> _Found:
    pairs = all_pairs(null.cell) if zeros else met_pairs(null.cell)
    observed = null.observed(pairs).astype(np.int64)
    total, values = _drawn(null, pairs, draws)
    columns = {name: np.full(len(pairs.a), np.nan) for name in _BESIDE}
    columns["joint"][:], columns["null_mean"][:] = observed, total / draws
    kept = np.flatnonzero(total >= LEAST_EXPECTED * draws)
    if values is not None:
        _put(columns, kept, observed, values[:, kept], level)
    else:
        at_once = max(_MOST_COUNTS // draws, 1)
        for start in range(0, len(kept), at_once):
            rows = kept[start : start + at_once]
            _put(columns, rows, observed, null.joint(pairs.take(rows), range(draws)), level)
    columns["q"] = benjamini_hochberg(columns["p"])
    members = null.cell.members
    return _Found(null.cell.number, members[pairs.a], members[pairs.b], columns)


def _drawn(null: Null, pairs: Pairs, draws: int) -> tuple[Ints, Counts | None]:
    """Sum of joint works over all draws, and what was drawn where that can be held."""
    at_once = max(_MOST_COUNTS // max(len(pairs.a), 1), 1)
    if at_once >= draws:
        values = null.joint(pairs, range(draws))
        return values.sum(axis=0, dtype=np.int64), values
    total = np.zeros(len(pairs.a), dtype=np.int64)
    for start in range(0, draws, at_once):
        total += null.joint(pairs, range(start, min(start + at_once, draws))).sum(axis=0, dtype=np.int64)
    return total, None


def _put(columns: dict[str, Floats], rows: Ints, observed: Ints, values: Counts, level: float) -> None:
    """Set what is known of some pairs from all their draws (n_draws, n_rows)."""
    draws, joint, mean = len(values), observed[rows], columns["null_mean"][rows]
    ranks = ranks_of(np.array([(1 - level) / 2, (1 + level) / 2]), np.array([draws]))
    ends = np.partition(np.ascontiguousarray(values.T), ranks, axis=1)[:, ranks].T
    above = (1 + (values >= joint).sum(axis=0)) / (draws + 1)
    below = (1 + (values <= joint).sum(axis=0)) / (draws + 1)
    columns["null_lo"][rows], columns["null_hi"][rows] = ends
    columns["chance_lo"][rows], columns["chance_hi"][rows] = ends / mean
    columns["p_above"][rows], columns["p_below"][rows] = above, below
    columns["p"][rows] = np.minimum(2 * np.minimum(above, below), 1.0)


def _table(
    found: list[_Found], base: Base, request: Request, meta: TallyMeta, draws: int, level: float
) -> pl.DataFrame:
    """Show what was found as an index table."""
    sizes = [len(each.a) for each in found]
    key = {
        CELL: np.repeat(np.array([each.cell for each in found], dtype=np.uint32), sizes),
        A: _together([each.a for each in found]).astype(np.uint32) + 1,
        B: _together([each.b for each in found]).astype(np.uint32) + 1,
    }
    columns = {name: _together([each.columns[name] for each in found]) for name in _BESIDE}
    withheld = np.isnan(columns["p"])
    value = columns["joint"] / np.where(withheld, np.nan, columns["null_mean"])
    flag = np.where(columns["joint"] < SMALL_COUNT, FLAG_CODE["small_count"], 0)
    flag = np.where(withheld, FLAG_CODE["withheld"], flag).astype(np.uint8)
    is_rare = columns["q"] <= 1 - level
    is_above = columns["p_above"] < columns["p_below"]
    is_beyond = columns["p"] <= 2 / (draws + 1)
    said = {"above": is_rare & is_above, "below": is_rare, "undecided": is_beyond, "chance": ~withheld}
    verdict = np.select(list(said.values()), [VERDICTS.index(word) + 1 for word in said], 0).astype(np.uint8)
    rows = pl.DataFrame({**key, "_v0": value, "_f0": flag}).with_columns(_k0=pl.lit(True))
    shown = Evaluated(base, [request], rows, meta).long(
        {name: [of] for name, of in columns.items()}, {"verdict": (VERDICTS, [verdict])}
    )
    return shown.with_columns(pl.col("joint").cast(pl.Int64))


def _together(arrays: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate([np.empty(0), *arrays])
