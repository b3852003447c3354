"""What is fuzzed, as the process sees it that reads hostile files: one function a kind of input.

Run as a program it reads what its standard input names, line by line, and says how each ended.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

#: rows read, accepted, quarantined, set aside
Ends = tuple[int, int, int, int]


def feed_of(name: str) -> Callable[[Path], Ends]:
    """Read all units of a feed under a folder, and count what comes out rather than trust what is said."""

    def read(folder: Path) -> Ends:
        from trendcore.sources import ReadContext, feed
        from trendcore.taxonomy import countries, fields

        n_read = accepted = quarantined = aside = 0
        for unit in feed(name).discover([folder]):
            for batch in feed(name).read(unit, ReadContext(countries(), fields())):
                batch.rows.validate(full=True)
                n_read += batch.counts.read
                accepted += batch.rows.num_rows
                aside += sum(batch.counts.set_aside.values())
                if batch.quarantine is not None:
                    batch.quarantine.validate(full=True)
                    quarantined += batch.quarantine.num_rows
        return n_read, accepted, quarantined, aside

    return read


def taxonomy(folder: Path) -> Ends:
    from trendcore.taxonomy import fields

    fields(folder / "a.toml")
    return 1, 1, 0, 0


def policy(folder: Path) -> Ends:
    from trendcore.taxonomy import policy

    policy(folder / "a.toml")
    return 1, 1, 0, 0


def blocs(folder: Path) -> Ends:
    from trendcore.taxonomy import blocs

    blocs(folder / "a.toml")
    return 1, 1, 0, 0


def settings(folder: Path) -> Ends:
    from trendcore.config import settings

    settings(folder)
    return 1, 1, 0, 0


def workspace(folder: Path) -> Ends:
    """Open a workspace, and read and verify whatever its ledger, manifests and Delta logs say there is."""
    import polars as pl

    from trendcore.errors import StorageError
    from trendcore.store import Store

    def height(frame: pl.LazyFrame) -> int:
        try:
            return frame.collect().height
        except pl.exceptions.PolarsError as error:
            # lazy frames are the caller's, and so is what Polars says of them
            raise StorageError(" ".join(str(error).split())) from error

    store = Store.open(folder)
    store.ledger()
    rows = 0
    for number in store.releases():
        manifest = store.manifest(number)
        store.verify(manifest)
        for table in manifest.tables:
            rows += height(store.read(manifest, table))
    contents = list(store.ledger().active())
    rows += height(store.scan("quarantine", contents))
    store.verify_inputs(contents)
    return rows, rows, 0, 0


READERS: dict[str, Callable[[Path], Ends]] = {
    "openalex": feed_of("openalex"),
    "patentsview": feed_of("patentsview"),
    "baci": feed_of("baci"),
    "comtrade": feed_of("comtrade"),
    "taxonomy": taxonomy,
    "policy": policy,
    "blocs": blocs,
    "settings": settings,
    "workspace": workspace,
}


def outcome(reader: str, folder: Path) -> dict[str, object]:
    """Read, and say how it ended; any other error than those that users are told is a fault."""
    from trendcore.errors import TrendcoreError

    start = time.perf_counter()
    said: dict[str, object] = {}
    try:
        ends = READERS[reader](folder)
        said["ends"] = ends
        if ends[0] != sum(ends[1:]):
            said["fault"] = f"read {ends[0]} rows, but accepted, quarantined and set aside {ends[1:]}"
    except TrendcoreError as error:
        said["refused"] = str(error)
        if "\n" in str(error)[:200] or not str(error).strip():
            said["fault"] = f"not a message of one line: {error!r}"
    except BaseException:
        said["fault"] = traceback.format_exc()[-3000:]
    said["seconds"] = time.perf_counter() - start
    return said


def main() -> None:
    """Answer requests, each a line of JSON with the reader and the folder, until there are no more."""
    import resource

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("error")
    bounded = False
    for line in sys.stdin:
        request = json.loads(line)
        if request["bound"] and not bounded:
            # what is loaded and compiled by now does not count
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            most = pages * resource.getpagesize() + request["bound"]
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
            bounded = True
        said = outcome(request["reader"], Path(request["folder"]))
        said["rss"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
        answers.write(json.dumps(said) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
