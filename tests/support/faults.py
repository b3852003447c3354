"""A workspace that is taken from one state to the next, with faults at any step of writing."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from support.canonical import ingest

from trendcore.store import ReleaseInfo, Store, failpoints
from trendcore.store.failpoints import Action, Trace

OLD, NEW = "aaaaaaaa", "bbbbbbbb"
TABLES = {1: pl.DataFrame({"n": [1, 2]}), 2: pl.DataFrame({"n": [1, 2, 3]})}
KEPT = pl.DataFrame({"text": ["the same in both releases"]})


def prepare(root: Path | str) -> None:
    """Make a workspace with a content and a release."""
    store = Store.create(root)
    with store.lock():
        ledger = store.ledger()
        ingest(store, ledger, OLD, 1, 2)
        store.save_ledger(ledger)
        store.publish({"numbers": TABLES[1], "kept": KEPT}, ReleaseInfo(fingerprint="1"))


def work(root: Path | str) -> None:
    """Add a content and publish a second release, whatever an earlier attempt has done of it."""
    store = Store.create(root)
    with store.lock():
        ledger = store.ledger()
        store.sweep(ledger.contents)
        if NEW not in ledger.contents:
            ingest(store, ledger, NEW, 3, 4)
            store.save_ledger(ledger)
        if store.manifest().fingerprint != "2":
            store.publish({"numbers": TABLES[2], "kept": KEPT}, ReleaseInfo(fingerprint="2"))


@contextmanager
def fault(
    at: int,
    action: Action | Callable[[], object] = "enospc",
    *,
    torn: bool = False,
    only: Container[str] | None = None,
) -> Iterator[Trace]:
    """Arm the failpoints; writers of earlier attempts, which write when they are collected, do so before."""
    gc.collect()
    gc.disable()
    try:
        with failpoints.armed(at, action, torn=torn, only=only) as trace:
            yield trace
    finally:
        gc.enable()


if __name__ == "__main__":
    # in a process of its own, which is killed
    with fault(int(sys.argv[2]), "kill"):
        work(Path(sys.argv[1]))
