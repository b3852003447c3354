"""What goes to workers and comes back: frames as bytes, and whether both sides are alike."""

from __future__ import annotations

import io
import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any, Final

import polars as pl

from trendcore import __version__, taxonomy
from trendcore.errors import WorkerError

#: packages that decide rows and counts, and how they are written
_PACKAGES: Final = ("polars", "pyarrow", "numpy", "numba")


def packed(frame: pl.DataFrame) -> bytes:
    """Return a frame as an Arrow IPC stream.

    Examples
    --------
    >>> unpacked(packed(pl.DataFrame({"n": [1]}))).item()
    1
    """
    buffer = io.BytesIO()
    frame.write_ipc_stream(buffer, compression="zstd")
    return buffer.getvalue()


def unpacked(data: bytes) -> pl.DataFrame:
    """Return the frame of an Arrow IPC stream."""
    return pl.read_ipc_stream(io.BytesIO(data))


def program() -> dict[str, str]:
    """Return what a worker must have in common with the process that asks it, beside the order."""
    packages = {name: metadata.version(name) for name in _PACKAGES}
    return {"trendcore": __version__, "countries": taxonomy.countries().sha256[:12], **packages}


def check_program(asked: Mapping[str, Any]) -> None:
    """Refuse to work for a process that is another program.

    Raises
    ------
    WorkerError
        It is; the message names what differs.

    Examples
    --------
    >>> check_program(program())
    >>> check_program(program() | {"polars": "0.1"})
    Traceback (most recent call last):
    trendcore.errors.WorkerError: ... is not like the process that asks it: polars is ... there and 0.1 here
    """
    here = program()
    differs = [
        f"{name} is {here.get(name)} there and {value} here"
        for name, value in asked.items()
        if here.get(name) != value
    ]
    if differs:
        raise WorkerError(
            f"the worker on {platform.node()} is not like the process that asks it: {', '.join(differs)}"
        )
