"""Rows of one content -> canonical tables."""

from __future__ import annotations

import pyarrow as pa

from trendcore.errors import SchemaError, UsageError
from trendcore.schemas import CANONICAL
from trendcore.store import delta
from trendcore.store.delta import INPUT, ParquetFile
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
    """Takes the rows of one content, batch by batch; made by `Store.writer`.

    Attributes
    ----------
    rows
        Table -> rows taken so far.
    """

    def __init__(self, volume: Volume, content: str) -> None:
        self._volume, self._content = volume, content
        self._files: dict[str, ParquetFile] = {}
        self.rows: dict[str, int] = {}

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
        """Name the rows in the tables' logs; everything is on disk on return."""
        for table, file in self._files.items():
            folder = folder_of(table)
            with storage_errors(self._volume.name(folder)):
                written = file.finish(self._content)
            delta.commit(self._volume, folder, stored_schema(table), [written], [self._content])

    def give_up(self) -> None:
        """Remove unfinished files."""
        for file in self._files.values():
            file.give_up()
