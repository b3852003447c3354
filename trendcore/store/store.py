"""A workspace's folder: canonical rows, ledger and releases, with one writer at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import polars as pl

from trendcore.config import MARK
from trendcore.errors import StorageError, WorkspaceError
from trendcore.store import collecting, publishing, releases, returning, texts
from trendcore.store.collecting import Collected
from trendcore.store.delta import DataFile
from trendcore.store.fence import Fence
from trendcore.store.folder import LEDGER, check_free, volume_of
from trendcore.store.ledger import Ledger, check_id
from trendcore.store.migrating import Mark, migrate
from trendcore.store.records import FORMAT_VERSION, encode, load
from trendcore.store.releases import Manifest, ReleaseInfo
from trendcore.store.rows import Rows
from trendcore.store.volumes import Volume, storage_errors
from trendcore.store.writer import InputWriter

_LOCK: Final = "lock"


class Store:
    """A workspace's folder; made by `create` or `open`.

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

    def __init__(self, volume: Volume, format_version: int = FORMAT_VERSION) -> None:
        self._volume = volume
        self._format = format_version
        self._lock = volume.lock()
        self._fence = Fence(volume)
        self._rows = Rows(volume)

    @property
    def root(self) -> Path | str:
        """Where the workspace is, as messages show it."""
        return self._volume.root

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
        volume = volume_of(path)
        with storage_errors(volume.root):
            if volume.exists(MARK):
                return cls.open(path)
            check_free(volume)
            # the mark comes last: a folder without it is none, a workspace without a ledger is damaged
            for name, record in (
                (LEDGER, Ledger()),
                (MARK, Mark(FORMAT_VERSION, datetime.now(UTC).isoformat())),
            ):
                with suppress(FileExistsError):
                    volume.create(name, encode(record))
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
        volume = volume_of(path)
        with storage_errors(volume.root):
            if not volume.exists(MARK):
                raise WorkspaceError(
                    f"{path} is no workspace: `trendcore ingest FEED PATH -w {path}` makes one"
                )
        return cls(volume, load(volume, MARK, Mark).format_version)

    @contextmanager
    def lock(self, timeout: float = 0.0) -> Iterator[None]:
        """Be the only writer.

        The first writer of a workspace of an older format migrates it, see `trendcore.store.migrating`.

        In a folder the lock ends with the process that holds it, however that ends; on S3 it runs out soon
        after, and whoever takes it then shuts the earlier holder out, see `trendcore.store.fence`.

        Parameters
        ----------
        timeout
            Seconds to wait for another writer.

        Raises
        ------
        ConflictError
            Another process holds the lock.
        """
        with storage_errors(self._volume.name(_LOCK)):
            again = self._lock.held
            self._lock.acquire(timeout)
        try:
            if not again:
                self._fence.raise_()
                if self._format < FORMAT_VERSION:
                    migrate(self._volume, self._fence.save)
                    self._format = FORMAT_VERSION
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
        ledger = load(self._volume, LEDGER, Ledger)
        try:
            ledger.check()
        except ValueError as error:
            raise StorageError(f"{self._volume.name(LEDGER)} is damaged: {error}") from error
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
        self._fence.save(ledger)

    def writer(self, content: str) -> AbstractContextManager[InputWriter]:
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
        return self._rows.writer(content)

    @property
    def rows(self) -> Rows:
        """What workers, who do not hold the lock, write files with and read them by."""
        return self._rows

    def commit(self, content: str, written: Mapping[str, DataFile]) -> None:
        """Make rows of the files that a worker has written; what the content had before is removed.

        Parameters
        ----------
        content
            Its id.
        written
            Table -> file, see `InputWriter.written`.

        Raises
        ------
        StorageError
            A file is not to be seen from here, or a log cannot be written.
        """
        self._check_locked()
        self._rows.commit(content, written)
        self._rows.tidy(content, written)

    def remove(self, content: str) -> None:
        """Remove the rows of a content, and all files in its folders.

        Raises
        ------
        StorageError
            They cannot be removed.
        """
        self._check_locked()
        self._rows.remove(content)

    def sweep(self, keep: Collection[str]) -> None:
        """Remove the rows of every content but these, and what processes that died have left.

        Parameters
        ----------
        keep
            Ids of contents: those of the ledger.
        """
        self._check_locked()
        self._rows.sweep(keep)
        with storage_errors(self._volume.root):
            tables = [f"{at}/{name}" for at in releases.FOLDERS for name in self._volume.names(at)]
            self._volume.remove_unfinished("", "releases", collecting.DROPPED, texts.FOLDER, *tables)

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
        files = self.stored(table, inputs)
        return self._rows.scan(table, [(file.key, file.size) for file in files])

    def stored(self, table: str, inputs: Sequence[str]) -> list[DataFile]:
        """Return the files that hold the rows of some contents, in the order of `scan`; errors are its."""
        return self._rows.stored(table, inputs, self.ledger())

    def publish(
        self, tables: Mapping[str, publishing.Table], info: ReleaseInfo, *, sound: Manifest | None = None
    ) -> Manifest:
        """Publish a release of some tables: readers see it whole, or not at all.

        A table, or a part of a large one, of the content that it has in the current release is not written
        again. Enum and Categorical columns are published as String, unsigned integers as Int64; columns that
        say something of few rows only (``salton__flag``) come last, where they hold anything.

        Parameters
        ----------
        tables
            Name (lower-case letters, digits, ``_``) -> rows, sorted by their full key; or `Anew`, rows of
            some cells, to which the others of a sound release are added.
        info
            What to say of the release.
        sound
            A release of which `verify` has just found nothing; None: the current one, if that is true of it.

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
        if sound is None and self.has_release():
            current = self.manifest()
            sound = current if not self.verify(current) else None
        return publishing.publish(self._volume, tables, info, sound)

    def rollback(self, number: int, reason: str = "") -> Manifest:
        """Publish the tables of an old release again, as a new one; see `trendcore.store.returning`.

        Returns
        -------
        Manifest
            Of the release that is current then: the old one itself, where it is so already.

        Raises
        ------
        WorkspaceError
            There is no such release.
        StorageError
            A file of it is not as it was written; the message names it, and nothing was published.
        ConflictError
            Another process holds the lock, or was quicker.
        """
        with self.lock():
            manifest = self.manifest(number)
            return returning.rollback(self._volume, manifest, self.manifest(), self.verify(manifest), reason)

    def gc(self, keep: int, grace: timedelta, *, dry_run: bool = False) -> Collected:
        """Remove what only releases before the newest ones need; see `trendcore.Workspace.gc`.

        Raises
        ------
        UsageError
            No release would stay, or the grace is negative.
        StorageError
            A manifest or the ledger is damaged, so that nobody knows what is needed; or a file cannot be
            removed: run it again.
        ConflictError
            Another process works on the workspace.
        """
        with self.lock():
            ledger = self.ledger()
            plan = collecting.plan(self._volume, self._rows, ledger, keep, grace)
            if not dry_run:
                collecting.execute(self._volume, self._rows, ledger, plan, self.save_ledger)
            return plan.told

    def releases(self) -> list[int]:
        """Return the numbers of the releases, ascending."""
        return releases.numbers(self._volume)

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
        return releases.read(self._volume, number)

    def read(self, manifest: Manifest, table: str) -> pl.LazyFrame:
        """Return a table of a release, lazily: exactly the files that its manifest names.

        Raises
        ------
        UsageError
            The release has no such table; the message lists those it has.
        StorageError
            A file is missing or cut.
        """
        return publishing.read(self._volume, manifest, table)

    def compare(self, manifest: Manifest, table: str, frame: pl.DataFrame) -> str:
        """Say whether rows are those of a table of a release: ``equal``, or what differs."""
        record = manifest.tables[table]
        if publishing.content(table, frame, record) == record.content_sha256:
            return "equal"
        return publishing.difference(table, frame, self.read(manifest, table).collect())

    def verify(self, *manifests: Manifest) -> list[str]:
        """Return what is wrong with the files of releases; nothing if every byte is as it was written."""
        tables = [record for manifest in manifests for record in manifest.tables.values()]
        files = [(file.path, file.sha256) for record in tables for file in record.files]
        kept = sorted({sha256 for manifest in manifests for sha256 in manifest.method_files.values()})
        methods = [(texts.key(sha256), sha256) for sha256 in kept]
        return [*self._volume.damaged([*files, *methods]).values()]

    def verify_inputs(self, inputs: Collection[str]) -> dict[str, str]:
        """Return what is wrong with the files of the rows of some contents, the first thing of each.

        Every byte is read: a file's name holds the hash of what was written.
        """
        return self._rows.problems(inputs, self.ledger())

    def keep_text(self, data: bytes) -> str:
        """Keep a small file for good, such as the taxonomy that a release was computed by.

        Returns
        -------
        str
            SHA-256 of its bytes, in hex, under which `kept_text` has it; the same bytes are kept once.

        Raises
        ------
        StorageError
            It cannot be written.
        """
        self._check_locked()
        return texts.keep(self._volume, data)

    def kept_text(self, sha256: str) -> bytes:
        """Return the bytes of a file that was kept.

        Raises
        ------
        StorageError
            It is not there, or its bytes are not those that were kept.
        """
        return texts.kept(self._volume, sha256)

    def _check_locked(self) -> None:
        if not self._lock.held:
            raise RuntimeError(f"{self!r} is written to without its lock")
        self._volume.check()
