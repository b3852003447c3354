"""Reading as a task: workers write the files of a unit's rows, the holder of the lock makes rows of them."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import msgspec

from trendcore import taxonomy
from trendcore.errors import InputError, TrendcoreError, WorkerError
from trendcore.pools.base import Order, Pool, Result
from trendcore.sources import InputFile, InputUnit, ReadContext
from trendcore.store import DataFile, FileCounts, FileStamp, Store, sha256_of
from trendcore.taxonomy import FieldTaxonomy
from trendcore.taxonomy.field_taxonomy import Breadth
from trendcore.update.stamping import stamp_of
from trendcore.update.storing import Found, read_into
from trendcore.update.workers.plain import check_program, program


@dataclass(frozen=True)
class Apart:
    """Where units are read, if not in this process.

    Attributes
    ----------
    pool
        The workers.
    text
        Bytes of the taxonomy's file, so that every worker reads by the same one.
    """

    pool: Pool
    text: bytes

    def hashed(self, paths: Sequence[Path]) -> dict[Path, FileStamp]:
        """Let the workers hash files, as they see them."""
        results = self.pool.map(hash_file, [{"path": str(path)} for path in paths])
        return {path: FileStamp(**result) for path, result in zip(paths, results, strict=True) if result}


def hash_file(order: Order) -> Result:
    """Hash a file: a task. What this worker cannot read is for the process that asks to see."""
    try:
        return dict(msgspec.to_builtins(stamp_of(Path(order["path"]))))
    except InputError:
        return {}


def read_apart(
    apart: Apart, store: Store, new: Sequence[Found], context: ReadContext
) -> list[tuple[dict[str, int], list[FileCounts]]]:
    """Let workers read units into the store.

    Parameters
    ----------
    apart
        The workers.
    store
        Its lock is held.
    new
        What is read.
    context
        How.

    Returns
    -------
    list
        Rows by table, and where those of each file went, of each unit.

    Raises
    ------
    InputError
        A file is not what it should be, or not there for a worker.
    WorkerError
        Workers die again and again, or are not like this process.
    StorageError
        Rows cannot be written, or what workers write is not to be seen from here.
    """
    unread = {found.content: found for found in new}
    for content in unread:
        store.remove(content)

    def done(order: Order, result: Result) -> None:
        files = {table: DataFile(**file) for table, file in result["written"].items()}
        store.commit(order["content"], files)
        found = unread.pop(order["content"])
        rows = sum(counts["read"] for counts in result["counts"])
        context.report(sum(stamp.size for stamp in found.stamps), rows)

    try:
        results = apart.pool.map(
            read_unit, [_order(apart, store, found, context) for found in new], done=done
        )
    except BaseException:
        # what cannot be removed now is swept before the next write
        with suppress(TrendcoreError):
            for content in unread:
                store.remove(content)
        raise
    return [(result["rows"], msgspec.convert(result["counts"], list[FileCounts])) for result in results]


def _order(apart: Apart, store: Store, found: Found, context: ReadContext) -> Order:
    assert context.fields is not None
    files = [
        asdict(file) | {"path": str(file.path), "updated": str(file.updated or "")}
        for file in found.unit.files
    ]
    return {
        "workspace": str(store.root),
        "program": program(),
        "content": found.content,
        "unit": {"feed": found.unit.feed, "name": found.unit.name, "files": files},
        "stamps": [msgspec.to_builtins(stamp) for stamp in found.stamps],
        "keep": context.keep,
        "taxonomy": {
            "text": apart.text,
            "breadth": context.fields.breadth,
            "proxies": context.fields.proxies,
            "sha256": context.fields.sha256,
        },
    }


def read_unit(order: Order) -> Result:
    """Read a unit into files that no log names yet: a task.

    Parameters
    ----------
    order
        workspace, program, content, unit, stamps, keep, taxonomy.

    Returns
    -------
    dict
        written (table -> file), rows (table -> number), counts (of each file).

    Raises
    ------
    InputError
        A file is not what it should be, or not there, or another one than the order says.
    WorkerError
        This process is not like the one that asks.
    StorageError
        Rows cannot be written.
    """
    check_program(order["program"])
    fields = _fields(**order["taxonomy"])
    files = tuple(
        InputFile(**file | {"path": Path(file["path"]), "updated": _date(file["updated"])})
        for file in order["unit"]["files"]
    )
    unit = InputUnit(order["unit"]["feed"], order["unit"]["name"], files)
    stamps = tuple(_seen_here(FileStamp(**stamp)) for stamp in order["stamps"])
    context = ReadContext(taxonomy.countries(), fields, order["keep"])
    with Store.open(order["workspace"]).rows.files(order["content"]) as writer:
        counts = read_into(writer, Found(unit, stamps, order["content"], ""), context, Event())
    return {
        "written": {table: asdict(file) for table, file in writer.written.items()},
        "rows": writer.rows,
        "counts": [msgspec.to_builtins(each) for each in counts],
    }


def _seen_here(stamp: FileStamp) -> FileStamp:
    """Check that a file is here what it is for the process that asks; a copy has another time."""
    where = f"the worker on {platform.node()}"
    try:
        state = Path(stamp.path).stat()
        same = state.st_size == stamp.size and (
            state.st_mtime_ns == stamp.mtime_ns or sha256_of(stamp.path) == stamp.sha256
        )
    except OSError as error:
        raise InputError(
            f"{stamp.path}: {where} cannot read it ({error.strerror or error}): inputs must be at the same "
            "path for every worker"
        ) from error
    if not same:
        raise InputError(f"{stamp.path}: {where} has another file at this path, or it has changed")
    return msgspec.structs.replace(stamp, mtime_ns=state.st_mtime_ns)


@lru_cache(maxsize=4)
def _fields(text: bytes, breadth: Breadth, proxies: bool, sha256: str) -> FieldTaxonomy:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "taxonomy.toml"
        path.write_bytes(text)
        fields = taxonomy.fields(path, breadth, proxies=proxies)
    if fields.sha256 != sha256:
        raise WorkerError(f"the worker on {platform.node()} makes another taxonomy of the same file")
    return fields


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
