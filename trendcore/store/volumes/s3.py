"""A workspace under a prefix of a bucket that speaks S3, with its conditional puts (If-Match, If-None-Match).

A put is whole or not at all, and a read that follows sees it; there is no rename. A connection may break
after a put has been done, and the library tries again then: so each conditional put carries a mark, by which
one that seems lost is known for one's own.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import IO, Any, Final, Literal

from trendcore.config import s3_options
from trendcore.errors import ConflictError, UsageError
from trendcore.store.failpoints import hit
from trendcore.store.volumes.base import HashedFile, Volume, in_a_line
from trendcore.store.volumes.lease import LeaseLock

#: a prefix is needed, so that a workspace is never a whole bucket; these characters mean nothing anywhere
_ADDRESS: Final = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([\w.=-]+(?:/[\w.=-]+)*)/?", re.ASCII)
_RETRIES: Final = {"max_retries": 5, "retry_timeout": timedelta(seconds=60)}
#: objects that one request removes, bytes that are hashed at a time, requests at a time
_AT_ONCE, _CHUNK, _THREADS = 1000, 8 << 20, 16
#: name under which an object says which put it is of
_MARK: Final = "trendcore-put"
#: asked for the keys of a machine's role by who has found no others
_ROLE: Final = "169.254.169.254"


def is_address(path: object) -> bool:
    """Whether a path is an address on S3.

    Examples
    --------
    >>> is_address("s3://bucket/ws"), is_address("bucket/ws"), is_address("gs://bucket/ws")
    (True, False, False)
    """
    return str(path).startswith("s3://")


class S3Volume(Volume):
    """A prefix of a bucket.

    Parameters
    ----------
    address
        ``s3://bucket/prefix``.

    Raises
    ------
    UsageError
        obstore is not installed, or the address is not one.
    """

    def __init__(self, address: str) -> None:
        match = _ADDRESS.fullmatch(address)
        if match is None or {".", ".."}.intersection(match[2].split("/")):
            raise UsageError(
                f"{address}: an address is s3://bucket/prefix, the prefix of letters, digits and _ - . ="
            )
        try:
            import obstore
            from obstore.store import S3Store
        except ImportError as error:
            raise UsageError(f"{address}: S3 needs obstore: pip install trendcore[s3]") from error
        self._bucket = match[1]
        self.root: str = f"s3://{match[1]}/{match[2]}"
        options = s3_options()
        self.storage_options = {**options, "aws_conditional_put": "etag"}
        self._obstore = obstore
        self._store = S3Store(
            match[1],
            prefix=match[2],
            config=_config(options),
            client_options={"allow_http": "aws_allow_http" in options},
            retry_config=_RETRIES,  # type: ignore[arg-type]
        )

    def uri(self, key: str) -> str:
        """Return the address of a key."""
        return f"{self.root}/{key}"

    def read(self, key: str) -> bytes:
        """Return the bytes of an object."""
        return self.read_tagged(key)[0]

    def read_tagged(self, key: str) -> tuple[bytes, str]:
        """Return the bytes of an object and its e-tag."""
        with self._asked("s3_get", key):
            found = self._obstore.get(self._store, key)
            return bytes(found.bytes()), str(found.meta["e_tag"])

    def size(self, key: str) -> int:
        """Return the bytes that an object has."""
        with self._asked("s3_head", key):
            return int(self._obstore.head(self._store, key)["size"])

    def sizes(self, keys: Sequence[str]) -> list[int]:
        """Return the bytes of objects, several asked for at a time."""
        with ThreadPoolExecutor(_THREADS) as pool:
            return list(pool.map(self.size, keys))

    def exists(self, key: str) -> bool:
        """Whether there is an object of this key."""
        try:
            self.size(key)
        except FileNotFoundError:
            return False
        return True

    def holds(self, folder: str) -> bool:
        """Whether there are objects below a key."""
        with self._asked("s3_list", folder):
            return any(self._obstore.list(self._store, folder, chunk_size=1))

    def names(self, folder: str = "") -> list[str]:
        """Return the names that follow a key, up to the next ``/``."""
        with self._asked("s3_list", folder):
            found = self._obstore.list_with_delimiter(self._store, folder or None)
        paths = [each["path"] for each in found["objects"]] + list(found["common_prefixes"])
        return sorted(path.rpartition("/")[2] for path in paths)

    def sha256(self, key: str) -> str:
        """Return the SHA-256 of an object's bytes, in hex."""
        hashed = hashlib.sha256()
        with self._asked("s3_get", key):
            for piece in self._obstore.get(self._store, key).stream(min_chunk_size=_CHUNK):
                hashed.update(piece)
        return hashed.hexdigest()

    def create(self, key: str, data: bytes) -> None:
        """Put an object unless there is one."""
        self._put(key, data, "create")

    def tag(self, key: str) -> str:
        """Return the e-tag of an object."""
        with self._asked("s3_head", key):
            return str(self._obstore.head(self._store, key)["e_tag"])

    def replace(self, key: str, data: bytes, tag: str | None = None) -> str:
        """Put an object in the place of the one with an e-tag."""
        return self._put(key, data, "overwrite" if tag is None else {"e_tag": tag})

    def below(self, folder: str) -> list[str]:
        """Return the keys of all objects below a key."""
        with self._asked("s3_list", folder):
            return [each["path"] for part in self._obstore.list(self._store, folder) for each in part]

    def remove_all(self, keys: Sequence[str]) -> None:
        """Remove objects."""
        for start in range(0, len(keys), _AT_ONCE):
            with self._asked("s3_delete", keys[start]):
                self._obstore.delete(self._store, list(keys[start : start + _AT_ONCE]))

    def remove_unfinished(self, *folders: str) -> None:
        """Do nothing: there is no unfinished object."""

    def new_file(self, folder: str) -> HashedFile:
        """Begin a Parquet file, which becomes an object when it is finished."""
        return _NewObject(self, folder)

    def prepare(self, folder: str) -> None:
        """Do nothing: there are no folders."""

    def sync_log(self, table: str, before: int) -> None:
        """Do nothing: what is put is there for good."""

    def lock(self) -> LeaseLock:
        """Return a lock that is a lease."""
        return LeaseLock(self)

    def upload(self, key: str, file: IO[bytes]) -> None:
        """Put a file under a key that no other object ever has, in parts where it is large."""
        with self._asked("s3_put", key):
            self._obstore.put(self._store, key, file)

    def _put(self, key: str, data: bytes, mode: Literal["create", "overwrite"] | dict[str, str]) -> str:
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        mark = secrets.token_hex(16)
        with self._asked("s3_put", key):
            try:
                # mypy: a dict of strings is what this mode is
                put: Any = self._obstore.put
                done = put(self._store, key, data, mode=mode, attributes={_MARK: mark})
                return str(done["e_tag"])
            except (AlreadyExistsError, PreconditionError) as error:
                found = self._obstore.get(self._store, key)
                if found.attributes.get(_MARK) == mark:
                    return str(found.meta["e_tag"])
                if mode == "create":
                    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), self.name(key)) from error
                raise ConflictError(
                    f"another process has written {self.name(key)} meanwhile: try again"
                ) from error

    @contextmanager
    def _asked(self, point: str, key: str) -> Iterator[None]:
        """Hit a failpoint, and turn errors of a request into those of an operating system."""
        from obstore.exceptions import BaseError, NotFoundError, PermissionDeniedError, UnauthenticatedError

        name = self.name(key)
        try:
            hit(point, name)
            yield
        except (NotFoundError, FileNotFoundError) as error:
            raise FileNotFoundError(errno.ENOENT, self._missing(error), name) from error
        except (PermissionDeniedError, UnauthenticatedError) as error:
            said = "access is denied: check the AWS keys, and what they may do"
            raise PermissionError(errno.EACCES, said, name) from error
        except BaseError as error:
            if "NoSuchBucket" in str(error):
                raise FileNotFoundError(errno.ENOENT, self._missing(error), name) from error
            if _ROLE in str(error):
                said = "no AWS keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile in ~/.aws"
                raise PermissionError(errno.EACCES, said, name) from error
            raise OSError(errno.EIO, _brief(error), name) from error

    def _missing(self, error: Exception) -> str:
        lacks_bucket = "NoSuchBucket" in str(error)
        return f"there is no bucket {self._bucket}" if lacks_bucket else os.strerror(errno.ENOENT)


class _NewObject(HashedFile):
    """An object whose bytes are gathered in a local file that has no name, and so ends with the process."""

    def __init__(self, volume: S3Volume, folder: str) -> None:
        self._volume = volume
        self._key: str | None = None
        hit("open", volume.name(folder))
        file = tempfile.TemporaryFile()  # noqa: SIM115 - `finish` and `give_up` close it
        super().__init__(folder, file, volume.name(folder), self.new_token())

    def _place(self, key: str) -> None:
        self._file.seek(0)
        self._key = key
        self._volume.upload(key, self._file)
        self._file.close()

    def _discard(self) -> None:
        if self._key is not None:
            with suppress(OSError):
                self._volume.remove_all([self._key])


def _config(options: dict[str, str]) -> Any:
    """Return options in the names of obstore."""
    return {name: value for name, value in options.items() if name != "aws_allow_http"}


def _brief(error: Exception) -> str:
    """Return what went wrong, without the server's answer in XML and the library's own structures."""
    return in_a_line(error).partition(": <?xml")[0].partition("Debug source")[0].strip()
