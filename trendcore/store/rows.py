"""Canonical rows in their tables: reading those of contents, removing them, finding what is wrong."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import polars as pl

from trendcore.errors import StorageError, TrendcoreError
from trendcore.schemas import CANONICAL
from trendcore.store import delta
from trendcore.store.delta import INPUT, DataFile, scan_files
from trendcore.store.folder import LEDGER
from trendcore.store.ledger import Ledger, check_id
from trendcore.store.volumes import Volume, storage_errors
from trendcore.store.writer import InputWriter, folder_of, stored_schema


class Rows:
    """The canonical tables of a workspace.

    Parameters
    ----------
    volume
        Where it is.
    """

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        self._logs = threading.Lock()

    @contextmanager
    def writer(self, content: str) -> Iterator[InputWriter]:
        """Write the rows of a content; see `Store.writer`."""
        self.remove(content)
        writer = InputWriter(self._volume, content)
        try:
            yield writer
            writer.finish()
            self.commit(content, writer.written)
        except BaseException:
            writer.give_up()
            # what cannot be removed now is removed before the next write
            with suppress(TrendcoreError):
                self.remove(content)
            raise

    @contextmanager
    def files(self, content: str) -> Iterator[InputWriter]:
        """Write files of a content that no log names yet: the part of a worker, who does not hold the lock.

        They become rows by `Store.commit`, in the process that does. After an exception none of them is left.

        Raises
        ------
        StorageError
            Rows cannot be written.
        """
        check_id(content)
        writer = InputWriter(self._volume, content)
        try:
            yield writer
            writer.finish()
        except BaseException:
            writer.give_up()
            raise

    def commit(self, content: str, written: Mapping[str, DataFile]) -> None:
        """Name the files of a content in the tables' logs; see `Store.commit`."""
        for table, file in written.items():
            folder = folder_of(table)
            self._check_there(file, f"{folder}/{INPUT}={content}")
            with self._logs:
                delta.commit(self._volume, folder, stored_schema(table), [file], [content])

    def _check_there(self, file: DataFile, folder: str) -> None:
        """Check that a file which another process has written is to be seen from here, too."""
        name = self._volume.name(file.key)
        if file.key.rpartition("/")[0] != folder:
            raise StorageError(f"{name} is no file of {self._volume.name(folder)}")
        with storage_errors(name):
            try:
                size = self._volume.size(file.key)
            except FileNotFoundError:
                size = -1
        if size != file.size:
            raise StorageError(
                f"{name} was written and is not here: workers need the same workspace as this process, in a "
                "shared folder or on S3"
            )

    def sweep(self, keep: Collection[str]) -> None:
        """Remove the rows of every content but these: those of interrupted attempts, and of withdrawn inputs.

        Nobody reads them, as the ledger does not name them, and nobody else writes any: that is what the lock
        is for, and the fence where the lock may be lost; `_remove` keeps the order that makes it safe then.
        """
        for table in CANONICAL:
            folder = folder_of(table)
            there = {file.input or "" for file in delta.active(self._volume, folder)}
            with storage_errors(self._volume.name(folder)):
                names = [name.partition("=") for name in self._volume.names(folder)]
            there |= {content for column, _, content in names if column == INPUT}
            if gone := sorted(there.difference(keep)):
                self._remove(table, gone)

    def sizes(self, contents: Collection[str]) -> dict[str, int]:
        """Return the bytes of the files of some contents, by key."""
        files = (file for table in CANONICAL for file in self._files(table, contents))
        return {file.key: file.size for file in files}

    def stored(self, table: str, wanted: Collection[str], ledger: Ledger) -> list[DataFile]:
        """Return the files of some contents; see `Store.stored`."""
        files = self._files(table, wanted)
        # to read less or more than was written would give a wrong number
        for _, problem in self._miscounted(table, wanted, files, ledger):
            raise StorageError(f"{problem}: the workspace is damaged")
        return files

    def scan(self, table: str, files: Sequence[tuple[str, int]]) -> pl.LazyFrame:
        """Return the rows of some files of a table, lazily.

        Parameters
        ----------
        table
            Name of a canonical table.
        files
            Key and bytes of each, such as `Store.stored` gives them.

        Raises
        ------
        UsageError
            There is no such table.
        StorageError
            A file is missing or cut.
        """
        return scan_files(self._volume, files, stored_schema(table))

    def problems(self, inputs: Collection[str], ledger: Ledger) -> dict[str, str]:
        """Return what is wrong with the files of some contents, the first thing of each."""
        found: dict[str, str] = {}
        for table in CANONICAL:
            files = self._files(table, inputs)
            damaged = self._volume.damaged((file.key, file.sha256) for file in files)
            for file in files:
                if file.key in damaged:
                    found.setdefault(str(file.input), damaged[file.key])
            for key, problem in self._miscounted(table, inputs, files, ledger):
                found.setdefault(key, problem)
        return found

    def _files(self, table: str, wanted: Collection[str]) -> list[DataFile]:
        wanted = frozenset(wanted)
        return [file for file in delta.active(self._volume, folder_of(table)) if file.input in wanted]

    def _miscounted(
        self, table: str, wanted: Collection[str], files: Sequence[DataFile], ledger: Ledger
    ) -> Iterator[tuple[str, str]]:
        """Give each content of which there are more or fewer rows than were written, and what is wrong."""
        held: dict[str | None, int] = {}
        for file in files:
            held[file.input] = held.get(file.input, 0) + file.rows
        for key, content in ledger.contents.items():
            said = content.rows.get(table, 0)
            if key in wanted and held.get(key, 0) != said:
                yield (
                    key,
                    f"{self._volume.name(folder_of(table))} holds {held.get(key, 0):,} rows of input {key},"
                    f" {self._volume.name(LEDGER)} says {said:,}",
                )

    def remove(self, content: str) -> None:
        """Remove the rows of one content; its folders tell where it has any."""
        for table in CANONICAL:
            folder = f"{folder_of(table)}/{INPUT}={content}"
            with storage_errors(self._volume.name(folder)):
                there = self._volume.holds(folder)
            if there:
                with self._logs:
                    self._remove(table, [content])

    def tidy(self, content: str, written: Mapping[str, DataFile]) -> None:
        """Remove what other attempts have left in the folders of a content that has been committed.

        A worker that was given up may still finish a file; what comes after this is swept with the content.
        """
        named = {file.key for file in written.values()}
        for table in CANONICAL:
            folder = f"{folder_of(table)}/{INPUT}={content}"
            with storage_errors(self._volume.name(folder)):
                if self._volume.holds(folder):
                    found = [key for key in self._volume.below(folder) if key not in {folder, *named}]
                    self._volume.check()
                    self._volume.remove_all(found)

    def _remove(self, table: str, contents: Sequence[str]) -> None:
        """Remove the rows of contents from a table: first from its log, then from disk.

        Files are listed before the fence is checked: if it holds then, whoever takes the lock over later
        writes files of other names, and this process removes no others than those listed.
        """
        folder = folder_of(table)
        with storage_errors(self._volume.name(folder)):
            found = [key for each in contents for key in self._volume.below(f"{folder}/{INPUT}={each}")]
        named = {file.input or "" for file in delta.active(self._volume, folder)}.intersection(contents)
        if named:
            delta.commit(self._volume, folder, stored_schema(table), [], sorted(named))
        self._volume.check()
        with storage_errors(self._volume.name(folder)):
            self._volume.remove_all(found)
