"""Who made a work: countries, author fractions and units of its authorships.

Source of the fractions: author-affiliation fractional counting (Nature Index Share; Gauffriau 2021,
https://doi.org/10.1162/qss_a_00141): each author is 1 of all authors, split over the author's affiliations.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from math import lcm
from typing import Final

from trendcore.sources.openalex_records import Authorship
from trendcore.taxonomy import Countries

#: kinds of unknown country codes named in the warnings of a batch; more are counted together
MOST_WARNINGS: Final = 100
_MOST_AUTHORS: Final = 2**31 - 1


@dataclass(frozen=True)
class Members:
    """Countries of a work's authors.

    Attributes
    ----------
    countries
        Distinct known codes, sorted.
    shares
        Fraction of each, same length; the unknown rest is 1 - sum. Each is the float nearest to the exact
        fraction, whatever the order of the authors.
    units
        One code per author and distinct known country of that author.
    first_country
        Of the first author, None when unknown.
    n_authors, n_authors_unknown
        All authors, also those that a cut list leaves out; those without a known country.
    truncated
        Whether the list of authors is cut.
    """

    countries: list[int]
    shares: list[float]
    units: list[int]
    first_country: int | None
    n_authors: int
    n_authors_unknown: int
    truncated: bool


class CountryCodes:
    """Country codes of OpenAlex by year of the work, with a count of those that are none.

    Examples
    --------
    >>> from trendcore.taxonomy import countries
    >>> codes = CountryCodes(countries())
    >>> codes.code("NA", 2020), codes.code("ZZ", 2020), codes.warnings()
    (516, None, {'unknown_country:ZZ': 1})
    """

    def __init__(self, countries: Countries) -> None:
        self._known: dict[str | int, int] = countries.mapping("iso2")
        self._dated = lru_cache(1 << 14)(lambda name, year: countries.resolve("iso2", name, year))
        self._unknown: Counter[str] = Counter()

    def code(self, name: str, year: int) -> int | None:
        """Return the code of a country, or None and count a warning."""
        found = self.known(name, year)
        if found is None:
            self._warn(name)
        return found

    def known(self, name: str, year: int) -> int | None:
        """Return the code of a country, or None without a warning."""
        found = self._known.get(name)
        if found is not None:
            return found
        return self._dated(name, year) if len(name) <= 16 else None

    def warnings(self) -> dict[str, int]:
        """Return the warnings since the last call."""
        found, self._unknown = self._unknown, Counter()
        return dict(sorted(found.items()))

    def _warn(self, name: str) -> None:
        key = f"unknown_country:{name[:16]}"
        if key not in self._unknown and len(self._unknown) >= MOST_WARNINGS:
            key = "unknown_country"
        self._unknown[key] += 1


def members(
    authorships: list[Authorship],
    year: int,
    codes: CountryCodes,
    *,
    listed: int | None = None,
    truncated: bool | None = None,
) -> Members:
    """Find the countries of a work's authors and their shares in it.

    An author with several countries is split over the affiliations if each has a country and they give the
    same countries as the author's own list, else over the list in equal parts. Authors without a country,
    codes that are no country's, and authors that a cut list leaves out make up the unknown rest.

    Parameters
    ----------
    authorships
        Authors in order; possibly none.
    year
        Year of the work, for codes that changed hands.
    codes
        The country codes.
    listed
        How many authors the record says there are, if it does.
    truncated
        Whether the record says that its list is cut.

    Returns
    -------
    Members
        What the canonical row holds about authors.

    Examples
    --------
    >>> from trendcore.taxonomy import countries
    >>> authors = [Authorship("first", ["JP", "US"]), Authorship("middle", ["US"]), Authorship("last", [])]
    >>> found = members(authors, 2020, CountryCodes(countries()))
    >>> found.countries, found.shares, found.units, found.n_authors_unknown
    ([392, 840], [0.16666666666666666, 0.5], [392, 840, 840], 1)
    """
    n_listed = len(authorships)
    n_authors = listed if listed is not None and n_listed < listed <= _MOST_AUTHORS else n_listed
    whole: dict[int, int] = {}
    split: list[list[int | None]] = []
    units: list[int] = []
    n_unknown = n_authors - n_listed
    for author in authorships:
        names = author.countries
        if names is not None and len(names) == 1 and names[0]:
            code = codes.code(names[0], year)
            if code is None:
                n_unknown += 1
            else:
                whole[code] = whole.get(code, 0) + 1
                units.append(code)
            continue
        parts = _parts(author, year, codes)
        distinct = sorted({part for part in parts if part is not None})
        units += distinct
        n_unknown += not distinct
        if len(distinct) == 1 and None not in parts:
            whole[distinct[0]] = whole.get(distinct[0], 0) + 1
        elif distinct:
            split.append(parts)
    countries, shares = _shares(whole, split, n_authors)
    return Members(
        countries,
        shares,
        units,
        _first_country(authorships, year, codes),
        n_authors,
        n_unknown,
        bool(truncated) or n_authors > n_listed,
    )


def _parts(author: Authorship, year: int, codes: CountryCodes) -> list[int | None]:
    """Countries over which an author is split in equal parts; None is a part that is unknown."""
    own = author.countries
    if own is not None and not own:
        return []
    held = [place.country_code for place in author.institutions or ()]
    if own is None:  # records before 2023-07: the affiliations are all there is
        own = held
    distinct = list(dict.fromkeys(name for name in own if name))
    whole = all(held) and set(held) == set(distinct)
    return [codes.code(name, year) for name in (held if whole else distinct) if name]


def _shares(
    whole: dict[int, int], split: list[list[int | None]], n_authors: int
) -> tuple[list[int], list[float]]:
    """Add up in integers, and divide once."""
    if not split:
        countries = sorted(whole)
        return countries, [whole[code] / n_authors for code in countries]
    base = lcm(*(len(parts) for parts in split))
    tally = {code: n * base for code, n in whole.items()}
    for parts in split:
        for code in parts:
            if code is not None:
                tally[code] = tally.get(code, 0) + base // len(parts)
    countries = sorted(tally)
    return countries, [tally[code] / (base * n_authors) for code in countries]


def _first_country(authorships: list[Authorship], year: int, codes: CountryCodes) -> int | None:
    """Country of the first author: of the first affiliation that has one of the author's countries."""
    if not authorships:
        return None
    first = next((author for author in authorships if author.author_position == "first"), None)
    if first is None:
        if any(author.author_position for author in authorships):
            return None
        first = authorships[0]
    names = first.countries
    if names is not None and len(names) == 1 and names[0]:
        return codes.known(names[0], year)
    own = [name for name in names or () if name]
    held = [place.country_code for place in first.institutions or () if place.country_code]
    if names is not None:
        held = [name for name in held if name in own]
    return next((code for name in [*held, *own] if (code := codes.known(name, year)) is not None), None)
