"""Fitted parameters: what the reference rows say, frozen, and kept as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from trendcore.composite.declaration import Composite
from trendcore.composite.engine import (
    Bools,
    ColumnFit,
    Floats,
    apply_column,
    fit_all_weights,
    fit_column,
    reference_rows,
)
from trendcore.composite.long_rows import WARNINGS
from trendcore.composite.panel import Panel, panel_of
from trendcore.errors import DeclarationError, UsageError

#: raised when what the file holds changes its meaning
FORMAT: Final = 1
_INCOMPLETE: Final = 1 + WARNINGS.index("incomplete_year")

Key = dict[str, str | int | None]


class ScopeFit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frozen parameters of one scope.

    Parameters
    ----------
    scope
        Its value of each column of the reference's scope.
    rows
        Reference rows that it has.
    indicators
        Parameters of each indicator.
    weights
        Group -> part -> weight, adding up to 1; None where the scheme has no answer.
    """

    scope: Key
    rows: int
    indicators: dict[str, ColumnFit]
    weights: dict[str, dict[str, float | None]]


class Fitted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A composite with its frozen parameters: all that a score needs besides the values.

    Parameters
    ----------
    format
        Version of this form.
    composite
        The declaration.
    scopes
        Parameters of each scope of the reference rows.
    notes
        What a reader should know: indicators that do not vary, treatments that did not do, undefined weights.
    """

    format: int
    composite: Composite
    scopes: tuple[ScopeFit, ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Write the parameters as JSON; numbers come back to the last bit.

        Examples
        --------
        >>> from trendcore.composite import Composite, Group, Indicator, fit
        >>> one = Composite(
        ...     name="c", version="1", unit="own", keys=("who",), groups=(Group(name="c"),),
        ...     indicators=(Indicator(name="x", group="c"),),
        ... )
        >>> fitted = fit(pl.DataFrame({"who": ["p", "q"], "x": [0.1, 0.3]}), one)
        >>> Fitted.from_json(fitted.to_json()) == fitted
        True
        """  # fmt: skip
        return msgspec.json.encode(self).decode()

    @staticmethod
    def from_json(text: str | bytes) -> Fitted:
        """Read parameters that `to_json` wrote.

        Raises
        ------
        DeclarationError
            It is no such JSON, or one of a later format.
        """
        try:
            fitted = msgspec.json.decode(text, type=Fitted)
        except msgspec.MsgspecError as error:
            raise DeclarationError(f"these are no fitted parameters: {error}") from None
        if fitted.format != FORMAT:
            raise DeclarationError(
                f"fitted parameters of format {fitted.format}; this release reads {FORMAT}: fit again."
            )
        return fitted


def fit(
    table: pl.DataFrame | pl.LazyFrame, composite: Composite, *, denominators: pl.DataFrame | None = None
) -> Fitted:
    """Fit every parameter of a composite on its reference rows.

    Values flagged ``incomplete_year`` are left out of the fit.

    Parameters
    ----------
    table
        A long index table, or a wide one with a column an indicator; see `trendcore.composite`.
    composite
        The declaration.
    denominators
        What indicators with a ``denominator`` are divided by.

    Raises
    ------
    UsageError
        No row lies in the reference window, or the table does not fit the declaration.
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
    >>> fit(table, composite).scopes[0].indicators["x"].scaler.high
    5.0
    """  # fmt: skip
    return fit_panel(panel_of(table, composite, denominators), composite)


def fit_panel(panel: Panel, composite: Composite) -> Fitted:
    """Fit a composite on a panel; see `fit`."""
    if not reference_rows(panel.units, composite.reference).any():
        raise UsageError(f"no row of the table lies in the reference window{_window(panel, composite)}.")
    scopes: list[ScopeFit] = []
    notes: list[str] = []
    for key, rows in scopes_of(panel, composite):
        part = panel.rows(rows, composite.by)
        made = _fit_scope(part, composite, key)
        scopes.append(made)
        notes += _notes(made, composite)
    return Fitted(format=FORMAT, composite=composite, scopes=tuple(scopes), notes=tuple(notes))


def scopes_of(panel: Panel, composite: Composite) -> Iterator[tuple[Key, Bools]]:
    """Yield each scope of a panel with its rows (n,)."""
    scope = composite.reference.scope
    if not scope:
        yield {}, np.ones(panel.height, dtype=np.bool_)
        return
    keys = panel.units.select(scope)
    numbers = keys.with_columns(pl.struct(scope).rank("dense").alias("_scope"))["_scope"].to_numpy()
    for number in range(1, int(numbers.max(initial=0)) + 1):
        rows = numbers == number
        row = keys.row(int(np.argmax(rows)), named=True)
        yield {name: value if isinstance(value, int) else _text(value) for name, value in row.items()}, rows


def fitting_values(x: Floats, warned: npt.NDArray[np.uint8]) -> Floats:
    """Values (n,) that may be fitted on: without those of years that are not complete."""
    return np.where(warned == _INCOMPLETE, np.nan, x)


def observed_of(panel: Panel, number: int, fit: ColumnFit) -> Bools:
    """Say of which rows an indicator has a value of its own that can be used (n,)."""
    if fit.scaler.undefined is not None:
        return np.zeros(panel.height, dtype=np.bool_)
    return ~np.isnan(panel.values[:, number])


def _fit_scope(panel: Panel, composite: Composite, key: Key) -> ScopeFit:
    inside = panel.rows(reference_rows(panel.units, composite.reference), composite.by)
    columns: dict[str, ColumnFit] = {}
    normal: dict[str, Floats] = {}
    observed: dict[str, Bools] = {}
    for number, each in enumerate(composite.indicators):
        x = fitting_values(inside.values[:, number], inside.warned[:, number])
        made = fit_column(x, composite, each, inside.labels)
        columns[each.name] = made
        normal[each.name] = apply_column(x, made, inside.labels)
        observed[each.name] = observed_of(inside, number, made) & ~np.isnan(x)
    weights = fit_all_weights(composite, normal, observed, inside.cells)
    return ScopeFit(
        scope=key,
        rows=inside.height,
        indicators=columns,
        weights={
            group: {
                part.name: None if np.isnan(weight) else float(weight)
                for part, weight in zip(composite.parts(group), of, strict=True)
            }
            for group, of in weights.items()
        },
    )


def _notes(made: ScopeFit, composite: Composite) -> Iterator[str]:
    where = "".join(f"{name} {value}: " for name, value in made.scope.items())
    if not made.rows:
        yield f"{where}no row in the reference window: no scores"
        return
    for name, column in made.indicators.items():
        if column.scaler.undefined is not None:
            yield f"{where}{name} is of no use: {column.scaler.undefined}"
        elif not column.treatment.passed:
            yield f"{where}{name} is still skewed after treatment ({column.treatment.kind})"
    for group, weights in made.weights.items():
        if None in weights.values():
            method = next(composite.weights_of(each) for each in composite.groups if each.name == group)
            yield f"{where}weights of {group} are undefined ({method}): no scores"
        elif not sum(filter(None, weights.values())) > 0:
            yield f"{where}weights of {group} add up to 0: no scores"


def _window(panel: Panel, composite: Composite) -> str:
    reference = composite.reference
    if reference.column is None:
        return ": the table is empty"
    years = panel.units[reference.column].drop_nulls().to_list()
    there = f"has {min(years)} to {max(years)}" if years else "has none"
    return f" {reference.first} to {reference.last} of {reference.column}; the table {there}"


def _text(value: object) -> str | None:
    return None if value is None else str(value)
