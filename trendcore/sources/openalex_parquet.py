"""The Parquet snapshot of OpenAlex: the needed columns, as the same JSON lines that the other format has.

Source: https://developers.openalex.org, "Snapshot data format" (Parquet since June 2026).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from trendcore.errors import InputError, SchemaError
from trendcore.sources.base import InputFile, Limits, QuarantineBuilder
from trendcore.sources.openalex_layout import Codes
from trendcore.sources.openalex_records import Decoder, Records

#: rows turned to records at a time, from Parquet
PARQUET_ROWS: Final = 8192
#: leaves of a Parquet schema that are read, without the levels that lists add to a path
PARQUET_COLUMNS: Final = frozenset(
    {
        "id", "publication_year", "publication_date", "type", "language", "is_retracted", "is_paratext",
        "is_xpac", "cited_by_count", "updated_date", "authors_count", "is_authors_truncated",
        "authorships.author_position", "authorships.countries", "authorships.institutions.country_code",
        "primary_topic.id", "primary_topic.score", "topics.id", "topics.score",
        "concepts.id", "concepts.score",
    }
)  # fmt: skip
_LIST_LEVELS: Final = frozenset({"list", "element", "item", "bag", "array", "array_element"})
_COUNTRY_COLUMNS: Final = frozenset({"authorships.countries", "authorships.institutions.country_code"})


def records_of_parquet(
    file: InputFile, limits: Limits, quarantine: QuarantineBuilder, codes: Codes
) -> Iterator[Records]:
    """Read works of the Parquet snapshot, only the columns that are needed.

    Parameters
    ----------
    file, limits
        The file, and bounds on it.
    quarantine
        Gets what cannot be decoded; the caller takes it after each item.
    codes
        Codes of countries, see `openalex_scan.code_table`.

    Yields
    ------
    Records
        Works of some thousand rows.

    Raises
    ------
    SchemaError
        A column that must be there is not.
    InputError
        The file is no sound Parquet.
    """
    decode = Decoder(quarantine, codes)
    number = 1
    for run, n_rows in _parquet_runs(file, limits):
        decode.add_run(run, number)
        yield decode.take()
        number += n_rows


def _parquet_runs(file: InputFile, limits: Limits) -> Iterator[tuple[bytes, int]]:
    """Yield rows as JSON lines, written natively: one path for both formats of the snapshot."""
    try:
        with pq.ParquetFile(file.path) as table:
            columns = _columns(table, file, limits)
            for batch in table.iter_batches(PARQUET_ROWS, columns=columns):
                batch.validate(full=True)
                text = io.BytesIO()
                pl.DataFrame(batch).write_ndjson(text)
                yield text.getvalue(), batch.num_rows
    except (pa.ArrowException, OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{file.path}: not a Parquet file that can be read: {error}") from error


def _columns(table: pq.ParquetFile, file: InputFile, limits: Limits) -> list[str]:
    paths = {
        ".".join(part for part in path.split(".") if part not in _LIST_LEVELS): path
        for path in (table.schema.column(at).path for at in range(len(table.schema)))
    }
    for name in ("id", "publication_year"):
        if name not in paths:
            shown = ", ".join(sorted({path.split(".")[0] for path in paths})[:20])
            raise SchemaError(f"{file.path}: column {name} of OpenAlex works is missing. Found: {shown}")
    if not _COUNTRY_COLUMNS & paths.keys():
        raise SchemaError(
            f"{file.path}: column authorships.countries is missing, so no work would have a country"
        )
    wanted = set(PARQUET_COLUMNS & paths.keys())
    if "topics.id" in wanted:
        wanted = {name for name in wanted if not name.startswith("concepts.")}
    held = table.metadata
    size = sum(held.row_group(at).total_byte_size for at in range(held.num_row_groups))
    if size > limits.max_bytes or (
        size > limits.ratio_from and size > limits.max_ratio * file.path.stat().st_size
    ):
        raise InputError(f"{file.path}: unpacks to {size:,} bytes, as a bomb does; see Limits.max_ratio")
    return [paths[name] for name in sorted(wanted)]
