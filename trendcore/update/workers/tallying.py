"""Tallying as a task: stored works are cut into parts, each is tallied by some worker, tallies add up."""

from __future__ import annotations

import json
import math
import platform
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final

import polars as pl

from trendcore.errors import UsageError, WorkerError
from trendcore.pools.base import Order, Pool, Result
from trendcore.store import DataFile, Ledger, Store
from trendcore.tallies import Tally
from trendcore.tallies.types import TallyMeta
from trendcore.update.method import Method, rebuilt
from trendcore.update.resolve import Resolved, counting
from trendcore.update.workers.plain import check_program, packed, program, unpacked
from trendcore.update.works import Counted, added, count

#: parts for each worker, so that a slow one does not keep the others waiting
_EACH: Final = 4
#: rows of a part: fewer are not worth the way, more are not worth the memory
_LEAST, _MOST = 1 << 16, 1 << 22
#: tallies of parts that are held before they are added up
_HELD: Final = 8
#: kernels use all threads of a process, and must not be called by two of them at once
_ONE_AT_A_TIME: Final = threading.Lock()


@dataclass(frozen=True)
class Apart:
    """Where works are tallied, if not in this process.

    Attributes
    ----------
    pool
        The workers.
    backend
        Backend of the kernels there.
    """

    pool: Pool
    backend: str


def apart_of(pool: Pool | None, backend: str) -> tuple[str, Apart | None]:
    """Return the backend of this process, and where works are tallied if not here.

    Workers take the CPU unless the GPU is asked for: then those have it that say so, and this process, which
    need not have one, takes what is best here.

    Raises
    ------
    UsageError
        The processes of this machine would share its GPU.

    Examples
    --------
    >>> apart_of(None, "gpu")
    ('gpu', None)
    """
    if pool is None:
        return backend, None
    if backend == "gpu" and not pool.remote:
        raise UsageError(
            "processes of one machine would share its GPU: leave out --workers, or give --cluster, with a "
            "worker for each GPU"
        )
    here = "auto" if backend == "gpu" else backend
    return here, Apart(pool, "cpu" if backend == "auto" else backend)


def count_apart(
    apart: Apart,
    store: Store,
    ledger: Ledger,
    table: str,
    resolved: Resolved,
    how: Method,
    *,
    all_works: bool,
) -> Counted:
    """Let workers tally the works of a feed; see `trendcore.update.works.count`.

    Raises
    ------
    WorkerError
        Workers die again and again, or are not like this process.
    StorageError
        A worker cannot read the rows.
    """
    found: list[Counted] = []

    def done(_order: Order, result: Result) -> None:
        found.append(counted(result))
        result.clear()
        if len(found) >= _HELD:
            found[:] = [added(found)]

    given = orders(apart, store, ledger, table, resolved, how, all_works=all_works)
    apart.pool.map(count_part, given, gpu=apart.backend == "gpu", done=done)
    return added(found)


def orders(
    apart: Apart,
    store: Store,
    ledger: Ledger,
    table: str,
    resolved: Resolved,
    how: Method,
    *,
    all_works: bool,
) -> list[Order]:
    """Return what `count_part` is asked, part by part; see `count_apart`."""
    contents = [content.id for content in ledger.active().values() if content.feed == resolved.feed]
    files = store.stored(table, contents)
    n = number_of_parts(sum(file.rows for file in files), apart.pool.size)
    common = {
        "workspace": str(store.root),
        "program": program(),
        "table": table,
        "years": None if resolved.years is None else sorted(resolved.years),
        "method": json.dumps(how.versions()),
        "files": dict(how.files),
        "all_works": all_works,
        "backend": apart.backend,
    }
    return [common | _part(part, resolved) for part in cut(files, n)]


def number_of_parts(rows: int, workers: int) -> int:
    """Return into how many parts rows are cut.

    Examples
    --------
    >>> number_of_parts(1000, 8), number_of_parts(1_000_000, 2), number_of_parts(300_000_000, 2)
    (1, 8, 72)
    """
    return max(min(_EACH * workers, rows // _LEAST), math.ceil(rows / _MOST), 1)


def cut(files: Sequence[DataFile], n: int) -> Iterator[dict[str, Any]]:
    """Cut the rows of files, one after the other, into parts of equal size: each is of some of the files.

    Examples
    --------
    >>> files = [DataFile("a", 9, 3, ""), DataFile("b", 9, 1, "")]
    >>> for part in cut(files, 2):
    ...     print([file["key"] for file in part["stored"]], part["start"], part["rows"])
    ['a'] 0 2
    ['a', 'b'] 2 2
    """
    starts = list(accumulate((file.rows for file in files), initial=0))
    for part in range(n):
        first, end = starts[-1] * part // n, starts[-1] * (part + 1) // n
        at = max(bisect_right(starts, first) - 1, 0)
        held = files[at : bisect_left(starts, end)]
        yield {
            "stored": [{"key": file.key, "size": file.size, "input": file.input} for file in held],
            "start": first - starts[at],
            "rows": end - first,
        }


def _part(part: dict[str, Any], resolved: Resolved) -> Order:
    dead = resolved.dead
    if dead is not None:
        dead = dead.filter(pl.col("input").is_in({file["input"] for file in part["stored"]}))
    return part | {"dead": None if dead is None or dead.is_empty() else packed(dead)}


def count_part(order: Order) -> Result:
    """Tally a part of the stored works of a feed: a task.

    Parameters
    ----------
    order
        workspace, program, table, stored, start, rows, dead, years, method, files, all_works, backend.

    Returns
    -------
    dict
        tallies (frames and meta), unknown, newest, set_aside, as bytes.

    Raises
    ------
    WorkerError
        This process is not like the one that asks, or makes another method of the same files.
    StorageError
        Rows are not to be read from here.
    """
    check_program(order["program"])
    how = _method(order["method"], tuple(sorted(order["files"].items())))
    rows, table = Store.open(order["workspace"]).rows, order["table"]
    # one scan of all: Polars takes some ten times as long for a hundred of a small file each
    stored = rows.scan(table, [(file["key"], file["size"]) for file in order["stored"]])
    stored = stored.slice(order["start"], order["rows"])
    dead = None if order["dead"] is None else unpacked(order["dead"])
    years = None if order["years"] is None else frozenset(order["years"])
    with _ONE_AT_A_TIME:
        counted = count(
            table,
            counting(stored, years, dead),
            stored,
            how,
            all_works=order["all_works"],
            backend=order["backend"],
        )
    return {
        "tallies": [_packed_tally(tally) for tally in counted.tallies],
        "unknown": packed(counted.unknown),
        "newest": packed(counted.newest),
        "set_aside": packed(counted.set_aside),
    }


def _packed_tally(tally: Tally) -> dict[str, Any]:
    return {
        "pairs": packed(tally.pairs),
        "members": packed(tally.members),
        "totals": packed(tally.totals),
        "patterns": None if tally.patterns is None else packed(tally.patterns),
        "meta": json.dumps(asdict(tally.meta)),
    }


def counted(result: Result) -> Counted:
    """Return what `count_part` has counted."""
    return Counted(
        tuple(_unpacked_tally(each) for each in result["tallies"]),
        unpacked(result["unknown"]),
        unpacked(result["newest"]),
        unpacked(result["set_aside"]),
    )


def _unpacked_tally(sent: dict[str, Any]) -> Tally:
    meta = json.loads(sent["meta"])
    return Tally(
        unpacked(sent["pairs"]),
        unpacked(sent["members"]),
        unpacked(sent["totals"]),
        None if sent["patterns"] is None else unpacked(sent["patterns"]),
        TallyMeta(**meta | {"by": tuple(meta["by"]), "counting": tuple(meta["counting"])}),
    )


@lru_cache(maxsize=2)
def _method(said: str, files: tuple[tuple[str, bytes], ...]) -> Method:
    """Make the method of the process that asks; what it reads in a worker's own files is no matter."""
    asked = json.loads(said)
    how = rebuilt(asked, dict(files))
    made = json.loads(json.dumps(how.versions()))
    differs = [name for name in asked if made.get(name) != asked[name]]
    if differs:
        raise WorkerError(
            f"the worker on {platform.node()} counts by another method than the process that asks: "
            f"{', '.join(differs)}"
        )
    return how
