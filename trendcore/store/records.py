"""JSON records of the store: the format version, reading them back with errors that name the file."""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

import msgspec

from trendcore.errors import StorageError, WorkspaceError
from trendcore.store.volumes import Volume, storage_errors

#: of everything in a workspace; a newer one is refused
FORMAT_VERSION: Final = 2

Record = TypeVar("Record", bound=msgspec.Struct)


class _Versioned(msgspec.Struct):
    format_version: Annotated[int, msgspec.Meta(ge=1)]


def encode(record: msgspec.Struct) -> bytes:
    """Write a record as indented JSON, with a line end at the end."""
    return msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"


def load(volume: Volume, key: str, kind: type[Record]) -> Record:
    """Read a record back.

    Raises
    ------
    WorkspaceError
        A newer trendcore wrote it.
    StorageError
        The file is not there, cannot be read or is damaged.

    Examples
    --------
    >>> from pathlib import Path
    >>> from trendcore.store.volumes import LocalVolume
    >>> load(LocalVolume(Path("nowhere")), "ledger.json", msgspec.Struct)
    Traceback (most recent call last):
    trendcore.errors.StorageError: nowhere/ledger.json: No such file or directory
    """
    with storage_errors(volume.name(key)):
        data = volume.read(key)
    return decode(volume.name(key), data, kind)


def decode(name: str, data: bytes, kind: type[Record]) -> Record:
    """Read a record from its bytes; the name of its file is for messages. Errors are those of `load`."""
    try:
        version = msgspec.json.decode(data, type=_Versioned).format_version
        if version > FORMAT_VERSION:
            raise WorkspaceError(
                f"{name} has format version {version}, this trendcore reads up to {FORMAT_VERSION}:"
                " update trendcore"
            )
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StorageError(f"{name} is damaged: {error}") from error
