"""Releases: immutable numbered manifests; the highest number is the current one, there is no pointer."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any, Final

import msgspec

from trendcore.errors import ConflictError, StorageError, WorkspaceError
from trendcore.store.records import FORMAT_VERSION, encode, load
from trendcore.store.volumes import Volume, storage_errors

#: tables of releases, and those of releases of format 1
RESULTS: Final = "results"
FOLDERS: Final = (RESULTS, "published")
FOLDER: Final = "releases"
_FILE: Final = re.compile(r"(\d{6,})\.json")


class FileRecord(msgspec.Struct, frozen=True):
    """A data file of a release.

    Attributes
    ----------
    path
        Relative to the workspace.
    sha256
        Of its bytes, in hex.
    size, rows
        Bytes and rows.
    content_sha256
        Hash of the rows, see `frames.content_sha256`.
    part
        Of a table in parts what its rows are of, see `parts.PART_BY`; None: it is the whole table.
    sparse
        Names of its sparse columns, see `frames.SPARSE`.
    """

    path: str
    sha256: str
    size: int
    rows: int = 0
    content_sha256: str = ""
    part: list[str | int | None] | None = None
    sparse: list[str] = []


class TableRecord(msgspec.Struct, frozen=True):
    """A table of a release.

    Attributes
    ----------
    delta_version
        Version of the Delta table in which it was written.
    rows
        Number of rows.
    content_sha256
        Hash of its content, see `frames.content_sha256`; of a table in parts that of their list.
    columns
        Its schema, in Delta's JSON.
    files
        Its files, none if it has no rows.
    """

    delta_version: int
    rows: int
    content_sha256: str
    columns: dict[str, Any]
    files: list[FileRecord]


class ReleaseInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller says of a release; everything can be written as JSON.

    Attributes
    ----------
    fingerprint
        Hash of what decides the release: a release of the same one need not be made.
    inputs
        What was counted.
    settings, versions
        How it was counted, and by what.
    counts
        Rows by table, or other numbers.
    timings
        Seconds by step.
    gates
        What each gate found.
    warnings
        What a person should know.
    accepted_change
        Why a change that a gate refused is right, in a person's words; blank where none was accepted.
    rolled_back_to
        Number of the release whose tables it publishes again; None: its tables were computed.
    rolled_back_from
        Fingerprint of the release that was current before it went back: no release of it is made again
        unless that is asked for. Blank where nothing was rolled back.
    rollback_reason
        Why, in a person's words.
    method_files
        Name of a file of the method (taxonomy, policy, blocs) -> hash under which `Store.keep_text` keeps it.
    """

    fingerprint: str
    inputs: list[dict[str, Any]] = []
    settings: dict[str, Any] = {}
    versions: dict[str, Any] = {}
    counts: dict[str, int] = {}
    timings: dict[str, float] = {}
    gates: list[dict[str, Any]] = []
    warnings: list[str] = []
    accepted_change: str = ""
    rolled_back_to: int | None = None
    rolled_back_from: str = ""
    rollback_reason: str = ""
    method_files: dict[str, str] = {}


class Manifest(ReleaseInfo, frozen=True, kw_only=True):
    """A release.

    Attributes
    ----------
    number
        From 1 on.
    created
        UTC time, ISO 8601.
    previous
        Number of the release that was current before; None for the first.
    tables
        Name -> table.
    """

    number: int
    created: str
    previous: int | None
    tables: dict[str, TableRecord]
    format_version: int = FORMAT_VERSION


def numbers(volume: Volume) -> list[int]:
    """Return the numbers of the releases of a workspace, ascending."""
    with storage_errors(volume.name(FOLDER)):
        found = [_FILE.fullmatch(name) for name in volume.names(FOLDER)]
    return sorted(int(match[1]) for match in found if match)


def read(volume: Volume, number: int | None) -> Manifest:
    """Read a manifest; None: the current one.

    Raises
    ------
    WorkspaceError
        There is none of this number, or nothing is published, or a newer trendcore wrote it.
    StorageError
        It cannot be read, or is damaged.

    Examples
    --------
    >>> from pathlib import Path
    >>> from trendcore.store.volumes import LocalVolume
    >>> read(LocalVolume(Path("nowhere")), None)
    Traceback (most recent call last):
    trendcore.errors.WorkspaceError: nothing is published in nowhere yet: `trendcore update` publishes
    """
    there = numbers(volume)
    if not there:
        raise WorkspaceError(f"nothing is published in {volume.root} yet: `trendcore update` publishes")
    if number is None:
        number = there[-1]
    if number not in there:
        listed = ", ".join(str(each) for each in there)
        raise WorkspaceError(f"there is no release {number} in {volume.root}; there are {listed}")
    key = key_of(number)
    manifest = load(volume, key, Manifest)
    if manifest.number != number:
        raise StorageError(f"{volume.name(key)} is damaged: it says that it is release {manifest.number}")
    for table in manifest.tables.values():
        for file in table.files:
            parts = PurePosixPath(file.path).parts
            if len(parts) != 3 or parts[0] not in FOLDERS or ".." in parts or not file.path.isprintable():
                raise StorageError(
                    f"{volume.name(key)} is damaged: {file.path!r} is no file of a published table"
                )
    return manifest


def write(volume: Volume, manifest: Manifest) -> None:
    """Write a new manifest, on disk on return.

    Raises
    ------
    ConflictError
        There is a release of this number: another process was quicker.
    StorageError
        It cannot be written.
    """
    key = key_of(manifest.number)
    try:
        with storage_errors(volume.name(key)):
            volume.check()
            volume.create(key, encode(manifest))
    except StorageError as error:
        if isinstance(error.__cause__, FileExistsError):
            raise ConflictError(f"another process has published release {manifest.number}") from error
        raise


def key_of(number: int) -> str:
    """Return the key of a manifest.

    Examples
    --------
    >>> key_of(7)
    'releases/000007.json'
    """
    return f"{FOLDER}/{number:06d}.json"
