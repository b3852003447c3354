"""Cutting a stream of bytes into numbered lines, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from trendcore.sources.base import Limits
from trendcore.sources.files import ByteStream
from trendcore.sources.views import Ints, line_index

UTF8_MARK: Final = b"\xef\xbb\xbf"
#: how much of a line that is too long is shown
HEAD: Final = 2000
_NO_LINES: Final = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class TextBlock:
    """Some lines of a file, in one text.

    Attributes
    ----------
    text
        The lines, and what lies between them.
    starts, ends, numbers
        Where each begins and ends in the text, without its line end, and its number, 1 for the first line of
        the file. Blank lines are left out. The first has no byte order mark.
    refused
        Rows for the quarantine (number, reason, text): lines above the limit, and where the file broke off.
    """

    text: bytes
    starts: Ints
    ends: Ints
    numbers: Ints
    refused: list[tuple[int, str, bytes]]

    def lines(self) -> list[bytes]:
        """Return the lines."""
        bounds = zip(self.starts.tolist(), self.ends.tolist(), strict=True)
        return [self.text[start:end] for start, end in bounds]


@dataclass(frozen=True)
class LineBlock:
    """Some lines of a file, apart: as in `TextBlock`."""

    lines: list[bytes]
    numbers: list[int]
    refused: list[tuple[int, str, bytes]]


def line_blocks(stream: ByteStream, limits: Limits) -> Iterator[LineBlock]:
    r"""Cut a stream into lines, in blocks: `text_blocks` line by line.

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
    for block in text_blocks(stream, limits):
        yield LineBlock(block.lines(), block.numbers.tolist(), block.refused)


def text_blocks(stream: ByteStream, limits: Limits) -> Iterator[TextBlock]:
    """Find the lines of a stream, in blocks.

    Parameters
    ----------
    stream
        If it breaks off, the last block's last refused row says so; that row counts as read.
    limits
        `max_line_bytes`, `batch_bytes` and `batch_rows` bound a block; a longer line is skipped, not held.

    Yields
    ------
    TextBlock
        At least one line, good or refused, each. A last line without an end counts, unless the file broke off
        inside it.
    """
    held = _Held()
    number = 1
    open_end = False
    for text, long, open_end in line_runs(stream, limits.max_line_bytes):
        if text is None:
            held.refused.append((number, f"line longer than {limits.max_line_bytes:,} bytes", long))
            number += 1
        else:
            number = held.take(text, number)
        # what may be cut must wait for the end of the file to be known
        if not open_end and (held.n_bytes >= limits.batch_bytes or held.n_lines >= limits.batch_rows):
            yield from held.blocks(limits.batch_rows)
    if stream.broken:
        held.break_off(stream.broken, number, open_end)
    yield from held.blocks(limits.batch_rows)


class _Held:
    """Lines gathered for a block."""

    def __init__(self) -> None:
        self._texts: list[bytes] = []
        self._index: list[tuple[Ints, Ints, Ints]] = []
        self.refused: list[tuple[int, str, bytes]] = []
        self.n_bytes = self._n_good = 0

    @property
    def n_lines(self) -> int:
        return self._n_good + len(self.refused)

    def take(self, text: bytes, number: int) -> int:
        """Add whole lines, the first of this number; return the number of the line after them."""
        if number == 1:
            text = text.removeprefix(UTF8_MARK)
        starts, ends, numbers, after = line_index(text, number)
        self._index.append((starts + self.n_bytes, ends + self.n_bytes, numbers))
        self._texts.append(text)
        self.n_bytes += len(text) + 1
        self._n_good += len(starts)
        return after

    def break_off(self, why: str, number: int, open_end: bool) -> None:
        """Refuse the line in which the file broke off, or the one that did not come."""
        cut = b""
        if open_end and self._index and (self._index[-1][2][-1:] == number - 1).any():
            number -= 1
            starts, ends, numbers = self._index[-1]
            cut = b"\n".join(self._texts)[starts[-1] : ends[-1]]
            self._index[-1] = starts[:-1], ends[:-1], numbers[:-1]
        self.refused.append((number, why, cut))

    def blocks(self, most: int) -> Iterator[TextBlock]:
        """Yield what is held, and forget it."""
        text, refused = b"\n".join(self._texts), self.refused
        index = self._index or [(_NO_LINES, _NO_LINES, _NO_LINES)]
        starts, ends, numbers = (np.concatenate(parts) for parts in zip(*index, strict=True))
        self._texts, self._index, self.refused, self.n_bytes, self._n_good = [], [], [], 0, 0
        for at in range(0, max(len(starts), 1), most):
            part = slice(at, at + most)
            if len(starts) or refused:
                yield _block(text, starts[part], ends[part], numbers[part], refused)
            refused = []


def _block(
    text: bytes, starts: Ints, ends: Ints, numbers: Ints, refused: list[tuple[int, str, bytes]]
) -> TextBlock:
    """Make a block that holds no more of a text than it needs."""
    if len(starts):
        first = int(starts[0])
        text, starts, ends = text[first : int(ends[-1])], starts - first, ends - first
    return TextBlock(text, starts, ends, numbers, refused)


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
