"""Tables of delimited text (CSV, TSV) with a header: blocks of wanted columns, and the rows that do not fit.

Every value stays text and a blank is a blank: ``NA`` is Namibia. Rows that are split at their separators
in one go are most of a file; the others (quotes, separators or line ends inside a field) are parsed one by
one. A quote that is never closed costs the row that it stands in, not those that follow.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from trendcore.errors import InputError, SchemaError
from trendcore.sources.base import InputFile, Limits
from trendcore.sources.files import ByteStream
from trendcore.sources.lines import TextBlock, text_blocks
from trendcore.sources.views import Bools, Ints, column, cut, whole

#: lines that a row with line ends inside a quoted field may take
LONGEST_ROW: Final = 20
#: columns of a table; no feed has a hundred
MOST_COLUMNS: Final = 10_000
#: bytes of a line; a longer one is quarantined. The longest fields of these feeds are titles
LONGEST_LINE: Final = 1 << 20
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
        Bounds on a block; a line is at most `LONGEST_LINE` too.
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
        From `choose`, two columns bear the name of a wanted one, or there are above `MOST_COLUMNS`.
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
    waiting: _Rows | None = None
    bounds = replace(limits, max_line_bytes=min(limits.max_line_bytes, LONGEST_LINE))
    for block in text_blocks(stream, bounds):
        rows = _Rows.of(block)
        if table is None:
            # the line after a header that was refused is no header
            if not len(rows) or (block.refused and block.refused[0][0] < rows.numbers[0]):
                raise InputError(f"{file.path}: {block.refused[0][1]}; it has no header that can be read")
            table = _Table(file, rows[0], separator, choose)
            rows = rows.after(1)
        if waiting is not None:
            rows = waiting.then(rows)
        # a row that may go on in the next block waits for it
        frame, refused, done = table.split(rows, at_end=False)
        yield TableBlock(frame, [*block.refused, *refused])
        waiting = rows.after(done) if done < len(rows) else None
    if table is not None and waiting is not None:
        frame, refused, _ = table.split(waiting, at_end=True)
        yield TableBlock(frame, refused)


@dataclass(frozen=True)
class _Rows:
    """Lines of a table in one text, which is UTF-8."""

    text: bytes
    starts: Ints
    ends: Ints
    numbers: Ints

    @classmethod
    def of(cls, block: TextBlock) -> _Rows:
        """Take a block's lines; text that is not UTF-8 is read as Latin-1."""
        if not block.text.isascii():
            try:
                block.text.decode("utf-8")
            except UnicodeDecodeError:
                lines = [line.decode("latin-1").encode() for line in block.lines()]
                lengths = np.array([len(line) for line in lines], dtype=np.int64)
                ends = np.cumsum(lengths + 1) - 1
                return cls(b"\n".join(lines), ends - lengths, ends, block.numbers)
        return cls(block.text, block.starts, block.ends, block.numbers)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, row: int) -> str:
        return self.text[self.starts[row] : self.ends[row]].decode()

    def after(self, n: int) -> _Rows:
        """Return all rows but the first ones."""
        return _Rows(self.text, self.starts[n:], self.ends[n:], self.numbers[n:])

    def then(self, others: _Rows) -> _Rows:
        """Return these rows, which are few, and others after them."""
        first = int(self.starts[0])
        text = self.text[first : int(self.ends[-1])] + b"\n"
        return _Rows(
            text + others.text,
            np.concatenate([self.starts - first, others.starts + len(text)]),
            np.concatenate([self.ends - first, others.ends + len(text)]),
            np.concatenate([self.numbers, others.numbers]),
        )


class _Table:
    """Splits lines of one table into its wanted columns."""

    def __init__(self, file: InputFile, first: str, separator: str, choose: Choose) -> None:
        self._separator = separator
        if first.count(separator) >= MOST_COLUMNS:
            raise SchemaError(
                f"{file.path}: line 1 has more than {MOST_COLUMNS:,} columns; is it of this feed?"
            )
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

    def split(self, rows: _Rows, *, at_end: bool) -> tuple[pl.DataFrame, list[Refused], int]:
        """Return good rows, refused ones, and how many lines were used up."""
        if not len(rows):
            return pl.DataFrame(schema=self._schema), [], 0
        frame, good = self._cut(rows)
        refused: list[Refused] = []
        parsed: list[list[str | int]] = []
        done, skip = len(rows), -1
        for row in np.flatnonzero(~good).tolist():
            if row < skip:
                continue
            fields, used = self._row_at(rows, row)
            if used > len(rows) - row:
                if not at_end:
                    done = row
                    break
                used = 1
            skip = row + used
            number = int(rows.numbers[row])
            if fields is None:
                refused.append((number, self._why(rows[row]), rows[row]))
            else:
                picked: list[str | int] = ["" if at is None else fields[at] for at in self._at.values()]
                raw = "\n".join(rows[line] for line in range(row, skip))
                parsed.append([*picked, number, raw])
        good[done:] = False
        if not good.all():
            frame = frame.filter(pl.Series(good))
        if parsed:
            more = pl.DataFrame(parsed, schema=self._schema, orient="row")
            frame = pl.concat([frame, more]).sort("line")
        return frame, refused, done

    def _cut(self, rows: _Rows) -> tuple[pl.DataFrame, Bools]:
        """Cut all lines at their separators; say where that is the whole story."""
        n = len(rows)
        used = {at: place for place, at in enumerate(at for at in self._at.values() if at is not None)}
        columns = np.array([used.get(at, -1) for at in range(self._n_fields)], dtype=np.int64)
        views = np.zeros((len(used), n, 2), dtype=np.int64)
        raw = np.empty((n, 2), dtype=np.int64)
        good = np.empty(n, dtype=np.bool_)
        text = np.frombuffer(rows.text, dtype=np.uint8)
        cut(text, rows.starts, rows.ends, ord(self._separator), columns, views, good)
        whole(text, rows.starts, rows.ends, raw)
        cells = {
            ours: pl.repeat("", n, eager=True) if at is None else column(views[used[at]], rows.text)
            for ours, at in self._at.items()
        }
        lines = {"line": pl.Series(rows.numbers), "raw": column(raw, rows.text)}
        return pl.DataFrame(cells | lines, schema=self._schema), good

    def _row_at(self, lines: _Rows, row: int) -> tuple[list[str] | None, int]:
        """Parse the row that starts at a line, and say how many lines it takes.

        More lines than there are: it may go on in the next block; what is returned holds if it does not.
        """
        text = lines[row]
        fields, goes_on = self._parsed(text)
        used = 1
        while goes_on and used < LONGEST_ROW:
            used += 1
            if row + used > len(lines):
                return self._plain(lines[row]), used
            more = lines[row + used - 1]
            # a line that is a row by itself is not the rest of another
            if self._alone(more) is not None:
                break
            text += "\n" + more
            fields, goes_on = self._parsed(text)
        return (self._plain(lines[row]), 1) if fields is None else (fields, used)

    def _alone(self, line: str) -> list[str] | None:
        return self._parsed(line)[0] or self._plain(line)

    def _parsed(self, text: str) -> tuple[list[str] | None, bool]:
        """Fields by the rules of CSV, None where they do not hold or are too many; and if a quote is open."""
        try:
            rows = list(csv.reader([text], delimiter=self._separator, strict=True))
        except csv.Error as error:
            # whatever else is wrong, more lines do not mend
            return None, "end of data" in str(error)
        return (self._fitting(rows[0]) if len(rows) == 1 else None), False

    def _plain(self, line: str) -> list[str] | None:
        """Fields by the separators alone, quotes being marks like any other."""
        return self._fitting(line.split(self._separator))

    def _fitting(self, fields: list[str]) -> list[str] | None:
        n = self._n_fields
        if len(fields) == n:
            return fields
        return fields[:n] if len(fields) == n + 1 and not fields[n] else None

    def _why(self, line: str) -> str:
        try:
            (fields,) = csv.reader([line], delimiter=self._separator, strict=True)
        except (csv.Error, ValueError):
            fields = line.split(self._separator)
            if len(fields) == self._n_fields:
                return "quotes that do not match"
        return f"has {len(fields)} fields where the header has {self._n_fields}"
