"""Tally again from patterns: works by member set hold all that blocs, policies and weightings need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from trendcore import taxonomy
from trendcore.arrays import Lists
from trendcore.errors import UsageError
from trendcore.tallies.adding import add_frames
from trendcore.tallies.counting import resolve_backend
from trendcore.tallies.grouping import as_nodes, groups_of
from trendcore.tallies.naming import Naming
from trendcore.tallies.passes import passes
from trendcore.tallies.types import BY_SHARES, Tally, TallyMeta
from trendcore.tallies.works import Columns, Works, works_of
from trendcore_kernels import dispatch

if TYPE_CHECKING:
    from trendcore.taxonomy import Blocs, CountryPolicy

#: credits of a member set; others need authors
_OF_SETS = ("country", "none")


def regroup(
    tally: Tally,
    *,
    groups: str | Sequence[str | tuple[str, str]] | None,
    policy: CountryPolicy | None,
    counting: str | Sequence[str] | None,
    credit: str | None,
    blocs: Blocs | None,
    patterns: bool,
    backend: str,
) -> Tally:
    """Tally again; see `Tally.regroup`.

    Raises
    ------
    UsageError
        See `Tally.regroup`.

    Examples
    --------
    >>> import polars as pl, trendcore as tc
    >>> works = pl.DataFrame({"countries": [["JP", "US"], ["JP", "KR", "US"]]})
    >>> kept = tc.tally(works, members="countries", by=[], patterns=True)
    >>> kept.regroup(counting="bilateral").pairs.rows()
    [('JP', 'KR', 1, 0), ('JP', 'US', 2, 4294967296), ('KR', 'US', 1, 0)]
    """
    if tally.patterns is None or tally.meta.kind != "works":
        raise UsageError("the tally has no patterns: tally the works with patterns=True")
    own = tally.meta
    meta = TallyMeta(
        by=own.by,
        unknown=own.unknown,
        policy=_policies(own.policy, policy),
        backend=resolve_backend(backend, tally.patterns.height),
        shares="equal",
    )
    todo = passes(
        meta,
        counting=counting,
        credit=credit,
        defaults=(own.counting, own.credit),
        patterns=patterns,
        groups=groups,
        blocs=blocs,
    )
    _check_credit(todo.meta, own, by_name=counting is not None)
    return todo.run([_works(tally, Naming(policy=policy))])


def without_credits(tally: Tally) -> Tally:
    """Return the tally with patterns that are of member sets alone.

    Examples
    --------
    >>> import polars as pl, trendcore as tc
    >>> works = pl.DataFrame({"c": [["JP", "US"]] * 2, "s": [[0.5, 0.5], [0.75, 0.25]]})
    >>> kept = tc.tally(works, members="c", shares="s", by=[], patterns="credits")
    >>> kept.patterns.height, without_credits(kept).patterns.rows()
    (2, [(['JP', 'US'], 2)])
    """
    if tally.patterns is None or "credits" not in tally.patterns.columns:
        return tally
    key = [*tally.meta.by, "members"]
    return replace(tally, patterns=add_frames([tally.patterns.drop("credits")], key))


def node_sets(tally: Tally, group: str, blocs: Blocs | None = None) -> tuple[Lists, tuple[str, ...]]:
    """Return the member sets of the patterns with the members of a bloc as one node.

    Parameters
    ----------
    tally
        A tally of works with patterns.
    group, blocs
        Name of the bloc, and where it is looked up.

    Returns
    -------
    tuple
        Sets of codes, one for each row of the patterns, and the names of the codes.

    Raises
    ------
    UsageError
        There is no such bloc.

    Examples
    --------
    >>> import polars as pl, trendcore as tc
    >>> works = pl.DataFrame({"countries": [["JP", "KR", "US"]]})
    >>> kept = tc.tally(works, members="countries", by=[], patterns=True)
    >>> sets, names = node_sets(kept, "quad")
    >>> [names[code] for code in sets.codes]
    ['KR', 'bloc:quad']
    """
    assert tally.patterns is not None
    [found] = groups_of(group, blocs or taxonomy.blocs(), tally.meta.by)
    works = works_of(tally.patterns, Columns("members"), tally.meta.by, Naming(), before=0)
    nodes = as_nodes(works, found)
    lists = nodes.lists.alone()
    sets = dispatch.get("member_sets", "cpu")(lists.offsets, lists.codes, len(nodes.names), 1)
    return Lists(sets.offsets, sets.codes), nodes.names


def _works(tally: Tally, naming: Naming) -> list[Works]:
    """Works with the member sets of the patterns: for each binary digit of n, those that have it."""
    assert tally.patterns is not None
    works = works_of(tally.patterns, Columns("members"), tally.meta.by, naming, before=0)
    n = tally.patterns["n"].to_numpy()
    digits = range(int(n.max(initial=0)).bit_length())
    return [works.take(np.flatnonzero(n >> digit & 1), 1 << digit) for digit in digits] or [works]


def _check_credit(meta: TallyMeta, own: TallyMeta, *, by_name: bool) -> None:
    if meta.credit not in _OF_SETS:
        raise UsageError(
            f"credit {meta.credit!r} needs the works themselves: patterns give credit='country' or 'none'"
        )
    by_shares = [name for name in BY_SHARES if name in meta.counting]
    if by_shares and not by_name and own.shares != "equal":
        went = "went" if own.shares else "may have gone"
        raise UsageError(
            f"{', '.join(by_shares)} {went} by shares of authors, which patterns do not hold: name the "
            "weightings in counting to have them by 1/n"
        )


def _policies(own: str, policy: CountryPolicy | None) -> str:
    """Hash of the policy that was applied, with that of another one on top."""
    hashes = [own, "" if policy is None else policy.sha256]
    return "+".join(dict.fromkeys(each for each in hashes if each))
