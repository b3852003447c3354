"""Records of OpenAlex works to canonical rows: checks, fields, and the columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import accumulate, chain
from typing import Any, Final

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
from msgspec import UNSET
from numpy.typing import NDArray

from trendcore.schemas import COUNTRIES, PAPERS, SHARES, TOMBSTONES, TOPICS
from trendcore.sources.base import (
    Batch,
    Counts,
    InputFile,
    QuarantineBuilder,
    ReadContext,
    is_year,
)
from trendcore.sources.openalex_batches import cut_batch, merged
from trendcore.sources.openalex_flat import columns, days, ids_of, topic_lists
from trendcore.sources.openalex_layout import BY_CONCEPTS as CONCEPTS_BIT
from trendcore.sources.openalex_layout import FLAGS, NUMBER, UPDATED, YEAR, Ints
from trendcore.sources.openalex_members import CountryCodes, Members, members
from trendcore.sources.openalex_records import Records, Topic, Work, authorships_of, explain, why
from trendcore.sources.openalex_scan import Scanned

BY_TOPICS: Final = "openalex-topics"
BY_CONCEPTS: Final = "openalex-concepts"
OUT_OF_FIELD: Final = "out_of_field"
MERGED: Final = "merged"
_WORK_ID: Final = re.compile(
    r"(?:https?://(?:api\.)?openalex\.org/(?:works/)?)?[Ww]([0-9]{1,18})/?", re.ASCII
)
_LABEL_ID: Final = re.compile(r"(?:.*/)?[TtCc]?([0-9]{1,18})", re.ASCII)
_EPOCH: Final = date(1970, 1, 1).toordinal()
_MOST_COUNT: Final = 2**31 - 1

Labels = list[tuple[int, float | None]]


@lru_cache(1 << 14)
def day(text: str | None) -> int | None:
    """Days since 1970 of the date at the start of a text; None if there is none.

    Examples
    --------
    >>> day("1970-01-02T14:50:18.726146"), day("2020"), day(None)
    (1, None, None)
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text[:10]).toordinal() - _EPOCH
    except ValueError:
        return None


def work_id(text: str | None) -> str | None:
    """Return the short id of a work, None if it is none.

    Examples
    --------
    >>> work_id("https://openalex.org/W2741809807"), work_id("https://openalex.org/I27837315")
    ('W2741809807', None)
    """
    match = _WORK_ID.fullmatch(text) if text else None
    return f"W{int(match[1])}" if match else None


def labels_of(work: Work) -> tuple[str | None, Labels]:
    """Return the scheme and the topics of a work by rank, each once.

    The primary topic comes first, then the others by score. Records without the key `topics` are from before
    2024 and have concepts instead. A record with that key but no topic was not classified.

    Examples
    --------
    >>> topics = [Topic("https://openalex.org/T2", 0.5), Topic("https://openalex.org/T1", 0.9)]
    >>> labels_of(Work(topics=topics, primary_topic=topics[0]))
    ('openalex-topics', [(2, 0.5), (1, 0.9)])
    """
    old = work.topics is UNSET and work.primary_topic is None
    ranked = (work.concepts if old else work.topics or None) or []
    if len(ranked) > 1:
        ranked = sorted(ranked, key=_rank)
    if work.primary_topic is not None:
        ranked = [work.primary_topic, *ranked]
    out: dict[int, float | None] = {}
    for label in ranked:
        number = _label_number(label.id)
        if number is not None and out.get(number) is None:
            out[number] = label.score
    if not out:
        return None, []
    return BY_CONCEPTS if old else BY_TOPICS, list(out.items())


def _rank(label: Topic) -> float:
    return 1.0 if label.score is None else -label.score


@lru_cache(1 << 17)
def _label_number(text: str | None) -> int | None:
    match = _LABEL_ID.fullmatch(text) if text and len(text) < 100 else None
    return int(match[1]) if match else None


@dataclass
class _Checked:
    """Records that have an id and a year, column by column."""

    works: list[Work] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    schemes: list[str | None] = field(default_factory=list)
    labels: list[Labels] = field(default_factory=list)

    def take(self, rows: list[int]) -> _Checked:
        """Return some rows."""
        parts = (self.works, self.numbers, self.ids, self.schemes, self.labels)
        return _Checked(*([part[row] for row in rows] for part in parts))  # type: ignore[arg-type]


class RowMaker:
    """Makes the batches of one file.

    Parameters
    ----------
    file
        The file.
    context
        Countries, fields and what to keep.
    quarantine
        Shared with what decodes the file.
    """

    def __init__(self, file: InputFile, context: ReadContext, quarantine: QuarantineBuilder) -> None:
        self._file = file
        self._context = context
        self._quarantine = quarantine
        self._codes = CountryCodes(context.countries)
        self._updated = None if file.updated is None else file.updated.toordinal() - _EPOCH
        self._warnings: Counter[str] = Counter()

    def batches(self, records: Records) -> Iterator[Batch]:
        """Make batches of records; quarantine holds what the decoder refused of them, and nothing else."""
        most = self._context.limits.batch_rows
        for part in records.parts(most):
            yield from cut_batch(self._batch(part), most)

    def _batch(self, records: Records) -> Batch:
        if not len(records.scanned):
            return self._of_records(records)
        scanned = self._of_scanned(records.scanned)
        if not records.works and not records.refused:
            return scanned
        return merged(scanned, self._of_records(records))

    def _of_scanned(self, scanned: Scanned) -> Batch:
        """Make a batch of what the compiled loop has read."""
        works = scanned.works[: len(scanned)]
        topics = topic_lists(scanned)
        old = (works[:, FLAGS] & CONCEPTS_BIT) > 0
        schemes = pa.DictionaryArray.from_arrays(
            pa.array(old.astype(np.int8), mask=topics.value_lengths().to_numpy() == 0),
            [BY_TOPICS, BY_CONCEPTS],
        ).cast(pa.string())
        stored = self._stored(topics, schemes, works[:, YEAR])
        rows, out = np.flatnonzero(stored), np.flatnonzero(~stored)
        name = self._file.name
        kept = columns(scanned, rows) | {
            "topic_scheme": schemes.take(pa.array(rows)),
            "topics": topics.take(pa.array(rows)),
            "updated": self._days_of(works[rows]),
            "source_file": pa.repeat(name, len(rows)),
        }
        tombstones = None
        if len(out):
            gone = {
                "id": ids_of(scanned, out),
                "updated": self._days_of(works[out]),
                "reason": pa.repeat(OUT_OF_FIELD, len(out)),
                "source_file": pa.repeat(name, len(out)),
                "source_line": pa.array(works[out, NUMBER]),
            }
            tombstones = record_batch(gone, TOMBSTONES)
        set_aside = {OUT_OF_FIELD: len(out)} if len(out) else {}
        counts = Counts(name, len(works), len(rows), 0, set_aside)
        return Batch(record_batch(kept, PAPERS), tombstones, None, counts)

    def _days_of(self, works: Ints) -> pa.Array:
        if self._updated is None:
            return days(works[:, UPDATED])
        return days(np.full(len(works), self._updated))

    def _of_records(self, records: Records) -> Batch:
        n_read = len(records.works) + records.refused
        checked = self._check(records)
        kept, out = self._sort_out(checked)
        rows, refused_late = self._rows(kept, records)
        n_out = len(out.ids)
        counts = Counts(
            self._file.name,
            read=n_read,
            accepted=rows.num_rows,
            quarantined=n_read - len(checked.ids) + refused_late,
            set_aside={OUT_OF_FIELD: n_out} if n_out else {},
            warnings=dict(sorted((self._warnings + Counter(self._codes.warnings())).items())),
        )
        self._warnings.clear()
        tombstones = None
        if n_out:
            updated = [self._day_of(work) for work in out.works]
            tombstones = tombstones_of(self._file, out.ids, updated, OUT_OF_FIELD, out.numbers)
        return Batch(rows, tombstones, self._quarantine.take(), counts)

    def _check(self, records: Records) -> _Checked:
        checked = _Checked()
        for work, number in zip(records.works, records.numbers, strict=True):
            name = work_id(work.id)
            if name is None:
                reason = f"not the id of a work: {explain(work.id)}" if work.id else "no id"
            elif not is_year(work.publication_year):
                year = work.publication_year
                reason = (
                    "no publication year"
                    if year is None
                    else f"publication year out of range: {explain(year)}"
                )
            else:
                scheme, labels = labels_of(work)
                checked.works.append(work)
                checked.numbers.append(number)
                checked.ids.append(name)
                checked.schemes.append(scheme)
                checked.labels.append(labels)
                continue
            self._quarantine.add(number, reason, records.raw(number))
        return checked

    def _sort_out(self, checked: _Checked) -> tuple[_Checked, _Checked]:
        """Split what is stored from what is outside every field."""
        stored = self._stored(
            topics_array(checked.labels),
            pa.array(checked.schemes, pa.string()),
            np.array([work.publication_year for work in checked.works], dtype=np.int64),
        )
        return checked.take(np.flatnonzero(stored).tolist()), checked.take(np.flatnonzero(~stored).tolist())

    def _stored(self, topics: pa.ListArray, schemes: pa.StringArray, years: Ints) -> NDArray[np.bool_]:
        """Say which works are stored.

        Stored are works that a field matches, and works that could not be classified (no topic, or one that
        OpenAlex gave up on): without them the share of the unknown could not be told. A work known by its
        concepts only is stored if a field matches: that a field has no list of concepts says nothing
        about the work.
        """
        context = self._context
        if context.fields is None or not context.filters or not len(years):
            return np.ones(len(years), dtype=np.bool_)
        frame = pl.DataFrame(
            {
                "row": np.arange(len(years)),
                "topics": pl.Series(topics),
                "topic_scheme": pl.Series(schemes),
                "year": years.astype(np.int16),
            }
        )
        undecided = (pl.col("field_unknown").list.len() > 0) & pl.col("topic_scheme").ne_missing(BY_CONCEPTS)
        judged = (
            context.fields.papers(frame.lazy())
            .select("row", stored=(pl.col("field").list.len() > 0) | undecided)
            .collect(engine="in-memory")
        )
        stored = np.empty(len(years), dtype=np.bool_)
        stored[judged["row"].to_numpy()] = judged["stored"].to_numpy()
        return stored

    def _rows(self, kept: _Checked, records: Records) -> tuple[pa.RecordBatch, int]:
        """Make canonical rows, and return how many works had authorships that cannot be read."""
        found: list[Members] = []
        good: list[int] = []
        for row, work in enumerate(kept.works):
            assert work.publication_year is not None
            try:
                authorships = authorships_of(work)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                number = kept.numbers[row]
                self._quarantine.add(number, f"authorships: {why(error)}", records.raw(number))
                continue
            good.append(row)
            found.append(
                members(
                    authorships,
                    work.publication_year,
                    self._codes,
                    listed=work.authors_count,
                    truncated=work.is_authors_truncated,
                )
            )
        refused = len(kept.ids) - len(good)
        if refused:
            kept = kept.take(good)
        return self._columns(kept, found), refused

    def _columns(self, kept: _Checked, found: list[Members]) -> pa.RecordBatch:
        works = kept.works
        columns: dict[str, Any] = {
            "id": kept.ids,
            "year": [work.publication_year for work in works],
            "date": [day(work.publication_date) for work in works],
            "countries": _lists([one.countries for one in found], COUNTRIES),
            "shares": _lists([one.shares for one in found], SHARES),
            "units": _lists([one.units for one in found], COUNTRIES),
            "first_country": [one.first_country for one in found],
            "n_authors": [one.n_authors for one in found],
            "n_authors_unknown": [one.n_authors_unknown for one in found],
            "authors_truncated": [one.truncated for one in found],
            "topic_scheme": kept.schemes,
            "topics": topics_array(kept.labels),
            "type": [work.type for work in works],
            "language": [work.language for work in works],
            "is_retracted": [bool(work.is_retracted) for work in works],
            "is_paratext": [bool(work.is_paratext) for work in works],
            "is_xpac": [bool(work.is_xpac) for work in works],
            "cited_by": [self._count(work.cited_by_count) for work in works],
            "updated": [self._day_of(work) for work in works],
            "source_file": [self._file.name] * len(works),
            "source_line": kept.numbers,
        }
        return record_batch(columns, PAPERS)

    def _day_of(self, work: Work) -> int | None:
        return day(work.updated_date) if self._updated is None else self._updated

    def _count(self, number: int | None) -> int | None:
        if number is not None and not 0 <= number <= _MOST_COUNT:
            self._warnings["cited_by_count_out_of_range"] += 1
            return None
        return number


def topics_array(labels: list[Labels]) -> pa.ListArray:
    """Make the canonical column of lists of ids and scores."""
    flat = list(chain.from_iterable(labels))
    ids = pa.array([number for number, _ in flat], pa.int64())
    scores = pa.array([score for _, score in flat], pa.float64())
    values = pa.StructArray.from_arrays([ids, scores], fields=list(TOPICS.value_type))
    return pa.ListArray.from_arrays(_offsets(labels), values, type=TOPICS)


def tombstones_of(
    file: InputFile, ids: list[str], updated: list[int | None], reason: str, numbers: list[int]
) -> pa.RecordBatch:
    """Make tombstones; `updated` in days since 1970."""
    columns = {
        "id": ids,
        "updated": updated,
        "reason": [reason] * len(ids),
        "source_file": [file.name] * len(ids),
        "source_line": numbers,
    }
    return record_batch(columns, TOMBSTONES)


def record_batch(columns: dict[str, Any], schema: pa.Schema) -> pa.RecordBatch:
    """Make a record batch of columns in any order."""
    arrays = [
        values if isinstance(values, pa.Array) else _array(values, kind.type)
        for kind in schema
        for values in (columns[kind.name],)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_date32(kind):
        return pa.array(values, pa.int32()).cast(kind)
    return pa.array(values, kind)


def _lists(rows: list[Any], kind: pa.DataType) -> pa.ListArray:
    values = pa.array(list(chain.from_iterable(rows)), kind.value_type)
    return pa.ListArray.from_arrays(_offsets(rows), values, type=kind)


def _offsets(rows: list[Any]) -> pa.Array:
    return pa.array(list(accumulate(map(len, rows), initial=0)), pa.int32())
