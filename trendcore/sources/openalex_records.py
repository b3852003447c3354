"""OpenAlex works as records: what is read of the JSON, and how lines and pages become records.

Only the fields below are decoded; msgspec skips the rest without making objects of it. Authorships, the
larger part of a work, stay raw until it is known that the work is kept.

Source: https://developers.openalex.org, "Work object" and "Snapshot data format"; the schemas of 2023
(concepts, institutions only) and of 2025 (topics, ``countries`` of each authorship).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from trendcore.errors import InputError
from trendcore.sources.base import InputFile, Limits, QuarantineBuilder
from trendcore.sources.files import ByteStream
from trendcore.sources.lines import UTF8_MARK, line_runs


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
    works, numbers
        Records, and where they stand: the line; in a page or Parquet file the how manieth work.
    refused
        How many others went to quarantine.
    raw
        Gives the text of the work of a number.
    """

    works: list[Work]
    numbers: Sequence[int]
    refused: int
    raw: Callable[[int], bytes]

    def __len__(self) -> int:
        return len(self.works)

    def parts(self, most: int) -> Iterator[Records]:
        """Yield parts of at most so many works; at least one part, the first with what was refused."""
        if len(self) <= most:
            yield self
            return
        for start in range(0, len(self), most):
            part = slice(start, start + most)
            yield Records(self.works[part], self.numbers[part], 0 if start else self.refused, self.raw)


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
    """Gathers the records of one file; keeps count over the pages in it."""

    def __init__(self, quarantine: QuarantineBuilder) -> None:
        self._quarantine = quarantine
        self._in_pages = 0
        self._start()

    def _start(self) -> None:
        self._works: list[Work] = []
        self._numbers: list[int] = []
        self._runs: list[tuple[int, bytes]] = []
        self._texts: dict[int, bytes | Raw] = {}
        self._before = len(self._quarantine)
        self.n_bytes = 0

    @property
    def n_rows(self) -> int:
        """How many rows were gathered, also refused ones."""
        return len(self._works) + len(self._quarantine) - self._before

    def take(self) -> Records:
        """Return what was gathered, and start anew; call it before the quarantine is emptied."""
        refused = len(self._quarantine) - self._before
        runs, texts = self._runs, self._texts
        found = Records(self._works, self._numbers, refused, lambda number: _text(number, runs, texts))
        self._start()
        self._before = 0
        return found

    def add_run(self, run: bytes, number: int) -> bool:
        """Decode lines at once; False, and nothing done, if one of them is not just one work."""
        n_lines = run.count(b"\n") + 1
        try:
            works = _work.decode_lines(run)
        except _BAD:
            return False
        if len(works) != n_lines or any(work.results is not UNSET for work in works):
            return False
        self._works += works
        self._numbers += range(number, number + n_lines)
        self._runs.append((number, run))
        self.n_bytes += len(run)
        return True

    def add(self, texts: Iterable[bytes | Raw], numbers: Iterable[int]) -> None:
        """Decode works and pages of works one by one; what cannot be decoded goes to quarantine."""
        for number, text in zip(numbers, texts, strict=True):
            self.n_bytes += len(bytes(text))
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
        try:
            return _work.decode(text)
        except _BAD as error:
            self._quarantine.add(number, why(error), bytes(text))
            return None


def _text(number: int, runs: list[tuple[int, bytes]], texts: dict[int, bytes | Raw]) -> bytes:
    """Find a work's text; lines decoded at once are cut apart only here, for the few that are refused."""
    if number in texts:
        return bytes(texts[number])
    first, run = runs[bisect_right(runs, number, key=lambda held: held[0]) - 1]
    return run.split(b"\n")[number - first]


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
    decode = Decoder(quarantine)
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
            number += _add_lines(decode, run, number, stream.broken if cut else None)
        if decode.n_bytes >= limits.batch_bytes or decode.n_rows >= limits.batch_rows:
            yield from decode.take().parts(limits.batch_rows)
    if stream.broken and not cut:
        decode.refuse(number, stream.broken, b"")
    if decode.n_rows:
        yield from decode.take().parts(limits.batch_rows)


def _add_lines(decode: Decoder, run: bytes, number: int, broken: str | None) -> int:
    """Decode lines, at once if they are sound; return how many there were."""
    if not broken and decode.add_run(run, number):
        return run.count(b"\n") + 1
    lines = run.split(b"\n")
    if broken:
        decode.refuse(number + len(lines) - 1, broken, lines[-1])
    rows = [
        (at, line.removesuffix(b"\r"))
        for at, line in enumerate(lines[: len(lines) - bool(broken)], number)
        if line and not line.isspace()
    ]
    decode.add([line for _, line in rows], [at for at, _ in rows])
    return len(lines)


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
            return _documents.decode(whole)
        return [msgspec.json.decode(whole, type=Raw)]
    except _BAD as error:
        raise InputError(f"{file.path}: JSON over many lines, and {why(error)}") from error


def explain(value: Any) -> str:
    """Show a value in a reason, in few characters."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
