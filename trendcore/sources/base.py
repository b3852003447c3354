"""What every reader of a public feed shares: units of input, limits, batches and their counts.

A feed turns files into record batches of a canonical schema. Every row of a file is accounted for: read =
accepted + quarantined + set aside, in each batch and so in each file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import pyarrow as pa

from trendcore.schemas import CANONICAL, QUARANTINE, TOMBSTONES
from trendcore.taxonomy import Countries, FieldTaxonomy

Keep = Literal["fields", "all"]
Progress = Callable[[int, int], None]

#: years outside are mistakes of the feed; no clock is asked, so that a file reads the same on any day
FIRST_YEAR: Final = 1400
LAST_YEAR: Final = 2100
#: how much of a refused row is kept
RAW_CHARACTERS: Final = 500
#: warning of a file that ends in the middle: what came before counts, how much is lost is not known
BREAKS_OFF: Final = "file_breaks_off"
EMPTY_FILE: Final = "empty_file"
#: quarantined rows of trade whose key came before with another value
CONTRADICTS: Final = "contradicts_an_earlier_row"


@dataclass(frozen=True)
class InputFile:
    """One file of a unit.

    Attributes
    ----------
    path
        Absolute path. The path, not the name, tells two files apart.
    name
        For people and for the rows' `source_file`: the last parts of the path (see `files.display_name`).
    role
        What the file is to its feed: ``data``, or for example ``merged``, ``inventor``, ``location``.
    updated
        Date of the snapshot that the file belongs to, where the feed's layout says it.
    says
        What else the file's name says of its content: edition and year. Two files of equal bytes that say
        different things are different inputs.
    """

    path: Path
    name: str
    role: str = "data"
    updated: date | None = None
    says: str = ""


@dataclass(frozen=True)
class InputUnit:
    """What is registered, replaced and withdrawn as a whole: a file, or tables that belong together.

    Attributes
    ----------
    feed
        Name of the feed.
    name
        For people; two folders can give equal names, the files' paths tell them apart.
    files
        The unit's files, at least one.
    """

    feed: str
    name: str
    files: tuple[InputFile, ...]


@dataclass(frozen=True)
class Limits:
    """Bounds that keep a hostile or broken file from taking the machine.

    Attributes
    ----------
    max_ratio
        Unpacked bytes over packed ones, judged once ``ratio_from`` bytes have come out. Real feeds pack 4 to
        30 times, gzip can do 1,032.
    ratio_from
        Unpacked bytes below which the ratio is not judged.
    max_bytes
        Unpacked bytes of a file.
    max_line_bytes
        Bytes of a line; a longer one is quarantined and skipped, never held.
    max_document_bytes
        Bytes of a file that must be held whole (a pretty-printed page).
    max_parquet_bytes
        Memory of the process that reads a Parquet file, where the system can bound it (Linux).
    max_held_rows
        Rows of a file that must be held until its end, at some 100 bytes each (Comtrade).
    batch_rows, batch_bytes
        Rows and unpacked bytes of a batch.
    """

    max_ratio: float = 300.0
    ratio_from: int = 64 << 20
    max_bytes: int = 1 << 40
    max_line_bytes: int = 64 << 20
    max_document_bytes: int = 512 << 20
    max_parquet_bytes: int = 2 << 30
    max_held_rows: int = 50_000_000
    batch_rows: int = 1 << 16
    batch_bytes: int = 32 << 20


@dataclass(frozen=True)
class ReadContext:
    """All that reading depends on besides the file.

    Attributes
    ----------
    countries
        The country table.
    fields
        The taxonomy that decides what is stored; None stores everything.
    keep
        ``fields`` stores what some field of the taxonomy matches, ``all`` everything.
    limits
        Bounds on what a file may cost.
    progress
        Called now and then with the bytes on disk and the rows read since the last call.
    """

    countries: Countries
    fields: FieldTaxonomy | None = None
    keep: Keep = "fields"
    limits: Limits = field(default_factory=Limits)
    progress: Progress | None = None

    @property
    def filters(self) -> bool:
        """Whether rows outside every field are set aside."""
        return self.fields is not None and self.keep == "fields"

    def report(self, n_bytes: int, n_rows: int) -> None:
        """Tell how far reading has come."""
        if self.progress is not None:
            self.progress(n_bytes, n_rows)


@dataclass(frozen=True)
class Counts:
    """Where the rows of one file went, for one batch or added up.

    Attributes
    ----------
    file
        The file's display name.
    read, accepted, quarantined
        Rows. Blank lines are no rows.
    set_aside
        Rows by reason: out_of_field, merged, repeat, aggregate, re_export, lookup and the like.
    warnings
        Things to know, by kind, with how many rows: ``unknown_country:ZZ``, ``file_breaks_off``.

    Examples
    --------
    >>> first = Counts("a.gz", read=3, accepted=2, quarantined=1)
    >>> (first + Counts("a.gz", read=1, accepted=0, quarantined=0, set_aside={"repeat": 1})).read
    4
    >>> Counts("a.gz", read=3, accepted=1, quarantined=1)
    Traceback (most recent call last):
    AssertionError: a.gz: read 3 rows, but 1 accepted + 1 quarantined + 0 set aside
    """

    file: str
    read: int
    accepted: int
    quarantined: int
    set_aside: Mapping[str, int] = field(default_factory=dict)
    warnings: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        aside = sum(self.set_aside.values())
        if self.read != self.accepted + self.quarantined + aside:
            raise AssertionError(
                f"{self.file}: read {self.read} rows, but {self.accepted} accepted"
                f" + {self.quarantined} quarantined + {aside} set aside"
            )

    def __add__(self, other: Counts) -> Counts:
        """Add the counts of two batches of one file."""
        if self.file != other.file:
            raise ValueError(f"counts of different files: {self.file}, {other.file}")
        return Counts(
            self.file,
            self.read + other.read,
            self.accepted + other.accepted,
            self.quarantined + other.quarantined,
            _added(self.set_aside, other.set_aside),
            _added(self.warnings, other.warnings),
        )


@dataclass(frozen=True)
class Batch:
    """Rows of one file in a canonical schema, with what was not taken and why.

    Attributes
    ----------
    rows
        Accepted rows; at most ``Limits.batch_rows`` of them, possibly none.
    tombstones
        Ids that the file says are gone or outside every field, or None.
    quarantine
        Refused rows, or None.
    counts
        Of this batch. A file gives at least one batch, so that each file has counts.
    """

    rows: pa.RecordBatch
    tombstones: pa.RecordBatch | None
    quarantine: pa.RecordBatch | None
    counts: Counts

    def __post_init__(self) -> None:
        if self.rows.schema not in CANONICAL.values():
            raise AssertionError(f"{self.counts.file}: rows have no canonical schema: {self.rows.schema}")
        for name, part, schema in (
            ("tombstones", self.tombstones, TOMBSTONES),
            ("quarantine", self.quarantine, QUARANTINE),
        ):
            if part is not None and part.schema != schema:
                raise AssertionError(f"{self.counts.file}: {name} have the schema {part.schema}")
        held = self.rows.num_rows, 0 if self.quarantine is None else self.quarantine.num_rows
        if held != (self.counts.accepted, self.counts.quarantined):
            raise AssertionError(f"{self.counts.file}: {held} rows and quarantined, counts say {self.counts}")


class Feed(Protocol):
    """A public feed: where its files are, and how they become canonical rows."""

    name: str
    table: Literal["papers", "patents", "trade"]

    def discover(self, paths: Sequence[str | Path]) -> list[InputUnit]:
        """Find the units in files, folders and globs, in natural order.

        Raises
        ------
        InputError
            A path is not there, or nothing of this feed is found under it.
        """
        ...

    def read(self, unit: InputUnit, context: ReadContext) -> Iterator[Batch]:
        """Read a unit batch by batch, in bounded memory.

        Raises
        ------
        InputError
            A file is not what it should be as a whole. Single bad rows are quarantined instead.
        """
        ...


class QuarantineBuilder:
    """Collects refused rows of one file.

    Examples
    --------
    >>> refused = QuarantineBuilder("a.csv")
    >>> refused.add(7, "negative value", b"2020,-5")
    >>> len(refused), refused.take().to_pylist()[0]["line"], len(refused)
    (1, 7, 0)
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self._rows: list[tuple[int, str, str]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, line: int, reason: str, raw: bytes | str = "") -> None:
        """Refuse a row; 1 is the first line of the file, 0 means the file as a whole."""
        if isinstance(raw, bytes):
            # four bytes a character at most
            raw = raw[: 4 * RAW_CHARACTERS].decode("utf-8", "replace")
        # a lone surrogate can come out of JSON escapes, and Arrow refuses it
        clean = raw[:RAW_CHARACTERS].encode("utf-8", "replace").decode("utf-8").replace("\0", "�")
        self._rows.append((line, reason.encode("utf-8", "replace").decode("utf-8"), clean))

    def take(self) -> pa.RecordBatch | None:
        """Return the rows so far in the canonical schema, None if there are none, and start anew."""
        rows, self._rows = self._rows, []
        if not rows:
            return None
        columns: list[Any] = [[self.file] * len(rows), *map(list, zip(*rows, strict=True))]
        arrays = [pa.array(values, kind.type) for values, kind in zip(columns, QUARANTINE, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, schema=QUARANTINE)


def is_year(year: int | None) -> bool:
    """Whether a year can be meant.

    Examples
    --------
    >>> [is_year(year) for year in (2020, 0, None, 20200)]
    [True, False, False, False]
    """
    return year is not None and FIRST_YEAR <= year <= LAST_YEAR


def empty(schema: pa.Schema) -> pa.RecordBatch:
    """Return a batch without rows."""
    return pa.RecordBatch.from_arrays([pa.array([], kind.type) for kind in schema], schema=schema)


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in sorted({*one, *other})}
