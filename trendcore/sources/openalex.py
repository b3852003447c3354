"""OpenAlex works: JSON lines, snapshot folders, pages of the API, Parquet, and lists of merged ids.

Source: https://developers.openalex.org (data CC0).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final, Literal

from trendcore.errors import InputError, SchemaError
from trendcore.schemas import PAPERS
from trendcore.sources.base import (
    BREAKS_OFF,
    EMPTY_FILE,
    Batch,
    Counts,
    InputFile,
    InputUnit,
    QuarantineBuilder,
    ReadContext,
    empty,
)
from trendcore.sources.delimited import LONGEST_LINE
from trendcore.sources.files import display_name, expand, open_bytes
from trendcore.sources.lines import LineBlock, line_blocks
from trendcore.sources.openalex_parquet import records_of_parquet
from trendcore.sources.openalex_records import records_of_text
from trendcore.sources.openalex_rows import MERGED, RowMaker, day, tombstones_of, work_id
from trendcore.sources.openalex_scan import code_table

LOOKED_FOR: Final = (
    "OpenAlex works (updated_date=*/part_*.gz, *.jsonl, *.json, *.parquet) or merged_ids/works/*.csv.gz"
)
_PACKED: Final = r"(\.gz|\.bz2|\.zip)?"
_WORKS_FILE: Final = re.compile(
    rf"part_\d+(\.gz)?|W\d+|.+\.(jsonl|ndjson|json){_PACKED}|.+\.gz|.+\.parquet", re.IGNORECASE
)
_MERGED_FILE: Final = re.compile(rf".+\.csv{_PACKED}", re.IGNORECASE)
_NO_WORKS: Final = re.compile(r"manifest(\.json)?", re.IGNORECASE)
#: other entities of a snapshot, which lie beside `works`
_ENTITIES: Final = frozenset(
    {
        "authors", "awards", "concepts", "continents", "countries", "domains", "fields", "funders",
        "institutions", "institution-types", "keywords", "languages", "licenses", "publishers", "sdgs",
        "source-types", "sources", "subfields", "topics", "venues", "work-types",
    }
)  # fmt: skip
_MERGED_COLUMNS: Final = ("merge_date", "id", "merge_into_id")
_PARQUET: Final = b"PAR1"


class OpenAlex:
    """The feed of OpenAlex works; one file is one unit."""

    name: str = "openalex"
    table: Literal["papers", "patents", "trade"] = "papers"

    def discover(self, paths: Sequence[str | Path]) -> list[InputUnit]:
        """Find files of works and of merged ids.

        A folder is searched to any depth; manifests and the other entities of a snapshot are passed over.

        Parameters
        ----------
        paths
            Files, folders and globs.

        Returns
        -------
        list of InputUnit
            One a file, in natural order.

        Raises
        ------
        InputError
            A path is not there, has no works, or holds the snapshot in both its formats.
        """
        found = expand(paths, _is_ours, LOOKED_FOR, enter=_is_entered)
        return [self._unit(path) for path in found]

    def read(self, unit: InputUnit, context: ReadContext) -> Iterator[Batch]:
        r"""Read a file of works, or of merged ids, batch by batch.

        With ``keep="fields"`` a work outside every field becomes a tombstone; works that could not be
        classified are stored, see `openalex_rows`. Lines count from 1; in a page of the API, an array and a
        Parquet file it is the number of the work.

        Raises
        ------
        InputError
            The file cannot be read as what it is. Single bad works are quarantined instead.
        SchemaError
            A Parquet file or a list of merged ids lacks a column.

        Examples
        --------
        >>> from tempfile import TemporaryDirectory
        >>> from trendcore.taxonomy import countries
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "works.jsonl")
        ...     _ = path.write_text('{"id": "W1", "publication_year": 2020}\n{"id": "W2"\n')
        ...     (unit,) = FEED.discover([path])
        ...     (batch,) = FEED.read(unit, ReadContext(countries()))
        >>> batch.counts.accepted, batch.quarantine.column("line").to_pylist()
        (1, [2])
        """
        for file in unit.files:
            if file.role == "merged":
                yield from _read_merged(file, context)
            elif _starts_with(file.path, _PARQUET):
                yield from _read_parquet(file, context)
            else:
                yield from _read_text(file, context)

    def _unit(self, path: Path) -> InputUnit:
        merged = "merged_ids" in path.parts or _MERGED_FILE.fullmatch(path.name)
        file = InputFile(path, display_name(path), "merged" if merged else "data", _snapshot_date(path))
        return InputUnit(self.name, file.name, (file,))


FEED: Final = OpenAlex()


def _is_ours(path: Path) -> bool:
    if "merged_ids" in path.parts:
        return bool(_MERGED_FILE.fullmatch(path.name))
    return bool(_WORKS_FILE.fullmatch(path.name)) and not (
        _NO_WORKS.fullmatch(path.name) or _MERGED_FILE.fullmatch(path.name)
    )


def _is_entered(folder: Path) -> bool:
    beside = folder.parent
    if folder.name == "parquet" and (beside / "jsonl").is_dir():
        raise InputError(f"{beside}: holds the snapshot twice; name one of {beside / 'jsonl'}, {folder}")
    return folder.name not in _ENTITIES or not (beside.name == "merged_ids" or (beside / "works").is_dir())


def _snapshot_date(path: Path) -> date | None:
    for part in reversed(path.parts):
        if part.startswith("updated_date="):
            try:
                return date.fromisoformat(part.removeprefix("updated_date="))
            except ValueError:
                return None
    return None


def _starts_with(path: Path, mark: bytes) -> bool:
    try:
        with path.open("rb") as opened:
            return opened.read(len(mark)) == mark
    except OSError as error:
        raise InputError(f"cannot open {path}: {error.strerror or error}") from error


def _read_text(file: InputFile, context: ReadContext) -> Iterator[Batch]:
    quarantine = QuarantineBuilder(file.name)
    maker = RowMaker(file, context, quarantine)
    n_read = n_bytes = 0
    with open_bytes(file.path, context.limits) as stream:
        for records in records_of_text(
            stream, file, context.limits, quarantine, code_table(context.countries)
        ):
            for batch in maker.batches(records):
                n_read += batch.counts.read
                context.report(stream.on_disk - n_bytes, batch.counts.read)
                n_bytes = stream.on_disk
                yield batch
        yield from _end(file, stream.broken, n_read)


def _end(file: InputFile, broken: str | None, n_read: int) -> Iterator[Batch]:
    """Say that a file broke off or was empty."""
    warning = BREAKS_OFF if broken else None if n_read else EMPTY_FILE
    if warning:
        yield Batch(empty(PAPERS), None, None, Counts(file.name, 0, 0, 0, warnings={warning: 1}))


def _read_parquet(file: InputFile, context: ReadContext) -> Iterator[Batch]:
    quarantine = QuarantineBuilder(file.name)
    maker = RowMaker(file, context, quarantine)
    size = file.path.stat().st_size
    n_read = 0
    for records in records_of_parquet(file, context.limits, quarantine, code_table(context.countries)):
        for batch in maker.batches(records):
            n_read += batch.counts.read
            context.report(0, batch.counts.read)
            yield batch
    context.report(size, 0)
    yield from _end(file, None, n_read)


def _read_merged(file: InputFile, context: ReadContext) -> Iterator[Batch]:
    """Turn ids that were merged into another work to tombstones."""
    quarantine = QuarantineBuilder(file.name)
    header: list[str] = []
    n_read = n_bytes = 0
    bounds = replace(context.limits, max_line_bytes=min(context.limits.max_line_bytes, LONGEST_LINE))
    with open_bytes(file.path, bounds) as stream:
        for block in line_blocks(stream, bounds):
            if not header and block.lines:
                header = _merged_header(block.lines.pop(0), file)
                block.numbers.pop(0)
            batch = _merged_batch(file, header, block, quarantine)
            n_read += batch.counts.read
            context.report(stream.on_disk - n_bytes, batch.counts.read)
            n_bytes = stream.on_disk
            yield batch
        # a list with a header and no rows is what a day without mergers gives
        yield from _end(file, stream.broken, n_read or len(header))


def _merged_header(line: bytes, file: InputFile) -> list[str]:
    header = [name.strip().lower() for name in _cells(line)]
    for name in _MERGED_COLUMNS:
        if name not in header:
            raise SchemaError(
                f"{file.path}: column {name} is missing; a list of merged ids has"
                f" {', '.join(_MERGED_COLUMNS)}. Found: {', '.join(header)[:200]}"
            )
    return header


def _cells(line: bytes) -> list[str]:
    """Cut a line of CSV into cells; none if it is no such line."""
    try:
        return next(csv.reader([line.decode("utf-8", "replace")]), [])
    except csv.Error:
        return []


def _merged_batch(
    file: InputFile, header: list[str], block: LineBlock, quarantine: QuarantineBuilder
) -> Batch:
    at_day, at_id, at_into = (header.index(name) for name in _MERGED_COLUMNS) if header else (0, 0, 0)
    ids: list[str] = []
    days: list[int | None] = []
    kept: list[int] = []
    for row in block.refused:
        quarantine.add(*row)
    for number, line in zip(block.numbers, block.lines, strict=True):
        cells = _cells(line)
        gone = work_id(cells[at_id]) if len(cells) == len(header) else None
        if gone is None or gone == work_id(cells[at_into]) or day(cells[at_day]) is None:
            quarantine.add(number, "not a merged work: needs a date and two ids of works", line)
            continue
        ids.append(gone)
        days.append(day(cells[at_day]))
        kept.append(number)
    counts = Counts(
        file.name,
        read=len(block.lines) + len(block.refused),
        accepted=0,
        quarantined=len(quarantine),
        set_aside={MERGED: len(ids)} if ids else {},
    )
    tombstones = tombstones_of(file, ids, days, MERGED, kept) if ids else None
    return Batch(empty(PAPERS), tombstones, quarantine.take(), counts)
