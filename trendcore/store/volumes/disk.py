"""File-system primitives: what is written is on disk when the call returns, whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from trendcore.store.failpoints import hit

#: a file of this ending is not finished; one that is found later was left by a process that died
UNFINISHED: Final = ".unfinished"
#: what file systems without hard links answer
_NO_LINKS: Final = {errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK}


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    hit("read", path)
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(path: Path) -> bytes:
    """Return the bytes of a file."""
    hit("read", path)
    return path.read_bytes()


def size(path: Path) -> int:
    """Return the bytes that a file has."""
    hit("stat", path)
    return path.stat().st_size


def exists(path: Path) -> bool:
    """Whether there is a file, folder or link."""
    hit("stat", path)
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def names(folder: Path) -> list[str]:
    """Return the names in a folder, sorted; none if it is not there."""
    hit("list", folder)
    try:
        return sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return []


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to disk."""
    hit("fsync", path)
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, with their names on disk; nothing happens if it is there."""
    if path.is_dir():
        return
    make_folder(path.parent)
    hit("mkdir", path)
    path.mkdir(exist_ok=True)
    sync(path.parent)


def replace(path: Path, data: bytes) -> None:
    """Write a file whole: whoever reads it sees the old bytes or the new ones."""
    new = _written(path, data)
    try:
        hit("replace", path)
        new.replace(path)
    except BaseException:
        remove(new)
        raise
    sync(path.parent)


def create(path: Path, data: bytes) -> None:
    """Write a file whole if there is none; of several processes that try, one succeeds.

    Raises
    ------
    FileExistsError
        There is one.
    """
    new = _written(path, data)
    try:
        hit("link", path)
        path.hardlink_to(new)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _create_exclusively(path, data)
    finally:
        remove(new)
    sync(path.parent)


def rename(path: Path, to: Path) -> None:
    """Give a finished file its name, which no other file has."""
    hit("rename", to)
    path.rename(to)
    sync(to.parent)


def remove(path: Path) -> None:
    """Remove a file if it is there and can be removed: what is left over harms nobody."""
    with suppress(OSError):
        hit("unlink", path)
        path.unlink(missing_ok=True)


def below(folder: Path) -> list[Path]:
    """Return the files, links and folders below a folder, and the folder itself, the deepest first."""
    if folder.is_symlink() or not folder.is_dir():
        return [folder] if exists(folder) else []
    hit("list", folder)
    return [*(path for inner in sorted(folder.iterdir()) for path in below(inner)), folder]


def remove_all(paths: Iterable[Path]) -> None:
    """Remove files and folders; a link is removed, not followed."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            hit("rmdir", path)
            path.rmdir()
        else:
            hit("unlink", path)
            path.unlink(missing_ok=True)


def _written(path: Path, data: bytes) -> Path:
    """Write data to disk beside a path."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}{UNFINISHED}")
    try:
        _create_exclusively(new, data)
    except BaseException:
        remove(new)
        raise
    return new


def _create_exclusively(path: Path, data: bytes) -> None:
    hit("open", path)
    with path.open("xb") as file:
        hit("write", path, lambda: file.write(data[: len(data) // 2]))
        file.write(data)
        file.flush()
        hit("fsync", path)
        os.fsync(file.fileno())
