"""A workspace in a folder of this machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import filelock

from trendcore.errors import ConflictError
from trendcore.store.failpoints import hit
from trendcore.store.volumes import disk
from trendcore.store.volumes.base import HashedFile, Volume

#: file in the folder that the one writer locks
_LOCK: Final = "lock"


class LocalVolume(Volume):
    """A folder.

    Parameters
    ----------
    root
        Its path; it need not be there.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     volume = LocalVolume(Path(folder))
    ...     volume.create("releases/000001.json", b"{}")
    ...     volume.names(), volume.names("releases"), volume.size("releases/000001.json")
    (['releases'], ['000001.json'], 2)
    """

    def __init__(self, root: Path) -> None:
        self.root: Path = root

    def name(self, key: str = "") -> str:
        """Return the path of a key."""
        return str(self._path(key))

    def uri(self, key: str) -> str:
        """Return the path of a key."""
        return str(self._path(key))

    def read(self, key: str) -> bytes:
        """Return the bytes of a file."""
        return disk.read(self._path(key))

    def size(self, key: str) -> int:
        """Return the bytes that a file has."""
        return disk.size(self._path(key))

    def exists(self, key: str) -> bool:
        """Whether there is a file, folder or link."""
        return disk.exists(self._path(key))

    def holds(self, folder: str) -> bool:
        """Whether there is a folder or link."""
        return disk.exists(self._path(folder))

    def names(self, folder: str = "") -> list[str]:
        """Return the names in a folder."""
        return disk.names(self._path(folder))

    def sha256(self, key: str) -> str:
        """Return the SHA-256 of a file's bytes, in hex."""
        return disk.sha256_of(self._path(key))

    def create(self, key: str, data: bytes) -> None:
        """Write a file and link it to its name, unless that is taken."""
        path = self._path(key)
        disk.make_folder(path.parent)
        disk.create(path, data)

    def tag(self, key: str) -> None:
        """Return nothing: the lock ends with its process, so nobody else writes while it is held."""

    def replace(self, key: str, data: bytes, tag: str | None = None) -> None:  # noqa: ARG002
        """Write a file beside the old one and put it in its place."""
        disk.replace(self._path(key), data)

    def below(self, folder: str) -> list[str]:
        """Return the keys of everything in a folder, and its own; of a link only that."""
        return [path.relative_to(self.root).as_posix() for path in disk.below(self._path(folder))]

    def remove_all(self, keys: Sequence[str]) -> None:
        """Remove files, links and folders."""
        disk.remove_all(self._path(key) for key in keys)

    def remove_unfinished(self, *folders: str) -> None:
        """Remove unfinished files."""
        for folder in folders:
            for name in self.names(folder):
                if name.endswith(disk.UNFINISHED):
                    disk.remove(self._path(folder) / name)

    def new_file(self, folder: str) -> HashedFile:
        """Begin a Parquet file in a folder, which is made."""
        self.prepare(folder)
        return _NewFile(self.root, folder)

    def prepare(self, folder: str) -> None:
        """Make a folder."""
        disk.make_folder(self._path(folder))

    def sync_log(self, table: str, before: int) -> None:
        """Bring to disk what was written to a table's log since a version: deltalake does not."""
        log = self._path(table) / "_delta_log"
        for name in disk.names(log):
            version = name[:20]
            if name == "_last_checkpoint" or (version.isdigit() and int(version) >= before):
                disk.sync(log / name)
        disk.sync(log)
        disk.sync(log.parent)

    def lock(self) -> _FileLock:
        """Return a lock on a file, which ends with the process that holds it."""
        return _FileLock(self.root)

    def _path(self, key: str) -> Path:
        return self.root / key


class _NewFile(HashedFile):
    """A file that has a passing name in its folder until it is finished."""

    def __init__(self, root: Path, folder: str) -> None:
        token = self.new_token()
        self._path = root / folder / f".{token}{disk.UNFINISHED}"
        hit("open", self._path)
        super().__init__(folder, self._path.open("xb"), str(self._path), token)

    def _place(self, key: str) -> None:
        hit("fsync", self._path)
        os.fsync(self._file.fileno())
        self._file.close()
        path = self._path.with_name(key.rpartition("/")[2])
        disk.rename(self._path, path)
        self._path = path

    def _discard(self) -> None:
        disk.remove(self._path)


class _FileLock:
    """A lock on a file; reentrant, and shared by the threads of one store."""

    def __init__(self, root: Path) -> None:
        self._root = root
        # contents may be written in threads of their own, under the one lock
        self._lock = filelock.FileLock(root / _LOCK, fallback_to_soft=False, thread_local=False)

    @property
    def held(self) -> bool:
        return self._lock.is_locked

    def acquire(self, timeout: float) -> None:
        hit("lock", self._root / _LOCK)
        try:
            self._lock.acquire(timeout=timeout)
        except filelock.Timeout as error:
            raise ConflictError(
                f"another process works on {self._root}: try again when it has ended"
            ) from error

    def release(self) -> None:
        self._lock.release()
