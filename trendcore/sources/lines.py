"""Cutting a stream of bytes into numbered lines, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from trendcore.sources.base import Limits
from trendcore.sources.files import ByteStream

UTF8_MARK: Final = b"\xef\xbb\xbf"
#: how much of a line that is too long is shown
HEAD: Final = 2000


@dataclass(frozen=True)
class LineBlock:
    """Some lines of a file.

    Attributes
    ----------
    lines
        Without line ends; blank ones are left out. The first has no byte order mark.
    numbers
        Their numbers, 1 for the first line of the file; same length.
    refused
        Rows for the quarantine (number, reason, text): lines above the limit, and where the file broke off.
    """

    lines: list[bytes]
    numbers: list[int]
    refused: list[tuple[int, str, bytes]]


def line_blocks(stream: ByteStream, limits: Limits) -> Iterator[LineBlock]:
    r"""Cut a stream into lines, in blocks.

    Parameters
    ----------
    stream
        If it breaks off, the last block's last refused row says so; that row counts as read.
    limits
        `max_line_bytes`, `batch_bytes` and `batch_rows` bound a block; a longer line is skipped, not held.

    Yields
    ------
    LineBlock
        At least one line, good or refused, each. A last line without an end counts, unless the file broke off
        inside it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from trendcore.sources.files import open_bytes
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.csv")
    ...     _ = path.write_bytes(b"\xef\xbb\xbfone\r\n\r\nthree")
    ...     with open_bytes(path, Limits()) as stream:
    ...         [(block.lines, list(block.numbers)) for block in line_blocks(stream, Limits())]
    [([b'one', b'three'], [1, 3])]
    """
    held = _Held()
    number = 1
    open_end = False
    for text, long, open_end in line_runs(stream, limits.max_line_bytes):
        if text is None:
            held.refused.append((number, f"line longer than {limits.max_line_bytes:,} bytes", long))
            number += 1
        else:
            number += held.take(text, number)
        if held.n_bytes >= limits.batch_bytes or held.n_lines >= limits.batch_rows:
            # what may be cut must wait for the end of the file to be known
            yield from held.blocks(limits.batch_rows, keep_last=open_end)
    if stream.broken:
        held.break_off(stream.broken, number, open_end)
    yield from held.blocks(limits.batch_rows)


class _Held:
    """Lines gathered for a block."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.numbers: list[int] = []
        self.refused: list[tuple[int, str, bytes]] = []
        self.n_bytes = 0

    @property
    def n_lines(self) -> int:
        return len(self.lines) + len(self.refused)

    def take(self, text: bytes, number: int) -> int:
        """Add whole lines, the first of this number; return how many there were, blank ones too."""
        lines = text.split(b"\n")
        if number == 1 and lines[0].startswith(UTF8_MARK):
            lines[0] = lines[0][len(UTF8_MARK) :]
        for at, line in enumerate(lines, number):
            if line and not line.isspace():
                self.lines.append(line[:-1] if line.endswith(b"\r") else line)
                self.numbers.append(at)
        self.n_bytes += len(text)
        return len(lines)

    def break_off(self, why: str, number: int, open_end: bool) -> None:
        """Refuse the line in which the file broke off, or the one that did not come."""
        if open_end and self.lines and self.numbers[-1] == number - 1:
            self.numbers.pop()
            self.refused.append((number - 1, why, self.lines.pop()))
        else:
            self.refused.append((number, why, b""))

    def blocks(self, most: int, *, keep_last: bool = False) -> Iterator[LineBlock]:
        """Yield what is held and forget it, but for the last line where that one is asked to stay."""
        end = len(self.lines) - keep_last
        refused = self.refused
        for start in range(0, max(end, 1), most):
            stop = min(start + most, end)
            if stop > start or refused:
                yield LineBlock(self.lines[start:stop], self.numbers[start:stop], refused)
            refused = []
        self.lines, self.numbers = self.lines[end:], self.numbers[end:]
        self.refused, self.n_bytes = [], sum(map(len, self.lines))


def line_runs(stream: ByteStream, longest: int) -> Iterator[tuple[bytes | None, bytes, bool]]:
    """Cut a stream into runs of whole lines, without cutting the lines apart.

    Yields
    ------
    tuple
        Lines with their ends but the last one, b"", and whether the last one had no end either; or None for
        one line above `longest`, and its beginning.
    """
    rest: list[bytes] = []
    size = 0
    skipping: bytes | None = None
    while data := stream.piece():
        if skipping is not None:
            start = data.find(b"\n")
            if start < 0:
                continue
            yield None, skipping, False
            skipping, data = None, data[start + 1 :]
        end = data.rfind(b"\n")
        if end < 0:
            rest.append(data)
            size += len(data)
        else:
            for run, long in _bounded(b"".join([*rest, memoryview(data)[:end]]), longest):
                yield run, long, False
            rest, size = [data[end + 1 :]], len(data) - end - 1
        if size > longest:
            skipping, rest, size = b"".join(rest)[:HEAD], [], 0
    if skipping is not None:
        yield None, skipping, True
    elif size:
        yield b"".join(rest), b"", True


def _bounded(text: bytes, longest: int) -> Iterator[tuple[bytes | None, bytes]]:
    """Split off lines that are too long, where the text could hold one."""
    if len(text) <= longest:
        yield text, b""
        return
    run: list[bytes] = []
    for line in text.split(b"\n"):
        if len(line) <= longest:
            run.append(line)
            continue
        if run:
            yield b"\n".join(run), b""
            run = []
        yield None, line[:HEAD]
    if run:
        yield b"\n".join(run), b""
