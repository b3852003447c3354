"""Batches of one file, cut to the size that is asked for, and put together in the order of its lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa

from trendcore.sources.base import Batch, Counts, empty


def cut_batch(batch: Batch, most: int) -> Iterator[Batch]:
    """Cut a batch of more rows than that into some; the first has all that was not accepted."""
    counts, n = batch.counts, batch.counts.accepted
    n_parts = -(-counts.read // most)
    if n_parts <= 1:
        yield batch
        return
    size = max(-(-n // n_parts), 1)
    rows = batch.rows[:size]
    first = replace(counts, read=counts.read - n + rows.num_rows, accepted=rows.num_rows)
    yield Batch(rows, batch.tombstones, batch.quarantine, first)
    for start in range(size, n, size):
        rows = batch.rows[start : start + size]
        yield Batch(rows, None, None, Counts(counts.file, rows.num_rows, rows.num_rows, 0))


def merged(scanned: Batch, others: Batch) -> Batch:
    """Put the rows of two batches of a part of a file in the order of its lines."""
    tombstones = [part for part in (scanned.tombstones, others.tombstones) if part is not None]
    return Batch(
        _in_order([scanned.rows, others.rows]),
        _in_order(tombstones) if tombstones else None,
        others.quarantine,
        scanned.counts + others.counts,
    )


def _in_order(parts: list[pa.RecordBatch]) -> pa.RecordBatch:
    whole = pa.Table.from_batches(parts).combine_chunks()
    lines = whole.column("source_line").to_numpy()
    if (lines[1:] < lines[:-1]).any():
        whole = whole.take(pa.array(np.argsort(lines, kind="stable"))).combine_chunks()
    (batch,) = whole.to_batches() or [empty(whole.schema)]
    return batch
