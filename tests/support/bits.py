"""Bytes that are not those that were written."""

from __future__ import annotations

from pathlib import Path


def flip(path: Path, bit: int | None = None) -> None:
    """Make one bit of a file another: this one, or one in the middle."""
    data = bytearray(path.read_bytes())
    at = 8 * (len(data) // 2) if bit is None else bit
    data[at // 8] ^= 1 << at % 8
    path.write_bytes(data)
