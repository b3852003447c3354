"""Rows of one content -> files of canonical tables, which no log names yet."""

from __future__ import annotations

import pyarrow as pa

from trendcore.errors import SchemaError, UsageError
from trendcore.schemas import CANONICAL
from trendcore.store.delta import INPUT, DataFile, ParquetFile
from trendcore.store.volumes import Volume, storage_errors


def stored_schema(table: str) -> pa.Schema:
    """Return the schema of a canonical table on disk: the canonical columns, then ``input``.

    Raises
    ------
    UsageError
        There is no such table; the message lists them.

    Examples
    --------
    >>> stored_schema("trade").names[-1]
    'input'
    """
    if table not in CANONICAL:
        raise UsageError(f"no canonical table is called {table!r}; there are {', '.join(CANONICAL)}")
    return CANONICAL[table].append(pa.field(INPUT, pa.string(), nullable=False))


def folder_of(table: str) -> str:
    """Return the key of a canonical table's folder."""
    return f"tables/{table}"


class InputWriter:
    """Takes the rows of one content, batch by batch; made by `Store.writer` and `Rows.files`.

    Attributes
    ----------
    rows
        Table -> rows taken so far.
    written
        Table -> its file, once they are finished.
    """

    def __init__(self, volume: Volume, content: str) -> None:
        self._volume, self._content = volume, content
        self._files: dict[str, ParquetFile] = {}
        self.rows: dict[str, int] = {}
        self.written: dict[str, DataFile] = {}

    def add(self, table: str, batch: pa.RecordBatch | None) -> None:
        """Append rows to a canonical table; None and empty batches add nothing.

        Raises
        ------
        UsageError
            There is no such table.
        SchemaError
            The batch has not the table's canonical schema.
        StorageError
            The rows cannot be written.
        """
        schema = stored_schema(table)
        if batch is None:
            return
        if batch.schema != CANONICAL[table]:
            raise SchemaError(f"rows for {table} have another schema: {batch.schema}")
        if not batch.num_rows:
            return
        folder = f"{folder_of(table)}/{INPUT}={self._content}"
        whole = pa.RecordBatch.from_arrays(
            [*batch.columns, pa.repeat(self._content, batch.num_rows)], schema=schema
        )
        with storage_errors(self._volume.name(folder)):
            if table not in self._files:
                self._files[table] = ParquetFile(self._volume, folder, schema)
            self._files[table].add(whole)
        self.rows[table] = self.rows.get(table, 0) + batch.num_rows

    def finish(self) -> None:
        """Bring the files to disk."""
        for table, file in self._files.items():
            with storage_errors(self._volume.name(folder_of(table))):
                self.written[table] = file.finish(self._content)

    def give_up(self) -> None:
        """Remove the files, finished or not."""
        for file in self._files.values():
            file.give_up()
