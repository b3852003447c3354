"""Countries and territories: one code for each, whatever code a feed writes.

Codes are ISO 3166-1 numeric; those of former states and of Kosovo are ours, from 1000 on. Feeds reuse and
bend codes (490 is Taiwan in trade, 58 was Belgium with Luxembourg, ``CS`` was two countries in turn), so
a code is always read as (system, value, year).

Feeds of trade also list partners that are no country: totals (World), which hold what is listed beside them
and are to be left out of sums, and remainders ("Areas, nes", bunkers, free zones), which are a part of every
total that nothing else holds. Remainders have pseudo-codes, 2000 and the feed's code: no label, no row of the
table.

Sources: ISO 3166-1 and 3166-3; UN M49; CEPII BACI and UN Comtrade code lists; WIPO Standard ST.3.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import polars as pl

from trendcore.errors import UsageError
from trendcore.taxonomy._data import content_hash, packaged_rows

VERSION: Final = "2026.2"
SYSTEMS: Final = ("iso2", "iso3", "m49", "baci", "comtrade", "st3", "patentsview", "name")
NUMERIC: Final = frozenset({"m49", "baci", "comtrade"})
#: first code of this project; ISO numeric codes end at 999
FIRST_OWN_CODE: Final = 1000

#: kind of a code in country_aggregates.csv that is a part of totals
REMAINDER: Final = "remainder"

TABLE_SCHEMA: Final = {
    "code": pl.Int16,
    "alpha2": pl.String,
    "alpha3": pl.String,
    "name": pl.String,
    "valid_from": pl.Int16,
    "valid_to": pl.Int16,
    "parent": pl.Int16,
    "note": pl.String,
}


@dataclass(frozen=True)
class Meaning:
    """What a code of a feed stands for in the years ``first`` to ``last`` (None: no bound)."""

    code: int
    first: int | None = None
    last: int | None = None
    caveat: str = ""
    note: str = ""

    def holds(self, year: int | None) -> bool:
        """Whether the code has this meaning in a year; without a year, always."""
        if year is None:
            return True
        return (self.first is None or self.first <= year) and (self.last is None or year <= self.last)


@dataclass(frozen=True, eq=False)
class Countries:
    """The country table and the code systems of the feeds; get it from `countries`.

    Attributes
    ----------
    table
        One row a country: ``code`` (Int16), ``alpha2``, ``alpha3``, ``name``, ``valid_from``, ``valid_to``
        (calendar years in statistical lists, for information: nothing is refused by them), ``parent``
        (sovereign of a territory, principal successor of a former state), ``note``. Sorted by code.
    version, sha256
        Version of the data, and the hash of its content.
    """

    table: pl.DataFrame
    version: str
    sha256: str
    _labels: dict[int, str] = field(repr=False)
    _names: dict[int, str] = field(repr=False)
    _meanings: dict[str, dict[str | int, tuple[Meaning, ...]]] = field(repr=False)
    _aggregates: dict[str, frozenset[str | int]] = field(repr=False)
    _remainders: dict[int, str] = field(repr=False)

    def resolve(self, system: str, value: str | int, year: int | None = None) -> int | None:
        """Return our code of a feed's country code, or None where it is unknown or no country.

        A remainder of ``baci`` and ``comtrade`` gives its pseudo-code, see `remainders`.

        Parameters
        ----------
        system
            One of ``iso2``, ``iso3``, ``m49``, ``baci``, ``comtrade``, ``st3`` (WIPO), ``patentsview``,
            ``name``.
        value
            The code as the feed writes it; blanks around it and case do not matter, nor do leading zeros.
        year
            Year of the datum. A code with two meanings (``CS``, ``YU``) resolves with a year only.

        Raises
        ------
        UsageError
            The system is not one of those above.

        Examples
        --------
        >>> table = countries()
        >>> table.resolve("baci", 490), table.resolve("iso2", "NA"), table.resolve("comtrade", "0")
        (158, 516, None)
        >>> [table.label(table.resolve("st3", "CS", year)) for year in (1988, 2005)]
        ['CSHH', 'CSXX']
        """
        meaning = self._meaning(system, value, year)
        return None if meaning is None else meaning.code

    def caveat(self, system: str, value: str | int, year: int | None = None) -> str:
        """Return how the code differs from the country it is counted as: proxy, wider, narrower, or nothing.

        Examples
        --------
        >>> countries().caveat("comtrade", 490), countries().caveat("baci", 842)
        ('proxy', 'wider')
        """
        meaning = self._meaning(system, value, year)
        return "" if meaning is None else meaning.caveat

    def mapping(self, system: str, year: int | None = None) -> dict[str | int, int]:
        """Every code of a system that resolves in a year, remainders too: numbers for numeric systems.

        For `polars.Expr.replace_strict` and the like: build it once, use it for a column. Codes of other
        systems are strings in upper case (names: lower case without accents and punctuation). Codes that
        mean two countries are left out without a year.

        Examples
        --------
        >>> numbers = countries().mapping("baci", 2005)
        >>> numbers[842], numbers[899], 58 in numbers
        (840, 2899, False)
        """
        found = {key: _only(meanings, year) for key, meanings in self._system(system).items()}
        return {key: meaning.code for key, meaning in found.items() if meaning is not None}

    def aggregates(self, system: str) -> frozenset[str | int]:
        """Codes of a system that no sum may hold: world, groups, offices of several states, unknown.

        Remainders are none of them: they are parts of totals.

        Examples
        --------
        >>> [code in countries().aggregates("comtrade") for code in (0, 490, 899)]
        [True, False, False]
        """
        self._system(system)
        return self._aggregates.get(system, frozenset())

    def remainders(self) -> dict[int, str]:
        """Pseudo-code to name of the partners in trade that are no country, but parts of its totals.

        Examples
        --------
        >>> countries().remainders()[2899], countries().resolve("comtrade", 899)
        ('Areas, nes', 2899)
        """
        return dict(self._remainders)

    def labels(self) -> dict[int, str]:
        """Code to what is displayed: ISO alpha-2, or a unique label of ours for a former state."""
        return dict(self._labels)

    def label(self, code: int | None) -> str:
        """Return the displayed label of one code.

        Raises
        ------
        UsageError
            No country has this code.
        """
        if code is None or code not in self._labels:
            raise UsageError(f"no country has the code {code}; see taxonomy.countries().table")
        return self._labels[code]

    def name(self, code: int) -> str:
        """Return the English name of a code.

        Raises
        ------
        UsageError
            No country has this code.

        Examples
        --------
        >>> countries().name(392)
        'Japan'
        """
        if code not in self._names:
            raise UsageError(f"no country has the code {code}; see taxonomy.countries().table")
        return self._names[code]

    def _system(self, system: str) -> dict[str | int, tuple[Meaning, ...]]:
        if system not in self._meanings:
            raise UsageError(f"unknown code system {system!r}; one of {', '.join(SYSTEMS)}")
        return self._meanings[system]

    def _meaning(self, system: str, value: str | int, year: int | None) -> Meaning | None:
        key = _key(system, value)
        meanings = self._system(system).get(key) if key is not None else None
        return _only(meanings, year) if meanings else None


@lru_cache(maxsize=1)
def countries() -> Countries:
    """Return the country table; read once a process.

    Returns
    -------
    Countries
        Table, labels and the code systems of all feeds.

    Examples
    --------
    >>> countries().labels()[1000]
    'XK'
    """
    files = ("countries.csv", "country_feed_codes.csv", "country_aggregates.csv", "country_names.csv")
    rows = {name: packaged_rows(name) for name in files}
    table = rows["countries.csv"]
    labels = {int(row["code"]): row["label"] for row in table}
    if len(set(labels.values())) != len(table):
        raise AssertionError("countries.csv: codes and labels must be unique")
    return Countries(
        table=_frame(table),
        version=VERSION,
        sha256=content_hash(rows),
        _labels=labels,
        _names={int(row["code"]): row["name"] for row in table},
        _meanings=_meanings(table, rows["country_feed_codes.csv"], rows["country_aggregates.csv"])
        | {"name": _name_meanings(table, rows["country_names.csv"])},
        _aggregates=_aggregates(rows["country_aggregates.csv"]),
        _remainders={
            int(row["code"]): row["name"]
            for row in rows["country_aggregates.csv"]
            if row["kind"] == REMAINDER
        },
    )


def _frame(table: list[dict[str, str]]) -> pl.DataFrame:
    columns = {
        name: [_typed(row[name], numeric=dtype == pl.Int16) for row in table]
        for name, dtype in TABLE_SCHEMA.items()
    }
    return pl.DataFrame(columns, schema=TABLE_SCHEMA).sort("code")


def _typed(text: str, *, numeric: bool) -> str | int | None:
    if not text:
        return None
    return int(text) if numeric else text


def _year(text: str) -> int | None:
    return int(text) if text else None


def _only(meanings: tuple[Meaning, ...], year: int | None) -> Meaning | None:
    holding = [meaning for meaning in meanings if meaning.holds(year)]
    return holding[0] if len(holding) == 1 else None


def _meanings(
    table: list[dict[str, str]], feed_codes: list[dict[str, str]], aggregates: list[dict[str, str]]
) -> dict[str, dict[str | int, tuple[Meaning, ...]]]:
    """ISO's own codes, then the usages of each feed, which take the place of ISO's."""
    current = [row for row in table if int(row["code"]) < FIRST_OWN_CODE or row["alpha2"] == "XK"]
    alpha2 = {row["alpha2"]: Meaning(int(row["code"])) for row in current}
    bases: dict[str, dict[str, Meaning]] = {
        "iso2": alpha2,
        "st3": alpha2,
        "patentsview": _us_style(alpha2, {row["alpha3"] for row in current}) | alpha2,
        "iso3": {row["alpha3"]: Meaning(int(row["code"])) for row in current},
    }
    numbers = {row["code"]: Meaning(int(row["code"])) for row in current if row["alpha2"] != "XK"}
    bases |= dict.fromkeys(NUMERIC, numbers)
    out: dict[str, dict[str | int, tuple[Meaning, ...]]] = {}
    for system, base in bases.items():
        known: dict[str | int, tuple[Meaning, ...]] = {
            _must_key(system, value): (meaning,) for value, meaning in base.items()
        }
        own: dict[str | int, list[Meaning]] = {}
        for row in feed_codes:
            if row["system"] == system:
                first, last = _year(row["from"]), _year(row["to"])
                meaning = Meaning(int(row["code"]), first, last, row["caveat"], row["note"])
                own.setdefault(_must_key(system, row["value"]), []).append(meaning)
        known |= {key: tuple(meanings) for key, meanings in own.items()}
        for row in aggregates:
            if row["system"] == system:
                key = _must_key(system, row["value"])
                known.pop(key, None)
                if row["kind"] == REMAINDER:
                    known[key] = (Meaning(int(row["code"]), note=row["name"]),)
        out[system] = known
    return out


def _us_style(alpha2: dict[str, Meaning], alpha3: set[str]) -> dict[str, Meaning]:
    """``JPX`` for JP, as US grants before 2001 write it; not where it is another country's alpha-3 (MEX)."""
    return {f"{code}X": meaning for code, meaning in alpha2.items() if f"{code}X" not in alpha3 - {"LUX"}}


def _aggregates(rows: list[dict[str, str]]) -> dict[str, frozenset[str | int]]:
    found: dict[str, set[str | int]] = {}
    for row in rows:
        if row["kind"] != REMAINDER:
            found.setdefault(row["system"], set()).add(_must_key(row["system"], row["value"]))
    return {system: frozenset(codes) for system, codes in found.items()}


def _name_meanings(
    table: list[dict[str, str]], others: list[dict[str, str]]
) -> dict[str | int, tuple[Meaning, ...]]:
    pairs = [(row["name"], int(row["code"])) for row in table]
    pairs += [(row["name"], int(row["code"])) for row in others]
    return {_fold(name): (Meaning(code),) for name, code in pairs}


def _fold(name: str) -> str:
    """Lower case, without accents and punctuation, ``and`` for ``&``: how names are compared."""
    plain = unicodedata.normalize("NFKD", name.replace("&", " and "))
    letters = "".join(mark for mark in plain if not unicodedata.combining(mark))
    return " ".join("".join(mark if mark.isalnum() else " " for mark in letters.casefold()).split())


def _key(system: str, value: str | int) -> str | int | None:
    """Bring a code to the form in which a system's codes are held; None if it cannot be one."""
    text = str(value).strip()
    if system in NUMERIC:
        return int(text) if text.isascii() and text.isdigit() else None
    if system == "name":
        return _fold(text)
    return text.upper()


def _must_key(system: str, value: str) -> str | int:
    key = _key(system, value)
    if key is None:
        raise AssertionError(f"country data: {value!r} is no code of {system}")
    return key
