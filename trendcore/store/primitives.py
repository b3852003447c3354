"""File-system primitives: what is written is on disk when the call returns, whole or not at all.

Everything that the store writes goes through here, but for Delta's own log.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from trendcore.errors import StorageError

_CHUNK: Final = 1 << 20
#: a file of this ending is not finished; one that is found later was left by a process that died
UNFINISHED: Final = ".unfinished"
_COLOUR: Final = re.compile(r"\x1b\[\d*m")
_FRAME: Final = re.compile(r"\s*(\d+: |at \.*/)")
#: what file systems without hard links answer
_NO_LINKS: Final = {errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK}


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Say of an error of the operating system which path it concerns.

    Examples
    --------
    >>> with storage_errors(Path("ws/ledger.json")):
    ...     raise OSError(28, "No space left on device")
    Traceback (most recent call last):
    trendcore.errors.StorageError: ws/ledger.json: No space left on device
    """
    try:
        yield
    except OSError as error:
        raise StorageError(f"{error.filename or path}: {in_a_line(error)}") from error


def in_a_line(error: Exception) -> str:
    """Return the message of an error in one line, without colours and call stacks of compiled libraries."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    lines = _COLOUR.sub("", said).splitlines()
    return " ".join(line.strip(" ↳") for line in lines if not _FRAME.match(line))[:500]


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def damage(path: Path, sha256: str) -> str | None:
    """Return what is wrong with a file that should have a hash; None if nothing is."""
    try:
        return None if sha256_of(path) == sha256 else f"{path}: the bytes are not those that were written"
    except OSError as error:
        return f"{path}: {in_a_line(error)}"


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to disk."""
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
    path.mkdir(exist_ok=True)
    sync(path.parent)


def replace(path: Path, data: bytes) -> None:
    """Write a file whole: whoever reads it sees the old bytes or the new ones."""
    new = _written(path, data)
    try:
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
        path.hardlink_to(new)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _create_exclusively(path, data)
    finally:
        remove(new)
    sync(path.parent)


def remove(path: Path) -> None:
    """Remove a file if it is there and can be removed: what is left over harms nobody."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def remove_folder(path: Path) -> None:
    """Remove a folder and what is in it; a link is removed, not followed."""
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def remove_unfinished(folder: Path) -> None:
    """Remove the unfinished files of processes that died; only under the lock."""
    for path in folder.glob(f"*{UNFINISHED}"):
        remove(path)


class NewFile:
    """A file that is hashed as it is written and gets its name, which holds the hash, when it is finished.

    Parameters
    ----------
    folder
        Where; it is there.
    ending
        Ending of the name.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = NewFile(Path(folder), ".txt")
    ...     _ = file.write(b"abc")
    ...     path = file.finish()
    ...     sha256_of(path) == file.sha256, path.name.startswith("ba7816bf"), file.size
    (True, True, 3)
    """

    def __init__(self, folder: Path, ending: str) -> None:
        self._folder, self._ending, self._token = folder, ending, secrets.token_hex(4)
        self._hash = hashlib.sha256()
        self._given_up = False
        self.size = 0
        self._path = folder / f".{self._token}{UNFINISHED}"
        self._file: IO[bytes] = self._path.open("xb")

    # what pyarrow asks of a file

    @property
    def closed(self) -> bool:
        """Whether the file is finished or given up."""
        return self._file.closed

    def tell(self) -> int:
        """Return the number of bytes written."""
        return self.size

    def write(self, data: bytes | memoryview) -> int:
        """Append bytes; of a file that was given up they are dropped."""
        if not self._given_up:
            self._file.write(data)
        self._hash.update(data)
        length = data.nbytes if isinstance(data, memoryview) else len(data)
        self.size += length
        return length

    def flush(self) -> None:
        """Hand the bytes to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Do nothing: `finish` and `give_up` close."""

    @property
    def sha256(self) -> str:
        """SHA-256 of what was written, in hex."""
        return self._hash.hexdigest()

    def finish(self) -> Path:
        """Bring the file to disk and name it ``<sha256>-<random><ending>``; no name is used twice."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        path = self._folder / f"{self.sha256}-{self._token}{self._ending}"
        self._path.rename(path)
        self._path = path
        sync(self._folder)
        return path

    def give_up(self) -> None:
        """Remove the file, finished or not."""
        self._given_up = True
        with suppress(OSError):
            self._file.close()
        remove(self._path)


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
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
