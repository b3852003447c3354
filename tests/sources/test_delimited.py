from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trendcore.errors import InputError, SchemaError
from trendcore.sources.base import InputFile, Limits
from trendcore.sources.delimited import LONGEST_ROW, TableBlock, table_blocks, wanted_columns
from trendcore.sources.files import open_bytes

HEADER = ["a", "b", "c"]


def blocks(folder: Path, content: bytes, separator: str = ",", batch_rows: int = 1 << 16) -> list[TableBlock]:
    file = InputFile(folder / "table.csv", "table.csv")
    file.path.write_bytes(content)
    limits = Limits(batch_rows=batch_rows)
    with open_bytes(file.path, limits) as stream:
        return list(
            table_blocks(
                stream,
                file,
                limits,
                separator,
                lambda header: wanted_columns(file, header, dict.fromkeys(HEADER, True)),
            )
        )


def rows(found: list[TableBlock]) -> list[tuple[str | int, ...]]:
    return pl.concat([block.frame.drop("raw") for block in found]).rows()


def refused(found: list[TableBlock]) -> list[tuple[int, str]]:
    return [(line, reason) for block in found for line, reason, _ in block.refused]


CELL = st.text(st.sampled_from('ab",\t\nNA0é '), max_size=6).filter(lambda text: text.count("\n") < 3)


def lines_in(cell: str) -> list[str]:
    return cell.split("\n") if "\n" in cell else []


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(CELL, CELL, CELL), max_size=8),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from([",", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([1, 2, 5, 100]),
)
def test_what_csv_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    cells: list[tuple[str, str, str]],
    quoting: int,
    separator: str,
    line_end: str,
    batch_rows: int,
) -> None:
    # blank lines do not count, and a line that could be a row by itself is one
    cells = [row for row in cells if any(cell.strip() for cell in row) and "\n" not in row[0]]
    cells = [row for row in cells if all(part.strip() for cell in row for part in lines_in(cell))]
    cells = [row for row in cells if not ("\n" in "".join(row) and separator in "".join(row))]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, quoting=quoting, lineterminator=line_end)  # type: ignore[arg-type]
    writer.writerows([HEADER, *cells])
    folder = tmp_path_factory.mktemp("table")
    found = blocks(folder, text.getvalue().encode(), separator, batch_rows)
    got = [row[:3] for row in rows(found)]
    assert got == cells
    assert refused(found) == []


@settings(deadline=None, max_examples=150)
@given(st.lists(st.text(st.sampled_from('a",\n'), max_size=12), max_size=10), st.sampled_from([1, 3, 100]))
def test_any_text_is_accounted_for_and_blocks_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], batch_rows: int
) -> None:
    folder = tmp_path_factory.mktemp("table")
    content = "\n".join(["a,b,c", *lines]).encode()
    found, whole = blocks(folder, content, batch_rows=batch_rows), blocks(folder, content)
    assert rows(found) == rows(whole)
    assert refused(found) == refused(whole)
    used = [int(row[3]) for row in rows(found)] + [line for line, _ in refused(found)]
    assert len(set(used)) == len(used)
    numbered = content.decode().split("\n")
    # a line is a row, is refused, or belongs to the row before it
    for at, line in enumerate(numbered[1:], 2):
        if line.strip() and at not in used:
            assert any(at - LONGEST_ROW < start < at for start in used)


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path, batch_rows: int) -> None:
    body = b'1,"open,x\n2,b,c\n' + b"3,b,c\n" * 50
    found = blocks(tmp_path, b"a,b,c\n" + body, batch_rows=batch_rows)
    # its separators alone give the right number of fields
    assert rows(found)[0] == ("1", '"open', "x", 2)
    assert len(rows(found)) == 52
    found = blocks(tmp_path, b'a,b,c\n1,"open\n2,b,c\n' + b"3,b,c\n" * 50, batch_rows=batch_rows)
    assert refused(found) == [(2, "has 2 fields where the header has 3")]
    assert len(rows(found)) == 51


def test_blanks_and_na_stay_text(tmp_path: Path) -> None:
    assert rows(blocks(tmp_path, b"a,b,c\nNA,,null\n")) == [("NA", "", "null", 2)]


def test_the_header_may_be_in_quotes_have_a_mark_and_spare_commas(tmp_path: Path) -> None:
    assert rows(blocks(tmp_path, b'\xef\xbb\xbf"c" ,b,"a",,\n1,2,3\n')) == [("3", "2", "1", 2)]


def test_no_block_means_empty_and_an_empty_block_a_header_alone(tmp_path: Path) -> None:
    assert blocks(tmp_path, b"") == []
    assert [block.n_read for block in blocks(tmp_path, b"a,b,c\n")] == [0]


def test_errors_name_the_file_and_the_column(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"table\.csv: line 1 lacks the columns b, c; found: a, B"):
        blocks(tmp_path, b"a,B\n")
    with pytest.raises(SchemaError, match=r"table\.csv: line 1 has the column a twice"):
        blocks(tmp_path, b"a,b,c,a\n")
    file = InputFile(tmp_path / "long.csv", "long.csv")
    file.path.write_bytes(b"a" * 100)
    limits = Limits(max_line_bytes=50)
    with (
        open_bytes(file.path, limits) as stream,
        pytest.raises(InputError, match="no header that can be read"),
    ):
        list(table_blocks(stream, file, limits, ",", lambda _header: {}))
