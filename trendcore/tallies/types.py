"""What a tally is: frozen tables of integer counts that add up, and what was counted how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import polars as pl

from trendcore import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trendcore.taxonomy import Blocs, CountryPolicy

Kind = Literal["works", "directed", "trade"]

#: fixed-point columns hold whole numbers of this fraction of a work
UNIT: Final = 2.0**-32

#: pair weightings beside "full", in the order of their columns ``w_<name>``
WEIGHTINGS: Final = ("newman", "pair", "share", "nature", "harmonic", "bilateral")
#: those that go by the shares of authors, where these were given
BY_SHARES: Final = ("share", "nature", "harmonic")
#: credit schemes of the ``fractional`` column of members
CREDITS: Final = ("country", "complete", "complete_normalised", "author", "straight", "modified")

WORKS_MEMBERS: Final = ("works", "works_intl", "fractional")
WORKS_TOTALS: Final = ("works", "works_known", "works_intl", "sum_n", "sum_pairs")
DIRECTED_MEMBERS: Final = ("works", "partner_works", "works_abroad", "partner_abroad")
DIRECTED_TOTALS: Final = ("works", "works_known")

#: lists of patterns: what works are alike in, beside their cell
PATTERN_LISTS: Final = ("members", "partners", "credits")

#: an end of a trade flow that is no country but a part of totals: areas not elsewhere specified
NES: Final = "nes"


@dataclass(frozen=True)
class TallyMeta:
    """How a tally was counted; written beside every number that comes from it.

    Attributes
    ----------
    by
        Names of the columns whose combinations are the cells.
    kind
        ``works`` (unordered pairs), ``directed`` (invented in a, owned in b) or ``trade``.
    counting
        Pair weightings that ``pairs`` holds: ``full`` first, then those with a column ``w_<name>``.
    credit
        Scheme of ``members.fractional``, or ``none``.
    unknown
        ``renormalise``: shares of unknown members are spread over the known ones of the work; ``keep``: they
        stay unknown.
    universe
        ``all``, ``closed:<12 hex digits>`` (a closed list of members) or ``bloc:<name>``.
    policy
        Hash of the country policy, or empty.
    backend
        Backend of the kernels that counted (never ``auto``), or empty: published counts.
    version
        Version of trendcore.
    self_flows
        Of trade: ``in_total`` or ``drop``; else empty.
    shares
        What weightings and credits by shares went by: ``authors`` (a column of shares) or ``equal`` (1/n).
        Empty: there are none, or it is not known of published counts.

    Examples
    --------
    >>> TallyMeta(by=("year",)).counting
    ('full',)
    """

    by: tuple[str, ...]
    kind: Kind = "works"
    counting: tuple[str, ...] = ("full",)
    credit: str = "none"
    unknown: str = "renormalise"
    universe: str = "all"
    policy: str = ""
    backend: str = ""
    version: str = __version__
    self_flows: str = ""
    shares: str = ""


@dataclass(frozen=True)
class Tally:
    """Counts of works by cell, member and pair; made by `tally` or `from_frames`.

    Fixed-point columns (``w_<weighting>``, ``fractional``) hold whole numbers of 2^-32 works. All frames are
    sorted by their key; members are named by what is displayed, in byte order.

    Attributes
    ----------
    pairs
        ``by`` columns, a, b, joint, and ``w_<weighting>`` where asked for; only pairs with joint > 0. Of
        ``works``: a < b. Of ``directed``: a is a member of the work, b another one of its partners.
    members
        ``by`` columns, member, then works, works_intl (works of two members or more) and fractional; of
        ``directed``: works, partner_works, works_abroad (with a partner elsewhere), partner_abroad (with a
        member elsewhere), over the works of which both sides are known.
    totals
        ``by`` columns, works (all), works_known (with a known member; of ``directed``: on both sides), and of
        ``works`` works_intl, sum_n and sum_pairs (sums over works of n and of n(n-1), n the number of known
        members).
    patterns
        ``by`` columns, members (sorted list), n: works by set of known members, the empty set too. Of
        ``directed`` partners stands beside members: works by both sets, of which none is empty. With credits
        (list, 2^-32) works are also told apart by the credits that their members have by shares. None where
        not asked for.
    meta
        How it was counted.

    Examples
    --------
    >>> import trendcore as tc
    >>> works = pl.DataFrame({"year": [2022, 2022], "countries": [["JP", "US"], ["JP", "KR", "US"]]})
    >>> tc.tally(works, members="countries", by=["year"]).pairs
    shape: (3, 4)
    ┌──────┬─────┬─────┬───────┐
    │ year ┆ a   ┆ b   ┆ joint │
    │ ---  ┆ --- ┆ --- ┆ ---   │
    │ i64  ┆ str ┆ str ┆ i64   │
    ╞══════╪═════╪═════╪═══════╡
    │ 2022 ┆ JP  ┆ KR  ┆ 1     │
    │ 2022 ┆ JP  ┆ US  ┆ 2     │
    │ 2022 ┆ KR  ┆ US  ┆ 1     │
    └──────┴─────┴─────┴───────┘
    """

    pairs: pl.DataFrame
    members: pl.DataFrame
    totals: pl.DataFrame
    patterns: pl.DataFrame | None
    meta: TallyMeta

    @classmethod
    def from_frames(
        cls,
        pairs: pl.DataFrame,
        members: pl.DataFrame,
        totals: pl.DataFrame,
        *,
        by: Sequence[str],
        patterns: pl.DataFrame | None = None,
        kind: Literal["works", "directed"] = "works",
        credit: str = "country",
        unknown: str = "renormalise",
        universe: str = "all",
        policy: str = "",
        backend: str = "",
        shares: str = "",
        validate: bool = True,
    ) -> Tally:
        """Make a tally from counts that were published or stored, checked.

        Parameters
        ----------
        pairs, members, totals, patterns
            As the attributes of `Tally`, in any order of rows. Counts that are not known may be null, and
            but for ``joint`` whole columns may lack: indices that need them are null. Columns that are no
            part of a tally are left out.
        by
            Columns whose combinations are the cells.
        kind, credit, unknown, universe, policy, backend, shares
            See `TallyMeta`. The weightings are those whose columns ``pairs`` has.
        validate
            Check that counts fit together. False saves the time for frames that a tally wrote itself.

        Returns
        -------
        Tally
            The counts, sorted, as Int64.

        Raises
        ------
        SchemaError
            A column is missing or of the wrong type.
        InputError
            A key is null or stands twice, a >= b, a count is negative, or larger than what it is a part of.

        Examples
        --------
        >>> Tally.from_frames(
        ...     pl.DataFrame({"year": [2022], "a": ["JP"], "b": ["US"], "joint": [7]}),
        ...     pl.DataFrame({"year": [2022, 2022], "member": ["JP", "US"], "works_intl": [10, 12]}),
        ...     pl.DataFrame({"year": [2022], "works_intl": [30]}),
        ...     by=["year"],
        ... ).meta.counting
        ('full',)
        """
        from trendcore.tallies.published import build

        meta = TallyMeta(
            by=tuple(by),
            kind=kind,
            credit=credit,
            unknown=unknown,
            universe=universe,
            policy=policy,
            backend=backend,
            shares=shares,
        )
        return build(pairs, members, totals, patterns, meta, validate=validate)

    def merge(self, *others: Tally) -> Tally:
        """Add tallies of other partitions of the works: each work is to be in one partition only.

        A count that is not known in one part is not known in the sum. Patterns are added where all have them.

        Raises
        ------
        UsageError
            The tallies were not counted alike: other ``by`` columns, weightings, policy, universe, ...

        Examples
        --------
        >>> import trendcore as tc
        >>> works = pl.DataFrame({"year": [2022, 2022], "countries": [["JP", "US"], ["JP", "US"]]})
        >>> parts = [tc.tally(works[at : at + 1], members="countries", by=["year"]) for at in (0, 1)]
        >>> parts[0].merge(parts[1]).pairs["joint"].to_list()
        [2]
        """
        from trendcore.tallies.adding import add

        return add([self, *others])

    def closed(self, members: Iterable[str]) -> Tally:
        """Keep only the pairs and members of a closed list; totals stay those of all works.

        What works with members outside the list add to link strengths is lost, so the universe is another:
        ``closed:<hash of the list>``. Joint works, works and totals are not changed by it.

        Raises
        ------
        UsageError
            The tally is of a bloc or closed already, or the list is empty.

        Examples
        --------
        >>> import trendcore as tc
        >>> works = pl.DataFrame({"year": [2022], "countries": [["JP", "KR", "US"]]})
        >>> closed = tc.tally(works, members="countries", by=["year"]).closed(["JP", "US"])
        >>> closed.pairs["a"].to_list(), closed.meta.universe
        (['JP'], 'closed:3469468153d0')
        """
        from trendcore.tallies.adding import close

        return close(self, members)

    def regroup(
        self,
        *,
        groups: str | Sequence[str | tuple[str, str]] | None = None,
        policy: CountryPolicy | None = None,
        counting: str | Sequence[str] | None = None,
        credit: str | None = None,
        blocs: Blocs | None = None,
        patterns: bool = False,
        backend: str = "auto",
    ) -> Tally:
        """Tally again from the patterns: blocs, another country policy, other weightings; no works needed.

        Gives what `tally` gives for the works themselves, to the bit.

        Parameters
        ----------
        groups, policy, blocs, patterns, backend
            See `tally`. A policy is applied to what is displayed, on top of the tally's own.
        counting, credit
            See `tally`; None: the tally's own. Shares of authors are not in patterns: ``share``, ``nature``
            and ``harmonic`` take 1/n, so where the tally's own did not they are to be asked for by name; and
            only the credits ``country`` and ``none`` can be had.

        Returns
        -------
        Tally
            Of the same ``by`` columns (and ``bloc`` for a list of groups).

        Raises
        ------
        UsageError
            The tally has no patterns, or something is asked for that they do not hold.

        Examples
        --------
        >>> import trendcore as tc
        >>> works = pl.DataFrame({"year": [2022, 2022], "countries": [["JP", "US"], ["JP", "KR", "US"]]})
        >>> kept = tc.tally(works, members="countries", by=["year"], patterns=True)
        >>> kept.regroup(groups="quad").pairs.rows()
        [(2022, 'KR', 'bloc:quad', 1)]
        """
        from trendcore.tallies.patterns import regroup

        return regroup(
            self,
            groups=groups,
            policy=policy,
            counting=counting,
            credit=credit,
            blocs=blocs,
            patterns=patterns,
            backend=backend,
        )


@dataclass(frozen=True)
class TradeTally:
    """Values of trade flows by cell, product, exporter and importer; made by `tally_trade`.

    Attributes
    ----------
    flows
        ``by`` columns, product (once, where it is one of them), exporter, importer, value: thousandths of a
        US dollar, summed. Flows of a country to itself are rows too, unless dropped. Exporter or importer may
        be ``nes`` (`NES`): no country, but a part of all totals.
    goods
        ``by`` columns but those that all goods do not have (field, product), exporter, importer, value: trade
        in all goods. None where the data do not hold all goods.
    meta
        How it was counted; ``kind`` is ``trade``.

    Examples
    --------
    >>> import trendcore as tc
    >>> flows = pl.DataFrame(
    ...     {"year": 2022, "hs6": ["854231"], "exporter": ["TW"], "importer": ["US"], "value": [5000]}
    ... )
    >>> tc.tally_trade(flows).flows.row(0)
    (2022, '854231', 'TW', 'US', 5000)
    """

    flows: pl.DataFrame
    goods: pl.DataFrame | None
    meta: TallyMeta
