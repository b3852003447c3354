"""Blocs of countries: fixed ones, and dated ones whose members change from year to year.

A bloc is a node of its own when works are tallied, ``bloc:quad``, never a sum of pairs. Trends belong on
fixed blocs only: a dated one jumps when a member joins or leaves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final

from trendcore.errors import UsageError
from trendcore.taxonomy._data import content_hash
from trendcore.taxonomy._toml import Node, check_format, read_toml
from trendcore.taxonomy.country_table import countries

#: how a bloc's node is displayed: ``bloc:quad``
PREFIX: Final = "bloc:"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,40}")
Span = tuple[date | None, date | None]


@dataclass(frozen=True)
class Bloc:
    """One bloc: each member's first and last day (None: no bound)."""

    name: str
    label: str
    source: str
    fixed: bool
    spans: dict[int, Span] = field(repr=False)

    def members(self, year: int) -> frozenset[int]:
        """Return who is a member on 1 July of a year."""
        day = date(year, 7, 1)
        return frozenset(
            code
            for code, (first, last) in self.spans.items()
            if (first is None or first <= day) and (last is None or day <= last)
        )


@dataclass(frozen=True)
class Blocs:
    """The blocs of a file; get them from `blocs`.

    Attributes
    ----------
    version, sha256
        Version that the file gives itself, and the hash of its content.
    """

    version: str
    sha256: str
    _blocs: dict[str, Bloc] = field(repr=False)
    _aliases: dict[str, str] = field(repr=False)

    def names(self) -> tuple[str, ...]:
        """Names of all blocs, in the order of the file.

        Examples
        --------
        >>> blocs().names()[:2]
        ('quad', 'g7')
        """
        return tuple(self._blocs)

    def get(self, name: str) -> Bloc:
        """Return a bloc by name, alias or node; case does not matter.

        Raises
        ------
        UsageError
            There is no such bloc.

        Examples
        --------
        >>> blocs().get("FVEY").name, blocs().get("bloc:quad").name
        ('five_eyes', 'quad')
        """
        key = name.strip().lower().removeprefix(PREFIX)
        key = self._aliases.get(key, key)
        if key not in self._blocs:
            raise UsageError(f"unknown bloc {name!r}; one of {', '.join(self._blocs)}")
        return self._blocs[key]

    def members(self, name: str, year: int | None = None) -> frozenset[int]:
        """Country codes of the members on 1 July of a year; a fixed bloc needs no year.

        Raises
        ------
        UsageError
            There is no such bloc, or a dated one is asked for without a year.

        Examples
        --------
        >>> [826 in blocs().members("eu_members", year) for year in (2019, 2020)]
        [True, False]
        """
        bloc = self.get(name)
        if year is None and not bloc.fixed:
            raise UsageError(f"the members of {bloc.name} depend on the year: give one")
        return bloc.members(2000 if year is None else year)

    def fixed(self, name: str) -> bool:
        """Whether a bloc has the same members in every year."""
        return self.get(name).fixed

    def label(self, name: str) -> str:
        """Return the name of a bloc for people."""
        return self.get(name).label

    def node(self, name: str) -> str:
        """Return how a bloc is displayed among countries.

        Examples
        --------
        >>> blocs().node("Quad")
        'bloc:quad'
        """
        return PREFIX + self.get(name).name


def blocs(path: str | Path | None = None) -> Blocs:
    """Read the blocs that come with the package, or a TOML file of your own.

    Raises
    ------
    TaxonomyError
        The file is not valid; the message names file and key.

    Examples
    --------
    >>> sorted(countries().label(code) for code in blocs().members("quad", 2020))
    ['AU', 'IN', 'JP', 'US']
    """
    return _packaged() if path is None else _read(path)


@lru_cache(maxsize=1)
def _packaged() -> Blocs:
    return _read(None)


def _read(path: str | Path | None) -> Blocs:
    root = read_toml(path, "blocs.toml")
    check_format(root)
    version = root.text("version")
    table = root.table("blocs")
    if not table.names():
        table.fail("", "no bloc; give at least one table [blocs.NAME]")
    codes = {label: code for code, label in countries().labels().items()}
    found: dict[str, Bloc] = {}
    aliases: dict[str, str] = {}
    for name in table.names():
        node = table.table(name)
        if not _NAME.fullmatch(name):
            table.fail(name, "a bloc's name is of a-z, 0-9 and _")
        for alias in node.texts("aliases", optional=True):
            if alias in table.data or alias in aliases or not _NAME.fullmatch(alias):
                node.fail("aliases", f"{alias!r} is taken, or not of a-z, 0-9 and _")
            aliases[alias] = name
        found[name] = _bloc(node, name, codes)
    root.done()
    return Blocs(version, content_hash(root.data), found, aliases)


def _bloc(node: Node, name: str, codes: dict[str, int]) -> Bloc:
    label, source = node.text("label"), node.text("source")
    fixed = node.has("members")
    if fixed == node.has("dated"):
        node.fail("members", "give either members (a list) or dated (a table), and not both")
    spans: dict[int, Span] = {}
    table = node.table("dated")
    for member in node.texts("members") if fixed else table.names():
        if member not in codes:
            node.fail("members" if fixed else "dated", f"no country has the label {member!r}")
        spans[codes[member]] = (None, None) if fixed else _span(table, member)
    if len(spans) < 2:
        node.fail("members" if fixed else "dated", "a bloc has at least two members")
    node.done()
    return Bloc(name, label, source, fixed, spans)


def _span(table: Node, member: str) -> Span:
    texts = table.texts(member)
    if len(texts) not in (1, 2):
        table.fail(member, "give the first day, and the last day of a member that left")
    days = []
    for text in texts:
        try:
            days.append(date.fromisoformat(text))
        except ValueError:
            table.fail(member, f"{text!r} is no day; write it as in '2004-05-01'")
    if len(days) == 2 and days[0] > days[1]:
        table.fail(member, "left before it joined")
    return days[0], days[1] if len(days) == 2 else None
