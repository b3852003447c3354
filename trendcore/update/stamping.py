"""Files as they are now: bytes, time and hash, which is taken anew only where the others have changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from trendcore.errors import InputError
from trendcore.store import FileStamp, Ledger, Unit, sha256_of
from trendcore.update.threads import for_each

#: a file that changed so shortly before it was read may have changed again within the clock's grain
_RACY_NS: Final = 2_000_000_000

#: hashes files elsewhere; those that cannot be read there lack
Hashed = Callable[[Sequence[Path]], Mapping[Path, FileStamp]]


def stamps_of(ledger: Ledger, paths: Sequence[Path], hashed: Hashed | None = None) -> dict[Path, FileStamp]:
    """Say what files are now.

    Parameters
    ----------
    ledger
        Knows what they were when they were read.
    paths
        Of the files.
    hashed
        Who hashes those that have changed; None: threads of this process.

    Raises
    ------
    InputError
        One cannot be read.
    """
    known = {file.path: (file, unit) for unit in ledger.units for file in unit.files}
    found = {path: stamp for path in paths if (stamp := _unchanged(path, known)) is not None}
    changed = [path for path in dict.fromkeys(paths) if path not in found]
    there = {} if hashed is None else hashed(changed)
    anew = for_each(lambda path, _stop: _stamp(path, there.get(path)), changed)
    return found | dict(zip(changed, anew, strict=True))


def _unchanged(path: Path, known: Mapping[str, tuple[FileStamp, Unit]]) -> FileStamp | None:
    """Return the stamp of a file whose bytes and time are those that it was read with."""
    if str(path) not in known:
        return None
    old, unit = known[str(path)]
    state = _state(path)
    read_ns = int(datetime.fromisoformat(unit.read_at).timestamp() * 1e9)
    same = (old.size, old.mtime_ns) == state and state[1] + _RACY_NS < read_ns
    return old if same else None


def _stamp(path: Path, hashed: FileStamp | None) -> FileStamp:
    """Take the hash of another process if that has seen the same file."""
    same = hashed is not None and (hashed.size, hashed.mtime_ns) == _state(path)
    return hashed if same and hashed is not None else stamp_of(path)


def stamp_of(path: Path) -> FileStamp:
    """Return a file as it is now.

    Raises
    ------
    InputError
        It cannot be read.
    """
    size, mtime_ns = _state(path)
    try:
        return FileStamp(str(path), sha256_of(path), size, mtime_ns)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def _state(path: Path) -> tuple[int, int]:
    try:
        state = path.stat()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    return state.st_size, state.st_mtime_ns
