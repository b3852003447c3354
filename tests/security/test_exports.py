"""What spreadsheets open: no text of an input is a formula there, and numbers stay numbers."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import fastexcel
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.workspaces import qis, write_works
from typer.testing import CliRunner, Result

import trendcore as tc
from trendcore.cli.app import app
from trendcore.cli.exporting import _writer
from trendcore.cli.output import FORMULA_STARTS, print_csv, safe_text
from trendcore.errors import UsageError

HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "{=1}", '=HYPERLINK("http://x")']
FRAME = pl.DataFrame(
    {
        "=name": HOSTILE,
        "lists": [[text] for text in HOSTILE],
        "number": [-1.5] * len(HOSTILE),
        "whole": [-7] * len(HOSTILE),
        "null": pl.Series([None] * len(HOSTILE), dtype=pl.String),
    }
)


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


def sheet(path: Path) -> list[list[object]]:
    """The cells of the only sheet, its header as a row."""
    book = fastexcel.read_excel(path)
    assert book.sheet_names == ["trendcore"]
    frame = book.load_sheet(0, header_row=None).to_polars()
    return [list(row) for row in frame.iter_rows()]


def is_safe(text: str) -> bool:
    return not text.startswith(FORMULA_STARTS)


def test_csv_holds_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    _writer("csv")(FRAME, path)
    with path.open(newline="", encoding="utf-8") as opened:
        header, *rows = list(csv.reader(opened))
    assert header == ["'=name", "lists", "number", "whole", "null"]
    assert [row[0] for row in rows] == [safe_text(text) for text in HOSTILE]
    assert [row[1] for row in rows] == [safe_text(text) for text in HOSTILE]
    assert {tuple(row[2:]) for row in rows} == {("-1.5", "-7", "")}
    assert all(is_safe(text) for row in [header, *rows] for text in [*row[:2], *row[4:]])


def test_excel_holds_texts_and_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    _writer("xlsx")(FRAME, path)
    header, *rows = sheet(path)
    assert header[0] == "'=name"
    assert [row[0] for row in rows] == [safe_text(text) for text in HOSTILE]
    numbers = fastexcel.read_excel(path).load_sheet(0).to_polars().select("number", "whole")
    assert numbers.dtypes == [pl.Float64, pl.Float64]
    assert set(numbers.rows()) == {(-1.5, -7.0)}
    packed = b"".join(parts(path))
    assert b"<f>" not in packed
    assert b"<hyperlink" not in packed


def parts(path: Path) -> list[bytes]:
    """The files in an Excel file."""
    import zipfile

    with zipfile.ZipFile(path) as archive:
        return [archive.read(name) for name in archive.namelist()]


@pytest.mark.filterwarnings("ignore:Must have string length")
def test_a_text_that_no_cell_holds_is_an_error_not_a_blank(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": ["x", "x" * 32_768]})
    with pytest.raises(UsageError, match="row 2, column a: does not fit an Excel cell"):
        _writer("xlsx")(frame, tmp_path / "a.xlsx")


@given(st.text(st.characters(codec="utf-8"), max_size=8))
def test_no_text_is_a_formula_and_none_is_lost(text: str) -> None:
    assert is_safe(safe_text(text))
    assert safe_text(text) in (text, "'" + text)


def test_commands_print_no_formula(capsys: pytest.CaptureFixture[str]) -> None:
    print_csv([{"=key": text, "list": [text], "n": -1} for text in HOSTILE])
    printed = capsys.readouterr().out
    header, *rows = list(csv.reader(io.StringIO(printed, newline="")))
    assert header == ["'=key", "list", "n"]
    assert [row[0] for row in rows] == [safe_text(text) for text in HOSTILE]
    assert {row[2] for row in rows} == {"-1"}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Quarantined rows that begin as formulas do, in a file whose name does too."""
    folder = tmp_path_factory.mktemp("exports")
    path = folder / "=a" / "BACI_HS22_Y2022_V202501.csv"
    path.parent.mkdir()
    path.write_text("t,i,j,k,v,q\n" + "".join(f"{text.strip()},1\n" for text in HOSTILE))
    works = write_works(folder / "+b" / "works.jsonl", qis(1, "JP", "US"), qis(2, "JP", type="=type"))
    for feed, given_path in (("baci", path), ("openalex", works)):
        out = run("ingest", feed, given_path, "-w", folder / "ws", "--keep", "all", "--json")
        assert out.exit_code == 0, out.stderr
    assert json.loads(out.stdout)["accepted"] == 2
    return folder / "ws"


@pytest.mark.parametrize("table", ["quarantine", "papers", "trade"])
def test_stored_rows_come_out_as_texts(workspace: Path, tmp_path: Path, table: str) -> None:
    for form in ("csv", "xlsx"):
        out = run("export", tmp_path / f"a.{form}", "-w", workspace, "--table", table)
        assert out.exit_code == 0, out.stderr
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as opened:
        from_csv = list(csv.reader(opened))
    cells = [cell for row in sheet(tmp_path / "a.xlsx") for cell in row if isinstance(cell, str)]
    assert all(is_safe(cell) for cell in cells)
    stored = getattr(tc.Workspace(workspace), table)().collect()
    assert len(from_csv) == stored.height + 1
    texts = [at for at, kind in enumerate(stored.dtypes) if kind == pl.String]
    assert all(is_safe(row[at]) for row in from_csv for at in texts)
    escaped = {cell[:3] for row in from_csv for cell in row if cell.startswith("'")}
    assert escaped == {
        "quarantine": {"'=1", "'+1", "'-1", "'@S", "'＝1", "'=H"},
        "papers": {"'+b", "'=t"},
    }.get(table, set())


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_an_export_never_writes_through_a_link(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "a.csv").symlink_to(tmp_path / "mine")
    out = run("export", tmp_path / "a.csv", "-w", workspace, "--table", "quarantine", "--force")
    assert out.exit_code == 0, out.stderr
    assert (tmp_path / "mine").read_text() == "mine"
    assert not (tmp_path / "a.csv").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "mine"]
