"""What is to be counted, as checked arguments, and the passes over works in batches that count it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from trendcore import taxonomy
from trendcore.errors import UsageError
from trendcore.tallies.adding import add
from trendcore.tallies.counting import Scheme, count, total
from trendcore.tallies.grouping import Group, as_nodes, groups_of, of_nodes
from trendcore.tallies.showing import shown
from trendcore.tallies.types import BY_SHARES, CREDITS, WEIGHTINGS, Tally, TallyMeta
from trendcore.tallies.works import Works

if TYPE_CHECKING:
    from trendcore.taxonomy import Blocs

#: by column of tallies of several blocs
BLOC: Final = "bloc"
#: tallies of batches that wait to be added
_WAITING: Final = 8


@dataclass(frozen=True)
class Passes:
    """One pass over the works for each group, or one for all members.

    Attributes
    ----------
    scheme
        What is counted.
    meta
        How; of each of several groups without its universe.
    groups
        Blocs that are nodes; None: all members for themselves.
    stacked
        Whether the tallies of groups stand in one, told apart by the column ``bloc``.
    """

    scheme: Scheme
    meta: TallyMeta
    groups: tuple[Group, ...] | None = None
    stacked: bool = False

    def run(self, batches: Iterable[Sequence[Works]]) -> Tally:
        """Count the works of all batches; those of a batch have cells and names in common."""
        groups = self.groups or (None,)
        parts: dict[Group | None, list[Tally]] = {group: [] for group in groups}
        names_of: Callable[[int], frozenset[str]] | None = None
        for batch in batches:
            names_of = batch[0].names_of
            for group, waiting in parts.items():
                waiting.append(self._tally(batch, group))
                if len(waiting) > _WAITING:
                    waiting[:] = [add(waiting)]
        tallies = {group: add(waiting) for group, waiting in parts.items()}
        for group, tally in tallies.items():
            if group is not None and names_of is not None:
                _check_names(tally, group, names_of)
        return _stack(tallies) if self.stacked else tallies[groups[0]]

    def _tally(self, batch: Sequence[Works], group: Group | None) -> Tally:
        """Count a batch in one pass."""
        if group is None:
            counts = total([count(works, self.scheme) for works in batch])
            return shown(counts, batch[0], self.meta, patterns=self.scheme.patterns)
        parts, nodes = [], batch[0]
        for block in (block for works in batch for block in works.blocks()):
            nodes = as_nodes(block, group)
            parts.append(of_nodes(count(nodes, self.scheme), nodes, group))
        meta = replace(self.meta, universe=f"bloc:{group.name}")
        return shown(total(parts), nodes, meta, patterns=False)


def passes(
    meta: TallyMeta,
    *,
    counting: str | Sequence[str] | None,
    credit: str | None,
    defaults: tuple[Sequence[str], str],
    patterns: bool | str,
    groups: str | Sequence[str | tuple[str, str]] | None,
    blocs: Blocs | None,
) -> Passes:
    """Check what is asked for.

    Parameters
    ----------
    meta
        by, kind, unknown, policy, backend and shares.
    counting, credit, patterns, groups, blocs
        See `tally`.
    defaults
        Counting and credit where these are None; partners and pairs of blocs have whole counts only.

    Raises
    ------
    UsageError
        A name is not known, or what is asked for does not go together.

    Examples
    --------
    >>> meta = TallyMeta(by=("year",), backend="cpu")
    >>> plain = dict(credit=None, patterns=False, groups=None, blocs=None)
    >>> passes(meta, counting="newman", defaults=("full", "country"), **plain).meta.counting
    ('full', 'newman')
    """
    found = None if groups is None else groups_of(groups, blocs or taxonomy.blocs(), meta.by)
    pair = any(len(group.blocs) == 2 for group in found or [])
    plain = "a tally of partners" if meta.kind == "directed" else "a pair of blocs" if pair else ""
    weightings = _weightings(("full" if plain else defaults[0]) if counting is None else counting)
    if credit is None:
        credit = "none" if plain else defaults[1]
    if credit not in (*CREDITS, "none"):
        raise UsageError(f"credit is {_or(*CREDITS, 'none')}, not {credit!r}")
    if plain and (weightings or credit != "none"):
        raise UsageError(f"{plain} has whole counts only: leave counting and credit out")
    if patterns not in (False, True, "credits"):
        raise UsageError(f"patterns is False, True or 'credits', not {patterns!r}")
    if patterns and found is not None:
        raise UsageError("patterns are of the members of works: ask for them without groups")
    if patterns == "credits" and meta.shares != "authors":
        raise UsageError("patterns='credits' goes by shares of authors: give shares, their column")
    if pair and meta.kind == "directed":
        raise UsageError("a tally of partners has pairs with one bloc, none of two blocs")
    stacked = found is not None and not isinstance(groups, str)
    if stacked and BLOC in meta.by:
        raise UsageError(f"a list of groups adds a by column {BLOC!r}, which by has already: rename that one")
    keep = meta.unknown == "keep"
    scheme = Scheme(weightings, credit, keep, bool(patterns), patterns == "credits", meta.backend)
    meta = replace(meta, counting=("full", *weightings), credit=credit)
    if not {*BY_SHARES, "author", "modified"} & {*weightings, credit}:
        meta = replace(meta, shares="")
    return Passes(scheme, meta, None if found is None else tuple(found), stacked)


def _weightings(counting: str | Sequence[str]) -> tuple[str, ...]:
    names = [counting] if isinstance(counting, str) else list(counting)
    for name in names:
        if name not in ("full", *WEIGHTINGS):
            raise UsageError(f"counting is {_or('full', *WEIGHTINGS)}, or a list of these, not {name!r}")
    return tuple(name for name in WEIGHTINGS if name in names)


def _or(*names: str) -> str:
    return f"{', '.join(map(repr, names[:-1]))} or {names[-1]!r}"


def _stack(tallies: dict[Group | None, Tally]) -> Tally:
    """Put the tallies of several groups into one, told apart by a column."""
    groups = {group.name: tally for group, tally in tallies.items() if group is not None}
    first = next(iter(groups.values()))
    by = first.meta.by
    key = [*by, BLOC]

    def stacked(table: str, *ends: str) -> pl.DataFrame:
        frames: list[pl.DataFrame] = [
            getattr(tally, table).with_columns(pl.lit(name).alias(BLOC)) for name, tally in groups.items()
        ]
        whole = pl.concat(frames)
        return whole.select(*key, pl.exclude(*key)).sort(*key, *ends)

    meta = replace(first.meta, by=(*by, BLOC), universe=f"bloc:{','.join(groups)}")
    return Tally(stacked("pairs", "a", "b"), stacked("members", "member"), stacked("totals"), None, meta)


def _check_names(tally: Tally, group: Group, names_of: Callable[[int], frozenset[str]]) -> None:
    """Refuse members of which none is a country: nobody would be found to be in the bloc."""
    names = set(tally.members["member"])
    countries = {name for code in taxonomy.countries().labels() for name in names_of(code)}
    if names and not names & (countries | set(group.nodes)):
        raise UsageError(
            f"no member is a country of the country table, so that none can be in {group.name}: members are "
            f"to be named by its labels ('US') or codes (840), not {min(names)!r}"
        )
