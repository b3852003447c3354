"""One trial: a draw of all choices -> scores and ranks, by the functions that make the published score.

What does not depend on a replicate is made once for each alternative and kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import index
from typing import Any, Final, SupportsIndex

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.composite.choices import Factor, factors_of, varied
from trendcore.composite.declaration import Composite, Indicator
from trendcore.composite.engine import FIXED, apply_column, climb, fit_all_weights, fit_column, reference_rows
from trendcore.composite.fitting import fitting_values, scopes_of
from trendcore.composite.panel import Panel, cells_of
from trendcore.composite.ranks import ranks_of
from trendcore.composite.sources import Sources, Table
from trendcore.errors import UsageError

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Ranks = npt.NDArray[np.int32]

#: draws that are looked at to see whether a factor matters
_LOOKS: Final = 8
#: streams of the generator: draws of choices, of noise, of the design, of resamples
DRAWS, NOISE, DESIGN, RESAMPLES = range(4)


def generator(seed: int, stream: int, counter: int = 0) -> np.random.Generator:
    """Make a counter-based generator: the same numbers for a seed, stream and counter, on any machine.

    Raises
    ------
    UsageError
        The seed is no whole number from 0 to below 2**63.

    Examples
    --------
    >>> generator(7, DRAWS).random() == generator(7, DRAWS).random()
    True
    """
    seed = whole("seed", seed)
    if not 0 <= seed < 2**63:
        raise UsageError(f"seed: a whole number from 0 to below 2**63, not {seed}")
    # the low words count the numbers drawn, the high word tells draws apart
    key = np.array([seed, stream], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=np.array([0, 0, 0, counter], np.uint64)))


def whole(name: str, number: SupportsIndex) -> int:
    """Take a whole number of any type, NumPy's too.

    Raises
    ------
    UsageError
        It is of a type that holds fractions too, or no number.

    Examples
    --------
    >>> whole("draws", np.int64(1000))
    1000
    >>> whole("draws", 1000.0)
    Traceback (most recent call last):
    trendcore.errors.UsageError: draws: a whole number, not 1000.0
    """
    try:
        return index(number)
    except TypeError:
        raise UsageError(f"{name}: a whole number, not {number!r}") from None


@dataclass(frozen=True)
class _Column:
    """A normalised indicator over the reference rows (empty where no weight asks for it) and the scored."""

    inside: Floats
    inside_observed: Bools
    scored: Floats
    observed: Bools


@dataclass(frozen=True)
class _Scope:
    """Rows of one scope as a panel, which of all rows they are, and where its scored rows stand."""

    number: int
    panel: Panel
    rows: Ints
    scored: Bools
    cells: Ints
    places: Ints


class Trials:
    """All that is needed to score units under any draw of choices.

    Parameters
    ----------
    table, denominators
        As for `trendcore.composite.fit`.
    composite
        The declaration, with what it varies.
    cells
        Column of the cell -> value or list of values: which cells are scored; None: all.
    group
        Which group's scores are ranked; None: the composite's.
    tables
        Name -> other index table that may stand in the place of the table.
    replicates
        Bootstrap replicates of indicators.
    seed
        Of the noise of weights.
    """

    def __init__(
        self,
        table: Table,
        composite: Composite,
        *,
        cells: Mapping[str, Any] | None = None,
        group: str | None = None,
        denominators: pl.DataFrame | None = None,
        tables: Mapping[str, Table] | None = None,
        replicates: Table | None = None,
        seed: int = 0,
    ) -> None:
        self.composite = composite
        self.seed = whole("seed", seed)
        self.group = _group(composite, group)
        self._sources = Sources(table, composite, denominators, tables, replicates)
        self.factors = factors_of(composite, tuple(tables or ()), self._sources.count)
        self._places = {factor.name: number for number, factor in enumerate(self.factors)}
        units = self._sources.panel.units
        self._sources.narrow(_target(units, composite, cells) | _referred(units, composite))
        panel = self._sources.panel
        target = _target(panel.units, composite, cells)
        self.units = panel.units.filter(pl.Series(target))
        self.cells = cells_of(self.units, composite.by)
        self._scopes = _scopes(panel, composite, target)
        schemes = {*composite.vary.weights, *(composite.weights_of(each) for each in composite.groups)}
        self._adaptive = not schemes <= set(FIXED)
        self._columns: dict[tuple[Any, ...], _Column] = {}
        self._variants: dict[tuple[int, ...], Composite] = {}
        self._sources.check_replicates()
        self._unscored = np.isnan(self.scores())

    def scores(self, picks: Sequence[int] | None = None) -> Floats:
        """Score the units (n,) with one alternative of each factor; None: the table itself, as declared."""
        chosen = tuple(0 for _ in self.factors) if picks is None else tuple(picks)
        composite = self._variant(chosen)
        noise = None if picks is None else self._noise(chosen)
        replicate = None if picks is None else self._pick(chosen, "replicate")
        scores = np.full(self.units.height, np.nan)
        for scope in self._scopes:
            scores[scope.places] = self._score(scope, composite, chosen, noise, replicate)
        if self._pick(chosen, "exclude"):
            # leaving one out must neither unseat a unit that is just at the floor nor seat one below it
            scores[self._unscored] = np.nan
        return scores

    def ranks(self, picks: Sequence[int] | None = None) -> Ranks:
        """Rank the units within their cells (n,), 0 for none; see `scores`."""
        return ranks_of(self.scores(picks), self.cells)

    def picks(self, u: Floats) -> tuple[int, ...]:
        """Pick alternatives by a point of the unit cube (n_factors,)."""
        return tuple(factor.pick(float(each)) for factor, each in zip(self.factors, u, strict=True))

    def check_effects(self) -> None:
        """Refuse a factor on which no score depends, as far as some draws show.

        Raises
        ------
        UsageError
            Naming the factor.
        """
        if self._unscored.all():
            return  # there is nothing to vary; the result says so
        points = generator(self.seed, DRAWS).random((_LOOKS, len(self.factors)))
        bases = [tuple(0 for _ in self.factors), *(self.picks(point) for point in points)]
        for number, factor in enumerate(self.factors):
            if not any(self._matters(base, number, factor) for base in bases):
                raise UsageError(
                    f"varying {factor.name} changes no score: leave it out, or ask why its alternatives are "
                    f"equal here."
                )

    def _matters(self, base: tuple[int, ...], number: int, factor: Factor) -> bool:
        tried = range(factor.count) if factor.kind == "choice" else (0, factor.count // 2, factor.count - 1)
        first: Floats | None = None
        for pick in tried:
            scores = self.scores((*base[:number], pick, *base[number + 1 :]))
            if first is not None and not np.array_equal(first, scores, equal_nan=True):
                return True
            first = scores
        return False

    def _variant(self, picks: tuple[int, ...]) -> Composite:
        key = tuple(
            pick if factor.kind == "choice" else 0 for factor, pick in zip(self.factors, picks, strict=True)
        )
        if key not in self._variants:
            self._variants[key] = varied(self.composite, self.factors, key)
        return self._variants[key]

    def _pick(self, picks: tuple[int, ...], name: str) -> int | None:
        return picks[self._places[name]] if name in self._places else None

    def _option(self, picks: tuple[int, ...], name: str) -> str | None:
        """Name of the table or the measure picked; None: the declared one."""
        if name not in self._places:
            return None
        option = self.factors[self._places[name]].options[picks[self._places[name]]]
        return None if option is None else str(option)

    def _noise(self, picks: tuple[int, ...]) -> dict[tuple[str, str], float] | None:
        """Draw what each weight is multiplied by, by group and part."""
        label, width = self._pick(picks, "weight_noise"), self.composite.vary.weight_noise
        if label is None or width is None:
            return None
        groups = self.composite.groups
        names = [(group.name, part.name) for group in groups for part in self.composite.parts(group.name)]
        drawn = 1 + width * (2 * generator(self.seed, NOISE, label).random(len(names)) - 1)
        return dict(zip(names, drawn.tolist(), strict=True))

    def _score(
        self,
        scope: _Scope,
        composite: Composite,
        picks: tuple[int, ...],
        noise: Mapping[tuple[str, str], float] | None,
        replicate: int | None,
    ) -> Floats:
        """Score the scored rows of one scope."""
        inside = reference_rows(scope.panel.units, composite.reference)
        if not inside.any():
            return np.full(scope.places.size, np.nan)
        columns = {
            each.name: self._column(scope, composite, each, inside, picks, replicate)
            for each in composite.indicators
        }
        within = np.zeros(1, dtype=np.int64)
        if self._adaptive:
            within = cells_of(scope.panel.units.filter(pl.Series(inside)), composite.by)
        weights = fit_all_weights(
            composite,
            {name: column.inside for name, column in columns.items()},
            {name: column.inside_observed for name, column in columns.items()},
            within,
        )
        if noise is not None:
            for group, of in weights.items():
                weights[group] = of * [noise[group, part.name] for part in composite.parts(group)]
        climbed = climb(
            composite,
            {name: column.scored for name, column in columns.items()},
            {name: column.observed for name, column in columns.items()},
            weights,
            scope.cells,
        )
        return climbed.scores.get(self.group, np.full(scope.places.size, np.nan))

    def _column(
        self,
        scope: _Scope,
        composite: Composite,
        indicator: Indicator,
        inside: Bools,
        picks: tuple[int, ...],
        replicate: int | None,
    ) -> _Column:
        """Normalise one indicator, of the table, of another one, by another measure or in a replicate."""
        number = self.composite.names.index(indicator.name)
        table, measure = self._option(picks, "table"), self._option(picks, f"measure.{indicator.name}")
        drawn = None if replicate is None else self._sources.replicates(number, measure)
        if drawn is not None:
            return self._normalised(drawn[replicate][scope.rows], scope, composite, indicator, inside, number)
        key = (
            scope.number, number, table, measure, composite.impute, composite.treat_of(indicator),
            composite.normalise, composite.reference,
        )  # fmt: skip
        if key not in self._columns:
            x = self._sources.values(number, table, measure)[scope.rows]
            self._columns[key] = self._normalised(x, scope, composite, indicator, inside, number)
        return self._columns[key]

    def _normalised(
        self,
        x: Floats,
        scope: _Scope,
        composite: Composite,
        indicator: Indicator,
        inside: Bools,
        number: int,
    ) -> _Column:
        known = fitting_values(x[inside], scope.panel.warned[inside, number])
        x, labels = x[scope.scored], scope.panel.labels
        of_known = None if labels is None else labels[inside]
        of_scored = None if labels is None else labels[scope.scored]
        fit = fit_column(known, composite, indicator, of_known)
        useful = fit.scaler.undefined is None
        if not self._adaptive:
            known, of_known = known[:0], None
        return _Column(
            inside=apply_column(known, fit, of_known),
            inside_observed=~np.isnan(known) & useful,
            scored=apply_column(x, fit, of_scored),
            observed=~np.isnan(x) & useful,
        )


def _scopes(panel: Panel, composite: Composite, target: Bools) -> list[_Scope]:
    """Part a panel by scope; scopes without a scored row are left out."""
    found = []
    place = np.cumsum(target) - 1
    for number, (_, rows) in enumerate(scopes_of(panel, composite)):
        part, scored = panel.rows(rows, composite.by), target[rows]
        cells = cells_of(part.units.filter(pl.Series(scored)), composite.by)
        if scored.any():
            found.append(_Scope(number, part, np.flatnonzero(rows), scored, cells, place[rows & target]))
    return found


def _group(composite: Composite, name: str | None) -> str:
    names = [each.name for each in composite.groups]
    if name is None:
        return next(each.name for each in composite.groups if each.parent is None)
    if name not in names:
        raise UsageError(f"no group is named {name!r}; there are {', '.join(names)}.")
    return name


def _target(units: pl.DataFrame, composite: Composite, cells: Mapping[str, Any] | None) -> Bools:
    """Say which rows are scored (n,)."""
    target = np.ones(units.height, dtype=np.bool_)
    if not units.height:
        raise UsageError("the table has no unit.")
    if cells is not None and not isinstance(cells, Mapping):
        raise UsageError(f"cells: columns and values, such as {{'year': 2022}}, not {cells!r}")
    for name, values in (cells or {}).items():
        if name not in composite.by:
            raise UsageError(f"cells: {name!r} is no column of a cell; those are {', '.join(composite.by)}.")
        several = isinstance(values, Iterable) and not isinstance(values, str | bytes)
        try:
            found = units[name].is_in(list(values) if several else [values])
        except (pl.exceptions.PolarsError, TypeError):
            raise UsageError(f"cells: {name} holds {units[name].dtype}, and no {values!r}") from None
        target &= found.fill_null(value=False).to_numpy()
    if not target.any():
        raise UsageError(f"cells: the table has no unit in {dict(cells or {})}.")
    return target


def _referred(units: pl.DataFrame, composite: Composite) -> Bools:
    """Say which rows lie in the reference window or in an alternative to it (n,)."""
    found = np.zeros(units.height, dtype=np.bool_)
    for reference in (composite.reference, *composite.vary.reference):
        inside = reference_rows(units, reference)
        if not inside.any():
            raise UsageError(f"no row of the table lies in the window {reference.first} to {reference.last}.")
        found |= inside
    return found
