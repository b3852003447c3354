"""Works and flows of any Arrow kind, as Polars frames of bounded size with the columns that are needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import polars as pl
import pyarrow as pa

from trendcore.errors import InputError, SchemaError, UsageError

#: rows that are tallied at a time where the input comes in batches; larger needs more memory, not less time
BATCH_ROWS: Final = 1 << 22

_KINDS: Final = (
    "a Polars DataFrame or LazyFrame, a pyarrow Table, RecordBatch or RecordBatchReader, or record batches"
)


def frames(rows: Any, columns: Sequence[str], *, what: str) -> Iterator[pl.DataFrame]:
    """Give the columns that are needed, as one frame, or as several where the input comes in batches.

    Parameters
    ----------
    rows
        A DataFrame (given back as it is), a LazyFrame (streamed), a pyarrow Table, RecordBatch or
        RecordBatchReader, anything with ``__arrow_c_stream__``, or an iterable of these.
    columns
        Names of the columns to keep.
    what
        What the rows are, for messages: ``works``.

    Yields
    ------
    pl.DataFrame
        At least one, perhaps without rows.

    Raises
    ------
    SchemaError
        A column is missing; the message lists those that are there.
    UsageError
        The input is of another kind.

    Examples
    --------
    >>> [frame.columns for frame in frames(pl.LazyFrame({"a": [1], "b": [2]}), ["b"], what="works")]
    [['b']]
    """
    names = list(dict.fromkeys(columns))
    if isinstance(rows, pl.LazyFrame):
        schema = rows.collect_schema()
        _check(schema.names(), names, what)
        batches = rows.select(names).collect_batches(maintain_order=False, chunk_size=BATCH_ROWS // 4)
        yield from _grouped(batches, pl.DataFrame(schema={name: schema[name] for name in names}))
        return
    whole = _frame(rows)
    if whole is not None:
        _check(whole.columns, names, what)
        yield whole.select(names)
        return
    if isinstance(rows, pa.RecordBatchReader):
        empty = pl.DataFrame(rows.schema.empty_table())
        _check(empty.columns, names, what)
        yield from _grouped((_selected(batch, names, what) for batch in rows), empty.select(names))
    elif hasattr(rows, "__arrow_c_stream__"):
        yield from frames(pa.RecordBatchReader.from_stream(rows), names, what=what)
    elif isinstance(rows, Iterable) and not isinstance(rows, (str, bytes, dict)):
        yield from _grouped((_selected(batch, names, what) for batch in rows), None, what)
    else:
        raise UsageError(f"{what} are {type(rows).__name__}; give {_KINDS}")


def height(rows: Any) -> int | None:
    """Return how many rows there are, where that is known without reading them.

    Examples
    --------
    >>> height(pl.DataFrame({"year": [2022]})), height(pl.LazyFrame({"year": [2022]}))
    (1, None)
    """
    if isinstance(rows, pl.DataFrame):
        return rows.height
    return rows.num_rows if isinstance(rows, (pa.Table, pa.RecordBatch)) else None


def one(rows: Any, columns: Sequence[str], *, what: str) -> pl.DataFrame:
    """Give the columns that are needed as one frame.

    Raises
    ------
    SchemaError, UsageError
        See `frames`.

    Examples
    --------
    >>> one(pl.DataFrame({"a": [1], "b": [2]}), ["b"], what="flows").columns
    ['b']
    """
    return pl.concat(list(frames(rows, columns, what=what)))


def names_of(rows: Any) -> list[str] | None:
    """Names of the columns of an input, without reading it; None where only reading tells.

    Examples
    --------
    >>> names_of(pl.LazyFrame({"a": [1]}))
    ['a']
    """
    if isinstance(rows, pl.LazyFrame):
        return rows.collect_schema().names()
    if isinstance(rows, pl.DataFrame):
        return rows.columns
    if isinstance(rows, (pa.Table, pa.RecordBatch, pa.RecordBatchReader)):
        return list(rows.schema.names)
    return None


def spread(frame: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Repeat each row for each distinct value of its list columns among `by`; an empty list has none.

    Raises
    ------
    InputError
        A list is null or holds a null; the message has the column and how many rows.

    Examples
    --------
    >>> spread(pl.DataFrame({"field": [["ai", "qis", "ai"], []], "n": [1, 2]}), ["field"]).sort(
    ...     "field"
    ... ).rows()
    [('ai', 1), ('qis', 1)]
    """
    for name in by:
        if not isinstance(frame.schema[name], pl.List):
            continue
        column = frame[name]
        if column.null_count() or column.explode(empty_as_null=False).null_count():
            nulls = column.list.contains(pl.lit(None)).fill_null(True).sum()
            raise InputError(
                f"by column {name!r} is null, or holds a null, in {nulls:,} of {frame.height:,} rows: drop "
                "the nulls first, or fill them"
            )
        if (column.list.len() > 1).any():
            frame = frame.with_columns(column.list.unique())
        frame = frame.explode(name, empty_as_null=False)
    return frame


def _frame(rows: Any) -> pl.DataFrame | None:
    """Take a whole table as a frame, without a copy; None where the input is no whole table."""
    if isinstance(rows, pl.DataFrame):
        return rows
    if isinstance(rows, (pa.Table, pa.RecordBatch)):
        return pl.DataFrame(rows)
    return None


def _selected(batch: Any, names: list[str], what: str) -> pl.DataFrame:
    frame = _frame(batch)
    if frame is None:
        raise UsageError(f"{what} hold a {type(batch).__name__}; give {_KINDS}")
    _check(frame.columns, names, what)
    return frame.select(names)


def _check(have: Sequence[str], names: Sequence[str], what: str) -> None:
    missing = [name for name in names if name not in have]
    if missing:
        raise SchemaError(
            f"{what} have no column {', '.join(map(repr, missing))}; there are {', '.join(have)}"
        )


def _grouped(
    batches: Iterable[pl.DataFrame], empty: pl.DataFrame | None, what: str = "rows"
) -> Iterator[pl.DataFrame]:
    """Join small batches until they are worth a pass of the kernels."""
    waiting: list[pl.DataFrame] = []
    rows, given = 0, False
    for batch in batches:
        waiting.append(batch)
        rows += batch.height
        if rows >= BATCH_ROWS:
            yield pl.concat(waiting)
            waiting, rows, given = [], 0, True
    if waiting:
        yield pl.concat(waiting)
    elif not given:
        if empty is None:
            raise InputError(f"{what} have no batch, so that their columns are not known")
        yield empty
