"""Raw files -> canonical rows in the store: which files are new, what is read, what the ledger says of it.

The ledger is the commit point: rows of an input that it does not name do not exist. So an interruption at any
moment leaves the workspace as it was.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock
from typing import Final

import msgspec

from trendcore import sources, taxonomy
from trendcore.config import Settings
from trendcore.errors import InputError, UsageError
from trendcore.pools.base import Pool
from trendcore.sources import Counts, InputUnit, Keep, ReadContext
from trendcore.sources.base import BREAKS_OFF, EMPTY_FILE
from trendcore.store import Content, FileCounts, FileStamp, Ledger, Registration, Store, Unit
from trendcore.taxonomy import FieldTaxonomy
from trendcore.taxonomy.files import data_file
from trendcore.update.stamping import stamps_of
from trendcore.update.storing import Found, read_into
from trendcore.update.threads import for_each
from trendcore.update.workers.reading import Apart, read_apart

#: called with work done, work in all, and a word on what is being done
Progress = Callable[[int, int, str], None]

#: raised when a reader gives other rows for the same bytes, so that inputs are read anew
READERS: Final = 3
#: feeds that are stored whole: indices need every product
_WHOLE: Final = ("baci", "comtrade")
#: warnings of a file as a whole, not of rows
_OF_FILES: Final = (BREAKS_OFF, EMPTY_FILE, "no_table")


@dataclass(frozen=True)
class IngestResult:
    """What an ingest did.

    Attributes
    ----------
    units
        Names of the inputs that were read now: new ones, and those whose content has changed.
    counts
        Where the rows of each of their files went.
    warnings
        What a person should know, in sentences.
    """

    units: tuple[str, ...]
    counts: tuple[Counts, ...]
    warnings: tuple[str, ...]


def silent(_done: int, _total: int, _note: str) -> None:
    """Show no progress."""


def field_taxonomy(settings: Settings) -> FieldTaxonomy:
    """Return the taxonomy of a workspace's settings."""
    return taxonomy.fields(settings.taxonomy, settings.breadth, proxies=settings.proxies)


def ingest(
    folder: str | Path,
    settings: Settings,
    feed: str,
    paths: Sequence[str | Path],
    *,
    keep: Keep = "fields",
    pool: Pool | None = None,
    progress: Progress = silent,
) -> IngestResult:
    """Register paths of a feed and read what is new there, or what is stored of it is damaged.

    Parameters
    ----------
    folder
        The workspace's folder, or its address; made when something is found to be read.
    settings
        The workspace's settings.
    feed
        One of `trendcore.sources.FEEDS`.
    paths
        Files, folders and globs; `update` scans them again.
    keep
        ``fields`` stores papers and patents of some field of the taxonomy, ``all`` every one.
    pool
        Workers that read; None: threads of this process.
    progress
        See `Progress`; counts bytes.

    Raises
    ------
    InputError
        A path is not there, or a file is not what it should be; the workspace is as it was.
    UsageError
        The feed is unknown, or stored with another ``keep``.
    WorkspaceError
        The folder is no workspace and not empty.
    ConflictError
        Another process works on the workspace.
    """
    if keep not in ("fields", "all"):
        raise UsageError(f"keep is 'fields' or 'all', not {keep!r}")
    units = sources.feed(feed).discover([_named(path) for path in paths])
    fields = field_taxonomy(settings)
    store = Store.create(folder)
    with store.lock():
        ledger = store.ledger()
        _check_keep(ledger, feed, keep)
        store.sweep(ledger.contents)
        taken = {str(file.path) for unit in units for file in unit.files}
        ledger.withdrawn = [path for path in ledger.withdrawn if path not in taken]
        damaged = store.verify_inputs(ledger.contents)
        apart = _apart(pool, settings)
        result = read_units(
            store, ledger, fields, units, keep=keep, progress=progress, damaged=damaged, apart=apart
        )
        for path in paths:
            _register(ledger, Registration(feed, _absolute(path), keep))
        store.save_ledger(ledger)
    return result


def rescan(
    store: Store, ledger: Ledger, settings: Settings, progress: Progress, pool: Pool | None = None
) -> IngestResult:
    """Scan the registered paths again and read what is new or changed there.

    The ledger is changed, not saved. A file that vanished stays counted, with a warning, until it is
    withdrawn.
    """
    results, warnings = [], []
    fields, apart = field_taxonomy(settings), _apart(pool, settings)
    for registration in list(ledger.registrations):
        source = sources.feed(registration.feed)
        try:
            units = source.discover([registration.path])
        except InputError as error:
            warnings.append(f"{error}; what was read there before stays counted until it is withdrawn")
            continue
        units = [unit for unit in units if not _withdrawn(unit, ledger)]
        keep: Keep = "all" if registration.keep == "all" else "fields"
        results.append(read_units(store, ledger, fields, units, keep=keep, progress=progress, apart=apart))
    for unit in ledger.units:
        gone = [file.path for file in unit.files if not Path(file.path).exists()]
        if gone:
            warnings.append(
                f"{gone[0]} is no longer there; it stays counted until `trendcore withdraw {gone[0]}`"
            )
    return IngestResult(
        tuple(name for result in results for name in result.units),
        tuple(counts for result in results for counts in result.counts),
        tuple(dict.fromkeys([*(line for result in results for line in result.warnings), *warnings])),
    )


def withdraw(store: Store, path: str | Path) -> tuple[str, ...]:
    """Take what was read at a path (a file, a folder, or a glob as it was ingested) out of the next release.

    Returns
    -------
    tuple of str
        Names of the inputs that were withdrawn.

    Raises
    ------
    UsageError
        Nothing was ingested from there.
    """
    with store.lock():
        ledger = store.ledger()
        target = _absolute(path)
        named = [entry for entry in ledger.registrations if entry.path == target]
        gone = [unit for unit in ledger.units if any(_is_at(file.path, target) for file in unit.files)]
        if not gone and not named:
            known = sorted({entry.path for entry in ledger.registrations})
            raise UsageError(f"nothing was ingested from {target}; ingested: {', '.join(known) or 'nothing'}")
        ledger.units = [unit for unit in ledger.units if unit not in gone]
        ledger.registrations = [entry for entry in ledger.registrations if entry not in named]
        still = {file.path for unit in gone for file in unit.files} | set(ledger.withdrawn)
        ledger.withdrawn = sorted(still)
        store.save_ledger(ledger)
    return tuple(unit.name for unit in gone)


def read_units(
    store: Store,
    ledger: Ledger,
    fields: FieldTaxonomy,
    units: Sequence[InputUnit],
    *,
    keep: Keep,
    progress: Progress,
    damaged: Collection[str] = (),
    apart: Apart | None = None,
) -> IngestResult:
    """Read the units whose content is not stored yet, or damaged; the ledger is changed, not saved."""
    _check_names(units)
    hashed = None if apart is None else apart.hashed
    stamps = stamps_of(ledger, [file.path for unit in units for file in unit.files], hashed)
    stamped = [
        _found(unit, [stamps[file.path] for file in unit.files], keep, fields.sha256) for unit in units
    ]
    sound = ledger.contents.keys() - damaged
    new = {found.content: found for found in reversed(stamped) if found.content not in sound}
    meter = _Meter(progress, sum(stamp.size for found in new.values() for stamp in found.stamps))
    context = ReadContext(taxonomy.countries(), fields, keep, progress=meter.advance)
    unread = [found for found in stamped if new.get(found.content) is found]
    contents = _read_new(store, ledger, unread, context, meter, apart)
    read: list[str] = []
    counts: list[Counts] = []
    warnings: list[str] = []
    active = set(ledger.active())
    for found in stamped:
        unit = found.unit
        if found.content in new and new[found.content] is found:
            content = contents[found.content]
            ledger.contents[content.id] = content
            read.append(unit.name)
            counts += _as_counts(content)
            warnings += _warnings(content)
        elif found.content not in active:
            # it comes again, be it as the earlier bytes of a file: as the last one, as if it were read now
            again = msgspec.structs.replace(ledger.contents[found.content], seq=ledger.next_seq)
            ledger.contents[found.content] = again
            ledger.next_seq += 1
        elif twin := _twin(ledger, found):
            warnings.append(f"{unit.files[0].path} holds the same content as {twin}: counted once")
        _put(ledger, found)
        active.add(found.content)
    return IngestResult(tuple(read), tuple(counts), tuple(warnings))


def _check_names(units: Sequence[InputUnit]) -> None:
    """Refuse names that the ledger, which is UTF-8, cannot hold."""
    for path in (str(file.path) for unit in units for file in unit.files):
        try:
            path.encode()
        except UnicodeEncodeError as error:
            shown = os.fsencode(path).decode("utf-8", "replace")
            raise InputError(f"{shown}: the name is not UTF-8; rename the file or its folder") from error


def _read_new(
    store: Store,
    ledger: Ledger,
    new: Sequence[Found],
    context: ReadContext,
    meter: _Meter,
    apart: Apart | None,
) -> dict[str, Content]:
    """Read units into the store, several at a time; the ledger gives them numbers in their order."""
    numbered: list[tuple[Found, int]] = []
    for found in new:
        old = ledger.contents.get(found.content)
        numbered.append((found, ledger.next_seq if old is None else old.seq))
        ledger.next_seq += old is None

    def task(item: tuple[Found, int], stop: Event) -> Content:
        found, seq = item
        meter.note = found.unit.name
        with store.writer(found.content) as writer:
            counts = read_into(writer, found, context, stop)
        return _content(found, seq, context, writer.rows, counts)

    if apart is None:
        return {content.id: content for content in for_each(task, numbered)}
    told = read_apart(apart, store, new, context)
    return {
        found.content: _content(found, seq, context, *each)
        for (found, seq), each in zip(numbered, told, strict=True)
    }


def _apart(pool: Pool | None, settings: Settings) -> Apart | None:
    return None if pool is None else Apart(pool, data_file("taxonomy", settings.taxonomy))


def accounting(ledger: Ledger) -> list[tuple[str, FileCounts]]:
    """Return the feed and the counts of each file of each content that counts, in the order of reading."""
    return [(content.feed, counts) for content in ledger.active().values() for counts in content.counts]


class _Meter:
    """Adds up what readers report, for a progress bar."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done, self._rows = progress, total, 0, 0
        self._lock = Lock()
        self.note = ""

    def advance(self, n_bytes: int, n_rows: int) -> None:
        with self._lock:
            self._done += n_bytes
            self._rows += n_rows
            self._progress(self._done, max(self._total, self._done), f"{self._rows:,} rows, {self.note}")


def _content(
    found: Found, seq: int, context: ReadContext, rows: Mapping[str, int], counts: list[FileCounts]
) -> Content:
    """Say what a unit's rows are; without this entry in the ledger they do not exist."""
    return Content(
        id=found.content,
        feed=found.unit.feed,
        keep=context.keep,
        taxonomy=_taxonomy_of(found.unit.feed, context.keep, context.fields.sha256 if context.fields else ""),
        reader=str(READERS),
        seq=seq,
        origin=found.origin,
        rows=dict(rows),
        counts=counts,
    )


def _found(unit: InputUnit, stamps: Sequence[FileStamp], keep: Keep, taxonomy_hash: str) -> Found:
    said = sorted(
        [file.role, str(file.updated or ""), file.says, stamp.sha256]
        for file, stamp in zip(unit.files, stamps, strict=True)
    )
    kept = "all" if unit.feed in _WHOLE else keep
    read = [READERS, unit.feed, kept, _taxonomy_of(unit.feed, keep, taxonomy_hash), said]
    return Found(unit, tuple(stamps), _hash(read), _hash([unit.feed, said]))


def _hash(parts: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _taxonomy_of(feed: str, keep: Keep, taxonomy_hash: str) -> str:
    """Return the hash of the taxonomy that decided what is stored; none where everything is."""
    return "" if feed in _WHOLE or keep == "all" else taxonomy_hash


def _put(ledger: Ledger, found: Found) -> None:
    """Say where a content is found now; a unit that shares a file with another one replaces it."""
    paths = {str(file.path) for file in found.unit.files}
    ledger.units = [
        unit
        for unit in ledger.units
        if unit.feed != found.unit.feed or not any(file.path in paths for file in unit.files)
    ]
    now = datetime.now(UTC).isoformat()
    ledger.units.append(Unit(found.unit.feed, found.unit.name, list(found.stamps), found.content, now))


def _twin(ledger: Ledger, found: Found) -> str | None:
    """Return where else the content of a unit was found, if anywhere."""
    paths = {str(file.path) for file in found.unit.files}
    for unit in ledger.units:
        if unit.content == found.content and not any(file.path in paths for file in unit.files):
            return unit.files[0].path
    return None


def _check_keep(ledger: Ledger, feed: str, keep: Keep) -> None:
    if feed in _WHOLE:
        return
    other = [entry for entry in ledger.registrations if entry.feed == feed and entry.keep != keep]
    if other:
        raise UsageError(
            f"{feed} is stored with --keep {other[0].keep} here; one feed has one --keep: withdraw "
            f"{', '.join(sorted(entry.path for entry in other))} first"
        )


def _register(ledger: Ledger, entry: Registration) -> None:
    if entry not in ledger.registrations:
        ledger.registrations.append(entry)


def _withdrawn(unit: InputUnit, ledger: Ledger) -> bool:
    return any(str(file.path) in ledger.withdrawn for file in unit.files)


def _named(path: str | Path) -> str:
    """Write a path as `_absolute` does; an empty one stays, for it would become this folder."""
    return _absolute(path) if str(path).strip() else str(path)


def _absolute(path: str | Path) -> str:
    """Write a path or glob the way in which files are named: absolute, without dots."""
    return os.path.abspath(Path(path).expanduser())  # noqa: PTH100 - a link stays a link, as in readers


def _is_at(path: str, target: str) -> bool:
    """Whether a file is a path, lies under it, or is matched by it."""
    file = Path(path)
    return path == target or Path(target) in file.parents or file.match(target)


def _as_counts(content: Content) -> Iterable[Counts]:
    return [
        Counts(each.file, each.read, each.accepted, each.quarantined, each.set_aside, each.warnings)
        for each in content.counts
    ]


def broken_off(ledger: Ledger) -> list[str]:
    """Name the files that count and are not whole: nobody knows how many rows they lack."""
    return [
        f"{counts.file} breaks off: its rows before that count, the others are missing"
        for _, counts in accounting(ledger)
        if BREAKS_OFF in counts.warnings
    ]


def _warnings(content: Content) -> Iterable[str]:
    for each in content.counts:
        for warning, n in sorted(each.warnings.items()):
            kind, _, what = warning.partition(":")
            rows = "" if kind in _OF_FILES else f" ({n:,} rows)"
            yield f"{each.file}: {kind.replace('_', ' ')}{f' {what}' if what else ''}{rows}"
        if each.quarantined:
            yield f"{each.file}: {each.quarantined:,} of {each.read:,} rows quarantined"
