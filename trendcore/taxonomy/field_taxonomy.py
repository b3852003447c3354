"""Technology fields: which papers, patents and goods belong, and where that cannot be known.

A row's field may be undecidable: OpenAlex could not classify it, a feed cut its symbols above the depth
that a rule needs, a heading holds both chips and solar cells. Then the field stands in ``field_unknown``,
and the share of such rows is published beside every count.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal

import polars as pl

from trendcore.errors import SchemaError, UsageError
from trendcore.taxonomy._classify import (
    RESULT,
    PaperClassifier,
    PatentClassifier,
    TradeClassifier,
    View,
)
from trendcore.taxonomy._data import content_hash
from trendcore.taxonomy.field_file import EDITIONS, FieldFile, ListInfo, read_field_file
from trendcore.taxonomy.symbols import parse_symbol

Breadth = Literal["core", "wide", "both"]
BREADTHS: Final = ("core", "wide", "both")
#: which list of a field judges a feed
KIND_OF_SOURCE: Final = {
    "openalex": "topics",
    "openalex-concepts": "concepts",
    "patentsview": "patents",
    "baci": "trade",
    "comtrade": "trade",
    "topics": "topics",
    "concepts": "concepts",
    "papers": "topics",
    "patents": "patents",
    "trade": "trade",
}
_JUDGED: Final = "__trendcore_fields"


class FieldTaxonomy:
    """A taxonomy of technology fields at one breadth; get it from `fields`.

    Attributes
    ----------
    version, sha256
        Version that the file gives itself, and the hash of the content as used (breadth and proxies in it).
    names
        Fields in the order of the file; with breadth ``both`` the wide ones follow as ``NAME_wide``.
    breadth, proxies
        As asked for.
    default_types
        Document types that count.
    """

    def __init__(self, file: FieldFile, breadth: Breadth, *, proxies: bool) -> None:
        narrow = [View(spec.name, spec, breadth == "wide") for spec in file.fields]
        broad = [View(f"{spec.name}_wide", spec, wide=True) for spec in file.fields]
        self._views = {view.name: view for view in narrow + (broad if breadth == "both" else [])}
        self._file = file
        views = tuple(self._views.values())
        self.version: str = file.version
        self.breadth: Breadth = breadth
        self.proxies = proxies
        self.names: tuple[str, ...] = tuple(self._views)
        self.default_types: tuple[str, ...] = file.types
        self.sha256: str = content_hash({"content": file.content, "breadth": breadth, "proxies": proxies})
        self._papers = PaperClassifier(file, views)
        self._patents = PatentClassifier(views)
        self._trade = TradeClassifier(file, views, proxies=proxies)

    def __repr__(self) -> str:
        """Name, breadth and hash: what tells two taxonomies apart."""
        return f"FieldTaxonomy({self.version!r}, breadth={self.breadth!r}, sha256={self.sha256[:12]!r})"

    def __reduce__(self) -> tuple[object, ...]:
        """Travel to a worker process as the content; what was judged so far stays behind."""
        return _make, (self._file, self.breadth, self.proxies)

    def papers(self, lf: pl.LazyFrame) -> pl.LazyFrame:
        """Add the fields of papers.

        A work is in a field by its primary (first) topic, or by any topic of at least ``min_score``. Works
        without a topic, and those that OpenAlex could not classify, are unknown in every field. Records with
        concepts (``topic_scheme`` openalex-concepts) are judged by concepts, and are unknown where a field
        has none.

        Parameters
        ----------
        lf
            With ``topics`` (list of struct id, score by rank), ``topic_scheme`` and ``year``.

        Returns
        -------
        polars.LazyFrame
            With ``field`` and ``field_unknown`` (lists of names, sorted, never null).

        Raises
        ------
        SchemaError
            A column is missing.

        Examples
        --------
        >>> topics = [[{"id": 10020, "score": 0.99}], []]
        >>> works = pl.LazyFrame(
        ...     {"topics": topics, "topic_scheme": ["openalex-topics", None], "year": [2020, 2020]}
        ... )
        >>> fields().papers(works).select(
        ...     "field", unknown=pl.col("field_unknown").list.len()
        ... ).collect().rows()
        [(['qis'], 0), ([], 5)]
        """
        return _judge(lf, ("topics", "topic_scheme", "year"), self._papers)

    def patents(self, lf: pl.LazyFrame) -> pl.LazyFrame:
        """Add the fields of patents.

        Any symbol that a rule takes puts the patent into the field. A symbol that a feed cut above the depth
        of a rule makes it unknown, unless another symbol says yes; so does the lack of any symbol.

        Parameters
        ----------
        lf
            With ``cpc`` (list of symbols in any usual spelling) and ``year``.

        Returns
        -------
        polars.LazyFrame
            With ``field`` and ``field_unknown`` (lists of names, sorted, never null).

        Raises
        ------
        SchemaError
            A column is missing.

        Examples
        --------
        >>> patents = pl.LazyFrame({"cpc": [["G06N10/40"], ["H10B"], ["G10L"]], "year": [2020, 2024, 2020]})
        >>> fields().patents(patents).select("field", "field_unknown").collect().rows()
        [(['qis'], []), (['semiconductors'], []), ([], ['ai'])]
        """
        return _judge(lf, ("cpc", "year"), self._patents)

    def trade(self, lf: pl.LazyFrame) -> pl.LazyFrame:
        """Add the fields of goods.

        A code shorter than six digits is in a field if all its six-digit codes of that edition are, or if the
        list names it; it is unknown if only some are. An edition for which a field has no list gives nothing:
        see `trade_revision` for the edition to take.

        Parameters
        ----------
        lf
            With ``hs6`` and ``hs_revision``.

        Returns
        -------
        polars.LazyFrame
            With ``field`` and ``field_unknown`` (lists of names, sorted, never null).

        Raises
        ------
        SchemaError
            A column is missing.

        Examples
        --------
        >>> goods = pl.LazyFrame({"hs6": ["854231", "8542", "8541"], "hs_revision": ["HS22"] * 3})
        >>> fields().trade(goods).select("field", "field_unknown").collect().rows()
        [(['semiconductors'], []), (['semiconductors'], []), ([], ['semiconductors'])]
        """
        return _judge(lf, ("hs6", "hs_revision"), self._trade)

    def patents_symbol(self, text: str | None) -> str | None:
        """Write a CPC or IPC symbol the one way; None if it is none.

        Examples
        --------
        >>> [fields().patents_symbol(text) for text in ("G06N   3/02", "G06N0003020000", "H01L", "n/a")]
        ['G06N3/02', 'G06N3/02', 'H01L', None]
        """
        symbol = parse_symbol(text) if text else None
        return None if symbol is None else str(symbol)

    def papers_eligible(self, types: Iterable[str] | None = None) -> pl.Expr:
        """Whether a paper counts: of a document type that counts, not retracted, no paratext, not xpac.

        Examples
        --------
        >>> works = pl.DataFrame(
        ...     {"type": ["article", "letter"], "is_retracted": False, "is_paratext": False, "is_xpac": False}
        ... )
        >>> works.select(fields().papers_eligible()).to_series().to_list()
        [True, False]
        """
        wanted = list(self.default_types if types is None else types)
        flags = [pl.col(name).fill_null(value=False) for name in ("is_retracted", "is_paratext", "is_xpac")]
        counts = pl.col("type").is_in(wanted).fill_null(value=False) & ~pl.any_horizontal(flags)
        return counts.alias("eligible")

    def trade_codes(self, field: str, hs_revision: str) -> frozenset[str]:
        """HS codes of a field in an edition; none where it has no list.

        Raises
        ------
        UsageError
            The field or the edition is unknown.

        Examples
        --------
        >>> sorted(fields().trade_codes("space", "HS92"))
        ['880250']
        """
        self._view(field)
        if hs_revision not in EDITIONS:
            raise UsageError(f"unknown HS edition {hs_revision!r}; one of {', '.join(EDITIONS)}")
        return self._trade.codes.get((field, hs_revision), frozenset())

    def trade_revision(self, field: str, year: int, available: Iterable[str]) -> str | None:
        """Return the one HS edition to publish for a field and year, of those at hand; None if none serves.

        The first of the field's preferred editions that is at hand, in force in the year, and has codes of
        the field. ``all`` takes the general order.

        Examples
        --------
        >>> [fields().trade_revision("semiconductors", year, ["HS92", "HS07"]) for year in (2000, 2015)]
        ['HS92', 'HS07']
        """
        at_hand = set(available)
        trade = None if field == "all" else self._view(field).spec.trade
        if field != "all" and trade is None:
            return None
        for edition in self._file.revision_order if trade is None else trade.revision_order:
            serves = trade is None or bool(self.trade_codes(field, edition))
            if edition in at_hand and serves and self._file.in_force[edition] <= year:
                return edition
        return None

    def proxy(self, field: str, source: str) -> bool | None:
        """Whether a field has only stand-ins in a source; None if it has no list there.

        Examples
        --------
        >>> (
        ...     fields().proxy("ai", "baci"),
        ...     fields().proxy("ai", "openalex"),
        ...     fields().proxy("space", "openalex-concepts"),
        ... )
        (True, False, None)
        """
        info = self.info(field, source)
        return None if info is None else info.proxy

    def note(self, field: str, source: str) -> str:
        """Return what a reader of a field's numbers from a source must know; blank if nothing.

        Examples
        --------
        >>> fields().note("ai", "comtrade").split(":")[0]
        'no HS code'
        """
        info = self.info(field, source)
        return (info.note if info is not None else "") or self._view(field).spec.note

    def title(self, field: str) -> str:
        """Return the name of a field for people.

        Examples
        --------
        >>> fields().title("5g")
        'Wireless (5G era)'
        """
        view = self._view(field)
        return f"{view.spec.title}, wide" if view.wide else view.spec.title

    def info(self, field: str, source: str) -> ListInfo | None:
        """Source, scheme edition, depth, note, proxy flag and first year of a field's list for a source.

        Parameters
        ----------
        field
            One of `names`.
        source
            A feed (openalex, openalex-concepts, patentsview, baci, comtrade) or a list (topics, concepts,
            patents, trade).

        Raises
        ------
        UsageError
            Field or source is unknown.
        """
        if source not in KIND_OF_SOURCE:
            raise UsageError(f"unknown source {source!r}; one of {', '.join(KIND_OF_SOURCE)}")
        found = getattr(self._view(field).spec, KIND_OF_SOURCE[source])
        return None if found is None else found.info

    def topics(self, field: str) -> dict[int, str]:
        """OpenAlex topics that put a paper into a field: id to name.

        Examples
        --------
        >>> len(fields().topics("qis"))
        2
        """
        view = self._view(field)
        if view.spec.topics is None:
            return {}
        return view.spec.topics.core | (view.spec.topics.wide if view.wide else {})

    def _view(self, field: str) -> View:
        if field not in self._views:
            raise UsageError(f"unknown field {field!r}; one of {', '.join(self.names)}")
        return self._views[field]


def fields(
    path: str | Path | None = None, breadth: Breadth = "core", *, proxies: bool = False
) -> FieldTaxonomy:
    """Read a taxonomy of technology fields.

    Parameters
    ----------
    path
        A TOML file of your own; the packaged one if None.
    breadth
        ``core``; ``wide`` (core and wide under the same names); or ``both``, where the wide ones are fields
        of their own, ``ai_wide`` and so on.
    proxies
        Whether goods that merely stand for a field count in trade.

    Returns
    -------
    FieldTaxonomy
        The fields.

    Raises
    ------
    TaxonomyError
        The file is not valid; the message names file and key.
    UsageError
        The breadth is unknown.

    Examples
    --------
    >>> fields().names
    ('semiconductors', 'ai', 'qis', '5g', 'space')
    >>> fields(breadth="both").names[5:7]
    ('semiconductors_wide', 'ai_wide')
    """
    if breadth not in BREADTHS:
        raise UsageError(f"unknown breadth {breadth!r}; one of {', '.join(BREADTHS)}")
    return _make(read_field_file(path), breadth, proxies)


def _make(file: FieldFile, breadth: Breadth, proxies: bool) -> FieldTaxonomy:
    return FieldTaxonomy(file, breadth, proxies=proxies)


def _judge(
    lf: pl.LazyFrame, columns: tuple[str, ...], judge: PaperClassifier | PatentClassifier | TradeClassifier
) -> pl.LazyFrame:
    names = lf.collect_schema().names()
    missing = [name for name in columns if name not in names]
    if missing:
        raise SchemaError(f"the frame lacks {', '.join(missing)}; it has {', '.join(names)}")
    judged = pl.struct(columns).map_batches(judge, return_dtype=RESULT, is_elementwise=True)
    return lf.drop("field", "field_unknown", strict=False).with_columns(judged.alias(_JUDGED)).unnest(_JUDGED)
