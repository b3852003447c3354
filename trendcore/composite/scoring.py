"""Scores and ranks of units by frozen parameters, and the steps on the way to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.composite.declaration import POSITIVE, Composite, Group
from trendcore.composite.engine import Climbed, apply_column, climb
from trendcore.composite.fitting import Fitted, Key, ScopeFit, observed_of, scopes_of
from trendcore.composite.impute import apply_fill
from trendcore.composite.long_rows import WARNINGS
from trendcore.composite.normalise import is_outside
from trendcore.composite.panel import Panel, check_free, panel_of
from trendcore.composite.ranks import ranks_of
from trendcore.composite.treat import Treatment, apply_treatment

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: flags beside a null score
NULL_FLAGS: Final = (
    "no_reference",
    "weights_undefined",
    "zero_weight",
    "too_few",
    "one_unit",
    "not_positive",
    "constant",
    "missing",
)
#: flags beside a score, the gravest first
SCORE_FLAGS: Final = ("incomplete_year", "partial", "imputed", "outside_reference", "small_count")
#: columns of a score beside those that name a unit
_OWN: Final = ("level", "name", "score", "rank", "n_available", "share", "flag")
_STEPS: Final = ("raw", "denominated", "imputed", "treated", "normalised")


def score(
    table: pl.DataFrame | pl.LazyFrame,
    fitted: Fitted,
    *,
    denominators: pl.DataFrame | None = None,
    indicators: bool = False,
) -> pl.DataFrame:
    """Score and rank every unit of every cell.

    Parameters
    ----------
    table
        A long index table, or a wide one with a column an indicator; see `trendcore.composite`.
    fitted
        Parameters, of `fit`.
    denominators
        As for `fit`.
    indicators
        Give rows of the normalised indicators too, at level 1.

    Returns
    -------
    pl.DataFrame
        Columns of the cell and the unit, level, name, score, rank (1 is the best of its cell, equal scores
        share the better rank), n_available (indicators below that are observed), share (of all below) and
        flag; sorted by cell, level from the top, name, unit. ``flag`` says why a score is null, or the
        gravest thing to know of it:

        ==================  ========================================================================
        no_reference        null: its scope has no row in the reference window
        weights_undefined   null: the scheme of weights has no answer, see ``fitted.notes``
        zero_weight         null: what is there weighs nothing
        too_few             null: fewer indicators are observed than the floor asks for
        one_unit            null: compared with others, and there is no other
        not_positive        null: a mean or a ratio of a value that is 0 or less
        constant            null (indicators): over the reference rows it varies by 1e-100 at most
        missing             null (indicators): no value
        incomplete_year     an indicator's year is not complete yet
        partial             an indicator is missing; the weights are shared among the others
        imputed             an indicator is filled in
        outside_reference   an indicator lies beyond all its reference values
        small_count         an indicator rests on fewer than 5 works
        ==================  ========================================================================

    Raises
    ------
    UsageError
        The table does not fit the declaration, or a column of the cell or the unit has the name of one of the
        columns above.
    SchemaError
        A column is missing or of the wrong type.

    Examples
    --------
    >>> import trendcore as tc
    >>> table = pl.DataFrame({"who": ["p", "q", "r"], "x": [1.0, 2.0, 5.0], "y": [9.0, 4.0, 5.0]})
    >>> composite = tc.composite.Composite(
    ...     name="c", version="1", unit="own", keys=("who",),
    ...     groups=(tc.composite.Group(name="c"),),
    ...     indicators=tuple(tc.composite.Indicator(name=each, group="c") for each in "xy"),
    ... )
    >>> score(table, tc.composite.fit(table, composite)).select("who", "score", "rank").rows()
    [('p', 50.0, 2), ('q', 12.5, 3), ('r', 60.0, 1)]
    """  # fmt: skip
    composite = fitted.composite
    check_free(composite, _OWN, "a table of scores")
    panel = panel_of(table, composite, denominators)
    parts = [_schema_of(panel, composite)]
    known = {_hashable(each.scope): each for each in fitted.scopes}
    for key, rows in scopes_of(panel, composite):
        part = panel.rows(rows, composite.by)
        parts.append(_score_scope(part, composite, known.get(_hashable(key)), indicators=indicators))
    order = [*composite.by, "level", "name", *composite.unit_columns]
    down = [name == "level" for name in order]
    return pl.concat(parts).sort(order, descending=down, nulls_last=True)


def steps(
    table: pl.DataFrame | pl.LazyFrame, fitted: Fitted, *, denominators: pl.DataFrame | None = None
) -> dict[str, pl.DataFrame]:
    """Show what each step makes of the values: one wide table a step, a column an indicator.

    Returns
    -------
    dict of str to pl.DataFrame
        ``raw``, ``denominated``, ``imputed``, ``treated``, ``normalised`` and ``aggregated`` (a column a
        group); null where there is no value.

    Raises
    ------
    UsageError, SchemaError
        As for `score`.

    Examples
    --------
    >>> import trendcore as tc
    >>> table = pl.DataFrame({"who": ["p", "q", "r"], "x": [1.0, 2.0, 5.0]})
    >>> composite = tc.composite.Composite(
    ...     name="c", version="1", unit="own", keys=("who",),
    ...     groups=(tc.composite.Group(name="c"),),
    ...     indicators=(tc.composite.Indicator(name="x", group="c", direction=-1),),
    ... )
    >>> steps(table, tc.composite.fit(table, composite))["normalised"]["x"].to_list()
    [100.0, 75.0, 0.0]
    """  # fmt: skip
    composite = fitted.composite
    panel = panel_of(table, composite, denominators)
    made = {name: np.full((panel.height, len(composite.indicators)), np.nan) for name in _STEPS}
    made["raw"], made["denominated"] = panel.raw(composite), panel.values
    groups = {each.name: np.full(panel.height, np.nan) for each in composite.groups}
    known = {_hashable(each.scope): each for each in fitted.scopes}
    for key, rows in scopes_of(panel, composite):
        scope = known.get(_hashable(key))
        if scope is None:
            continue
        part = panel.rows(rows, composite.by)
        for number, each in enumerate(composite.indicators):
            column = scope.indicators[each.name]
            x = apply_fill(part.values[:, number], column.fill, part.labels)
            made["imputed"][rows, number] = x
            made["treated"][rows, number] = apply_treatment(x, column.treatment)
            made["normalised"][rows, number] = apply_column(part.values[:, number], column, part.labels)
        for name, scores in _climb(part, composite, scope).scores.items():
            groups[name][rows] = scores
    shown = {
        name: panel.units.with_columns(
            pl.Series(each, matrix[:, number], nan_to_null=True)
            for number, each in enumerate(composite.names)
        )
        for name, matrix in made.items()
    }
    shown["aggregated"] = panel.units.with_columns(
        pl.Series(name, scores, nan_to_null=True) for name, scores in groups.items()
    )
    return shown


def _hashable(key: Key) -> tuple[tuple[str, str | int | None], ...]:
    return tuple(sorted(key.items()))


def _climb(panel: Panel, composite: Composite, scope: ScopeFit) -> Climbed:
    normal, observed = {}, {}
    for number, each in enumerate(composite.indicators):
        column = scope.indicators[each.name]
        normal[each.name] = apply_column(panel.values[:, number], column, panel.labels)
        observed[each.name] = observed_of(panel, number, column)
    return climb(composite, normal, observed, _weights(composite, scope), panel.cells)


def _weights(composite: Composite, scope: ScopeFit) -> dict[str, Floats]:
    return {
        group.name: np.array(
            [scope.weights[group.name][part.name] for part in composite.parts(group.name)], dtype=np.float64
        )
        for group in composite.groups
    }


def _score_scope(
    panel: Panel, composite: Composite, scope: ScopeFit | None, *, indicators: bool
) -> pl.DataFrame:
    """Score the rows of one scope."""
    parts = [_schema_of(panel, composite)]
    nothing = np.full(panel.height, np.nan)
    if scope is None or not scope.rows:
        absent = np.full(panel.height, "no_reference", dtype=np.object_)
        none = np.zeros(panel.height, dtype=np.int64)
        for group in composite.groups:
            level = composite.level(group.name)
            parts.append(_rows(panel, composite, level, group.name, nothing, none, absent))
        return pl.concat(parts)
    climbed = _climb(panel, composite, scope)
    flags = {
        each.name: _column_flags(panel, number, scope) for number, each in enumerate(composite.indicators)
    }
    for group in composite.groups:
        flag = _group_flags(panel, composite, scope, group, climbed, flags)
        level = composite.level(group.name)
        scores, available = climbed.scores[group.name], climbed.available[group.name]
        parts.append(_rows(panel, composite, level, group.name, scores, available, flag))
    if indicators:
        for number, each in enumerate(composite.indicators):
            column = scope.indicators[each.name]
            scores = apply_column(panel.values[:, number], column, panel.labels)
            seen = observed_of(panel, number, column).astype(np.int64)
            parts.append(_rows(panel, composite, 1, each.name, scores, seen, _first(flags[each.name], panel)))
    return pl.concat(parts)


def _column_flags(panel: Panel, number: int, scope: ScopeFit) -> dict[str, Bools]:
    """Find the flags of one indicator, each (n,), the gravest first."""
    column = list(scope.indicators.values())[number]
    x = panel.values[:, number]
    filled = apply_fill(x, column.fill, panel.labels)
    treated = apply_treatment(filled, column.treatment)
    normal = apply_column(x, column, panel.labels)
    null, empty = np.isnan(normal), np.isnan(filled)
    undefined = column.scaler.undefined
    flags: dict[str, Bools] = {"missing": empty}
    flags[undefined or "not_positive"] = null & ~empty
    for warning in reversed(WARNINGS):
        flags[warning] = ~null & (panel.warned[:, number] == 1 + WARNINGS.index(warning))
    flags["imputed"] = ~null & np.isnan(x)
    flags["outside_reference"] = ~null & (
        is_outside(treated, column.scaler) | _beyond(filled, column.treatment)
    )
    order = (*NULL_FLAGS, *SCORE_FLAGS)
    return dict(sorted(flags.items(), key=lambda item: order.index(item[0])))


def _beyond(x: Floats, treatment: Treatment) -> Bools:
    """Whether values were cut by a frozen logarithm; those that a clip cuts are winsorised on purpose."""
    low, high = treatment.low, treatment.high
    if low is None or high is None:
        return np.zeros(x.shape, dtype=np.bool_)
    return np.asarray((x < low) | (x > high))


def _group_flags(
    panel: Panel,
    composite: Composite,
    scope: ScopeFit,
    group: Group,
    climbed: Climbed,
    of_columns: Mapping[str, Mapping[str, Bools]],
) -> npt.NDArray[np.object_]:
    scores = climbed.scores[group.name]
    leaves = composite.leaves(group.name)
    null = np.isnan(scores)
    weights = np.array(list(_weights(composite, scope)[group.name]))
    few = climbed.available[group.name] < composite.floor_of(group)
    method = composite.aggregate_of(group)
    flags: dict[str, Bools] = {
        "weights_undefined": null & bool(np.isnan(weights).any()),
        "zero_weight": null & (not np.isnan(weights).any()) & (not weights.sum() > 0),
        "too_few": null & few,
        "one_unit": null & (method == "copeland"),
        "not_positive": null & (method in POSITIVE),
        "missing": null,
    }
    for flag in SCORE_FLAGS:
        flags[flag] = np.zeros(scores.shape, dtype=np.bool_)
        for leaf in leaves:
            if flag in of_columns[leaf]:
                flags[flag] |= ~null & of_columns[leaf][flag]
    flags["partial"] = ~null & (climbed.available[group.name] < len(leaves)) & ~flags["imputed"]
    return _first(flags, panel)


def _first(flags: Mapping[str, Bools], panel: Panel) -> npt.NDArray[np.object_]:
    """Take the first flag that holds of each row (n,), None for none."""
    found = np.full(panel.height, None, dtype=np.object_)
    for name, holds in reversed(list(flags.items())):
        found[holds] = name
    return found


def _rows(
    panel: Panel,
    composite: Composite,
    level: int,
    name: str,
    scores: Floats,
    available: npt.NDArray[np.int64],
    flags: npt.NDArray[np.object_],
) -> pl.DataFrame:
    ranks = ranks_of(scores, panel.cells)
    below = 1 if level == 1 else len(composite.leaves(name))
    return panel.units.with_columns(
        pl.lit(level, pl.Int16).alias("level"),
        pl.lit(name).alias("name"),
        pl.Series("score", scores, nan_to_null=True),
        pl.Series("rank", ranks).replace(0, None),
        pl.Series("n_available", available),
        pl.Series("share", available / below),
        pl.Series("flag", flags.tolist(), dtype=pl.String),
    )


def _schema_of(panel: Panel, composite: Composite) -> pl.DataFrame:
    """Make a result without rows, so that there is one of nothing too."""
    empty = panel.rows(np.zeros(panel.height, dtype=np.bool_), composite.by)
    none = np.empty(0, dtype=np.float64)
    count = np.empty(0, dtype=np.int64)
    return _rows(empty, composite, 1, "", none, count, np.empty(0, dtype=np.object_))
