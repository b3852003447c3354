"""Cutting a stream of bytes into numbered lines, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    too_long
        Number and beginning of each line above the limit.
    """

    lines: list[bytes]
    numbers: Sequence[int]
    too_long: list[tuple[int, bytes]]


def line_blocks(stream: ByteStream, limits: Limits) -> Iterator[LineBlock]:
    r"""Cut a stream into lines, in blocks.

    Parameters
    ----------
    stream
        Look at its `broken` after the last block.
    limits
        `max_line_bytes`, `batch_bytes` and `batch_rows` bound a block; a longer line is skipped, not held.

    Yields
    ------
    LineBlock
        At least one line, good or too long, each. A last line without an end counts; if the file broke off
        inside it, it is the last of the last block.

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
    for text, long in _runs(stream, limits.max_line_bytes):
        if text is None:
            held.too_long.append((number, long))
            number += 1
        else:
            number += held.take(text, number)
        if held.n_bytes >= limits.batch_bytes or held.n_lines >= limits.batch_rows:
            yield from held.blocks(limits.batch_rows)
            held = _Held()
    yield from held.blocks(limits.batch_rows)


class _Held:
    """Lines gathered for a block."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.numbers: list[int] = []
        self.too_long: list[tuple[int, bytes]] = []
        self.n_bytes = 0

    @property
    def n_lines(self) -> int:
        return len(self.lines) + len(self.too_long)

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

    def blocks(self, most: int) -> Iterator[LineBlock]:
        too_long = self.too_long
        for start in range(0, max(len(self.lines), 1), most):
            part = self.lines[start : start + most]
            if part or too_long:
                yield LineBlock(part, self.numbers[start : start + most], too_long)
            too_long = []


def _runs(stream: ByteStream, longest: int) -> Iterator[tuple[bytes | None, bytes]]:
    """Yield runs of whole lines as (text, b""), and lines that are too long as (None, beginning)."""
    rest: list[bytes] = []
    size = 0
    skipping: bytes | None = None
    while data := stream.piece():
        if skipping is not None:
            start = data.find(b"\n")
            if start < 0:
                continue
            yield None, skipping
            skipping, data = None, data[start + 1 :]
        end = data.rfind(b"\n")
        if end < 0:
            rest.append(data)
            size += len(data)
        else:
            yield from _bounded(b"".join([*rest, data[:end]]), longest)
            rest, size = [data[end + 1 :]], len(data) - end - 1
        if size > longest:
            skipping, rest, size = b"".join(rest)[:HEAD], [], 0
    if skipping is not None:
        yield None, skipping
    elif size:
        yield from _bounded(b"".join(rest), longest)


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
