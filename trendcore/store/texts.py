"""Small files that are kept under the hash of their bytes: what a release was computed by."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from typing import Final

from trendcore.errors import StorageError
from trendcore.store.volumes import Volume, storage_errors

FOLDER: Final = "methods"
_HASH: Final = re.compile(r"[0-9a-f]{64}")


def key(sha256: str) -> str:
    """Return where bytes of a hash are kept."""
    return f"{FOLDER}/{sha256}"


def keep(volume: Volume, data: bytes) -> str:
    """Keep bytes; see `Store.keep_text`."""
    sha256 = hashlib.sha256(data).hexdigest()
    place = key(sha256)
    with storage_errors(volume.name(place)):
        try:
            if volume.read(place) != data:
                volume.replace(place, data)
        except FileNotFoundError:
            with suppress(FileExistsError):
                volume.create(place, data)
    return sha256


def kept(volume: Volume, sha256: str) -> bytes:
    """Return bytes that were kept; see `Store.kept_text`."""
    if not _HASH.fullmatch(sha256):
        raise ValueError(f"a hash is 64 lower-case hex digits, not {sha256!r}")
    name = volume.name(key(sha256))
    with storage_errors(name):
        data = volume.read(key(sha256))
    if hashlib.sha256(data).hexdigest() != sha256:
        raise StorageError(f"{name}: the bytes are not those that were written")
    return data
