"""JSON records of the store: the format version, reading them back with errors that name the file."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Final, TypeVar

import msgspec

from trendcore.errors import StorageError, WorkspaceError
from trendcore.store.volumes import Volume, storage_errors

#: of everything in a workspace; a newer one is refused
FORMAT_VERSION: Final = 2

Record = TypeVar("Record", bound=msgspec.Struct)


#: records of formats up to this one have no hash
_UNSEALED: Final = 1
_SEAL: Final = re.compile(rb',\n "checksum": "([0-9a-f]{64})"\n}\n\Z')


class _Versioned(msgspec.Struct):
    format_version: Annotated[int, msgspec.Meta(ge=1)]


def encode(record: msgspec.Struct) -> bytes:
    """Write a record as indented JSON that ends with the hash of what stands before it."""
    return sealed(msgspec.json.format(msgspec.json.encode(record), indent=1))


def sealed(text: bytes) -> bytes:
    """Add to the text of a JSON object, or put in the place of what it has, the hash of what it says.

    Examples
    --------
    >>> sealed(b'{"n": 1}').splitlines()[0], sealed(sealed(b'{"n": 1}')) == sealed(b'{"n": 1}')
    (b'{"n": 1,', True)
    """
    seal = _SEAL.search(text)
    said = text[: seal.start()] if seal else text.rstrip().removesuffix(b"}").rstrip()
    return said + f',\n "checksum": "{hashlib.sha256(said).hexdigest()}"\n}}\n'.encode()


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
        if version > _UNSEALED or _SEAL.search(data):
            _check(name, data)
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StorageError(f"{name} is damaged: {error}") from error


def _check(name: str, data: bytes) -> None:
    """Refuse a record of which a bit has changed since it was written."""
    seal = _SEAL.search(data)
    if seal is None or hashlib.sha256(data[: seal.start()]).hexdigest().encode() != seal[1]:
        raise StorageError(f"{name} is damaged: the bytes are not those that were written")
