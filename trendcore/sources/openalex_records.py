"""OpenAlex works as records: what is read of the JSON, and how lines, pages and Parquet become records.

Only the fields below are decoded; msgspec skips the rest without making objects of it. Authorships, the
larger part of a work, stay raw until it is known that the work is kept.

Source: https://developers.openalex.org, "Work object" and "Snapshot data format"; the schemas of 2023
(concepts, institutions only) and of 2025 (topics, ``countries`` of each authorship).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import UNSET, Raw, Struct, UnsetType

from trendcore.errors import InputError, SchemaError
from trendcore.sources.base import InputFile, Limits, QuarantineBuilder
from trendcore.sources.files import ByteStream
from trendcore.sources.lines import LineBlock, line_blocks

#: rows turned to records at a time, from Parquet
PARQUET_ROWS: Final = 8192
#: leaves of a Parquet schema that are read, without the levels that lists add to a path
PARQUET_COLUMNS: Final = frozenset(
    {
        "id", "publication_year", "publication_date", "type", "language", "is_retracted", "is_paratext",
        "is_xpac", "cited_by_count", "updated_date", "authors_count", "is_authors_truncated",
        "authorships.author_position", "authorships.countries", "authorships.institutions.country_code",
        "primary_topic.id", "primary_topic.score", "topics.id", "topics.score",
        "concepts.id", "concepts.score",
    }
)  # fmt: skip
_LIST_LEVELS: Final = frozenset({"list", "element", "item", "bag", "array", "array_element"})
_COUNTRY_COLUMNS: Final = frozenset({"authorships.countries", "authorships.institutions.country_code"})


class Institution(Struct, gc=False):
    """An institution of an author."""

    country_code: str | None = None


class Authorship(Struct, gc=False):
    """An author of a work. Records before 2023-07 have no `countries`."""

    author_position: str | None = None
    countries: list[str | None] | None = None
    institutions: list[Institution] | None = None


class Topic(Struct, gc=False):
    """A topic or concept with its score."""

    id: str | None = None
    score: float | None = None


class Work(Struct, gc=False):
    """A work, or a page of the API, which has `results` instead."""

    id: str | None = None
    publication_year: int | None = None
    publication_date: str | None = None
    type: str | None = None
    language: str | None = None
    is_retracted: bool | None = None
    is_paratext: bool | None = None
    is_xpac: bool | None = None
    cited_by_count: int | None = None
    updated_date: str | None = None
    authors_count: int | None = None
    is_authors_truncated: bool | None = None
    primary_topic: Topic | None = None
    topics: list[Topic] | UnsetType | None = UNSET
    concepts: list[Topic] | None = None
    authorships: Raw = Raw(b"null")
    results: list[Raw] | UnsetType | None = UNSET


_work: Final = msgspec.json.Decoder(Work)
_authorships: Final = msgspec.json.Decoder(list[Authorship] | None)
_documents: Final = msgspec.json.Decoder(list[Raw])
_BAD: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True)
class Records:
    """Works of a part of a file.

    Attributes
    ----------
    works, numbers, raws
        Records, where they stand (line; in a page or Parquet file the how manieth work) and their text.
    refused
        How many others went to quarantine.
    """

    works: list[Work]
    numbers: list[int]
    raws: list[bytes | Raw]
    refused: int

    def __len__(self) -> int:
        return len(self.works)

    def parts(self, most: int) -> Iterator[Records]:
        """Yield parts of at most so many works; at least one part, the first with what was refused."""
        for start in range(0, max(len(self), 1), most):
            part = slice(start, start + most)
            refused = self.refused if start == 0 else 0
            yield Records(self.works[part], self.numbers[part], self.raws[part], refused)


def authorships_of(work: Work) -> list[Authorship]:
    """Decode the authorships of a work.

    Raises
    ------
    msgspec.MsgspecError
        They are not what they should be.

    Examples
    --------
    >>> [author.countries for author in authorships_of(Work(authorships=Raw(b'[{"countries": ["JP"]}]')))]
    [['JP']]
    """
    return _authorships.decode(work.authorships) or []


def why(error: Exception) -> str:
    """Say in one line why a record could not be decoded."""
    if isinstance(error, msgspec.ValidationError):
        return f"not a work: {error}"
    return f"not valid JSON: {error}"


class Decoder:
    """Turns the texts of one file into records; keeps count over the pages in it."""

    def __init__(self, quarantine: QuarantineBuilder) -> None:
        self._quarantine = quarantine
        self._in_pages = 0

    def __call__(self, texts: Iterable[bytes | Raw], numbers: Iterable[int]) -> Records:
        """Decode works and pages of works; what cannot be decoded goes to quarantine."""
        records = Records([], [], [], 0)
        before = len(self._quarantine)
        for number, text in zip(numbers, texts, strict=True):
            work = self._one(number, text)
            if work is None:
                continue
            if work.results is UNSET:
                records.works.append(work)
                records.numbers.append(number)
                records.raws.append(text)
            else:
                self._page(work.results or [], records)
        return Records(records.works, records.numbers, records.raws, len(self._quarantine) - before)

    def _page(self, results: Sequence[Raw], records: Records) -> None:
        for text in results:
            self._in_pages += 1
            work = self._one(self._in_pages, text)
            if work is not None:
                records.works.append(work)
                records.numbers.append(self._in_pages)
                records.raws.append(text)

    def _one(self, number: int, text: bytes | Raw) -> Work | None:
        try:
            return _work.decode(text)
        except _BAD as error:
            self._quarantine.add(number, why(error), bytes(text))
            return None


def records_of_text(
    stream: ByteStream, file: InputFile, limits: Limits, quarantine: QuarantineBuilder
) -> Iterator[Records]:
    """Read JSON lines, a page of the API, an array of works or a single work, printed in any way.

    Parameters
    ----------
    stream
        The file, unpacked.
    file
        For error messages.
    limits
        Bounds on lines and documents.
    quarantine
        Gets what cannot be decoded; the caller takes it after each item.

    Yields
    ------
    Records
        Works of a block of lines.

    Raises
    ------
    InputError
        A document over several lines is not valid JSON, or larger than the limit.
    """
    blocks = line_blocks(stream, limits)
    first = next(blocks, None)
    decode = Decoder(quarantine)
    if first is None:
        return
    if _is_document(first.lines):
        for text in _document(first, blocks, file, limits):
            yield from decode(text, range(1, len(text) + 1)).parts(limits.batch_rows)
        return
    for block in _chain(first, blocks):
        for row in block.refused:
            quarantine.add(*row)
        found = decode(block.lines, block.numbers)
        n_refused = found.refused + len(block.refused)
        yield from Records(found.works, found.numbers, found.raws, n_refused).parts(limits.batch_rows)


def records_of_parquet(file: InputFile, limits: Limits, quarantine: QuarantineBuilder) -> Iterator[Records]:
    """Read works of the Parquet snapshot, only the columns that are needed.

    Yields
    ------
    Records
        Works of some thousand rows.

    Raises
    ------
    SchemaError
        A column that must be there is not.
    InputError
        The file is no sound Parquet.
    """
    decode = Decoder(quarantine)
    number = 1
    for lines in _parquet_lines(file, limits):
        yield decode(lines, range(number, number + len(lines)))
        number += len(lines)


def _parquet_lines(file: InputFile, limits: Limits) -> Iterator[list[bytes]]:
    """Yield rows as JSON lines, written natively: one path for both formats of the snapshot."""
    try:
        with pq.ParquetFile(file.path) as table:
            columns = _columns(table, file, limits)
            for batch in table.iter_batches(PARQUET_ROWS, columns=columns):
                batch.validate(full=True)
                text = io.BytesIO()
                pl.DataFrame(batch).write_ndjson(text)
                yield text.getvalue().split(b"\n")[: batch.num_rows]
    except (pa.ArrowException, OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{file.path}: not a Parquet file that can be read: {error}") from error


def _columns(table: pq.ParquetFile, file: InputFile, limits: Limits) -> list[str]:
    paths = {
        ".".join(part for part in path.split(".") if part not in _LIST_LEVELS): path
        for path in (table.schema.column(at).path for at in range(len(table.schema)))
    }
    for name in ("id", "publication_year"):
        if name not in paths:
            shown = ", ".join(sorted({path.split(".")[0] for path in paths})[:20])
            raise SchemaError(f"{file.path}: column {name} of OpenAlex works is missing. Found: {shown}")
    if not _COUNTRY_COLUMNS & paths.keys():
        raise SchemaError(
            f"{file.path}: column authorships.countries is missing, so no work would have a country"
        )
    wanted = set(PARQUET_COLUMNS & paths.keys())
    if "topics.id" in wanted:
        wanted = {name for name in wanted if not name.startswith("concepts.")}
    held = table.metadata
    size = sum(held.row_group(at).total_byte_size for at in range(held.num_row_groups))
    if size > limits.max_bytes or (
        size > limits.ratio_from and size > limits.max_ratio * file.path.stat().st_size
    ):
        raise InputError(f"{file.path}: unpacks to {size:,} bytes, as a bomb does; see Limits.max_ratio")
    return [paths[name] for name in sorted(wanted)]


def _is_document(lines: Sequence[bytes]) -> bool:
    """Whether the file is one JSON value over several lines, rather than one work a line."""
    if not lines:
        return False
    first = lines[0].strip()
    if first.startswith(b"["):
        return True
    if len(lines) < 2 or first[-1:] not in {b"{", b"[", b","}:
        return False
    return not lines[1].startswith(b"{")


def _document(
    first: LineBlock, blocks: Iterator[LineBlock], file: InputFile, limits: Limits
) -> Iterator[list[Raw]]:
    """Yield the works, or the one page, of a document."""
    lines: list[bytes] = []
    size = 0
    for block in _chain(first, blocks):
        lines += block.lines
        size += sum(map(len, block.lines))
        if block.refused:
            number, reason, _ = block.refused[0]
            raise InputError(f"{file.path}, line {number}: a JSON value over many lines, and {reason}")
        if size > limits.max_document_bytes:
            raise InputError(
                f"{file.path}: one JSON value of more than {limits.max_document_bytes:,} bytes; write one work"
                " a line"
            )
    text = b"\n".join(lines)
    try:
        yield _documents.decode(text) if text.startswith(b"[") else [msgspec.json.decode(text, type=Raw)]
    except _BAD as error:
        raise InputError(f"{file.path}: a JSON value over many lines, and {why(error)}") from error


def _chain(first: LineBlock, blocks: Iterator[LineBlock]) -> Iterator[LineBlock]:
    yield first
    yield from blocks


def explain(value: Any) -> str:
    """Show a value in a reason, in few characters."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
