"""A workspace's folder: canonical rows, ledger and releases, with one writer at a time."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import filelock
import msgspec
import polars as pl

from trendcore.config import MARK
from trendcore.errors import ConflictError, StorageError, TrendcoreError, WorkspaceError
from trendcore.schemas import CANONICAL
from trendcore.store import delta, publishing, releases
from trendcore.store.delta import INPUT, DataFile, scan_files
from trendcore.store.folder import LEDGER, check_free, local_folder
from trendcore.store.ledger import Ledger, check_id
from trendcore.store.primitives import (
    create,
    damage,
    make_folder,
    remove_folder,
    remove_unfinished,
    replace,
    storage_errors,
)
from trendcore.store.records import FORMAT_VERSION, encode, load
from trendcore.store.releases import Manifest, ReleaseInfo
from trendcore.store.writer import InputWriter, stored_schema

_LOCK: Final = "lock"


class _Mark(msgspec.Struct):
    """What makes a folder a workspace."""

    format_version: int
    created: str


class Store:
    """A workspace's folder; made by `create` or `open`.

    Attributes
    ----------
    root
        The folder.

    Examples
    --------
    >>> import tempfile, trendcore.schemas, pyarrow as pa
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = Store.create(f"{folder.name}/ws")
    >>> row = {"file": "a.csv", "line": 7, "reason": "negative value", "raw": "2020,-5"}
    >>> batch = pa.RecordBatch.from_pylist([row], schema=trendcore.schemas.QUARANTINE)
    >>> with store.lock(), store.writer("0123456789abcdef") as writer:
    ...     writer.add("quarantine", batch)
    >>> writer.rows
    {'quarantine': 1}
    >>> store.scan("quarantine", ["0123456789abcdef"]).select("line", "input").collect().row(0)
    (7, '0123456789abcdef')
    >>> with store.lock():
    ...     manifest = store.publish({"pairs": pl.DataFrame({"n": [3]})}, ReleaseInfo(fingerprint="f"))
    >>> store.releases(), store.read(manifest, "pairs").collect().item(), store.verify(manifest)
    ([1], 3, [])
    >>> folder.cleanup()
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        # contents may be written in threads of their own, under the one lock
        self._lock = filelock.FileLock(root / _LOCK, fallback_to_soft=False, thread_local=False)
        self._logs = threading.Lock()

    def __repr__(self) -> str:
        return f"Store({str(self.root)!r})"

    @classmethod
    def create(cls, path: str | Path) -> Store:
        """Make a workspace in a new or empty folder, or open the one that is there.

        A folder that holds ``trendcore.toml`` is meant to be a workspace, whatever else is in it.

        Raises
        ------
        WorkspaceError
            The folder holds something else, or a workspace of a newer format.
        StorageError
            It cannot be written.
        """
        root = local_folder(path)
        with storage_errors(root):
            if (root / MARK).exists():
                return cls.open(root)
            check_free(root)
            make_folder(root)
            # the mark comes last: a folder without it is none, a workspace without a ledger is damaged
            for name, record in (
                (LEDGER, Ledger()),
                (MARK, _Mark(FORMAT_VERSION, datetime.now(UTC).isoformat())),
            ):
                with suppress(FileExistsError):
                    create(root / name, encode(record))
        return cls.open(path)

    @classmethod
    def open(cls, path: str | Path) -> Store:
        """Open a workspace.

        Raises
        ------
        WorkspaceError
            The folder is no workspace, or one of a newer format.
        StorageError
            It cannot be read.

        Examples
        --------
        >>> Store.open("nowhere")
        Traceback (most recent call last):
        trendcore.errors.WorkspaceError: nowhere is no workspace: `trendcore ingest FEED PATH -w nowhere`...
        """
        root = local_folder(path)
        with storage_errors(root):
            if not (root / MARK).exists():
                raise WorkspaceError(
                    f"{root} is no workspace: `trendcore ingest FEED PATH -w {root}` makes one"
                )
        load(root / MARK, _Mark)
        return cls(root.absolute())

    @contextmanager
    def lock(self, timeout: float = 0.0) -> Iterator[None]:
        """Be the only writer; the lock ends with the process that holds it, however that ends.

        Parameters
        ----------
        timeout
            Seconds to wait for another writer.

        Raises
        ------
        ConflictError
            Another process holds the lock.
        """
        with storage_errors(self.root / _LOCK):
            try:
                self._lock.acquire(timeout=timeout)
            except filelock.Timeout as error:
                raise ConflictError(
                    f"another process works on {self.root}: try again when it has ended"
                ) from error
        try:
            yield
        finally:
            self._lock.release()

    def ledger(self) -> Ledger:
        """Read the ledger.

        Raises
        ------
        StorageError
            It is damaged; the message names the file.
        WorkspaceError
            A newer trendcore wrote it.
        """
        path = self.root / LEDGER
        ledger = load(path, Ledger)
        try:
            ledger.check()
        except ValueError as error:
            raise StorageError(f"{path} is damaged: {error}") from error
        return ledger

    def save_ledger(self, ledger: Ledger) -> None:
        """Write the ledger: from now on the rows of its contents exist, and those of others do not.

        Raises
        ------
        ValueError
            The parts of the ledger do not agree.
        StorageError
            It cannot be written; the old one stays.
        """
        self._check_locked()
        ledger.check()
        path = self.root / LEDGER
        with storage_errors(path):
            replace(path, encode(ledger))

    @contextmanager
    def writer(self, content: str) -> Iterator[InputWriter]:
        """Write the rows of a content that the ledger does not name yet.

        Several contents may be written at a time, each in a thread of its own. Rows that an interrupted
        attempt has left are removed first. After an exception nothing is left.

        Parameters
        ----------
        content
            Its id, 8 to 64 lower-case hex digits.

        Raises
        ------
        StorageError
            Rows cannot be written.
        """
        self._check_locked()
        check_id(content)
        self._remove_one(content)
        writer = InputWriter(self.root / "tables", content)
        try:
            yield writer
            with self._logs:
                writer.finish()
        except BaseException:
            writer.give_up()
            # what cannot be removed now is removed before the next write
            with suppress(TrendcoreError):
                self._remove_one(content)
            raise

    def sweep(self, keep: Collection[str]) -> None:
        """Remove the rows of every content but these, and what processes that died have left.

        Parameters
        ----------
        keep
            Ids of contents: those of the ledger.
        """
        self._check_locked()
        for table in CANONICAL:
            folder = self.root / "tables" / table
            there = {file.input or "" for file in delta.active(folder)}
            there |= {path.name.partition("=")[2] for path in folder.glob(f"{INPUT}=*")}
            if gone := sorted(there.difference(keep)):
                self._remove(table, gone)
        for folder in (self.root, self.root / "releases", *(self.root / "published").glob("*")):
            remove_unfinished(folder)

    def scan(self, table: str, inputs: Sequence[str]) -> pl.LazyFrame:
        """Return the rows of some contents, lazily.

        Parameters
        ----------
        table
            Name of a canonical table.
        inputs
            Ids of contents.

        Returns
        -------
        pl.LazyFrame
            The canonical columns, then ``input`` (String): the content that a row is of.

        Raises
        ------
        UsageError
            There is no such table.
        StorageError
            A file is missing or cut, or the table holds other rows of a content than the ledger says.
        """
        schema = stored_schema(table)
        wanted = frozenset(inputs)
        folder = self.root / "tables" / table
        files = [file for file in delta.active(folder) if file.input in wanted]
        self._check_rows(table, wanted, files)
        return scan_files([(file.path, file.size) for file in files], schema)

    def publish(self, tables: Mapping[str, pl.DataFrame | pl.LazyFrame], info: ReleaseInfo) -> Manifest:
        """Publish a release of some tables: readers see it whole, or not at all.

        A table of the content that it has in the current release is not written again. Enum and Categorical
        columns are published as String, unsigned integers as Int64.

        Parameters
        ----------
        tables
            Name (lower-case letters, digits, ``_``) -> rows, sorted by their full key.
        info
            What to say of the release.

        Returns
        -------
        Manifest
            Of the new release, which is the current one.

        Raises
        ------
        SchemaError
            A column has a type that cannot be published; nothing was.
        ConflictError
            Another process was quicker.
        StorageError
            A table or the manifest cannot be written.
        """
        self._check_locked()
        return publishing.publish(self.root, tables, info)

    def releases(self) -> list[int]:
        """Return the numbers of the releases, ascending."""
        return releases.numbers(self.root / "releases")

    def has_release(self) -> bool:
        """Whether anything is published."""
        return bool(self.releases())

    def manifest(self, number: int | None = None) -> Manifest:
        """Read the manifest of a release; None: the current one.

        Raises
        ------
        WorkspaceError
            There is no such release; the message lists those that there are.
        StorageError
            The manifest is damaged; the message names the file.
        """
        return releases.read(self.root / "releases", number)

    def read(self, manifest: Manifest, table: str) -> pl.LazyFrame:
        """Return a table of a release, lazily: exactly the files that its manifest names.

        Raises
        ------
        UsageError
            The release has no such table; the message lists those it has.
        StorageError
            A file is missing or cut.
        """
        return publishing.read(self.root, manifest, table)

    def verify(self, manifest: Manifest) -> list[str]:
        """Return what is wrong with the files of a release; nothing if every byte is as it was written."""
        return [
            problem
            for record in manifest.tables.values()
            for problem in publishing.problems(self.root, record)
        ]

    def verify_inputs(self, inputs: Collection[str]) -> dict[str, str]:
        """Return what is wrong with the files of the rows of some contents, the first thing of each.

        Every byte is read: a file's name holds the hash of what was written.
        """
        found: dict[str, str] = {}
        for table in CANONICAL:
            files = [file for file in delta.active(self.root / "tables" / table) if file.input in inputs]
            for file in files:
                problem = damage(file.path, file.sha256)
                if problem is not None:
                    found.setdefault(str(file.input), problem)
            for key, problem in self._wrong_rows(table, inputs, files):
                found.setdefault(key, problem)
        return found

    def _check_locked(self) -> None:
        if not self._lock.is_locked:
            raise RuntimeError(f"{self!r} is written to without its lock")

    def _check_rows(self, table: str, wanted: Collection[str], files: Sequence[DataFile]) -> None:
        """Refuse to read less or more than was written: a wrong number would come of it."""
        for _, problem in self._wrong_rows(table, wanted, files):
            raise StorageError(f"{problem}: the workspace is damaged")

    def _wrong_rows(
        self, table: str, wanted: Collection[str], files: Sequence[DataFile]
    ) -> Iterator[tuple[str, str]]:
        """Give each content of which there are more or fewer rows than were written, and what is wrong."""
        held: dict[str | None, int] = {}
        for file in files:
            held[file.input] = held.get(file.input, 0) + file.rows
        for key, content in self.ledger().contents.items():
            said = content.rows.get(table, 0)
            if key in wanted and held.get(key, 0) != said:
                yield (
                    key,
                    f"{self.root / 'tables' / table} holds {held.get(key, 0):,} rows of input {key},"
                    f" {self.root / LEDGER} says {said:,}",
                )

    def _remove_one(self, content: str) -> None:
        """Remove the rows of one content; its folders tell where it has any."""
        for table in CANONICAL:
            if (self.root / "tables" / table / f"{INPUT}={content}").exists():
                with self._logs:
                    self._remove(table, [content])

    def _remove(self, table: str, contents: Sequence[str]) -> None:
        """Remove the rows of contents from a table: first from its log, then from disk."""
        folder = self.root / "tables" / table
        named = {file.input or "" for file in delta.active(folder)}.intersection(contents)
        if named:
            delta.commit(folder, stored_schema(table), [], sorted(named))
        with storage_errors(folder):
            for content in contents:
                remove_folder(folder / f"{INPUT}={content}")
