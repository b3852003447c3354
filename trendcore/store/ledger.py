"""The ledger: what was ingested, where it was found, and where each row of it went."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from trendcore.schemas import CANONICAL
from trendcore.store.records import FORMAT_VERSION

_ID: Final = re.compile(r"[0-9a-f]{8,64}")


class FileStamp(msgspec.Struct, frozen=True):
    """A file as it was when it was read.

    Attributes
    ----------
    path
        Absolute path.
    sha256
        Of its bytes, in hex.
    size, mtime_ns
        Bytes, and time of the last change in nanoseconds since 1970.
    """

    path: str
    sha256: str
    size: int
    mtime_ns: int


class FileCounts(msgspec.Struct, frozen=True):
    """Where the rows of one file went; see `trendcore.sources.Counts`."""

    file: str
    read: int
    accepted: int
    quarantined: int
    set_aside: dict[str, int] = {}
    warnings: dict[str, int] = {}


class Content(msgspec.Struct, frozen=True):
    """The rows of one content, which count once, wherever the content is found.

    Attributes
    ----------
    id
        Hash of what decides the rows, in lower-case hex: the value of ``input`` in the tables.
    feed
        Name of the feed.
    keep
        ``fields`` or ``all``.
    taxonomy
        Hash of the taxonomy that decided what is stored; empty where everything is.
    reader
        Version of the reader.
    seq
        Place in the order of ingestion.
    rows
        Table -> rows.
    counts
        Where the rows of each file went.
    origin
        Hash of its files alone: contents of one origin are the same files, read in other ways. Blank where
        format 1 wrote it.
    """

    id: str
    feed: str
    keep: str
    taxonomy: str
    reader: str
    seq: int
    rows: dict[str, int] = {}
    counts: list[FileCounts] = []
    origin: str = ""


class Unit(msgspec.Struct, frozen=True):
    """Where a content was found; several units may have the same one.

    Attributes
    ----------
    feed, name
        Name of the feed, and of the unit, for people.
    files
        Its files.
    content
        Id of its content.
    read_at
        UTC time, ISO 8601.
    """

    feed: str
    name: str
    files: list[FileStamp]
    content: str
    read_at: str


class Registration(msgspec.Struct, frozen=True):
    """A path or glob of a feed that an update scans again."""

    feed: str
    path: str
    keep: str


class Ledger(msgspec.Struct):
    """What was ingested: rows of a content that the saved ledger does not name do not exist.

    Attributes
    ----------
    registrations
        What is scanned again.
    units
        Where contents were found.
    contents
        Id -> content.
    next_seq
        Place of the next content in the order of ingestion.
    withdrawn
        Paths of files that are not read again, though a registration finds them.
    fence
        How often the lock was taken where it is a lease, see `trendcore.store.fence`; set by the store.

    Examples
    --------
    >>> content = Content("0123456789abcdef", "baci", "all", "", "1", 0, {"trade": 2})
    >>> ledger = Ledger(contents={content.id: content})
    >>> list(ledger.active())
    []
    >>> ledger.units.append(Unit("baci", "a.csv", [], content.id, "2026-01-01T00:00:00+00:00"))
    >>> list(ledger.active())
    ['0123456789abcdef']
    """

    format_version: int = FORMAT_VERSION
    registrations: list[Registration] = []
    units: list[Unit] = []
    contents: dict[str, Content] = {}
    next_seq: int = 0
    withdrawn: list[str] = []
    fence: int = 0

    def active(self) -> dict[str, Content]:
        """Return the contents that some unit names, the one ingested first at the front."""
        named = {unit.content for unit in self.units}
        found = [content for content in self.contents.values() if content.id in named]
        return {content.id: content for content in sorted(found, key=lambda content: content.seq)}

    def check(self) -> None:
        """Check that the parts agree.

        Raises
        ------
        ValueError
            A unit names a content that is not there, an id is not one, or a table or a number of rows.
        """
        for key, content in self.contents.items():
            if key != content.id:
                raise ValueError(f"content {content.id!r} stands under {key!r}")
            check_id(key)
            for table, rows in content.rows.items():
                if table not in CANONICAL or rows < 0:
                    raise ValueError(f"content {key} has {rows} rows of {table!r}")
        for unit in self.units:
            if unit.content not in self.contents:
                raise ValueError(f"unit {unit.name!r} names the content {unit.content!r}, which is not there")


def check_id(content: str) -> None:
    """Check an id, which becomes the name of a folder.

    Raises
    ------
    ValueError
        It is not 8 to 64 digits of lower-case hex.

    Examples
    --------
    >>> check_id("../../etc")
    Traceback (most recent call last):
    ValueError: a content's id is 8 to 64 lower-case hex digits, not '../../etc'
    """
    if not _ID.fullmatch(content):
        raise ValueError(f"a content's id is 8 to 64 lower-case hex digits, not {content!r}")
