"""Works -> tally: the public function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from trendcore.errors import UsageError
from trendcore.tallies.counting import resolve_backend
from trendcore.tallies.inputs import frames, height
from trendcore.tallies.naming import Naming
from trendcore.tallies.passes import passes
from trendcore.tallies.sets import CELL, KEY, MEMBER, MORE, A, B
from trendcore.tallies.types import (
    DIRECTED_MEMBERS,
    DIRECTED_TOTALS,
    PATTERN_LISTS,
    WEIGHTINGS,
    WORKS_MEMBERS,
    WORKS_TOTALS,
    Tally,
    TallyMeta,
)
from trendcore.tallies.works import Columns, Works, works_of

if TYPE_CHECKING:
    from trendcore.taxonomy import Blocs, CountryPolicy

#: columns of tallies, which `by` columns cannot be called
_TAKEN: Final = {
    "a", "b", "joint", "member", "n", *PATTERN_LISTS, *WORKS_MEMBERS, *WORKS_TOTALS, *DIRECTED_MEMBERS,
    *DIRECTED_TOTALS, *(f"w_{name}" for name in WEIGHTINGS), "_row", CELL, MEMBER, A, B, KEY, MORE,
}  # fmt: skip


def tally(
    works: Any,
    *,
    members: str,
    by: Sequence[str],
    shares: str | None = None,
    units: str | None = None,
    first: str | None = None,
    counting: str | Sequence[str] = "full",
    credit: str | None = None,
    partners: str | None = None,
    unknown: Literal["renormalise", "keep"] = "renormalise",
    groups: str | Sequence[str | tuple[str, str]] | None = None,
    blocs: Blocs | None = None,
    policy: CountryPolicy | None = None,
    labels: Mapping[int, str] | None = None,
    patterns: bool | Literal["credits"] = False,
    backend: str = "auto",
) -> Tally:
    """Count works by cell, member and pair of members.

    Parameters
    ----------
    works
        A row a work: a Polars DataFrame or LazyFrame, a pyarrow table, or record batches. What comes in
        batches is counted in batches, and need not fit in memory.
    members
        Column of the members of each work: lists of strings, Categorical, Enum or whole numbers (codes), or
        one of these a work. Members may repeat. Null and blank ones are unknown: no member, and no reason to
        call a work international.
    by
        Columns whose combinations are the cells; none: one cell. A list column counts the work once in each
        of its distinct values, and nowhere where it is empty.
    shares
        Column of lists of floats: share of each entry of ``members`` in the work (author fractions). They
        add up to at most 1; what is missing is of unknown members.
    units
        Column of lists of members, one entry a unit (author by country), for the credits ``complete`` and
        ``complete_normalised``. None: the entries of ``members`` are the units.
    first
        Column of the first author's member, for the credit ``straight``.
    counting
        Pair weightings beside ``full``, which is always there: ``newman``, ``pair``, ``share``, ``nature``,
        ``harmonic``, ``bilateral``. ``share``, ``nature`` and ``harmonic`` go by the shares, or by 1/n where
        none are given.
    credit
        What ``fractional`` of members adds up: ``country`` (1/n each; the default without shares),
        ``author`` (the shares; the default with them), ``modified`` (their square roots), ``complete``
        (units), ``complete_normalised``, ``straight``, or ``none`` for no such column.
    partners
        Second column of members: count ordered pairs, a among the members and b among the partners, a not b.
        Whole counts only.
    unknown
        What shares of unknown members become: ``renormalise`` spreads them over the known members of the
        work, ``keep`` leaves them unknown.
    groups
        A bloc, or a list of blocs and pairs of blocs. In a pass for each the bloc's members (of the cell's
        ``year``, where it is dated) become one node, ``bloc:quad``: one member, so that the bloc has no pair
        with its own members. Kept are the pairs with the node, and of a pair of blocs the pair of the two
        nodes: works with two different members, one in each. A list gives one tally of all, with a `by`
        column ``bloc``.
    blocs
        Where blocs are looked up; None: those that come with the package.
    policy
        Country policy, applied to codes (or labels of the country table) before anything is counted: two
        members that it maps to one are one, and their shares add up.
    labels
        Displayed name of each code, such as ``taxonomy.countries().labels()``; None: its digits.
    patterns
        Count works by member set too, see `Tally.regroup`; with ``partners``, by the sets of both sides.
        ``"credits"`` also tells apart works whose members have other credits by shares: what intervals of
        weightings by shares are made of, and hardly fewer than there are works.
    backend
        Backend of the kernels: ``auto``, ``cpu``, ``gpu`` or ``reference``. All give the same counts.

    Returns
    -------
    Tally
        Whole counts, and whole numbers of 2^-32 works; independent of the order of works and of how they
        come in batches.

    Raises
    ------
    SchemaError
        A column is missing, or of a type that it cannot have.
    InputError
        A `by` column holds nulls, a code has no label, or shares do not fit their members.
    UsageError
        An argument is not known, or does not go together with another one.
    BackendError
        The backend cannot be used here.

    Examples
    --------
    >>> import polars as pl
    >>> works = pl.DataFrame({"year": [2022, 2022], "countries": [["JP", "US"], ["JP", "KR", "US"]]})
    >>> tally(works, members="countries", by=["year"], counting="pair").pairs.select("a", "b", "joint").rows()
    [('JP', 'KR', 1), ('JP', 'US', 2), ('KR', 'US', 1)]
    """
    by = _checked_by(by, [members, shares, units, partners])
    if unknown not in ("renormalise", "keep"):
        raise UsageError(f"unknown is 'renormalise' or 'keep', not {unknown!r}")
    if isinstance(policy, str):
        raise UsageError(f"policy is a CountryPolicy: write policy=taxonomy.policy({policy!r})")
    meta = TallyMeta(
        by=by,
        kind="works" if partners is None else "directed",
        unknown=unknown,
        policy="" if policy is None else policy.sha256,
        backend=resolve_backend(backend, height(works)),
        shares="equal" if shares is None else "authors",
    )
    todo = passes(
        meta,
        counting=counting,
        credit=credit,
        defaults=("full", "country" if shares is None else "author"),
        patterns=patterns,
        groups=groups,
        blocs=blocs,
    )
    if todo.meta.credit == "author" and shares is None:
        raise UsageError("credit 'author' is by shares of authors: give shares, the column that holds them")
    if todo.meta.credit == "straight" and first is None:
        raise UsageError("credit 'straight' is by first author: give first, the column of their countries")
    columns = Columns(members, shares, units, first, partners)
    return todo.run(_batches(works, columns, by, Naming(labels, policy)))


def _batches(works: Any, columns: Columns, by: Sequence[str], naming: Naming) -> Iterator[list[Works]]:
    before = 0
    for frame in frames(works, columns.names(by), what="works"):
        yield [works_of(frame, columns, by, naming, before=before)]
        before += frame.height


def _checked_by(by: Sequence[str], counted: Sequence[str | None]) -> tuple[str, ...]:
    if isinstance(by, str):
        raise UsageError(f"by is a list of columns: write by=[{by!r}]")
    for name in by:
        if name in counted:
            raise UsageError(f"by names {name!r}, which is a column of what is counted")
        if name in _TAKEN:
            raise UsageError(f"by column {name!r} has the name of a column of the tally: rename it")
    if len(set(by)) != len(by):
        raise UsageError(f"by names a column twice: {', '.join(by)}")
    return tuple(by)
