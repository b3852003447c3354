"""Works and patents in memory: NumPy arrays from a seed, before any format."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trendcore.simulate.chance import Chance, Ints
from trendcore.simulate.world import (
    CLOSE,
    CLOSE_IN_FIELD,
    COUNTRIES,
    FIELDS,
    OUT_OF_FIELD,
    POSITION,
    SAME_REGION,
    TILT,
)

UNKNOWN = -1
_TEAM_SIZES = (13, 16, 19, 17, 13, 9, 5, 3, 2, 1, 1, 1)  # weight of a team of 1, 2, ... people
_MAX_PARTNERS = 4


@dataclass(frozen=True)
class Works:
    """Simulated works: who made each, when and in which field.

    Attributes
    ----------
    year
        Calendar year, int64 (n_works,).
    field
        Position in `FIELDS`; `OUT_OF_FIELD` where none, int64 (n_works,).
    offsets
        Where each work's people begin in `country`, int64 (n_works + 1,).
    country
        Position in `COUNTRIES` of each person's country, `UNKNOWN` where not known, int64 (n_people,).
    second
        Position of a second country of that person, else `UNKNOWN`, int64 (n_people,).
    """

    year: Ints
    field: Ints
    offsets: Ints
    country: Ints
    second: Ints

    def __len__(self) -> int:
        return len(self.year)


def closeness(field: int) -> Ints:
    """Return the closeness of countries in a field, per cent, (n_countries, n_countries), diagonal 0."""
    n = len(COUNTRIES)
    region = np.array([country.region for country in COUNTRIES])
    out = np.full((n, n), 100, dtype=np.int64)
    for name, percent in SAME_REGION.items():
        out[np.ix_(region == name, region == name)] = percent
    special = CLOSE if field == OUT_OF_FIELD else CLOSE | CLOSE_IN_FIELD.get(FIELDS[field], {})
    for (a, b), percent in special.items():
        out[POSITION[a], POSITION[b]] = out[POSITION[b], POSITION[a]] = percent
    np.fill_diagonal(out, 0)
    return out


def sizes(kind: str, field: int) -> Ints:
    """Return the weight of each country in a field, (n_countries,); kind is "papers" or "patents"."""
    base = np.array([getattr(country, kind) for country in COUNTRIES], dtype=np.int64) * 100
    if field != OUT_OF_FIELD:
        for alpha2, percent in TILT[FIELDS[field]].items():
            base[POSITION[alpha2]] = base[POSITION[alpha2]] * percent // 100
    return base


def growth(first_year: int, last_year: int, percent: int, last_year_percent: int) -> Ints:
    """Return weights of the years, (n_years,): steady growth, the last one cut as it is not over."""
    weights = [1_000_000]
    for _ in range(last_year - first_year):
        weights.append(weights[-1] * (100 + percent) // 100)
    weights[-1] = weights[-1] * last_year_percent // 100
    return np.array(weights, dtype=np.int64)


def works(
    n: int,
    seed: int = 7,
    *,
    kind: str = "papers",
    years: tuple[int, int] = (2014, 2024),
    last_year_percent: int = 45,
) -> Works:
    """Draw works with their people and countries.

    Parameters
    ----------
    n
        Number of works.
    seed
        Same seed, same works, on every machine.
    kind
        "papers" (authors) or "patents" (inventors: fewer countries a work, another order of countries).
    years
        First and last year.
    last_year_percent
        How much of the last year is there, in per cent; 100 for a complete one.

    Returns
    -------
    Works
        Arrays of shape (n,) and (n_people,).

    Raises
    ------
    ValueError
        Where `n` is negative, `years` run backwards or `kind` is another word.

    Examples
    --------
    >>> drawn = works(1000, seed=7)
    >>> len(drawn), int(drawn.offsets[-1]) == len(drawn.country)
    (1000, True)
    """
    if n < 0 or years[1] < years[0] or kind not in {"papers", "patents"}:
        raise ValueError(f"cannot draw {n} {kind!r} of the years {years[0]}-{years[1]}")
    chance = Chance(seed, kind)
    field = chance.pick((28, 30, 13, 11, 8, 10) if kind == "papers" else (32, 22, 8, 17, 7, 14), n)
    year = _years(chance, field, years, last_year_percent)
    people = chance.pick(_TEAM_SIZES if kind == "papers" else _TEAM_SIZES[:8], n) + 1
    if kind == "papers":  # a few works have hundreds of authors
        huge = chance.below(4000, n) == 0
        people = np.where(huge, 120 + chance.below(200, n), people)
    partners = _partners(chance, kind, field, year, years, people)
    return _seat(chance, kind, year, field, people, partners)


def _years(chance: Chance, field: Ints, years: tuple[int, int], last_year_percent: int) -> Ints:
    """Draw each work's year: AI and quantum grow faster than the rest."""
    out = np.empty(len(field), dtype=np.int64)
    for code, percent in enumerate((4, 14, 11, 8, 6, 4)):
        mine = np.flatnonzero(field == code)
        out[mine] = years[0] + chance.pick(growth(*years, percent, last_year_percent), len(mine))
    return out


def _partners(
    chance: Chance, kind: str, field: Ints, year: Ints, years: tuple[int, int], people: Ints
) -> Ints:
    """Draw each work's home country and up to four partners, (n_works, 1 + 4), -1 where none."""
    n = len(field)
    out = np.full((n, 1 + _MAX_PARTNERS), UNKNOWN, dtype=np.int64)
    for code in range(len(FIELDS) + 1):
        mine = np.flatnonzero(field == code)
        weight = sizes(kind, code)
        out[mine, 0] = chance.pick(weight, len(mine))
        # Partners by closeness and size; size to the power 3/4 keeps the giants from taking every seat.
        root = np.sqrt(weight.astype(np.float64))
        pull = closeness(code) * (root * np.sqrt(root)).astype(np.int64)[None, :]
        for seat in range(1, 1 + _MAX_PARTNERS):
            out[mine, seat] = chance.pick_rows(pull, out[mine, 0])
    base = 240 if kind == "papers" else 75
    span = max(1, years[1] - years[0])
    rising = base + (year - years[0]) * 100 // span  # international work grows over the years
    small = np.array([country.papers < 400 for country in COUNTRIES])[out[:, 0]]
    abroad = chance.hits(rising + small * (150 if kind == "papers" else 60), n) & (people > 1)
    count = np.where(abroad, 1 + chance.pick((74, 18, 6, 2), n), 0)
    count = np.where(people > 100, _MAX_PARTNERS, np.minimum(count, people - 1))
    out[:, 1:][np.arange(1, 1 + _MAX_PARTNERS)[None, :] > count[:, None]] = UNKNOWN
    return out


def _seat(chance: Chance, kind: str, year: Ints, field: Ints, people: Ints, partners: Ints) -> Works:
    """Give each person a country: the first ones the home and partner countries, the others mostly home."""
    offsets = np.concatenate([[0], np.cumsum(people)]).astype(np.int64)
    work = np.repeat(np.arange(len(people)), people)
    place = np.arange(offsets[-1]) - offsets[work]
    known = (partners >= 0).sum(axis=1)
    seat = np.where(place < known[work], place, 0)
    wander = chance.hits(350, len(work)) & (place >= known[work])
    seat = np.where(wander, chance.raw(len(work)) % known[work], seat)
    country = partners[work, seat]
    no_one = chance.hits(55 if kind == "papers" else 4, len(people))  # nobody's country is known
    blank = chance.hits(22 if kind == "papers" else 3, len(work))
    country = np.where(blank | no_one[work], UNKNOWN, country)
    second = np.full(len(work), UNKNOWN, dtype=np.int64)
    if kind == "papers":
        both = chance.hits(25, len(work)) & (country >= 0)
        rows = np.flatnonzero(both)
        second[rows] = chance.pick_rows(closeness(OUT_OF_FIELD), country[rows])
    return Works(year, field, offsets, country, second)


def dates(chance: Chance, year: Ints, last_year: int, last_year_days: int = 170) -> list[str]:
    """Return an ISO date in each work's year; those of the last year fall in its first days."""
    day = chance.raw(len(year)) % np.where(year == last_year, last_year_days, 365)
    first: NDArray[np.datetime64] = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    return [str(text) for text in np.datetime_as_string(first + day.astype("timedelta64[D]"))]
