"""Limits of the gates: packaged defaults, overridden by a workspace, and rules that a workspace declares."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import polars as pl

from trendcore.errors import UsageError
from trendcore.gates.integrity import GATES as CORRECTNESS

_FILE: Final = "gates.toml"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
#: gates of which `at_most` is a part of something, which is 1 at most
_PARTS: Final = ("quarantine", "unknown_countries", "unknown_rise", "countries")
_RULE_KEYS: Final = ("name", "table", "fails", "at_most", "why")


@dataclass(frozen=True)
class Rule:
    """A gate that a workspace declares: rows of a table for which an expression is true fail.

    Attributes
    ----------
    name
        Its name among the gates.
    table
        A table of the release.
    fails
        A boolean expression in Polars' SQL; null is no failure.
    at_most
        How many rows may fail (a whole number), or which share of them (a number below 1 with a point).
    why
        Why there is the rule, in words.

    Examples
    --------
    >>> Rule("small", "coverage", "works < 10", 0.5).as_share
    True
    """

    name: str
    table: str
    fails: str
    at_most: int | float = 0
    why: str = ""

    @property
    def as_share(self) -> bool:
        """Whether `at_most` is a share of the rows."""
        return isinstance(self.at_most, float)


@dataclass(frozen=True)
class Limits:
    """What the gates allow.

    Attributes
    ----------
    gates
        Gate -> key -> number; see ``gates.toml``.
    off
        Gates that are switched off.
    rules
        Gates that a workspace declares.

    Examples
    --------
    >>> DEFAULTS.gates["jump"]["at_most"], DEFAULTS.off, DEFAULTS.rules
    (20, frozenset(), ())
    """

    gates: Mapping[str, Mapping[str, float]]
    off: frozenset[str] = frozenset()
    rules: tuple[Rule, ...] = ()


def limits(declared: Any) -> Limits:
    """Read a ``[gates]`` table on top of the defaults.

    Parameters
    ----------
    declared
        Gate -> key -> number, or ``on``; and ``rules``, a list of tables. Or limits that are read already.

    Raises
    ------
    UsageError
        A gate or key is unknown, or a value not valid; the message names the key.

    Examples
    --------
    >>> limits({"change": {"at_most": 0.4}, "jump": {"on": False}}).off
    frozenset({'jump'})
    >>> limits({"change": {"at_most": -0.4}})
    Traceback (most recent call last):
    trendcore.errors.UsageError: gates.change.at_most: a number from 0 on, not -0.4
    """
    if isinstance(declared, Limits):
        return declared
    if not isinstance(declared, Mapping):
        raise UsageError(f"gates: a table of gates, not {declared!r}")
    known, off = dict(DEFAULTS.gates), set()
    for gate, keys in declared.items():
        if gate == "rules":
            continue
        if gate not in known:
            raise UsageError(f"gates.{gate}: no gate with limits has that name; there are {', '.join(known)}")
        if not isinstance(keys, Mapping):
            raise UsageError(f"gates.{gate}: a table of limits, such as {{ on = false }}, not {keys!r}")
        if not _is_on(gate, keys):
            off.add(gate)
        given = {key: _checked(gate, key, value) for key, value in keys.items() if key != "on"}
        known[gate] = {**known[gate], **given}
    return Limits(known, frozenset(off), _rules(declared.get("rules", [])))


def _is_on(gate: str, keys: Mapping[str, Any]) -> bool:
    on = keys.get("on", True)
    if not isinstance(on, bool):
        raise UsageError(f"gates.{gate}.on: true or false, not {on!r}")
    return on


def _checked(gate: str, key: str, value: Any) -> float:
    """Check a number against the default in its place, whose type says whether it is whole."""
    there = DEFAULTS.gates[gate]
    where = f"gates.{gate}.{key}"
    if key not in there:
        raise UsageError(f"{where}: no limit of that name; there are {', '.join(['on', *there])}")
    number = _number(where, value)
    if key == "years" and number < 1:
        raise UsageError(f"{where}: at least 1 year, not {value!r}")
    if key == "at_most" and gate in _PARTS and number > 1:
        raise UsageError(f"{where}: a share from 0 to 1, not {value!r}")
    if (gate, key) == ("jump", "at_most") and number < 1:
        raise UsageError(f"{where}: how many times as much, so at least 1, not {value!r}")
    whole = key in ("years", "least") or (gate, key) == ("contradictions", "at_most")
    if whole and not isinstance(value, int):
        raise UsageError(f"{where}: a whole number, not {value!r}")
    return number


def _number(where: str, value: Any) -> int | float:
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if not good or value < 0:
        raise UsageError(f"{where}: a number from 0 on, not {value!r}")
    return value  # type: ignore[no-any-return]


def _rules(declared: Any) -> tuple[Rule, ...]:
    if not isinstance(declared, list):
        raise UsageError("gates.rules: a list of tables, each under [[gates.rules]]")
    rules: list[Rule] = []
    for at, each in enumerate(declared, 1):
        rules.append(_rule(f"gates.rules (number {at})", each, {rule.name for rule in rules}))
    return tuple(rules)


def _rule(where: str, declared: Any, taken: set[str]) -> Rule:
    if not isinstance(declared, Mapping):
        raise UsageError(f"{where}: a table, not {declared!r}")
    unknown = sorted(set(declared) - set(_RULE_KEYS))
    if unknown:
        raise UsageError(f"{where}: no key is called {unknown[0]!r}; there are {', '.join(_RULE_KEYS)}")
    for key in ("name", "table", "fails", "why"):
        value = declared.get(key, "" if key == "why" else None)
        if not isinstance(value, str) or not (value.strip() or key == "why"):
            raise UsageError(
                f"{where}: {key} is text, and has to be given" if key != "why" else f"{where}: why is text"
            )
    rule = Rule(**{"at_most": 0, **declared})
    if not _NAME.fullmatch(rule.name):
        raise UsageError(f"{where}: name is of small letters, digits and _, not {rule.name!r}")
    if rule.name in {*taken, *DEFAULTS.gates, *CORRECTNESS}:
        raise UsageError(f"{where}: there is a gate called {rule.name} already")
    _number(f"{where}: at_most", rule.at_most)
    if rule.as_share and rule.at_most > 1:
        raise UsageError(f"{where}: at_most is a whole number of rows, or a share from 0 to 1")
    expression(rule, where)
    return rule


def expression(rule: Rule, where: str = "") -> pl.Expr:
    """Parse a rule's expression.

    Raises
    ------
    UsageError
        It is none.
    """
    try:
        return pl.sql_expr(rule.fails)
    except (pl.exceptions.PolarsError, ValueError, TypeError) as error:
        said = " ".join(str(error).split())
        raise UsageError(
            f"{where or rule.name}: fails is no SQL expression: {rule.fails!r}: {said}"
        ) from error


def _packaged() -> Limits:
    text = resources.files("trendcore.gates").joinpath(_FILE).read_text(encoding="utf-8")
    return Limits(tomllib.loads(text))


DEFAULTS: Final = _packaged()
