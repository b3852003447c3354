"""The steps in order, for the rows of one scope: fit every indicator, weigh, and climb from parts to wholes.

Both `fit` with `score` and the analyses of uncertainty go through these functions, so that a varied draw and
the published score are made in one way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.composite.aggregate import mean_of
from trendcore.composite.declaration import Composite, Group, Indicator, walk
from trendcore.composite.declared_steps import Impute, Reference
from trendcore.composite.impute import Fill, apply_fill, fit_fill
from trendcore.composite.normalise import Scaler, apply_scaler, fit_scaler
from trendcore.composite.outrank import copeland
from trendcore.composite.treat import Treatment, apply_treatment, fit_treatment
from trendcore.composite.weights import fit_weights

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Labels = npt.NDArray[np.object_]

#: schemes that need no data
FIXED: Final = ("given", "equal")


class ColumnFit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frozen parameters of one indicator."""

    fill: Fill
    treatment: Treatment
    scaler: Scaler


@dataclass(frozen=True)
class Climbed:
    """Scores of all groups of some rows: each (n,), NaN for none, and the number of indicators observed."""

    scores: dict[str, Floats]
    available: dict[str, Ints]


def reference_rows(units: pl.DataFrame, reference: Reference) -> Bools:
    """Say which rows lie in the reference window (n,)."""
    if reference.column is None:
        return np.ones(units.height, dtype=np.bool_)
    inside = pl.col(reference.column).is_between(reference.first, reference.last).fill_null(value=False)
    return units.select(inside).to_series().to_numpy()


def fit_column(x: Floats, composite: Composite, indicator: Indicator, labels: Labels | None) -> ColumnFit:
    """Fit fill, treatment and normaliser of one indicator over its reference values (n,)."""
    fill = fit_fill(x, composite.impute or Impute(), labels)
    x = apply_fill(x, fill, labels)
    treatment = fit_treatment(x, composite.treat_of(indicator))
    x = apply_treatment(x, treatment)
    return ColumnFit(
        fill=fill,
        treatment=treatment,
        scaler=fit_scaler(x, composite.normalise, indicator.direction, indicator.goalposts),
    )


def apply_column(x: Floats, fit: ColumnFit, labels: Labels | None) -> Floats:
    """Fill, treat and normalise values of one indicator (n,)."""
    return apply_scaler(apply_treatment(apply_fill(x, fit.fill, labels), fit.treatment), fit.scaler)


def fit_all_weights(
    composite: Composite, normal: Mapping[str, Floats], observed: Mapping[str, Bools], cells: Ints
) -> dict[str, Floats]:
    """Weights of the parts of each group, from the normalised reference rows, parts first.

    Parameters
    ----------
    composite
        The declaration.
    normal
        Normalised values of each indicator over the reference rows, each (n,).
    observed
        Whether they were observed, each (n,).
    cells
        First row of each cell among them.
    """
    weights: dict[str, Floats] = {}
    blind = all(composite.weights_of(each) in FIXED for each in composite.groups)
    scores, available = dict(normal), _counts(observed)
    for group, parts in walk(composite):
        method = composite.weights_of(group)
        given = [each.weight for each in parts]
        if method in FIXED:
            weights[group.name] = fit_weights(method, given, np.empty((0, len(given))))
        else:
            matrix = np.column_stack([scores[each.name] for each in parts])
            if composite.aggregate_of(group) == "geometric":
                # what a geometric mean adds up is logarithms
                matrix = np.log(np.where(matrix > 0, matrix, np.nan))
            weights[group.name] = fit_weights(method, given, matrix)
        if not blind:
            _climb_to(composite, group, weights[group.name], cells, scores, available)
    return weights


def climb(
    composite: Composite,
    normal: Mapping[str, Floats],
    observed: Mapping[str, Bools],
    weights: Mapping[str, Floats],
    cells: Ints,
) -> Climbed:
    """Aggregate from the indicators up to the composite.

    Parameters
    ----------
    composite
        The declaration.
    normal, observed
        As for `fit_all_weights`, over the rows to be scored.
    weights
        Weights of the parts of each group.
    cells
        First row of each cell, then n.
    """
    scores, available = dict(normal), _counts(observed)
    for group in composite.upward():
        _climb_to(composite, group, weights[group.name], cells, scores, available)
    names = [each.name for each in composite.groups]
    return Climbed({name: scores[name] for name in names}, {name: available[name] for name in names})


def _counts(observed: Mapping[str, Bools]) -> dict[str, Ints]:
    return {name: there.astype(np.int64) for name, there in observed.items()}


def _climb_to(
    composite: Composite,
    group: Group,
    weights: Floats,
    cells: Ints,
    scores: dict[str, Floats],
    available: dict[str, Ints],
) -> None:
    """Add a group's score, NaN below the floor, and how many indicators stand behind it."""
    names = [each.name for each in composite.parts(group.name)]
    # indicators below a part without a score do not enter
    counted = [np.where(np.isnan(scores[name]), 0, available[name]) for name in names]
    count = np.asarray(np.sum(counted, axis=0, dtype=np.int64))
    enough = count >= composite.floor_of(group)
    parts = [np.where(enough, scores[name], np.nan) for name in names]
    method = composite.aggregate_of(group)
    available[group.name] = count
    if np.isnan(weights).any():
        scores[group.name] = np.full(enough.shape, np.nan)
    elif method == "copeland":
        # who is below the floor takes no part in the comparison
        low, high = composite.normalise.scale
        scores[group.name] = np.asarray(low + (high - low) * copeland(parts, weights, cells))
    else:
        scores[group.name] = mean_of(method, parts, weights)
