"""Tables of delimited text (CSV, TSV) with a header: blocks of wanted columns, and the rows that do not fit.

Every value stays text and a blank is a blank: ``NA`` is Namibia. Rows that are split at their separators
in one go are most of a file; the others (quotes, separators or line ends inside a field) are parsed one by
one. A quote that is never closed costs the row that it stands in, not those that follow.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from trendcore.errors import InputError, SchemaError
from trendcore.sources.base import InputFile, Limits
from trendcore.sources.files import ByteStream
from trendcore.sources.lines import LineBlock, line_blocks

#: lines that a row with line ends inside a quoted field may take
LONGEST_ROW: Final = 20
_QUOTE: Final = '"'

#: our name of a column to its name in the file; None for one that the file may lack and does
Layout = Mapping[str, str | None]
Choose = Callable[[list[str]], Layout]
Refused = tuple[int, str, bytes | str]


@dataclass(frozen=True)
class TableBlock:
    """Some rows of a table.

    Attributes
    ----------
    frame
        The wanted columns as text without nulls (blank where the file lacks the column), then ``line``
        (Int64, the row's first line in the file) and ``raw`` (the row's text); in the order of the file.
    refused
        Rows that have not the header's number of fields, and where the file broke off: for the quarantine.
    """

    frame: pl.DataFrame
    refused: list[Refused]

    @property
    def n_read(self) -> int:
        """Rows of the file in this block."""
        return self.frame.height + len(self.refused)


def wanted_columns(file: InputFile, header: list[str], columns: Mapping[str, bool]) -> Layout:
    """Look up columns by their own names.

    Parameters
    ----------
    file
        For the error.
    header
        Names in the file.
    columns
        Name to whether it must be there.

    Raises
    ------
    SchemaError
        A column that must be there is not.

    Examples
    --------
    >>> from pathlib import Path
    >>> wanted_columns(InputFile(Path("a.csv"), "a.csv"), ["t", "v"], {"v": True, "q": False})
    {'v': 'v', 'q': None}
    """
    missing = [name for name, needed in columns.items() if needed and name not in header]
    if missing:
        raise SchemaError(
            f"{file.path}: line 1 lacks the column{'s'[: len(missing) > 1]} {', '.join(missing)};"
            f" found: {', '.join(header)[:400] or 'nothing'}. Download the file again, or check that it is"
            " of this feed"
        )
    return {name: name if name in header else None for name in columns}


def table_blocks(
    stream: ByteStream, file: InputFile, limits: Limits, separator: str, choose: Choose
) -> Iterator[TableBlock]:
    r"""Read a table block by block.

    Parameters
    ----------
    stream
        The open file. Text that is not UTF-8 is read as Latin-1.
    file
        For errors.
    limits
        Bounds on a block.
    separator
        One character; a row may end in a spare one, as rows of Comtrade do.
    choose
        Gives the wanted columns for a header; raises where one is missing.

    Yields
    ------
    TableBlock
        One at least if the file has a header; none if it is empty.

    Raises
    ------
    SchemaError
        From `choose`, or two columns bear the name of a wanted one.
    InputError
        The file breaks off before its header.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from trendcore.sources.files import open_bytes
    >>> with TemporaryDirectory() as folder:
    ...     file = InputFile(Path(folder, "a.csv"), "a.csv")
    ...     _ = file.path.write_text('k,name\nNA,"Areas, nes"\n1,2,3\n,World,\n')
    ...     with open_bytes(file.path, Limits()) as stream:
    ...         blocks = table_blocks(stream, file, Limits(), ",", lambda names: {"k": "k", "c": "name"})
    ...         read = [(block.frame.drop("raw").rows(), block.refused) for block in blocks]
    >>> read
    [([('NA', 'Areas, nes', 2), ('', 'World', 4)], [(3, 'has 3 fields where the header has 2', '1,2,3')])]
    """
    table: _Table | None = None
    lines: list[str] = []
    numbers: list[int] = []
    for block in line_blocks(stream, limits):
        new_lines, new_numbers = _decode(block), block.numbers
        if table is None:
            if not new_lines:
                raise InputError(f"{file.path}: {block.refused[0][1]}; it has no header that can be read")
            table = _Table(file, new_lines[0], separator, choose)
            new_lines, new_numbers = new_lines[1:], new_numbers[1:]
        lines, numbers = [*lines, *new_lines], [*numbers, *new_numbers]
        # a row that may go on in the next block waits for it
        frame, refused, done = table.split(lines, numbers, at_end=False)
        yield TableBlock(frame, [*block.refused, *refused])
        lines, numbers = lines[done:], numbers[done:]
    if table is not None and lines:
        frame, refused, _ = table.split(lines, numbers, at_end=True)
        yield TableBlock(frame, refused)


def _decode(block: LineBlock) -> list[str]:
    if not block.lines:
        return []
    text = b"\n".join(block.lines)
    try:
        return text.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        return text.decode("latin-1").split("\n")


class _Table:
    """Splits lines of one table into its wanted columns."""

    def __init__(self, file: InputFile, first: str, separator: str, choose: Choose) -> None:
        self._separator = separator
        header = [name.strip().strip(_QUOTE).strip() for name in first.split(separator)]
        while header and not header[-1]:
            header.pop()
        self._n_fields = len(header)
        layout = choose(header)
        for name in layout.values():
            if header.count(name or "") > 1:
                raise SchemaError(f"{file.path}: line 1 has the column {name} twice")
        self._at = {ours: None if name is None else header.index(name) for ours, name in layout.items()}
        self._schema = {**dict.fromkeys(self._at, pl.String), "line": pl.Int64, "raw": pl.String}

    def split(
        self, lines: list[str], numbers: list[int], *, at_end: bool
    ) -> tuple[pl.DataFrame, list[Refused], int]:
        """Return good rows, refused ones, and how many lines were used up."""
        if not lines:
            return pl.DataFrame(schema=self._schema), [], 0
        cut = self._cut(lines, numbers)
        good, odd = (
            cut.filter("good"),
            cut.select("row", good="good").filter(~pl.col("good"))["row"].to_list(),
        )
        refused: list[Refused] = []
        parsed: list[list[str | int]] = []
        done, skip = len(lines), -1
        for row in odd:
            if row < skip:
                continue
            fields, used = self._row_at(lines, row)
            if used > len(lines) - row:
                if not at_end:
                    done = row
                    break
                used = 1
            skip = row + used
            if fields is None:
                refused.append((numbers[row], self._why(lines[row]), lines[row]))
            else:
                picked: list[str | int] = ["" if at is None else fields[at] for at in self._at.values()]
                parsed.append([*picked, numbers[row], "\n".join(lines[row:skip])])
        frame = good.filter(pl.col("row") < done).select(list(self._schema))
        if parsed:
            more = pl.DataFrame(parsed, schema=self._schema, orient="row")
            frame = pl.concat([frame, more]).sort("line")
        return frame, refused, done

    def _cut(self, lines: list[str], numbers: list[int]) -> pl.DataFrame:
        """Split all lines at their separators; `good` where that is the whole story."""
        n, separator = self._n_fields, self._separator
        frame = pl.DataFrame(
            {"row": range(len(lines)), "raw": lines, "line": numbers},
            schema={"row": pl.Int64, "raw": pl.String, "line": pl.Int64},
        )
        raw = pl.col("raw")
        quotes = raw.str.count_matches(_QUOTE, literal=True)
        n_found = raw.str.count_matches(separator, literal=True)
        fits = (n_found == n - 1) | ((n_found == n) & raw.str.ends_with(separator))
        split = frame.with_columns(fits=fits, quotes=quotes, cells=raw.str.split_exact(separator, n)).unnest(
            "cells"
        )
        cells = [pl.col(f"field_{at}") for at in range(n)]
        if (split["quotes"] > 0).any():
            in_quotes = [
                cell.str.starts_with(_QUOTE) & cell.str.ends_with(_QUOTE) & (cell.str.len_bytes() > 1)
                for cell in cells
            ]
            n_quoted = pl.sum_horizontal([flag.fill_null(value=False).cast(pl.UInt32) for flag in in_quotes])
            sound = pl.col("fits") & (pl.col("quotes") == 2 * n_quoted)
            cells = [
                pl.when(flag).then(cell.str.slice(1, cell.str.len_chars() - 2)).otherwise(cell)
                for flag, cell in zip(in_quotes, cells, strict=True)
            ]
        else:
            sound = pl.col("fits")
        picked = {ours: pl.lit("") if at is None else cells[at] for ours, at in self._at.items()}
        return split.select("row", "line", "raw", good=sound, **picked).with_columns(
            pl.col(list(picked)).fill_null("")
        )

    def _row_at(self, lines: list[str], row: int) -> tuple[list[str] | None, int]:
        """Parse the row that starts at a line, and say how many lines it takes.

        More lines than there are: it may go on in the next block; what is returned holds if it does not.
        """
        text = lines[row]
        fields = self._parsed(text)
        if fields is not None:
            return fields, 1
        used = 1
        if self._opens(text):
            for used in range(2, LONGEST_ROW + 1):
                if row + used > len(lines):
                    break
                more = lines[row + used - 1]
                # a line that is a row by itself is not the rest of another
                if self._alone(more) is not None:
                    used = 1
                    break
                text += "\n" + more
                fields = self._parsed(text)
                if fields is not None:
                    return fields, used
            else:
                used = 1
        return self._plain(lines[row]), used

    def _alone(self, line: str) -> list[str] | None:
        return self._parsed(line) or self._plain(line)

    def _parsed(self, text: str) -> list[str] | None:
        """Fields by the rules of CSV, None where they do not hold or the number is wrong."""
        try:
            rows = list(csv.reader([text], delimiter=self._separator, strict=True))
        except csv.Error:
            return None
        if len(rows) != 1:
            return None
        return self._fitting(rows[0])

    def _plain(self, line: str) -> list[str] | None:
        """Fields by the separators alone, quotes being marks like any other."""
        return self._fitting(line.split(self._separator))

    def _fitting(self, fields: list[str]) -> list[str] | None:
        n = self._n_fields
        if len(fields) == n:
            return fields
        return fields[:n] if len(fields) == n + 1 and not fields[n] else None

    def _opens(self, line: str) -> bool:
        return line.count(_QUOTE) % 2 == 1

    def _why(self, line: str) -> str:
        try:
            (fields,) = csv.reader([line], delimiter=self._separator, strict=True)
        except (csv.Error, ValueError):
            fields = line.split(self._separator)
            if len(fields) == self._n_fields:
                return "quotes that do not match"
        return f"has {len(fields)} fields where the header has {self._n_fields}"
