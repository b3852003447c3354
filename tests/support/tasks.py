"""Tasks for workers in tests: some die, some never end."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any


def double(order: dict[str, Any]) -> dict[str, Any]:
    """The order's number, doubled, and who did it."""
    return {"n": 2 * order["n"], "pid": os.getpid(), "threads": os.environ.get("POLARS_MAX_THREADS")}


def sleep(order: dict[str, Any]) -> dict[str, Any]:
    """Say who is at work, then never end."""
    Path(order["folder"], str(os.getpid())).touch()
    time.sleep(600)
    return {}


def die(order: dict[str, Any]) -> dict[str, Any]:
    """Die whenever it is tried, and count that."""
    with Path(order["tries"]).open("a") as file:
        file.write("x")
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def read_unit(order: dict[str, Any]) -> dict[str, Any]:
    """Read a unit; the first worker that is asked to dies when it has written the files."""
    from trendcore.update.workers.reading import read_unit

    result = read_unit(order)
    _die_once(order)
    return result


def count_part(order: dict[str, Any]) -> dict[str, Any]:
    """Tally a part; the first worker that is asked to dies when it has."""
    from trendcore.update.workers.tallying import count_part

    result = count_part(order)
    _die_once(order)
    return result


def fail(order: dict[str, Any]) -> dict[str, Any]:
    """Find the input unusable, and count the tries."""
    from trendcore.errors import InputError

    with Path(order["tries"]).open("a") as file:
        file.write("x")
    raise InputError("a.csv: no table")


def _die_once(order: dict[str, Any]) -> None:
    kind = "tally" if "stored" in order else "read"
    try:
        Path(f"{order['workspace']}-{kind}-died").touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
