"""What goes to stdout: tables for people, JSON and CSV for programs; and progress on stderr."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from trendcore.report.words import p_value

if TYPE_CHECKING:
    from rich.console import Console

Record = dict[str, Any]

_BARS = "▁▂▃▄▅▆▇█"
_ARROWS = {"rising": ("▲", "^"), "falling": ("▼", "v"), "none": ("▬", "=")}
_PIPE_WIDTH = 120  # a table in a file or a pipe is not squeezed into 80 columns
#: what spreadsheets take for the beginning of a formula, or skip before one; the last four are full-width
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def sparkline(values: Sequence[float | None]) -> str:
    """Draw values from nothing to their maximum as bars; a missing one is a blank.

    Examples
    --------
    >>> sparkline([0, 1, None, 4])
    '▁▂ █'
    >>> sparkline([])
    ''
    """
    top = max((value for value in values if value is not None), default=0.0)
    if top <= 0:
        return "".join(" " if value is None else _BARS[0] for value in values)
    last = len(_BARS) - 1
    return "".join(" " if value is None else _BARS[math.floor(value / top * last)] for value in values)


def arrow(direction: str | None) -> str:
    """Draw where a series is going: in ASCII where stdout knows no arrows, a dash where it is not known.

    Examples
    --------
    >>> arrow("rising"), arrow("falling"), arrow("none"), arrow(None)
    ('▲', '▼', '▬', '–')
    """
    if direction is None:
        return "–"
    shown, plain = _ARROWS[direction]
    try:
        shown.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return plain
    return shown


def trend_text(direction: str | None, p: float | None) -> str:
    """Write where a series is going and the p of that.

    Examples
    --------
    >>> (
    ...     trend_text("rising", 0.0123),
    ...     trend_text("none", 0.8),
    ...     trend_text("falling", 1e-9),
    ...     trend_text(None, None),
    ... )
    ('▲ 0.012', '▬ 0.800', '▼ <0.001', '–')
    """
    if direction is None or p is None:
        return "–"
    return f"{arrow(direction)} {p_value(p)}"


def safe_text(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula: an apostrophe before what could start one.

    Examples
    --------
    >>> safe_text("=1+1"), safe_text("JP")
    ("'=1+1", 'JP')
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def console() -> Console:
    """Return a console on stdout, as wide as the terminal, or wide where there is none."""
    from rich.console import Console

    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)


def print_json(value: object) -> None:
    """Print one JSON document; keys keep their order, what is not finite is an error."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False, default=str))


def print_csv(records: Sequence[Mapping[str, Any]]) -> None:
    """Print records as CSV with a header; lists and mappings become words, texts cannot be formulas."""
    if not records:
        return
    lines = [_csv_line([safe_text(key) for key in records[0]])]
    lines += [_csv_line([_csv_cell(value) for value in record.values()]) for record in records]
    typer.echo("".join(lines), nl=False)


def _csv_line(cells: Sequence[object]) -> str:
    """Write a row; the writer quotes what its line end is made of, so that must be both of them."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().removesuffix("\r\n") + "\n"


def _csv_cell(value: object) -> object:
    if isinstance(value, list):
        return " ".join("" if item is None else str(item) for item in value)
    if isinstance(value, dict):
        return " ".join(f"{key}={item}" for key, item in value.items())
    return safe_text(value) if isinstance(value, str) else value


def print_table(
    columns: Sequence[tuple[str, str]],
    rows: Sequence[Sequence[str]],
    *,
    title: str = "",
    notes: Sequence[str] = (),
) -> None:
    """Print a table for people; a column is its title and "left" or "right", notes follow line by line."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for at, (name, side) in enumerate(columns):
        right = side == "right"
        table.add_column(name, justify="right" if right else "left", no_wrap=at == 0)
    for row in rows:
        table.add_row(*row)
    if title:
        print_lines(title)
    console().print(table)
    print_lines(*notes)


def print_lines(*lines: str) -> None:
    """Print lines of text, wrapped on a terminal only."""
    out = console()
    for line in lines:
        out.print(line, soft_wrap=not sys.stdout.isatty())


def say(message: str) -> None:
    """Write one line of log to stderr."""
    typer.echo(message, err=True)


@contextmanager
def progress(title: str, *, shown: bool = True) -> Iterator[Callable[[int, int, str], None]]:
    """Show a bar on stderr, on a terminal only; yields what the work calls: done, in all, a note."""
    if not (shown and sys.stderr.isatty()):
        yield lambda _done, _total, _note: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None, note="")

        def advance(done: int, total: int, note: str) -> None:
            bar.update(task, completed=done, total=total, note=note)

        yield advance
