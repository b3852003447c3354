"""Trade flows in memory: gravity by size and closeness, with each country strong in its own goods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trendcore.simulate.chance import Chance, Ints
from trendcore.simulate.products import STRENGTH, Product, products
from trendcore.simulate.world import COUNTRIES, POSITION, TRADE_CLOSE, TRADE_SAME_REGION, Country

#: countries that trade statistics know, in the order of their trade codes
TRADERS: tuple[Country, ...] = tuple(
    sorted((country for country in COUNTRIES if country.trade_code), key=lambda country: country.trade_code)
)
_PLACE = {country.alpha2: place for place, country in enumerate(TRADERS)}
_BASE_YEAR = 2013
#: goods of fields with little trade, kept beyond their size so that a small sample has them
_SCARCE = ("851761", "880260")
_WORLD_TRADE = 16e15  # thousandths of a US dollar, in the base year


@dataclass(frozen=True)
class Flows:
    """Flows of one year in one edition, sorted by exporter, importer and product.

    Attributes
    ----------
    year, edition
        Which year and which HS edition ("HS07" or "HS22").
    goods
        The edition's goods.
    exporter, importer
        Positions in `TRADERS`, int64 (n_flows,).
    product
        Positions in `goods`, int64 (n_flows,).
    value
        Thousandths of a US dollar, int64 (n_flows,).
    """

    year: int
    edition: str
    goods: tuple[Product, ...]
    exporter: Ints
    importer: Ints
    product: Ints
    value: Ints


def flows(year: int, edition: str, seed: int = 7, *, rows: int | None = None) -> Flows:
    """Draw the trade of one year.

    Parameters
    ----------
    year
        Calendar year, 1995 or later.
    edition
        "HS07" or "HS22": which goods.
    seed
        Same seed, same flows; a country is strong in the same goods in every year.
    rows
        Keep about so many flows, most of them the largest; by default all above 1,000 US dollars.

    Raises
    ------
    ValueError
        Where the edition is another one or the year is before 1995.

    Examples
    --------
    >>> drawn = flows(2022, "HS22", rows=1000)
    >>> len(drawn.value)
    1000
    """
    if year < 1995:
        raise ValueError(f"no simulated trade of the year {year}: 1995 or later")
    goods = products(edition)
    n = len(TRADERS)
    value = np.zeros((n, n, len(goods)), dtype=np.int64)
    pull = _pull()
    for at, good in enumerate(goods):
        value[:, :, at] = _one_good(good, year, seed, pull)
    flat = value.ravel()
    kept = np.flatnonzero(flat >= 1_000_000)
    if rows is not None and rows < len(kept):
        exporter, _, product = np.unravel_index(kept, value.shape)
        scarce = np.array([good.code in _SCARCE for good in goods])[product]
        chance = Chance(seed, f"trade: small {year}")
        kept = kept[_choose(flat[kept], exporter, np.where(scarce, product, -1), rows, chance)]
    exporter, importer, product = np.unravel_index(kept, value.shape)
    return Flows(year, edition, goods, exporter, importer, product, flat[kept])


def _pull() -> Ints:
    """Return the gravity between countries, (n_traders, n_traders), diagonal 0."""
    size = np.array([country.trade for country in TRADERS], dtype=np.int64)
    region = np.array([country.region for country in TRADERS])
    close = np.full((len(TRADERS), len(TRADERS)), 100, dtype=np.int64)
    for name, percent in TRADE_SAME_REGION.items():
        close[np.ix_(region == name, region == name)] = percent
    for (a, b), percent in TRADE_CLOSE.items():
        close[_PLACE[a], _PLACE[b]] = close[_PLACE[b], _PLACE[a]] = percent
    np.fill_diagonal(close, 0)
    pull: Ints = close * size[:, None] * size[None, :]
    return pull


def _one_good(good: Product, year: int, seed: int, pull: Ints) -> Ints:
    """Return all pairs' trade in one good, thousandths of a US dollar, (n_traders, n_traders)."""
    n = len(TRADERS)
    lasting = Chance(seed, f"trade: {good.code}")
    yearly = Chance(seed, f"trade: {good.code} {year}")
    strength = np.full(n, 60.0)
    for alpha2, percent in STRENGTH[good.tilt].items():
        strength[_PLACE[alpha2]] = float(percent)
    strength = strength * lasting.heavy(n)
    habit = lasting.heavy(n * n).reshape(n, n)
    weather = 0.85 + yearly.below(300, n * n).reshape(n, n) / 1000.0
    weight = np.rint(pull * strength[:, None] * habit * weather).astype(np.int64)
    total = _WORLD_TRADE * good.share / 100_000.0
    for _ in range(year - _BASE_YEAR):
        total = total * (1.07 if good.tilt in {"chips", "tools", "computers"} else 1.03)
    value: Ints = np.rint(weight / float(weight.sum()) * total).astype(np.int64)
    return value


def _place_in_group(group: Ints) -> Ints:
    """Return how many earlier entries have the same group, (n,)."""
    order = np.argsort(group, kind="stable")
    ranked = group[order]
    starts = np.searchsorted(ranked, ranked, side="left")
    place = np.empty(len(group), dtype=np.int64)
    place[order] = np.arange(len(group)) - starts
    return place


def _choose(value: Ints, exporter: Ints, scarce: Ints, rows: int, chance: Chance) -> Ints:
    """Return positions of some `rows` flows: large, each country's own, of scarce goods, a few small."""
    order = np.argsort(-value, kind="stable")
    wanted = np.zeros(len(value), dtype=np.bool_)
    wanted[order[_place_in_group(exporter[order]) < rows // 400]] = True  # every country exports something
    scarce_order = order[scarce[order] >= 0]
    wanted[scarce_order[_place_in_group(scarce[scarce_order]) < rows // 20]] = True
    rest = order[~wanted[order]]
    free = max(0, rows - int(wanted.sum()))
    wanted[rest[: free - free // 20]] = True
    small = rest[free - free // 20 :]
    wanted[small[np.argsort(chance.raw(len(small)), kind="stable")[: free // 20]]] = True
    chosen: Ints = np.flatnonzero(wanted)
    return chosen


assert set(STRENGTH["chips"]) <= set(POSITION)
