"""One unit of input -> rows of one content, in this process or in a worker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from threading import Event

from trendcore import sources
from trendcore.errors import InputError
from trendcore.sources import Counts, InputUnit, ReadContext
from trendcore.store import FileCounts, FileStamp, InputWriter
from trendcore.update.threads import StoppedError


@dataclass(frozen=True)
class Found:
    """A unit with the content that its files hold now.

    Attributes
    ----------
    unit, stamps
        The unit, and each of its files as it is.
    content, origin
        Hash of what decides its rows, and of its files alone.
    """

    unit: InputUnit
    stamps: tuple[FileStamp, ...]
    content: str
    origin: str


def read_into(writer: InputWriter, found: Found, context: ReadContext, stop: Event) -> list[FileCounts]:
    """Read a unit, and return where the rows of each of its files went.

    Parameters
    ----------
    writer
        Takes the rows.
    found, context
        What is read, and how.
    stop
        Ends it once it is set.

    Raises
    ------
    InputError
        A file is not what it should be, or has changed.
    StoppedError
        It was told to stop.
    """
    source = sources.feed(found.unit.feed)
    counts: dict[str, Counts] = {}
    for batch in source.read(found.unit, context):
        if stop.is_set():
            raise StoppedError
        writer.add(source.table, batch.rows)
        writer.add("tombstones", batch.tombstones)
        writer.add("quarantine", batch.quarantine)
        file = batch.counts.file
        counts[file] = counts[file] + batch.counts if file in counts else batch.counts
    _check_unchanged(found)
    return [
        FileCounts(
            file=each.file,
            read=each.read,
            accepted=each.accepted,
            quarantined=each.quarantined,
            set_aside=dict(each.set_aside),
            warnings=dict(each.warnings),
        )
        for each in counts.values()
    ]


def _check_unchanged(found: Found) -> None:
    """Refuse rows of other bytes than those that were hashed: the content's id would stand for them."""
    for stamp in found.stamps:
        try:
            state = Path(stamp.path).stat()
        except OSError as error:
            raise InputError(f"{stamp.path}: gone while it was read: {error.strerror or error}") from error
        if (stamp.size, stamp.mtime_ns) != (state.st_size, state.st_mtime_ns):
            raise InputError(f"{stamp.path}: changed while it was read; try again when it is whole")
