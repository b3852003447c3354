"""The Parquet snapshot of OpenAlex: the needed columns, as the same JSON lines that the other format has.

Source: https://developers.openalex.org, "Snapshot data format" (Parquet since June 2026).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from trendcore.errors import InputError, SchemaError
from trendcore.sources.base import InputFile, Limits, QuarantineBuilder
from trendcore.sources.files import check_unpacked
from trendcore.sources.openalex_layout import Codes
from trendcore.sources.openalex_records import Decoder, Records
from trendcore.sources.parquet_lines import BROKEN, END, HEADER, LACKS

_SCRIPT: Final = Path(__file__).with_name("parquet_lines.py")
#: JSON repeats the names of columns in each row, and Parquet names equal values once
_TEXT_RATIO: Final = 10


def records_of_parquet(
    file: InputFile, limits: Limits, quarantine: QuarantineBuilder, codes: Codes
) -> Iterator[Records]:
    """Read works of the Parquet snapshot, only the columns that are needed, in a process of its own.

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
        The file is no sound Parquet, or takes more memory than the limits allow.
    """
    decode = Decoder(quarantine, codes)
    number = 1
    for run, n_rows in _parquet_runs(file.path, limits):
        decode.add_run(run, number)
        yield decode.take()
        number += n_rows


def _parquet_runs(path: Path, limits: Limits) -> Iterator[tuple[bytes, int]]:
    """Yield rows as JSON lines, written natively: one path for both formats of the snapshot."""
    command = [sys.executable, "-P", str(_SCRIPT), str(path), str(limits.max_parquet_bytes)]
    try:
        size = path.stat().st_size
        process = subprocess.Popen(  # noqa: S603 (the path is an argument, no shell sees it)
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    n_bytes = 0
    with process as reader:
        assert reader.stdout is not None
        try:
            for run, n_rows in _blocks(path, reader.stdout, limits):
                n_bytes += len(run)
                check_unpacked(path, n_bytes, _TEXT_RATIO * size, limits)
                yield run, n_rows
        finally:
            reader.kill()


def _blocks(path: Path, pipe: IO[bytes], limits: Limits) -> Iterator[tuple[bytes, int]]:
    while True:
        header = pipe.read(HEADER.size)
        kind, n_rows, n_bytes = HEADER.unpack(header) if len(header) == HEADER.size else (b"", 0, 0)
        data = pipe.read(n_bytes) if n_bytes <= limits.max_document_bytes else b""
        if kind == END:
            return
        if kind == LACKS:
            raise SchemaError(f"{path}: {data.decode()}")
        if kind == BROKEN:
            raise InputError(f"{path}: not a Parquet file that can be read: {data.decode()}")
        if not kind or len(data) < n_bytes:
            raise InputError(
                f"{path}: not a Parquet file that can be read in {limits.max_parquet_bytes:,} bytes of"
                " memory; if it is sound, write it anew with smaller pages, or raise Limits.max_parquet_bytes"
            )
        yield data, n_rows
