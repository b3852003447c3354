"""What an update makes anew: the years whose inputs are not those of the release before.

A cell follows from the works and flows of its feed and year alone. So of a feed whose inputs changed, those
years are made anew in which a row came, went, or stopped or began to count; all else stays as it was
published. A method that changed makes everything anew.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from trendcore.errors import StorageError
from trendcore.store import Ledger, Manifest, Store

#: feed -> table of its rows
TABLE_OF: Final = {"openalex": "papers", "patentsview": "patents", "baci": "trade", "comtrade": "trade"}
#: feed -> names of the sources under which its cells are published
SOURCES_OF: Final = {"openalex": ("openalex", "openalex-concepts")}
#: where so large a part of a feed's rows changed, hardly a year is left as it was: not worth a look
_MOST: Final = 0.5

#: None: every year
Years = frozenset[int] | None


@dataclass(frozen=True)
class Scope:
    """What is made anew.

    Attributes
    ----------
    base
        The release of which the rest stays; None: there is none, and all is made anew.
    years
        Feed -> years that are made anew. Feeds that are not named stay as they were published.

    Examples
    --------
    >>> scope = Scope(None, {"baci": frozenset([2022])})
    >>> cells = pl.DataFrame({"source": ["baci", "baci", "openalex"], "year": [2021, 2022, 2022]})
    >>> cells.filter(scope.anew).rows()
    [('baci', 2022)]
    """

    base: Manifest | None
    years: Mapping[str, Years]

    @property
    def anew(self) -> pl.Expr:
        """Which cells are made anew, by source and year."""
        found = pl.lit(value=False)
        for feed, years in self.years.items():
            cells = pl.col("source").is_in(SOURCES_OF.get(feed, (feed,)))
            found |= cells if years is None else cells & is_in(years)
        return found

    def words(self) -> str:
        """Say in a few words what is made anew."""
        if self.base is None:
            return "everything"
        said = []
        for feed, years in self.years.items():
            n = "every year" if years is None else "1 year" if len(years) == 1 else f"{len(years)} years"
            said.append(f"{feed} ({n})")
        return ", ".join(said) or "nothing"


def is_in(years: Collection[int]) -> pl.Expr:
    """Return which rows are of some years."""
    return pl.col("year").is_in(sorted(years))


def scope_of(store: Store, ledger: Ledger, base: Manifest | None, settings: Mapping[str, Any]) -> Scope:
    """Find what has to be made anew for what is ingested now.

    Parameters
    ----------
    store, ledger
        What is stored.
    base
        The current release, whose files were verified; None where there is none, or they are damaged.
    settings
        What decides the numbers beside the inputs, as `Method.versions` says it.
    """
    now: dict[str, list[str]] = {}
    for content in ledger.active().values():
        now.setdefault(content.feed, []).append(content.id)
    # the release has been written as JSON, which knows no tuples
    if base is None or base.settings != json.loads(json.dumps(settings)):
        return Scope(None, dict.fromkeys(TABLE_OF))
    before: dict[str, list[str]] = {}
    for each in base.inputs:
        before.setdefault(each["feed"], []).append(each["id"])
    years = {}
    for feed in TABLE_OF:
        was, is_ = before.get(feed, []), now.get(feed, [])
        if was != is_:
            found = _years(store, ledger, feed, was, is_)
            if found is None or found:
                years[feed] = found
    return Scope(base, years)


def _years(store: Store, ledger: Ledger, feed: str, was: Sequence[str], now: Sequence[str]) -> Years:
    changed = sorted(set(was) ^ set(now))
    stay = [each for each in was if each in set(now)]
    known = [ledger.contents.get(each) for each in changed]
    in_other_order = stay != [each for each in now if each in set(was)]
    keeps = {ledger.contents[each].keep for each in [*stay, *changed] if each in ledger.contents}
    if in_other_order or not stay or None in known or len(keeps) > 1:
        return None
    table = TABLE_OF[feed]
    rows = {each: ledger.contents[each].rows.get(table, 0) for each in [*changed, *now]}
    gone = [each for each in changed if each not in set(now)]
    # what was withdrawn or replaced is read once more; where it cannot be, everything is made anew
    if sum(rows[each] for each in changed) > _MOST * sum(rows.values()) or store.verify_inputs(gone):
        return None
    try:
        return frozenset(_touched(store, table, changed, now))
    except StorageError:
        return None


def _touched(store: Store, table: str, changed: Sequence[str], now: Sequence[str]) -> set[int]:
    """Return the years of rows of changed contents, and of the other versions of their works."""
    own = store.scan(table, changed)
    years = set(own.select(pl.col("year").unique()).collect(engine="streaming").to_series())
    if table == "trade":  # a flow is of one year
        return years
    ids = [own.select("id")]
    if table == "papers":
        ids.append(store.scan("tombstones", changed).select("id"))
    touched = pl.concat(ids).unique().collect(engine="streaming")
    others = store.scan(table, now).select("id", "year").join(touched.lazy(), on="id", how="semi")
    return years | set(others.select(pl.col("year").unique()).collect(engine="streaming").to_series())
