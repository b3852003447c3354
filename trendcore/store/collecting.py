"""Garbage collection: old releases are dropped, and what only they needed is removed when nobody reads it.

A reader opens files of a release lazily, for as long as it likes, and nobody knows of it. So a release is
dropped first: its manifest goes to ``releases/dropped/``, with the time, where new readers do not find it.
Its files are removed by a run after the grace; a reader that had begun before has that long to finish. What
no manifest names at all, such as files that an interrupted update left, is removed when two runs with the
grace between them have seen it so: ``releases/waiting.json`` remembers. The newest releases and those younger
than the grace are never dropped.

What is removed: data files of published tables, kept texts of methods, and rows of contents that neither an
input nor a release needs, which leave the ledger first. Delta logs stay as they are, so that readers of Delta
see every release that is kept. A run may die at any moment: what a kept release needs is in no list of what
is removed, and the next run makes its lists anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from trendcore.errors import UsageError
from trendcore.store import releases, texts
from trendcore.store.ledger import Ledger
from trendcore.store.records import FORMAT_VERSION, encode, load
from trendcore.store.releases import Manifest
from trendcore.store.rows import Rows
from trendcore.store.volumes import Volume, storage_errors

DROPPED: Final = f"{releases.FOLDER}/dropped"
_WAITING: Final = f"{releases.FOLDER}/waiting.json"
_FILE: Final = re.compile(r"(\d{6,})\.json")
_DATA: Final = ".parquet"


@dataclass(frozen=True)
class Collected:
    """What a run did, or would do.

    Attributes
    ----------
    dropped
        Numbers of the releases that new readers no longer find.
    waiting
        Numbers of those whose files wait for the grace to pass.
    removed
        Numbers of those of which nothing is left.
    files, bytes
        Files that were removed, and their bytes.
    contents
        Ids of contents whose rows were removed.
    held
        Files and contents that no release needs and that wait for the grace to pass.
    """

    dropped: tuple[int, ...]
    waiting: tuple[int, ...]
    removed: tuple[int, ...]
    files: int
    bytes: int
    contents: tuple[str, ...]
    held: int


@dataclass(frozen=True)
class Plan:
    """What is to be done, in the order of doing it.

    Attributes
    ----------
    told
        The same in numbers.
    drop
        Manifests to be dropped.
    moment
        The time of it.
    waiting
        What is seen to be needed by nobody -> since when, ISO 8601.
    files
        Keys of data files and texts to be removed.
    over
        Keys of dropped manifests of which nothing is left then.
    """

    told: Collected
    drop: tuple[Manifest, ...]
    moment: datetime
    waiting: Mapping[str, str]
    files: tuple[str, ...]
    over: tuple[str, ...]


class _Dropped(msgspec.Struct, frozen=True):
    """A release that readers no longer find."""

    dropped: str
    manifest: Manifest
    format_version: int = FORMAT_VERSION


class _Waiting(msgspec.Struct, frozen=True):
    """What no release needs, and since when that is known."""

    since: dict[str, str] = {}
    format_version: int = FORMAT_VERSION


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def plan(volume: Volume, rows: Rows, ledger: Ledger, keep: int, grace: timedelta) -> Plan:
    """Find what can be removed; nothing is written.

    Raises
    ------
    UsageError
        No release would stay, or the grace is negative.
    StorageError
        A manifest is damaged.
    """
    if keep < 1:
        raise UsageError(f"at least 1 release stays, not {keep}")
    if grace < timedelta(0):
        raise UsageError("the grace is 0 hours or more")
    moment = now()
    there = [releases.read(volume, number) for number in releases.numbers(volume)]
    drop = [each for each in there[:-keep] if _is_past(each.created, grace, moment)]
    gone = {each.number for each in drop}
    live = [each for each in there if each.number not in gone]
    dropped = _dropped(volume, {each.number for each in there})
    dropped |= {each.number: _Dropped(moment.isoformat(), each) for each in drop}
    over = {number for number, each in dropped.items() if _is_past(each.dropped, grace, moment)}
    needed = [*live, *(each.manifest for number, each in dropped.items() if number not in over)]
    # of what a release needed that is over, nobody needs to wait again
    known = _needs(each.manifest for number, each in dropped.items() if number in over)
    since = {} if not volume.exists(_WAITING) else load(volume, _WAITING, _Waiting).since
    in_use = _needs(needed) | {_of_content(unit.content) for unit in ledger.units}
    idle = [key for key in [*_stored(volume), *map(_of_content, ledger.contents)] if key not in in_use]
    seen = {key: since.get(key, moment.isoformat()) for key in idle}
    ripe = {key for key in idle if key in known or _is_past(seen[key], grace, moment)}
    contents = [each for each in ledger.contents if _of_content(each) in ripe]
    files = [key for key in idle if key in ripe and not key.startswith(_CONTENT)]
    sizes = dict(zip(files, volume.sizes(files), strict=True)) | rows.sizes(contents)
    told = Collected(
        dropped=tuple(sorted(gone)),
        waiting=tuple(sorted(dropped.keys() - over)),
        removed=tuple(sorted(over)),
        files=len(sizes),
        bytes=sum(sizes.values()),
        contents=tuple(contents),
        held=len(idle) - len(ripe),
    )
    return Plan(
        told,
        tuple(drop),
        moment,
        {key: time for key, time in seen.items() if key not in ripe},
        tuple(files),
        tuple(_dropped_key(number) for number in sorted(over)),
    )


def execute(volume: Volume, rows: Rows, ledger: Ledger, what: Plan, save: Callable[[Ledger], None]) -> None:
    """Do what was planned; under the lock.

    Raises
    ------
    StorageError
        Something cannot be written or removed; the next run goes on.
    ConflictError
        Another process has taken over.
    """
    with storage_errors(volume.root):
        for manifest in what.drop:
            record = _Dropped(what.moment.isoformat(), manifest)
            volume.replace(_prepared(volume, _dropped_key(manifest.number)), encode(record))
            _remove(volume, [releases.key_of(manifest.number)])
        # also brings to disk that the manifests are gone, before their files are
        volume.replace(_prepared(volume, _WAITING), encode(_Waiting(dict(what.waiting))))
        _remove(volume, what.files)
    if what.told.contents:
        for content in what.told.contents:
            del ledger.contents[content]
        save(ledger)
        rows.sweep(ledger.contents)
    with storage_errors(volume.root):
        _remove(volume, what.over)


def _is_past(time: str, grace: timedelta, moment: datetime) -> bool:
    return moment - datetime.fromisoformat(time) >= grace


#: what tells contents from files among what nobody needs
_CONTENT: Final = "input="


def _of_content(content: str) -> str:
    return f"{_CONTENT}{content}"


def _needs(manifests: Iterable[Manifest]) -> set[str]:
    """Return what releases need: keys of files, and contents by `_of_content`."""
    found: set[str] = set()
    for manifest in manifests:
        found.update(file.path for table in manifest.tables.values() for file in table.files)
        found.update(map(texts.key, manifest.method_files.values()))
        found.update(_of_content(str(each["id"])) for each in manifest.inputs if "id" in each)
    return found


def _stored(volume: Volume) -> list[str]:
    """Return the keys of all data files of published tables, and of kept texts."""
    with storage_errors(volume.root):
        found = [
            f"{at}/{table}/{name}"
            for at in releases.FOLDERS
            for table in volume.names(at)
            for name in volume.names(f"{at}/{table}")
            if name.endswith(_DATA)
        ]
        return found + [texts.key(name) for name in volume.names(texts.FOLDER) if "." not in name]


def _dropped(volume: Volume, live: set[int]) -> dict[int, _Dropped]:
    """Read the dropped releases, but for those that readers still find: a run died between the two."""
    with storage_errors(volume.name(DROPPED)):
        found = [_FILE.fullmatch(name) for name in volume.names(DROPPED)]
    numbers = [int(match[1]) for match in found if match]
    return {number: load(volume, _dropped_key(number), _Dropped) for number in numbers if number not in live}


def _dropped_key(number: int) -> str:
    return f"{DROPPED}/{number:06d}.json"


def _prepared(volume: Volume, key: str) -> str:
    """Return a key whose folder is there."""
    volume.prepare(key.rpartition("/")[0])
    return key


def _remove(volume: Volume, keys: Iterable[str]) -> None:
    """Remove files that were listed before, unless somebody has taken over since."""
    listed = list(keys)
    if listed:
        volume.check()
        volume.remove_all(listed)
