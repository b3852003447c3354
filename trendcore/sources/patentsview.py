"""PatentsView: US grants with disambiguated inventors and assignees; a set of tables, joined.

Source: https://patentsview.org/download/data-download-tables (data CC BY 4.0).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

import polars as pl
import pyarrow as pa

from trendcore.errors import InputError
from trendcore.schemas import PATENTS, TOMBSTONES
from trendcore.sources.base import Batch, InputFile, InputUnit, ReadContext, empty
from trendcore.sources.files import display_name, expand
from trendcore.sources.patentsview_sides import Filings, People, Places, Symbols
from trendcore.sources.patentsview_tables import (
    APPLICATION,
    ASSIGNEE,
    CPC,
    INVENTOR,
    LOCATION,
    NEEDED,
    PART,
    PATENT,
    PRIORITY,
    TABLES,
    WITHDRAWN,
    Grants,
    Table,
    read_grants,
    role_of,
)

LOOKED_FOR: Final = "PatentsView tables (g_patent.tsv, g_inventor_disambiguated.tsv.zip, ...)"
OUT_OF_FIELD: Final = "out_of_field"
OFFICE: Final = "US"


class PatentsView:
    """The feed of PatentsView; the tables of one folder are one unit.

    A patent's year is that of its first priority where the tables g_foreign_priority and g_application are
    there, of its filing with g_application alone, and of its grant without; ``year_kind`` says which. A
    patent without a foreign claim has its own filing for priority.

    Withdrawn patents are set aside. Designs, plants and reissues are kept with their ``type``; designs have
    no CPC. Patents without an assignee are owned by their inventors and have no applicant here.
    """

    name: str = "patentsview"
    table: Literal["papers", "patents", "trade"] = "patents"

    def discover(self, paths: Sequence[str | Path]) -> list[InputUnit]:
        """Find sets of tables; other tables of PatentsView are passed over.

        Parameters
        ----------
        paths
            Files, folders and globs. Tables in several folders, one each, make one unit too.

        Returns
        -------
        list of InputUnit
            In natural order; roles patent, inventor, location, and assignee, cpc, application, priority where
            they are there.

        Raises
        ------
        InputError
            A path is not there, a table is missing or there twice.
        """
        found = expand(paths, lambda path: role_of(path) is not None, LOOKED_FOR)
        known = [path for path in found if role_of(path) is not None]
        if not known:
            raise InputError(f"{found[0]}: not a table that is read here; looked for {LOOKED_FOR}")
        folders: dict[Path, list[Path]] = {}
        for path in known:
            folders.setdefault(path.parent, []).append(path)
        roles = [role_of(path) for path in known]
        if len(folders) > 1 and len(set(roles)) == len(roles):
            return [self._unit(known[0].parent.parent, known)]
        return [self._unit(folder, files) for folder, files in folders.items()]

    def read(self, unit: InputUnit, context: ReadContext) -> Iterator[Batch]:
        """Read the tables of a unit, then join and yield its patents.

        The side tables are read whole before the first patent comes: some 15 bytes a row of theirs and 100 a
        patent are held.

        Raises
        ------
        InputError
            A file cannot be read as what it is. Single bad rows are quarantined instead.
        SchemaError
            A table is empty or lacks a column.

        Examples
        --------
        >>> from tempfile import TemporaryDirectory
        >>> from trendcore.taxonomy import countries
        >>> tables = {
        ...     "g_patent": "patent_id patent_date;7 2020-01-07",
        ...     "g_inventor_disambiguated": "patent_id inventor_id location_id;7 a x;7 b y;7 b y",
        ...     "g_location_disambiguated": "location_id disambig_country;x NA;y JP",
        ... }
        >>> with TemporaryDirectory() as folder:
        ...     for name, text in tables.items():
        ...         table = text.replace(" ", chr(9)).replace(";", chr(10))
        ...         _ = Path(folder, f"{name}.tsv").write_text(table)
        ...     (unit,) = FEED.discover([folder])
        ...     batches = list(FEED.read(unit, ReadContext(countries())))
        >>> [row["inventor_countries"] for batch in batches for row in batch.rows.to_pylist()]
        [[392, 516]]
        """
        yield from _Join(unit, context).batches()

    def _unit(self, folder: Path, paths: list[Path]) -> InputUnit:
        files: dict[str, InputFile] = {}
        for path in paths:
            role = role_of(path) or ""
            if role in files:
                raise InputError(
                    f"{folder}: {path.name} and {files[role].path.name} are the same table; keep one"
                )
            files[role] = InputFile(path, display_name(path), role)
        missing = [TABLES[role][0] for role in NEEDED if role not in files]
        if missing:
            there = ", ".join(sorted(file.path.name for file in files.values()))
            raise InputError(
                f"{folder}: lacks {' and '.join(f'{name}.tsv' for name in missing)}; found {there}."
                " The tables of a unit lie in one folder and are given together"
            )
        return InputUnit(
            self.name, "/".join(folder.parts[-2:]).lstrip("/"), tuple(files[r] for r in TABLES if r in files)
        )


FEED: Final = PatentsView()


class _Join:
    """Reads and joins the tables of one unit."""

    def __init__(self, unit: InputUnit, context: ReadContext) -> None:
        self._context = context
        self._tables = {file.role: Table(file, context) for file in unit.files}

    def batches(self) -> Iterator[Batch]:
        grants = Grants(pl.DataFrame())
        for made in read_grants(self._tables[PATENT]):
            if isinstance(made, Grants):
                grants = made
            else:
                yield made
        places = Places(self._tables[LOCATION])
        yield from places.read()
        people = {
            role: People(self._tables[role], places, grants)
            for role in (INVENTOR, ASSIGNEE)
            if role in self._tables
        }
        symbols = Symbols(self._tables[CPC], grants) if CPC in self._tables else None
        filings = {
            role: Filings(self._tables[role], grants)
            for role in (APPLICATION, PRIORITY)
            if role in self._tables
        }
        for person in people.values():
            yield from person.read()
        if symbols is not None:
            yield from symbols.read()
        for filing in filings.values():
            yield from filing.read()
        for role in (ASSIGNEE, CPC):
            if role not in self._tables:
                self._tables[PATENT].warn(f"no_table:{TABLES[role][0]}")
        dated = _dated(grants, filings)
        for start in range(0, max(dated.height, 1), PART):
            yield from self._part(dated.slice(start, PART), start // PART, people, symbols)
        for person in people.values():
            yield person.end()
        if symbols is not None:
            yield symbols.end()

    def _part(
        self, rows: pl.DataFrame, number: int, people: dict[str, People], symbols: Symbols | None
    ) -> Iterator[Batch]:
        """Join a part of the patents and yield its batches."""
        years = rows.select("at", "year")
        for role, prefix in ((INVENTOR, "inventor"), (ASSIGNEE, "applicant")):
            if role in people:
                lists = people[role].take(number, years, self._context.countries)
                names = {
                    "countries": f"{prefix}_countries",
                    "shares": f"{prefix}_shares",
                    "units": f"{prefix}_units",
                    "n": f"n_{prefix}s",
                    "n_unknown": f"n_{prefix}s_unknown",
                }
                rows = rows.join(lists.rename(names), on="at", how="left", maintain_order="left")
        if symbols is not None:
            rows = rows.join(symbols.take(number), on="at", how="left", maintain_order="left")
        rows = _filled(rows)
        for batch in rows.iter_slices(self._context.limits.batch_rows) if rows.height else [rows]:
            yield self._batch(batch)

    def _batch(self, rows: pl.DataFrame) -> Batch:
        table = self._tables[PATENT]
        said = pl.format("{}\t{}\t{}", "id", pl.col("type").fill_null(""), "grant")
        conflict = rows.filter(pl.col("fate") == "conflict")
        reason = pl.lit("the patent comes again with another date, type or state")
        table.refuse(conflict.with_columns(refused=reason, raw=said))
        counted = rows.filter(pl.col("fate").is_null())
        stored = self._stored(counted)
        kept, out = counted.filter(stored), counted.filter(~stored)
        gone = rows.filter(pl.col("fate") == WITHDRAWN)
        reasons = dict(rows["fate"].drop_nulls().value_counts().rows()) | {OUT_OF_FIELD: out.height}
        reasons.pop("conflict", None)
        name = table.file.name
        tombs = pl.concat([_tombs(out, OUT_OF_FIELD), _tombs(gone, WITHDRAWN)]).sort("source_line")
        tombstones = _record_batch(tombs, TOMBSTONES, name) if tombs.height else None
        return table.batch(_record_batch(kept, PATENTS, name), tombstones, reasons)

    def _stored(self, rows: pl.DataFrame) -> pl.Series:
        """Whether a field matches or none can be decided on."""
        context = self._context
        if context.fields is None or not context.filters or not rows.height:
            return pl.Series([True] * rows.height, dtype=pl.Boolean)
        judged = context.fields.patents(rows.lazy().select("at", "cpc", "year")).collect().sort("at")
        return (judged["field"].list.len() > 0) | (judged["field_unknown"].list.len() > 0)


def _dated(grants: Grants, filings: dict[str, Filings]) -> pl.DataFrame:
    """Give each grant its date, year and the kind of year."""
    frame = grants.frame.with_columns(
        at=pl.int_range(pl.len(), dtype=pl.Int32),
        grant="date",
        filing=filings[APPLICATION].dates() if APPLICATION in filings else pl.lit(None, pl.Date),
        claim=filings[PRIORITY].dates() if PRIORITY in filings else pl.lit(None, pl.Date),
    )
    first = pl.min_horizontal("claim", "filing")
    # with both tables at hand, a patent without a claim is its own priority
    of_filing = "priority" if PRIORITY in filings and APPLICATION in filings else "filing"
    kind = (
        pl.when(pl.col("claim").is_not_null())
        .then(pl.lit("priority"))
        .when(pl.col("filing").is_not_null())
        .then(pl.lit(of_filing))
        .otherwise(pl.lit("grant"))
    )
    frame = frame.with_columns(date=pl.coalesce(first, "grant"), year_kind=kind)
    return frame.with_columns(year=pl.col("date").dt.year().cast(pl.Int16)).drop("filing", "claim")


def _filled(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the canonical columns that are missing, and put empty lists and zeros for what was not found."""
    lists: dict[str, pl.DataType] = {"cpc": pl.List(pl.String())}
    for prefix in ("inventor", "applicant"):
        lists |= {
            f"{prefix}_countries": pl.List(pl.Int16()),
            f"{prefix}_shares": pl.List(pl.Float64()),
            f"{prefix}_units": pl.List(pl.Int16()),
        }
    numbers = [f"n_{prefix}s{more}" for prefix in ("inventor", "applicant") for more in ("", "_unknown")]
    have = rows.columns
    return rows.with_columns(
        *(
            (pl.col(name) if name in have else pl.lit(None))
            .fill_null(pl.lit([], kind))
            .cast(kind)
            .alias(name)
            for name, kind in lists.items()
        ),
        *(
            (pl.col(name) if name in have else pl.lit(None)).fill_null(0).cast(pl.Int32).alias(name)
            for name in numbers
        ),
        family_id=pl.lit(None, pl.String),
        office=pl.lit(OFFICE),
        type=pl.when(pl.col("type") != "").then("type"),
        source_line="line",
    )


def _tombs(rows: pl.DataFrame, reason: str) -> pl.DataFrame:
    return rows.select("id", "source_line", updated=pl.lit(None, pl.Date), reason=pl.lit(reason))


def _record_batch(frame: pl.DataFrame, schema: pa.Schema, file: str) -> pa.RecordBatch:
    if not frame.height:
        return empty(schema)
    ready = frame.with_columns(source_file=pl.lit(file))
    arrays = [ready[kind.name].rechunk().to_arrow().cast(kind.type) for kind in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
