"""OpenAlex works as records: what is read of the JSON, and how lines and pages become records.

Lines written as the feed writes them are read by the compiled loop of `openalex_scan`. The few others, and
documents over several lines, are decoded here, one by one. Only the fields below are decoded; msgspec skips
the rest without making objects of it. Authorships stay raw until it is known that the work is kept.

Source: https://developers.openalex.org, "Work object" and "Snapshot data format"; the schemas of 2023
(concepts, institutions only) and of 2025 (topics, ``countries`` of each authorship).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from trendcore.errors import InputError
from trendcore.sources.base import InputFile, Limits, QuarantineBuilder
from trendcore.sources.files import ByteStream
from trendcore.sources.json_scan import n_parts
from trendcore.sources.lines import UTF8_MARK, line_runs
from trendcore.sources.openalex_layout import MOST_AUTHORS, Codes
from trendcore.sources.openalex_scan import Scanned

#: works or pages of a document; each takes some 70 bytes beside its text
MOST_RECORDS: Final = 4_000_000
#: parts of one record or page: a page has 200 works, a work at most some thousand authors or words
MOST_PARTS: Final = 400_000
#: a shorter record cannot have enough parts to matter
_LONG: Final = 1 << 20


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
_Authorships = Annotated[list[Authorship], msgspec.Meta(max_length=MOST_AUTHORS)]
_authorships: Final = msgspec.json.Decoder(_Authorships | None)
_documents: Final = msgspec.json.Decoder(list[Raw])
_BAD: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True)
class Records:
    """Works of a part of a file.

    Attributes
    ----------
    scanned
        Those that the compiled loop has read.
    works, numbers
        The others, and where they stand: the line; in a page or Parquet file the how manieth work.
    refused
        How many more went to quarantine.
    texts
        Number to text of the works in `works`.
    """

    scanned: Scanned
    works: list[Work]
    numbers: Sequence[int]
    refused: int
    texts: Mapping[int, bytes | Raw]

    def __len__(self) -> int:
        return len(self.scanned) + len(self.works)

    def raw(self, number: int) -> bytes:
        """Return the text of a work."""
        return bytes(self.texts[number])

    def parts(self, most: int) -> Iterator[Records]:
        """Yield parts of at most so many of `works`; at least one part, the first with all the rest."""
        for start in range(0, len(self.works) or 1, most):
            part = slice(start, start + most)
            scanned, refused = (Scanned(), 0) if start else (self.scanned, self.refused)
            yield Records(scanned, self.works[part], self.numbers[part], refused, self.texts)


def authorships_of(work: Work) -> list[Authorship]:
    """Decode the authorships of a work.

    Raises
    ------
    msgspec.MsgspecError
        They are not what they should be, or more than `MOST_AUTHORS`.

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
    """Gathers the records of one file; keeps count over the pages in it.

    Parameters
    ----------
    quarantine
        Gets what cannot be decoded.
    codes
        Codes of countries, see `openalex_scan.code_table`.
    """

    def __init__(self, quarantine: QuarantineBuilder, codes: Codes) -> None:
        self._quarantine = quarantine
        self._codes = codes
        self._in_pages = 0
        self._start()

    def _start(self) -> None:
        self._scanned = Scanned()
        self._works: list[Work] = []
        self._numbers: list[int] = []
        self._texts: dict[int, bytes | Raw] = {}
        self._before = len(self._quarantine)
        self.n_bytes = 0

    @property
    def n_rows(self) -> int:
        """How many rows were gathered, also refused ones."""
        return len(self._scanned) + len(self._works) + len(self._quarantine) - self._before

    def take(self) -> Records:
        """Return what was gathered, and start anew; call it before the quarantine is emptied."""
        refused = len(self._quarantine) - self._before
        found = Records(self._scanned, self._works, self._numbers, refused, self._texts)
        self._start()
        self._before = 0
        return found

    def add_run(self, run: bytes, number: int) -> int:
        """Read lines, the first of this number; return how many there were, blank ones too."""
        left = self._scanned.scan(run, number, self._codes)
        left = [(at, line.removesuffix(b"\r")) for at, line in left if not line.isspace()]
        self.add([line for _, line in left], [at for at, _ in left])
        self.n_bytes += len(run)
        return self._scanned.next_line - number

    def add(self, texts: Iterable[bytes | Raw], numbers: Iterable[int]) -> None:
        """Decode works and pages of works one by one; what cannot be decoded goes to quarantine."""
        for number, text in zip(numbers, texts, strict=True):
            work = self._one(number, text)
            if work is not None and work.results is UNSET:
                self._keep(work, number, text)
            elif work is not None:
                for result in work.results or []:
                    self._in_pages += 1
                    held = self._one(self._in_pages, result)
                    if held is not None:
                        self._keep(held, self._in_pages, result)

    def refuse(self, number: int, reason: str, text: bytes) -> None:
        """Send a row to quarantine."""
        self._quarantine.add(number, reason, text)

    def _keep(self, work: Work, number: int, text: bytes | Raw) -> None:
        self._works.append(work)
        self._numbers.append(number)
        self._texts[number] = text

    def _one(self, number: int, text: bytes | Raw) -> Work | None:
        text = bytes(text)
        if len(text) > _LONG and n_parts(text, 2) > MOST_PARTS:
            self._quarantine.add(number, f"more than {MOST_PARTS:,} parts in one record", text)
            return None
        try:
            return _work.decode(text)
        except _BAD as error:
            self._quarantine.add(number, why(error), text)
            return None


def records_of_text(
    stream: ByteStream, file: InputFile, limits: Limits, quarantine: QuarantineBuilder, codes: Codes
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
    codes
        Codes of countries, see `openalex_scan.code_table`.

    Yields
    ------
    Records
        Works of a block of lines.

    Raises
    ------
    InputError
        A document over several lines is not valid JSON, or larger than the limit.
    """
    decode = Decoder(quarantine, codes)
    number = 1
    cut = False
    runs = line_runs(stream, limits.max_line_bytes)
    for text, long, open_end in runs:
        if text is None:
            decode.refuse(number, f"line longer than {limits.max_line_bytes:,} bytes", long)
            number += 1
        else:
            run = text.removeprefix(UTF8_MARK) if number == 1 else text
            if number == 1 and _is_document(run):
                works = _document(run, runs, stream, file, limits)
                decode.add(works, range(1, len(works) + 1))
                yield from decode.take().parts(limits.batch_rows)
                return
            cut = open_end and stream.broken is not None
            if stream.broken and cut:
                run, end, last = run.rpartition(b"\n")
                number += decode.add_run(run, number) if end else 0
                decode.refuse(number, stream.broken, last)
            else:
                number += decode.add_run(run, number)
        if decode.n_bytes >= limits.batch_bytes or decode.n_rows >= limits.batch_rows:
            yield decode.take()
    if stream.broken and not cut:
        decode.refuse(number, stream.broken, b"")
    if decode.n_rows:
        yield decode.take()


def _is_document(run: bytes) -> bool:
    """Whether the file is one JSON value over several lines, rather than one work a line."""
    lines = [line.strip() for line in run.lstrip().split(b"\n", 2)[:2]]
    if lines[0].startswith(b"[") or lines[0] == b"{":
        return True
    if len(lines) < 2 or lines[0][-1:] not in {b"{", b"[", b","}:
        return False
    return not lines[1].startswith(b"{")


def _document(
    run: bytes,
    runs: Iterator[tuple[bytes | None, bytes, bool]],
    stream: ByteStream,
    file: InputFile,
    limits: Limits,
) -> list[Raw]:
    """Return the works, or the one page, of a document."""
    texts = [run]
    size = len(run)
    for text, long, _ in runs:
        texts.append(long if text is None else text)
        size += limits.max_document_bytes if text is None else len(text)
        if size > limits.max_document_bytes:
            break
    if size > limits.max_document_bytes:
        most = f"{limits.max_document_bytes:,}"
        raise InputError(
            f"{file.path}: JSON over many lines of more than {most} bytes; write one work a line"
        )
    if stream.broken:
        raise InputError(f"{file.path}: JSON over many lines, and {stream.broken}")
    whole = b"\n".join(texts)
    try:
        if whole.lstrip().startswith(b"["):
            if n_parts(whole, 1) > MOST_RECORDS:
                raise InputError(
                    f"{file.path}: JSON over many lines of more than {MOST_RECORDS:,} records;"
                    " write one work a line"
                )
            return _documents.decode(whole)
        return [msgspec.json.decode(whole, type=Raw)]
    except _BAD as error:
        raise InputError(f"{file.path}: JSON over many lines, and {why(error)}") from error


def explain(value: Any) -> str:
    """Show a value in a reason, in few characters."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
