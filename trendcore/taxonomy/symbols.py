"""Patent symbols (CPC and IPC) and the rules that take them: parsed, never compared as text.

``H04L 5`` is a main group and has nothing to do with ``H04L 51``; ``G06N0003020000`` is ``G06N3/02``.
Subgroup numbers are decimal fractions without the point: 3/0352 lies between 3/03 and 3/04.

Source: IPC Guide and WIPO Standard ST.8 (presentation of symbols); CPC scheme.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

_SYMBOL: Final = re.compile(r"([A-HY]\d{2})(?:([A-Z])(?:\s*(\d{1,4})(?:\s*[/:]\s*(\d{2,6}))?)?)?")
_FIXED_WIDTH: Final = re.compile(r"([A-HY]\d{2})([A-Z])(\d{4})(\d{6})")  # ST.8: G06N0003020000
_VERSION: Final = re.compile(r"\s*\((?:\d{4}[.-]\d{2}|[\d./-]+)\)$")  # G06N 3/02 (2006.01)
_RULE: Final = re.compile(
    r"([A-HY]\d{2}[A-Z])(?: (\d{1,4})(?:-(\d{1,4})|/(\d{2,6})(?:-(\d{1,4})/(\d{2,6}))?)?)?"
)


class Symbol(NamedTuple):
    """A parsed symbol; what a feed has cut off is None."""

    section_class: str
    subclass: str | None
    group: int | None
    subgroup: str | None

    @property
    def is_cut(self) -> bool:
        """Whether the symbol lacks its subgroup; ``G06N3/00`` is whole."""
        return self.subgroup is None

    def __str__(self) -> str:
        group = "" if self.group is None else str(self.group)
        return f"{self.section_class}{self.subclass or ''}{group}" + (
            "" if self.subgroup is None else f"/{self.subgroup}"
        )


class Answer(IntEnum):
    """Whether a symbol belongs to a list; of several symbols the largest answer counts."""

    NO = 0
    UNKNOWN = 1
    YES = 2


def parse_symbol(text: str) -> Symbol | None:
    """Parse a CPC or IPC symbol in any of the usual spellings; None if it is none.

    Examples
    --------
    >>> [str(parse_symbol(text)) for text in ("G06N   3/02", "g06n0003020000", "H01L", "G06N 3/02 (2006.01)")]
    ['G06N3/02', 'G06N3/02', 'H01L', 'G06N3/02']
    >>> parse_symbol("G06N3/2/1") is None
    True
    """
    if len(text) > 40:
        return None
    cleaned = _VERSION.sub("", text.strip().upper())
    if fixed := _FIXED_WIDTH.fullmatch(cleaned):
        digits = fixed[4].rstrip("0")
        return Symbol(fixed[1], fixed[2], int(fixed[3]), digits.ljust(2, "0"))
    match = _SYMBOL.fullmatch(cleaned)
    if match is None or match[3] == "0" or not text.isascii():
        return None
    group = None if match[3] is None else int(match[3])
    return None if group == 0 else Symbol(match[1], match[2], group, match[4])


@dataclass(frozen=True)
class Rule:
    """A part of the scheme: a subclass, main groups, or subgroups from ``low`` to ``high`` of one main group.

    ``high`` includes what extends its digits (CPC sets such symbols between it and the next one);
    ``exact`` takes the one subgroup alone. ``first`` and ``last`` bound the years of the rows.
    """

    subclass: str
    groups: tuple[int, int] | None = None
    low: str | None = None
    high: str | None = None
    exact: bool = False
    first: int | None = None
    last: int | None = None
    exceptions: tuple[Rule, ...] = ()

    def holds(self, year: int) -> bool:
        """Whether the rule is in force for rows of a year."""
        return (self.first is None or self.first <= year) and (self.last is None or year <= self.last)

    def covers(self, symbol: Symbol) -> bool:
        """Whether the whole of the symbol lies inside the rule, exceptions apart."""
        if symbol.subclass is None or symbol.section_class + symbol.subclass != self.subclass:
            return False
        if self.groups is None:
            return True
        if symbol.group is None or not self.groups[0] <= symbol.group <= self.groups[1]:
            return False
        if self.low is None or self.high is None:
            return True
        if symbol.subgroup is None:
            return False
        if self.exact:
            return symbol.subgroup == self.low
        return self.low <= symbol.subgroup and (
            symbol.subgroup <= self.high or symbol.subgroup.startswith(self.high)
        )

    def touches(self, symbol: Symbol) -> bool:
        """Whether a cut symbol could be, in full, one that the rule covers."""
        if not symbol.is_cut:
            return self.covers(symbol)
        if not self.subclass.startswith(symbol.section_class):
            return False
        if symbol.subclass is None:
            return True
        if symbol.section_class + symbol.subclass != self.subclass:
            return False
        return self.groups is None or symbol.group is None or self.groups[0] <= symbol.group <= self.groups[1]

    def answer(self, symbol: Symbol) -> Answer:
        """Whether the rule takes the symbol, its exceptions counted."""
        if not self.touches(symbol) or any(rule.covers(symbol) for rule in self.exceptions):
            return Answer.NO
        if not self.covers(symbol) or any(rule.touches(symbol) for rule in self.exceptions):
            return Answer.UNKNOWN
        return Answer.YES


def parse_rule(text: str) -> Rule:
    """Parse ``H10B``, ``G06N 3``, ``G11C 11-17``, ``H04L 9/0852`` or ``G10L 25/27-25/30``.

    Raises
    ------
    ValueError
        The text is none of these, or a range runs backwards.

    Examples
    --------
    >>> parse_rule("H04L 5").answer(parse_symbol("H04L51/02")).name
    'NO'
    >>> parse_rule("G06N 3").answer(parse_symbol("G06N")).name
    'UNKNOWN'
    """
    match = _RULE.fullmatch(text)
    if match is None:
        raise ValueError("write a subclass and a blank, as in 'G06N 3', 'G11C 11-17' or 'H04L 9/0852'")
    subclass, group, last_group, low, other_group, high = match.groups()
    if group is None:
        return Rule(subclass)
    groups = (int(group), int(last_group or group))
    if low is None:
        if groups[0] > groups[1] or groups[0] == 0:
            raise ValueError(f"main groups run from {groups[0]} to {groups[1]}")
        return Rule(subclass, groups)
    if other_group is not None and other_group != group:
        raise ValueError("a range of subgroups stays in one main group")
    if high is not None and high < low:
        raise ValueError(f"subgroups run from {low} to {high}")
    return Rule(subclass, groups, low, high or low)


def answer(
    symbol: Symbol, rules: tuple[Rule, ...], out: tuple[Rule, ...], cut_counts: frozenset[str], year: int
) -> Answer:
    """Whether a symbol belongs to a list in a year; what is ``out`` always wins.

    Parameters
    ----------
    symbol
        As `parse_symbol` gives it.
    rules, out
        What belongs, and what does not although a rule takes it.
    cut_counts
        Cut symbols that belong although their finer digits are not known.
    year
        Year of the row.
    """
    if any(rule.holds(year) and rule.covers(symbol) for rule in out):
        return Answer.NO
    best = max((rule.answer(symbol) for rule in rules if rule.holds(year)), default=Answer.NO)
    if best is Answer.YES and any(rule.holds(year) and rule.touches(symbol) for rule in out):
        best = Answer.UNKNOWN
    if best is Answer.UNKNOWN and str(symbol) in cut_counts:
        return Answer.YES
    return best
