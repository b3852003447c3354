"""Small files beside a workspace that other programs read while they are written."""

from __future__ import annotations

import glob
import os
import secrets
from pathlib import Path

from trendcore.errors import StorageError, UsageError


def check_writable(option: str, path: Path) -> None:
    """Refuse a file that could not be written, before any work is done for it.

    Raises
    ------
    UsageError
        Its folder is not there, or it is a folder itself.

    Examples
    --------
    >>> check_writable("--summary", Path("nowhere/run.json"))
    Traceback (most recent call last):
    trendcore.errors.UsageError: --summary nowhere/run.json: there is no folder nowhere
    """
    if path.is_dir():
        raise UsageError(f"{option} {path}: is a folder; give a file")
    if not path.parent.is_dir():
        raise UsageError(f"{option} {path}: there is no folder {path.parent}")


def write_whole(path: Path, text: str) -> None:
    """Write a file whole: whoever reads it sees the old text or the new one.

    Raises
    ------
    StorageError
        It cannot be written; the old one stays.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder) / "a.txt", "new")
    ...     [(each.name, each.read_text()) for each in Path(folder).iterdir()]
    [('a.txt', 'new')]
    """
    # the name neither is what readers look for nor what an update sweeps away
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        # what processes that were killed have left
        for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
            left.unlink(missing_ok=True)
        with new.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error
    finally:
        new.unlink(missing_ok=True)
