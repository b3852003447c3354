"""What a composite is made of: a frozen declaration of every choice, checked when it is made.

The choices follow the steps of the OECD/JRC Handbook on Constructing Composite Indicators (2008,
doi:10.1787/9789264043466-en): which indicators, their direction, missing data, treatment of outliers,
normalisation, weights, aggregation. Each is a field here, so that an analysis of uncertainty can vary it.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, isfinite
from typing import Final, Literal

import msgspec

from trendcore.composite.declared_steps import Impute, Normalise, Reference, Treat
from trendcore.composite.declared_types import SMALLEST, check_types
from trendcore.errors import DeclarationError, TrendcoreError
from trendcore.indices import Request, request

WeightMethod = Literal["given", "equal", "pca", "equal_effective"]
AggregateMethod = Literal["arithmetic", "geometric", "harmonic", "copeland"]
JoinMethod = Literal["mean", "min", "max", "sum"]
Unit = Literal["pair", "directed_pair", "country", "own"]

#: aggregators that need positive components
POSITIVE: Final = ("geometric", "harmonic")


class Indicator(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One indicator: where its values are from and what they mean for the whole.

    Parameters
    ----------
    name, group
        Its name, and the group that it is a part of.
    direction
        1: more is better; -1: less is.
    weight
        Weight within the group, where weights are ``given``.
    index
        Index of a long table, as `trendcore.indices.compute` is asked for it: ``salton``, ``joint:newman``.
        None: only for wide tables, whose column has the indicator's name.
    source, role
        Only rows of this source and role; a table without that column is refused.
    join
        How the two directions of a directed index become one value of the pair.
    ways
        ``both`` (the default): null unless both directions are known; ``any``: over those that are.
    absent
        What a pair without a row means. ``null`` (the default: a table of all pairs needs no guess).
        ``zero``: 0 where both ends have rows of the index in the cell, in their places, so that no
        denominator is 0.
        ``zero_of_subject``: 0 where a has; right for shares of a's total, which ask nothing of b.
    denominator
        Column of the denominators that the value is divided by.
    treat
        A treatment of its own.
    goalposts
        Worst and best value for ``goalposts``, in the order lower, higher, of the values as treated.
    note
        Why it is in, for the reader.
    """

    name: str
    group: str
    direction: Literal[1, -1] = 1
    weight: float = 1.0
    index: str | None = None
    source: str | None = None
    role: str | None = None
    join: JoinMethod = "mean"
    ways: Literal["both", "any"] = "both"
    absent: Literal["null", "zero", "zero_of_subject"] = "null"
    denominator: str | None = None
    treat: Treat | None = None
    goalposts: tuple[float, float] | None = None
    note: str = ""

    def __post_init__(self) -> None:
        where = f"indicators.{self.name}"
        check_types(self, where)
        _weight(where, self.weight)
        if self.index is not None:
            self.wanted()
        self._check_absent()
        if self.goalposts is not None:
            low, high = self.goalposts
            if not (isfinite(low) and isfinite(high) and high - low > SMALLEST):
                raise DeclarationError(f"{where}: goalposts go from a lower to a higher number")
        if self.ways == "any" and self.join == "sum":
            raise DeclarationError(f"{where}: a sum of one way would pass for the sum of both; ways = 'both'")

    def _check_absent(self) -> None:
        where = f"indicators.{self.name}.absent"
        if self.index is None and self.absent != "null":
            raise DeclarationError(f"{where}: a wide table has a row for every unit; it needs an `index`")
        if self.absent == "zero_of_subject" and not self.wanted().index.directed:
            raise DeclarationError(f"{where}: {self.index} has no subject, both ends count alike: 'zero'")

    def wanted(self) -> Request:
        """Read which index it is.

        Raises
        ------
        DeclarationError
            It has none, or the registry has none of this name.
        """
        if self.index is None:
            raise DeclarationError(f"indicators.{self.name}: a long table needs the name of an `index`")
        try:
            return request(self.index)
        except TrendcoreError as error:
            raise DeclarationError(f"indicators.{self.name}.index: {error}") from None


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of indicators or of groups: a dimension, a sub-index, or, without a parent, the composite.

    Parameters
    ----------
    name, parent
        Its name, and the group that it is a part of; None: it is the whole.
    weight
        Weight within the parent, where weights are ``given``.
    aggregate, weights, floor
        Aggregation and weights of its parts, and the floor, where they differ from the composite's.
    note
        What it stands for.
    """

    name: str
    parent: str | None = None
    weight: float = 1.0
    aggregate: AggregateMethod | None = None
    weights: WeightMethod | None = None
    floor: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        check_types(self, f"groups.{self.name}")
        _weight(f"groups.{self.name}", self.weight)
        _share(f"groups.{self.name}.floor", self.floor)


class Vary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which choices an analysis of uncertainty varies; the declared choice is always among them.

    Parameters
    ----------
    impute, treat, normalise, reference
        Alternatives of these steps; `treat` replaces the treatments of all indicators.
    aggregate, aggregate_of
        Alternative aggregations, of these groups (none named: of all).
    weights
        Alternative schemes, of all groups.
    weight_noise
        Each weight of each draw is multiplied by a number drawn evenly from 1 - noise to 1 + noise.
    exclude
        Indicators that are left out one at a time.
    measure
        Indicator -> other indices that may stand in its place.
    """

    impute: tuple[Impute, ...] = ()
    treat: tuple[Treat, ...] = ()
    normalise: tuple[Normalise, ...] = ()
    reference: tuple[Reference, ...] = ()
    aggregate: tuple[AggregateMethod, ...] = ()
    aggregate_of: tuple[str, ...] = ()
    weights: tuple[WeightMethod, ...] = ()
    weight_noise: float | None = None
    exclude: tuple[str, ...] = ()
    measure: dict[str, tuple[str, ...]] = {}

    def __post_init__(self) -> None:
        check_types(self, "vary")


class Composite(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A composite index, declared.

    Parameters
    ----------
    name, version
        They stand in the fitted parameters, so that a score can be traced.
    indicators, groups
        What it is made of; exactly one group has no parent.
    unit
        What is scored: ``pair`` (a < b), ``directed_pair``, ``country``, or ``own``: the columns of `keys`.
    keys
        Columns that name a unit of a wide table, for ``own``.
    by
        Columns that name a cell; units are ranked within one.
    impute, treat, normalise, reference
        The steps; None: there is no such step.
    weights
        ``given`` (the default: the declared weights, 1 unless said otherwise), ``equal``, ``pca`` or
        ``equal_effective``.
    aggregate
        ``arithmetic`` (the default, full compensation), ``geometric``, ``harmonic`` or ``copeland``.
    floor
        A group is scored where at least this share of the indicators below it is observed, and not merely
        filled in: two thirds, so that never more than a third of a score rests on what is not there.
    vary
        What an analysis of uncertainty varies.
    title
        What it is, in a few words.
    """

    name: str
    version: str
    indicators: tuple[Indicator, ...]
    groups: tuple[Group, ...]
    unit: Unit = "pair"
    keys: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    impute: Impute | None = None
    treat: Treat | None = None
    normalise: Normalise = msgspec.field(default_factory=Normalise)
    reference: Reference = msgspec.field(default_factory=Reference)
    weights: WeightMethod = "given"
    aggregate: AggregateMethod = "arithmetic"
    floor: float = 2 / 3
    vary: Vary = msgspec.field(default_factory=Vary)
    title: str = ""

    def __post_init__(self) -> None:
        check_types(self)
        check(self)

    @property
    def unit_columns(self) -> tuple[str, ...]:
        """Columns that name a unit within its cell."""
        return {"own": self.keys, "country": ("a",)}.get(self.unit, ("a", "b"))

    @property
    def key_columns(self) -> tuple[str, ...]:
        """Columns that name a row: those of the cell, then those of the unit."""
        return (*self.by, *self.unit_columns)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the indicators."""
        return tuple(each.name for each in self.indicators)

    def parts(self, group: str) -> list[Indicator | Group]:
        """Parts of a group, indicators or groups, as declared."""
        below: list[Indicator | Group] = [each for each in self.indicators if each.group == group]
        return below or [each for each in self.groups if each.parent == group]

    def leaves(self, group: str) -> list[str]:
        """Names of all indicators below a group."""
        return [each.name for each in self.indicators if group in above(self, each.group)]

    def upward(self) -> list[Group]:
        """All groups, each after its parts."""
        deepest = {each.name: len(above(self, each.name)) for each in self.groups}
        return sorted(self.groups, key=lambda each: -deepest[each.name])

    def level(self, group: str) -> int:
        """Level of a group: indicators are at 1, a group one above its highest part."""
        return 1 + max(
            1 if isinstance(each, Indicator) else self.level(each.name) for each in self.parts(group)
        )

    def aggregate_of(self, group: Group) -> AggregateMethod:
        """How the parts of a group are aggregated."""
        return group.aggregate or self.aggregate

    def floor_of(self, group: Group) -> int:
        """How many indicators below a group must be observed."""
        floor = self.floor if group.floor is None else group.floor
        return max(1, ceil(floor * len(self.leaves(group.name)) - 1e-9))

    def weights_of(self, group: Group) -> WeightMethod:
        """How the parts of a group are weighted."""
        return group.weights or self.weights

    def treat_of(self, indicator: Indicator) -> Treat:
        """How an indicator is treated."""
        return indicator.treat or self.treat or Treat()


def check(composite: Composite) -> None:
    """Refuse a declaration that contradicts itself.

    Raises
    ------
    DeclarationError
        Naming the key.
    """
    _check_tree(composite)
    _check_keys(composite)
    _check_scale(composite)
    _share("floor", composite.floor)
    if composite.normalise.method == "goalposts":
        for each in composite.indicators:
            if each.goalposts is None:
                raise DeclarationError(f"indicators.{each.name}: normalise by goalposts needs its goalposts")


def _check_tree(composite: Composite) -> None:
    names = [*composite.names, *(each.name for each in composite.groups)]
    for name in names:
        if names.count(name) > 1:
            raise DeclarationError(f"{name}: two indicators or groups have this name")
    if not composite.indicators:
        raise DeclarationError("indicators: none; a composite needs at least one")
    groups = {each.name for each in composite.groups}
    for each in composite.indicators:
        if each.group not in groups:
            raise DeclarationError(f"indicators.{each.name}.group: no group is named {each.group!r}")
    for group in composite.groups:
        if group.parent is not None and group.parent not in groups:
            raise DeclarationError(f"groups.{group.name}.parent: no group is named {group.parent!r}")
        above(composite, group.name)
    roots = [each.name for each in composite.groups if each.parent is None]
    if len(roots) != 1:
        raise DeclarationError(f"groups: exactly one has no parent, the composite itself; here {roots}")
    for group in composite.groups:
        kinds = {type(each) for each in composite.parts(group.name)}
        if not kinds:
            raise DeclarationError(f"groups.{group.name}: nothing is in it")
        if Indicator in kinds and any(each.parent == group.name for each in composite.groups):
            raise DeclarationError(f"groups.{group.name}: it holds indicators and groups; give each one kind")


def _check_keys(composite: Composite) -> None:
    if (composite.unit == "own") != bool(composite.keys):
        raise DeclarationError("keys: the columns of the units, where unit = 'own', and only there")
    columns = composite.key_columns
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise DeclarationError(f"by, keys: {', '.join(twice)} is named twice, for the cell or the unit")
    scratch = [name for name in columns if name.startswith("_")]
    if scratch:
        raise DeclarationError(f"by, keys: {', '.join(scratch)} begins with an underscore; rename it")
    named = [*composite.names, *(each.name for each in composite.groups)]
    named += [each.denominator for each in composite.indicators if each.denominator is not None]
    for name in named:
        if name in columns:
            raise DeclarationError(
                f"{name}: a column of the cell or the unit has the name of an indicator, a group or a "
                f"denominator; rename it"
            )
    for name in (*composite.reference.scope, *filter(None, [composite.reference.column])):
        if name not in composite.by:
            raise DeclarationError(f"reference: {name!r} is no column of by = {list(composite.by)}")


def _check_scale(composite: Composite) -> None:
    """Refuse means of positive numbers over normalisers that give about half of them below zero."""
    step = composite.normalise
    if not any(composite.aggregate_of(each) in POSITIVE for each in composite.groups):
        return
    if step.method == "z" and step.mean <= 0:
        raise DeclarationError("normalise: geometric and harmonic means need a mean of z above 0, such as 50")
    if step.method != "z" and step.scale[0] <= 0:
        raise DeclarationError(
            "normalise: geometric and harmonic means need a scale above 0, such as 1 to 100"
        )


def above(composite: Composite, group: str) -> list[str]:
    """Name the group and all those above it."""
    parents = {each.name: each.parent for each in composite.groups}
    chain = [group]
    while (parent := parents[chain[-1]]) is not None:
        if parent in chain:
            raise DeclarationError(f"groups.{group}: it is its own ancestor, by way of {parent}")
        chain.append(parent)
        if parent not in parents:
            break
    return chain


def _weight(where: str, weight: float) -> None:
    if not (isfinite(weight) and weight >= 0):
        raise DeclarationError(f"{where}.weight: a number from 0, not {weight}")


def _share(where: str, value: float | None) -> None:
    if value is not None and not 0.0 <= value <= 1.0:
        raise DeclarationError(f"{where}: a share from 0 to 1, not {value}")


def walk(composite: Composite) -> Iterator[tuple[Group, list[Indicator | Group]]]:
    """Yield each group with its parts, parts first."""
    for group in composite.upward():
        yield group, composite.parts(group.name)
