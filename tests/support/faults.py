"""A workspace that is taken from one state to the next, with faults at any step of writing."""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal
from unittest import mock

import deltalake
import polars as pl
from support.canonical import ingest

from trendcore.store import ReleaseInfo, Store
from trendcore.store.primitives import NewFile

OLD, NEW = "aaaaaaaa", "bbbbbbbb"
TABLES = {1: pl.DataFrame({"n": [1, 2]}), 2: pl.DataFrame({"n": [1, 2, 3]})}
KEPT = pl.DataFrame({"text": ["the same in both releases"]})

#: ``error``: one call fails; ``death``: from then on nothing happens; ``kill``: SIGKILL
Kind = Literal["error", "death", "kill"]
_CALLS = ("fsync", "rename", "replace", "link", "unlink", "mkdir", "rmdir")


class Died(BaseException):
    """The process would be dead by now."""


def prepare(root: Path) -> None:
    """Make a workspace with a content and a release."""
    store = Store.create(root)
    with store.lock():
        ledger = store.ledger()
        ingest(store, ledger, OLD, 1, 2)
        store.save_ledger(ledger)
        store.publish({"numbers": TABLES[1], "kept": KEPT}, ReleaseInfo(fingerprint="1"))


def work(root: Path) -> None:
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
def fault(at: int, kind: Kind = "error") -> Iterator[list[str]]:
    """Let the n-th call that writes fail; 0: none. Gives the names of the calls, as they are made."""
    made: list[str] = []

    def failing(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def instead(*args: Any, **options: Any) -> Any:
            made.append(name)
            if kind == "kill" and len(made) == at:
                os.kill(os.getpid(), signal.SIGKILL)
            if kind == "death" and 0 < at <= len(made):
                raise Died
            if kind == "error" and len(made) == at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return call(*args, **options)

        return instead

    patches = [mock.patch.object(os, name, failing(name, getattr(os, name))) for name in _CALLS]
    for owner, name in (
        (NewFile, "write"),
        (deltalake.DeltaTable, "create"),
        (deltalake.DeltaTable, "create_write_transaction"),
    ):
        patches.append(mock.patch.object(owner, name, failing(name, getattr(owner, name))))
    # writers of earlier attempts write when they are collected: not now, where it would be counted
    gc.collect()
    gc.disable()
    for patch in patches:
        patch.start()
    try:
        yield made
    finally:
        gc.enable()
        for patch in patches:
            patch.stop()


if __name__ == "__main__":
    # in a process of its own, which is killed
    with suppress(Died), fault(int(sys.argv[2]), "kill"):
        work(Path(sys.argv[1]))
