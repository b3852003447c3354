"""What the store needs of the place where a workspace lives, and no more."""

from __future__ import annotations

import hashlib
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final, Protocol

from trendcore.errors import StorageError
from trendcore.store.failpoints import hit

_COLOUR: Final = re.compile(r"\x1b\[\d*m")
#: a disk reads, and a bucket answers, several requests at a time
HASHED_AT_A_TIME: Final = 8
_FRAME: Final = re.compile(r"\s*(\d+: |at \.*/)")


@contextmanager
def storage_errors(name: str | Path) -> Iterator[None]:
    """Say of an error of the operating system which path it concerns.

    Examples
    --------
    >>> with storage_errors("ws/ledger.json"):
    ...     raise OSError(28, "No space left on device")
    Traceback (most recent call last):
    trendcore.errors.StorageError: ws/ledger.json: No space left on device
    """
    try:
        yield
    except OSError as error:
        raise StorageError(f"{error.filename or name}: {in_a_line(error)}") from error


def in_a_line(error: Exception) -> str:
    """Return the message of an error in one line, without colours and call stacks of compiled libraries."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    lines = _COLOUR.sub("", said).splitlines()
    return " ".join(line.strip(" ↳") for line in lines if not _FRAME.match(line))[:500]


class Lock(Protocol):
    """Keeps other writers away, those of other processes too."""

    @property
    def held(self) -> bool:
        """Whether it is held through this object."""

    def acquire(self, timeout: float) -> None:
        """Take it; the one who holds it may take it again, and gives it back as often.

        Parameters
        ----------
        timeout
            Seconds to wait for another holder.

        Raises
        ------
        ConflictError
            Another process holds it.
        OSError
            It cannot be taken.
        """

    def release(self) -> None:
        """Give it back."""


class Volume(ABC):
    """A place that holds a workspace; keys are paths in it with ``/`` between the names.

    What is written is there for good when the call returns, whole or not at all. Errors of the place are
    `OSError`, whatever it is.

    Attributes
    ----------
    root
        The place, as messages show it.
    storage_options
        What polars and deltalake need to read `uri`; None: nothing.
    """

    root: Path | str
    storage_options: dict[str, str] | None = None
    _check: Callable[[], None] | None = None

    def fence_with(self, check: Callable[[], None]) -> None:
        """Set what `check` does."""
        self._check = check

    def check(self) -> None:
        """Check that this process has not lost the lock meanwhile; see `trendcore.store.fence`.

        Raises
        ------
        ConflictError
            It has.
        """
        if self._check is not None:
            self._check()

    def name(self, key: str = "") -> str:
        """Return what messages call a key: its whole path."""
        return f"{self.root}/{key}" if key else str(self.root)

    @abstractmethod
    def uri(self, key: str) -> str:
        """Return the address of a key, for polars and deltalake."""

    @abstractmethod
    def read(self, key: str) -> bytes:
        """Return the bytes of a file.

        Raises
        ------
        FileNotFoundError
            It is not there.
        """

    @abstractmethod
    def size(self, key: str) -> int:
        """Return the bytes that a file has.

        Raises
        ------
        FileNotFoundError
            It is not there.
        """

    def sizes(self, keys: Sequence[str]) -> list[int]:
        """Return the bytes of files."""
        return [self.size(key) for key in keys]

    @abstractmethod
    def exists(self, key: str) -> bool:
        """Whether there is a file of this key."""

    @abstractmethod
    def holds(self, folder: str) -> bool:
        """Whether there is something to remove of a folder."""

    @abstractmethod
    def names(self, folder: str = "") -> list[str]:
        """Return the names of the files and folders in a folder, sorted; none if it is not there."""

    @abstractmethod
    def sha256(self, key: str) -> str:
        """Return the SHA-256 of a file's bytes, in hex."""

    @abstractmethod
    def create(self, key: str, data: bytes) -> None:
        """Write a file if there is none; of several processes that try, one succeeds.

        Raises
        ------
        FileExistsError
            There is one.
        """

    @abstractmethod
    def tag(self, key: str) -> str | None:
        """Return what tells one state of a file from another; None where the lock keeps all others away."""

    @abstractmethod
    def replace(self, key: str, data: bytes, tag: str | None = None) -> str | None:
        """Write a file: whoever reads it sees the old bytes or the new ones.

        Parameters
        ----------
        key
            Of the file.
        data
            Its new bytes.
        tag
            What `tag` returned for the state that is replaced; None: whatever is there.

        Returns
        -------
        str or None
            Its new tag.

        Raises
        ------
        ConflictError
            Another process has replaced it since.
        """

    @abstractmethod
    def below(self, folder: str) -> list[str]:
        """Return what there is to remove of a folder, in the order of removal; links are not followed."""

    @abstractmethod
    def remove_all(self, keys: Sequence[str]) -> None:
        """Remove what `below` has found."""

    @abstractmethod
    def remove_unfinished(self, *folders: str) -> None:
        """Remove what processes that died have left unfinished in folders; only under the lock."""

    @abstractmethod
    def new_file(self, folder: str) -> HashedFile:
        """Begin a Parquet file in a folder."""

    @abstractmethod
    def prepare(self, folder: str) -> None:
        """Make a folder where the place has any."""

    @abstractmethod
    def sync_log(self, table: str, before: int) -> None:
        """Bring to disk what deltalake has written to a table's log since a version."""

    @abstractmethod
    def lock(self) -> Lock:
        """Return the lock of the workspace, not held."""

    def damaged(self, files: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Return what is wrong with files that should have hashes, by key of those that are not sound.

        Each is hashed once, several at a time, however often it is given.
        """
        unique = dict.fromkeys(files)
        with ThreadPoolExecutor(HASHED_AT_A_TIME) as pool:
            found = pool.map(lambda file: self._damage(*file), unique)
            return {key: problem for (key, _), problem in zip(unique, found, strict=True) if problem}

    def _damage(self, key: str, sha256: str) -> str | None:
        try:
            if self.sha256(key) == sha256:
                return None
        except OSError as error:
            return f"{self.name(key)}: {in_a_line(error)}"
        return f"{self.name(key)}: the bytes are not those that were written"


class HashedFile(ABC):
    """A file that is hashed as it is written and gets its name, which holds the hash, when it is finished.

    Parameters
    ----------
    folder
        Key of the folder.
    file
        New local file that takes the bytes until then.
    name
        What failpoints call it.
    token
        Makes its name one of its own.
    """

    def __init__(self, folder: str, file: IO[bytes], name: str, token: str) -> None:
        self._folder, self._file, self._name, self._token = folder, file, name, token
        self._hash = hashlib.sha256()
        self._given_up = False
        self.size = 0

    @staticmethod
    def new_token() -> str:
        """Return a token that no other file has."""
        return secrets.token_hex(4)

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
        length = data.nbytes if isinstance(data, memoryview) else len(data)
        if not self._given_up:
            hit("write", self._name, lambda: self._file.write(bytes(data)[: length // 2]))
            self._file.write(data)
        self._hash.update(data)
        self.size += length
        return length

    def flush(self) -> None:
        """Hand the bytes to the operating system."""
        self._file.flush()

    def close(self) -> None:  # noqa: B027
        """Do nothing: `finish` and `give_up` close."""

    @property
    def sha256(self) -> str:
        """SHA-256 of what was written, in hex."""
        return self._hash.hexdigest()

    def finish(self) -> str:
        """Bring the file to its place and name it ``<sha256>-<random>.parquet``; no name is used twice.

        Returns
        -------
        str
            Its key.
        """
        self._file.flush()
        key = f"{self._folder}/{self.sha256}-{self._token}.parquet"
        self._place(key)
        return key

    def give_up(self) -> None:
        """Remove the file, finished or not."""
        self._given_up = True
        with suppress(OSError):
            self._file.close()
        self._discard()

    @abstractmethod
    def _place(self, key: str) -> None:
        """Bring the flushed file to its place, and close it."""

    @abstractmethod
    def _discard(self) -> None:
        """Remove the closed file, wherever it is."""
