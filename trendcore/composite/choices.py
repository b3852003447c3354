"""What an analysis of uncertainty varies: factors, each a list of alternatives, the declared one first.

A factor that cannot matter is refused: a step that the declaration does not have, an alternative that is the
declared choice again. That no score at all depends on a factor is found out by trying, in `trials.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from trendcore.composite.declaration import Composite, above
from trendcore.errors import DeclarationError, UsageError

#: a label of noise is one of so many
LABELS: Final = 2**53

_STEPS: Final = ("impute", "treat", "normalise", "reference")


@dataclass(frozen=True)
class Factor:
    """One thing that is varied.

    Parameters
    ----------
    name
        ``normalise``, ``aggregate``, ``measure.salton``, ``weight_noise``, ``replicate``, ...
    kind
        ``choice`` of `options`; ``noise``, drawn by a label; ``replicate``, one of `count`.
    options
        Alternatives, the declared one first.
    count
        Number of options, labels or replicates.
    """

    name: str
    kind: Literal["choice", "noise", "replicate"]
    options: tuple[Any, ...] = ()
    count: int = 0

    def pick(self, u: float) -> int:
        """Pick the number of an alternative by u from 0 to below 1: each has the same chance.

        Examples
        --------
        >>> Factor("aggregate", "choice", ("arithmetic", "geometric"), 2).pick(0.7)
        1
        """
        return min(int(u * self.count), self.count - 1)


def factors_of(composite: Composite, tables: Sequence[str] = (), replicates: int = 0) -> tuple[Factor, ...]:
    """List what is varied, as the declaration's `vary` and what else is given say.

    Parameters
    ----------
    composite
        The declaration.
    tables
        Names of other index tables that may stand in the place of the table.
    replicates
        Number of bootstrap replicates; 0: none are given.

    Raises
    ------
    UsageError
        Nothing is varied, or a factor has no second alternative.
    DeclarationError
        An alternative does not go with the declaration: a step that it does not have, an indicator or a group
        of another name, a mean of positive numbers over a normaliser around zero.
    """
    vary = composite.vary
    factors = [_steps(composite, name) for name in _STEPS if getattr(vary, name)]
    if vary.aggregate:
        factors.append(_aggregate(composite))
    elif vary.aggregate_of:
        raise DeclarationError("vary.aggregate_of: names groups, and vary.aggregate no alternative")
    if vary.weights:
        declared = [composite.weights_of(each) for each in composite.groups]
        if set(declared) == set(vary.weights):
            raise DeclarationError(
                f"vary.weights: {vary.weights[0]!r} is the declared scheme; it varies nothing"
            )
        factors.append(_choice("weights", [None, *distinct(vary.weights)]))
    if vary.weight_noise is not None:
        if not 0.0 < vary.weight_noise < 1.0:
            raise DeclarationError(f"vary.weight_noise: above 0 and below 1, not {vary.weight_noise}")
        factors.append(Factor("weight_noise", "noise", count=LABELS))
    if vary.exclude:
        factors.append(_exclude(composite))
    factors += [_measure(composite, name) for name in vary.measure]
    if tables:
        factors.append(_choice("table", [None, *distinct(tables)]))
    if replicates:
        factors.append(Factor("replicate", "replicate", count=replicates))
    if not factors:
        raise UsageError("nothing is varied: declare [vary], or give replicates or other tables.")
    _check_positive(composite, factors)
    return tuple(factors)


def varied(composite: Composite, factors: Sequence[Factor], picks: Sequence[int]) -> Composite:
    """Make the declaration with other choices: those of the factors that are choices of a step.

    Parameters
    ----------
    composite
        The declaration.
    factors
        Of `factors_of`.
    picks
        Number of the alternative of each.
    """
    for factor, pick in zip(factors, picks, strict=True):
        if factor.kind != "choice" or pick == 0:
            continue
        option = factor.options[pick]
        if factor.name in ("impute", "normalise", "reference"):
            composite = msgspec.structs.replace(composite, **{factor.name: option})
        elif factor.name == "treat":
            bare = tuple(msgspec.structs.replace(each, treat=None) for each in composite.indicators)
            composite = msgspec.structs.replace(composite, treat=option, indicators=bare)
        elif factor.name == "exclude":
            composite = _less(composite, option)
        elif factor.name in ("aggregate", "weights"):
            composite = _regrouped(composite, factor.name, option)
    return composite


def _less(composite: Composite, name: str) -> Composite:
    """Leave an indicator out and the floor too: who is scored is said by all indicators, see `Trials`."""
    bare = tuple(msgspec.structs.replace(each, floor=None) for each in composite.groups)
    return without(msgspec.structs.replace(composite, groups=bare, floor=0.0), name)


def _regrouped(composite: Composite, name: str, option: Any) -> Composite:
    of = composite.vary.aggregate_of if name == "aggregate" else ()
    groups = tuple(
        msgspec.structs.replace(each, **{name: option}) if not of or each.name in of else each
        for each in composite.groups
    )
    return msgspec.structs.replace(composite, groups=groups)


def _choice(name: str, options: Sequence[Any]) -> Factor:
    if len(options) < 2:
        raise DeclarationError(f"vary.{name}: its only alternative is the declared choice; it varies nothing")
    return Factor(name, "choice", tuple(options), len(options))


def _steps(composite: Composite, name: str) -> Factor:
    """Alternatives of a step that the declaration has."""
    declared = getattr(composite, name)
    if name == "treat" and declared is None and any(each.treat for each in composite.indicators):
        declared = "that of each indicator"
    absent = declared is None or (name == "reference" and declared.column is None)
    if absent:
        raise DeclarationError(
            f"vary.{name}: the declaration has no [{name}], so there is nothing to vary; declare the step, "
            f"if need be with method = 'none'"
        )
    if name == "reference" and any(each.scope != declared.scope for each in composite.vary.reference):
        raise DeclarationError("vary.reference: alternatives have the scope of the declared reference")
    for each in composite.vary.reference:
        if each.column is not None and each.column not in composite.by:
            raise DeclarationError(
                f"vary.reference: {each.column!r} is no column of by = {list(composite.by)}"
            )
    return _choice(name, distinct([declared, *getattr(composite.vary, name)]))


def _aggregate(composite: Composite) -> Factor:
    vary = composite.vary
    names = {each.name for each in composite.groups}
    for name in vary.aggregate_of:
        if name not in names:
            raise DeclarationError(f"vary.aggregate_of: no group is named {name!r}")
    of = vary.aggregate_of or tuple(names)
    declared = {composite.aggregate_of(each) for each in composite.groups if each.name in of}
    others = [each for each in distinct(vary.aggregate) if {each} != declared]
    return _choice("aggregate", [None, *others])


def _exclude(composite: Composite) -> Factor:
    for name in composite.vary.exclude:
        if name not in composite.names:
            raise DeclarationError(f"vary.exclude: no indicator is named {name!r}")
    if len(composite.indicators) < 2:
        raise DeclarationError("vary.exclude: without its only indicator there is no composite")
    return _choice("exclude", [None, *distinct(composite.vary.exclude)])


def _measure(composite: Composite, name: str) -> Factor:
    if name not in composite.names:
        raise DeclarationError(f"vary.measure: no indicator is named {name!r}")
    indicator = next(each for each in composite.indicators if each.name == name)
    declared = indicator.index or name
    others = [each for each in distinct(composite.vary.measure[name]) if each != declared]
    for each in others if indicator.index is not None else ():
        try:
            msgspec.structs.replace(indicator, index=each)
        except DeclarationError as error:
            raise DeclarationError(f"vary.measure.{name}: {error}") from None
    return _choice(f"measure.{name}", [None, *others])


def _check_positive(composite: Composite, factors: Sequence[Factor]) -> None:
    """Refuse choices that cannot stand together in one draw."""
    of = {factor.name: factor for factor in factors}
    for aggregate in range(of["aggregate"].count if "aggregate" in of else 1):
        for normalise in range(of["normalise"].count if "normalise" in of else 1):
            picks = [
                {"aggregate": aggregate, "normalise": normalise}.get(factor.name, 0) for factor in factors
            ]
            try:
                varied(composite, factors, picks)
            except DeclarationError as error:
                raise DeclarationError(f"vary: alternatives do not go together: {error}") from None


def distinct(alternatives: Iterable[object]) -> list[object]:
    """Alternatives without repeats, in order."""
    kept: list[object] = []
    for each in alternatives:
        if each not in kept:
            kept.append(each)
    return kept


def without(composite: Composite, name: str) -> Composite:
    """Leave an indicator out, and the groups that it leaves empty.

    Raises
    ------
    DeclarationError
        It is the only one.
    """
    indicators = tuple(each for each in composite.indicators if each.name != name)
    kept = {over for each in indicators for over in above(composite, each.group)}
    groups = tuple(each for each in composite.groups if each.name in kept)
    return msgspec.structs.replace(composite, indicators=indicators, groups=groups)
