"""Published tables and stored rows as files: `trendcore export`."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trendcore.cli.output import FORMULA_STARTS, safe_text
from trendcore.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

    from trendcore.workspace import Workspace

_SHEET_ROWS = 1_048_576  # rows of an Excel sheet, the header among them
_STORED = ("papers", "patents", "trade", "quarantine")
_ENDINGS = {".parquet": "parquet", ".csv": "csv", ".xlsx": "xlsx", ".arrow": "arrow", ".feather": "arrow"}


@dataclass(frozen=True)
class Selection:
    """Which rows of which published table, or of the stored papers, patents, trade or quarantine."""

    table: str
    pair: str | None
    field: str | None
    source: str | None
    index: str | None
    release: int | None


def write_table(
    workspace: Workspace, selection: Selection, out: Path, form: str | None, *, force: bool
) -> int:
    """Write the selection beside its place, put it there in one step, and return the number of rows.

    Raises
    ------
    UsageError
        Where the form is unknown, the file exists or is a folder, or the rows do not fit an Excel sheet.
    """
    writer = _writer(form or _ENDINGS.get(out.suffix.lower(), ""))
    check_place(out, force=force)
    frame = _select(workspace, selection).collect()
    put(out, lambda part: writer(frame, part))
    return frame.height


def check_place(out: Path, *, force: bool) -> None:
    """Refuse a place where no file can be put, or where there is one that is not to be replaced.

    Raises
    ------
    UsageError
        It is a folder, in a folder that is not there, or there is a file.
    """
    if out.is_dir():
        raise UsageError(f"{out} is a folder; give the name of a file")
    if out.exists() and not force:
        raise UsageError(f"{out} exists; give --force to replace it")
    if not out.absolute().parent.is_dir():
        raise UsageError(f"the folder of {out} does not exist")


def put(out: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside its place, and put it there in one step."""
    # nobody can lay a link in the way of a name that nobody knows
    part = out.with_name(f".{out.name}.{secrets.token_hex(8)}.part")
    try:
        write(part)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _select(workspace: Workspace, selection: Selection) -> pl.LazyFrame:
    import polars as pl

    from trendcore.report.pair import pair_of

    pair = None if selection.pair is None else "-".join(pair_of(selection.pair).sorted)
    if selection.table == "indices":
        found: pl.LazyFrame = workspace.indices(
            pair=pair,
            field=selection.field,
            source=selection.source,
            index=selection.index,
            release=selection.release,
        )
        return found
    rows = _rows(workspace, selection)
    names = rows.collect_schema().names()
    for column, wanted in (
        ("field", selection.field),
        ("source", selection.source),
        ("index", selection.index),
    ):
        if wanted is not None:
            _must_have(column, names, selection.table)
            rows = rows.filter(pl.col(column) == wanted)
    if pair is not None:
        _must_have("b", names, selection.table)
        both = pl.concat_list(pl.min_horizontal("a", "b"), pl.max_horizontal("a", "b")).list.join("-")
        rows = rows.filter(both == pair)
    return rows


def _rows(workspace: Workspace, selection: Selection) -> pl.LazyFrame:
    """Return a published table, or one of the stored rows that no release holds."""
    rows: pl.LazyFrame
    if selection.table in _STORED:
        if selection.release is not None:
            raise UsageError(f"{selection.table} is of no release: it holds what is ingested now")
        rows = getattr(workspace, selection.table)()
    else:
        rows = workspace.table(selection.table, release=selection.release)
    return rows


def _must_have(column: str, names: list[str], table: str) -> None:
    if column not in names:
        raise UsageError(f"the table {table} has no column {column} to select by")


def _writer(form: str) -> Callable[[pl.DataFrame, Path], None]:
    writers = {"parquet": _parquet, "csv": _csv, "xlsx": _xlsx, "arrow": _arrow}
    if form not in writers:
        raise UsageError(f"unknown format {form or '(none)'}: give --format parquet, csv, xlsx or arrow")
    return writers[form]


def _parquet(frame: pl.DataFrame, path: Path) -> None:
    frame.write_parquet(path)


def _arrow(frame: pl.DataFrame, path: Path) -> None:
    frame.write_ipc(path, compression="zstd")


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Write lists as texts, and escape texts and names of columns that a spreadsheet would run."""
    import polars as pl
    import polars.selectors as cs

    lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)]
    flat = frame.with_columns(pl.col(name).cast(pl.List(pl.String)).list.join(" ") for name in lists)
    formula = cs.string().str.contains(f"^[{re.escape(''.join(FORMULA_STARTS))}]")
    return flat.with_columns(
        pl.when(formula).then(pl.lit("'") + cs.string()).otherwise(cs.string()).name.keep()
    ).rename(safe_text)


def _csv(frame: pl.DataFrame, path: Path) -> None:
    _flat(frame).write_csv(path)


def _xlsx(frame: pl.DataFrame, path: Path) -> None:
    """Write one sheet; every text is a text cell, never a formula or a link."""
    import xlsxwriter

    if frame.height >= _SHEET_ROWS:
        raise UsageError(
            f"{frame.height:,} rows do not fit an Excel sheet; select with --pair, --field, --source or "
            "--index, or write parquet"
        )
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    flat = _flat(frame)
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet("trendcore")
        sheet.write_row(0, 0, flat.columns)
        for at, row in enumerate(flat.iter_rows(), start=1):
            for column, value in enumerate(row):
                failed = 0
                if isinstance(value, (bool, int, float, str)):
                    failed = sheet.write(at, column, value)
                elif value is not None:
                    failed = sheet.write_string(at, column, str(value))
                if failed:
                    raise UsageError(
                        f"row {at:,}, column {flat.columns[column]}: does not fit an Excel cell, which holds"
                        " 32,767 characters; write csv or parquet"
                    )
