"""Fields of many rows at once: each row's answer is a bit mask over the fields, made by table look-ups.

A distinct topic, symbol or code is judged once; rows then only combine numbers. Masks are int64, bit ``i``
is field ``i`` of the view.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from trendcore.taxonomy.field_file import EditionCodes, FieldFile, FieldSpec
from trendcore.taxonomy.symbols import Answer, Rule, answer, parse_symbol

Masks = NDArray[np.int64]
RESULT = pl.Struct({"field": pl.List(pl.String), "field_unknown": pl.List(pl.String)})
TOPICS = pl.List(pl.Struct({"id": pl.Int64, "score": pl.Float64}))
#: distinct symbols kept judged between batches; the whole CPC has some 250,000
KEPT_SYMBOLS = 2**19


@dataclass(frozen=True)
class View:
    """One field as it is asked for: its lists with core only, or core and wide."""

    name: str
    spec: FieldSpec
    wide: bool


def as_lists(names: tuple[str, ...], masks: Masks) -> pl.Series:
    """Turn masks to lists of field names, sorted by name; few masks are distinct, so each is written once."""
    distinct, index = np.unique(masks, return_inverse=True)
    rows = [
        sorted(name for bit, name in enumerate(names) if int(mask) >> bit & 1) for mask in distinct.tolist()
    ]
    return pl.Series(rows, dtype=pl.List(pl.String)).gather(index.astype(np.uint32))


def as_struct(names: tuple[str, ...], yes: Masks, unknown: Masks) -> pl.Series:
    """Make the two list columns; what is decided by a yes is not unknown."""
    fields, unknowns = as_lists(names, yes), as_lists(names, unknown & ~yes)
    return pl.DataFrame({"field": fields, "field_unknown": unknowns}).to_struct()


def too_early(views: tuple[View, ...], kind: str, years: NDArray[np.int32]) -> Masks:
    """Mask per row of the fields whose list starts after the row's year."""
    masks = np.zeros(len(years), np.int64)
    for bit, view in enumerate(views):
        found = getattr(view.spec, kind)
        if found is not None and found.info.min_year is not None:
            masks |= np.where(years < found.info.min_year, np.int64(1) << bit, np.int64(0))
    return masks


def or_by_row(values: Masks, lengths: NDArray[np.int64]) -> Masks:
    """Or of the values of each row; a row without values is 0. ``sum(lengths) == len(values)``."""
    out = np.zeros(len(lengths), np.int64)
    filled = lengths > 0
    if filled.any():
        starts = (np.cumsum(lengths) - lengths)[filled]
        out[filled] = np.bitwise_or.reduceat(values, starts)
    return out


def years_of(column: pl.Series) -> NDArray[np.int32]:
    """Years as int32; a missing one is late, so that it passes every first year."""
    return column.cast(pl.Int32).fill_null(9999).to_numpy()


class PaperClassifier:
    """Fields of papers by their topics, or by concepts in old records."""

    def __init__(self, file: FieldFile, views: tuple[View, ...]) -> None:
        self.file, self.views = file, views
        self.names = tuple(view.name for view in views)
        self.topics = _id_table(views, "topics")
        self.concepts = _id_table(views, "concepts")
        self.has_list = _bits(
            view.spec.topics is not None or view.spec.concepts is not None for view in views
        )
        self.no_concepts = self.has_list & ~_bits(view.spec.concepts is not None for view in views)
        self.no_topics = self.has_list & ~_bits(view.spec.topics is not None for view in views)

    def __call__(self, batch: pl.Series) -> pl.Series:
        """Judge a struct column of topics, topic_scheme and year."""
        topics = batch.struct.field("topics").cast(TOPICS)
        scheme = batch.struct.field("topic_scheme").cast(pl.String)
        by_concept = (scheme == "openalex-concepts").fill_null(value=False).to_numpy()
        lengths = topics.list.len().fill_null(0).to_numpy().astype(np.int64)
        flat = topics.filter(lengths > 0).explode()
        ids = flat.struct.field("id").fill_null(-1).to_numpy()
        scores = flat.struct.field("score").fill_null(0.0).to_numpy()
        first = np.zeros(len(ids), bool)
        starts = (np.cumsum(lengths) - lengths)[lengths > 0]
        first[starts] = True
        concept_entry = np.repeat(by_concept, lengths)
        found = np.where(concept_entry, _look_up(self.concepts, ids), _look_up(self.topics, ids))
        yes = or_by_row(np.where(first | (scores >= self.file.min_score), found, 0), lengths)
        lost = lengths == 0
        lost[lengths > 0] = (
            (ids[starts] == self.file.unclassified_topic)
            & (scores[starts] < self.file.unclassified_below)
            & ~by_concept[lengths > 0]
        )
        unknown = np.where(by_concept, self.no_concepts, self.no_topics)
        unknown = np.where(lost, self.has_list, unknown)
        early = too_early(self.views, "topics", years_of(batch.struct.field("year")))
        return as_struct(self.names, np.where(lost, 0, yes) & ~early, unknown & ~early)


class PatentClassifier:
    """Fields of patents by their symbols; the judgement of a symbol is kept between batches."""

    def __init__(self, views: tuple[View, ...]) -> None:
        self.views = views
        self.names = tuple(view.name for view in views)
        lists = [view.spec.patents for view in views]
        self.has_list = _bits(found is not None for found in lists)
        # years at which some rule or list starts or stops: within a period every rule is on or off
        self.breaks = np.array(sorted(_breaks(views)), dtype=np.int64)
        self.rules: list[tuple[dict[str, tuple[Rule, ...]], dict[str, tuple[Rule, ...]], frozenset[str]]] = []
        for view in views:
            found = view.spec.patents
            if found is None:
                self.rules.append(({}, {}, frozenset()))
            else:
                taken = found.core + found.wide if view.wide else found.core
                self.rules.append((_by_class(taken), _by_class(found.out), found.cut_counts))
        self.judge = lru_cache(KEPT_SYMBOLS)(self._judge)

    def __call__(self, batch: pl.Series) -> pl.Series:
        """Judge a struct column of cpc and year."""
        symbols, years = (
            batch.struct.field("cpc").cast(pl.List(pl.String)),
            years_of(batch.struct.field("year")),
        )
        lengths = symbols.list.len().fill_null(0).to_numpy().astype(np.int64)
        flat = symbols.filter(lengths > 0).explode().fill_null("").alias("symbol")
        distinct = flat.unique().alias("symbol").to_frame().with_row_index("index")
        index = (
            flat.to_frame()
            .join(distinct, on="symbol", how="left", maintain_order="left")["index"]
            .to_numpy()
            .astype(np.int64)
        )
        judged = [self.judge(symbol) for symbol in distinct["symbol"].to_list()]
        periods = len(self.breaks) + 1
        tables = np.zeros((3, max(len(judged), 1), periods), np.int64)
        for row, (is_symbol, yes_masks, unknown_masks) in enumerate(judged):
            tables[0, row], tables[1, row], tables[2, row] = int(is_symbol), yes_masks, unknown_masks
        period = np.repeat(np.searchsorted(self.breaks, years, side="right"), lengths)
        known, yes, unknown = (or_by_row(table[index, period], lengths) for table in tables)
        early = too_early(self.views, "patents", years)
        unknown = np.where(known == 0, self.has_list, unknown)
        return as_struct(self.names, yes & ~early, unknown & ~early)

    def _judge(self, text: str) -> tuple[bool, tuple[int, ...], tuple[int, ...]]:
        """Whether the symbol is one, and for each period its mask of yes and of unknown."""
        symbol = parse_symbol(text)
        periods = len(self.breaks) + 1
        if symbol is None:
            return False, (0,) * periods, (0,) * periods
        yes, unknown = [0] * periods, [0] * periods
        year_of_period = [-1, *self.breaks.tolist()]
        for bit, (rules, out, cut_counts) in enumerate(self.rules):
            near = rules.get(symbol.section_class + (symbol.subclass or ""), ())
            if not near:
                continue
            apart = out.get(symbol.section_class + (symbol.subclass or ""), ())
            dated = any(rule.first is not None or rule.last is not None for rule in near + apart)
            found = Answer.NO
            for period, year in enumerate(year_of_period):
                if dated or period == 0:
                    found = answer(symbol, near, apart, cut_counts, year)
                yes[period] |= (found is Answer.YES) << bit
                unknown[period] |= (found is Answer.UNKNOWN) << bit
        return True, tuple(yes), tuple(unknown)


class TradeClassifier:
    """Fields of goods by HS code and edition; also of headings, where data are cut at four digits."""

    def __init__(self, file: FieldFile, views: tuple[View, ...], *, proxies: bool) -> None:
        self.file, self.views = file, views
        self.names = tuple(view.name for view in views)
        self.codes = {
            (view.name, edition): edition_codes(codes, wide=view.wide, proxies=proxies)
            for view in views
            if view.spec.trade is not None
            for edition, codes in view.spec.trade.editions.items()
        }
        self.judge = lru_cache(KEPT_SYMBOLS)(self._judge)

    def __call__(self, batch: pl.Series) -> pl.Series:
        """Judge a struct column of hs6 and hs_revision."""
        frame = pl.DataFrame(
            {"code": batch.struct.field("hs6"), "edition": batch.struct.field("hs_revision")},
            schema={"code": pl.String, "edition": pl.String},
        )
        distinct = frame.unique()
        judged = [self.judge(code, edition) for code, edition in distinct.rows()]
        answers = distinct.with_columns(
            yes=pl.Series([found[0] for found in judged], dtype=pl.Int64),
            unknown=pl.Series([found[1] for found in judged], dtype=pl.Int64),
        )
        joined = frame.join(
            answers, on=["code", "edition"], how="left", nulls_equal=True, maintain_order="left"
        )
        return as_struct(self.names, joined["yes"].to_numpy(), joined["unknown"].to_numpy())

    def _judge(self, code: str | None, edition: str | None) -> tuple[int, int]:
        yes = unknown = 0
        for bit, name in enumerate(self.names):
            found = self._answer(code, edition, self.codes.get((name, edition or ""), frozenset()))
            yes |= (found is Answer.YES) << bit
            unknown |= (found is Answer.UNKNOWN) << bit
        return yes, unknown

    def _answer(self, code: str | None, edition: str | None, codes: frozenset[str]) -> Answer:
        if not codes:
            return Answer.NO
        if code is None or edition is None or not (code.isascii() and code.isdigit()):
            return Answer.UNKNOWN
        if code[:6] in codes or code[:4] in codes:
            return Answer.YES
        if len(code) >= 6 or not any(listed.startswith(code) for listed in codes):
            return Answer.NO
        children = self.file.headings[edition].get(code[:4], ())
        inside = [child for child in children if child.startswith(code)]
        return Answer.YES if inside and codes.issuperset(inside) else Answer.UNKNOWN


def edition_codes(codes: EditionCodes, *, wide: bool, proxies: bool) -> frozenset[str]:
    """Return the codes of an edition that count: core, and wide or proxies where they are asked for."""
    parts = [codes.core, *([codes.wide] if wide else []), *([codes.proxies] if proxies else [])]
    return frozenset(code for part in parts for stage in part.values() for code in stage)


def _bits(flags: Iterable[bool]) -> int:
    return sum(1 << bit for bit, flag in enumerate(flags) if flag)


def _id_table(views: tuple[View, ...], kind: str) -> tuple[NDArray[np.int64], Masks]:
    masks: dict[int, int] = {}
    for bit, view in enumerate(views):
        found = getattr(view.spec, kind)
        if found is not None:
            for number in found.core | found.wide if view.wide else found.core:
                masks[number] = masks.get(number, 0) | 1 << bit
    ids = np.array(sorted(masks), dtype=np.int64)
    return ids, np.array([masks[number] for number in ids.tolist()], dtype=np.int64)


def _look_up(table: tuple[NDArray[np.int64], Masks], ids: NDArray[np.int64]) -> Masks:
    known, masks = table
    if not len(known):
        return np.zeros(len(ids), np.int64)
    place = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    return np.where(known[place] == ids, masks[place], 0)


def _breaks(views: tuple[View, ...]) -> set[int]:
    years: set[int] = set()
    for view in views:
        if view.spec.patents is not None:
            for rule in view.spec.patents.core + view.spec.patents.wide + view.spec.patents.out:
                years |= {rule.first} if rule.first is not None else set()
                years |= {rule.last + 1} if rule.last is not None else set()
    return years


def _by_class(rules: tuple[Rule, ...]) -> dict[str, tuple[Rule, ...]]:
    """Rules by subclass and by class (``H01L``, ``H01``), so that a symbol meets few of them."""
    names = {rule.subclass for rule in rules} | {rule.subclass[:3] for rule in rules}
    return {name: tuple(rule for rule in rules if rule.subclass.startswith(name)) for name in sorted(names)}
