"""Whether Numba's cache may be used: it is unpickled, so whoever can write there can run code as the user."""

from __future__ import annotations

import os
import stat
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Final

_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


def is_private(folder: Path, source: Path) -> bool:
    """Whether nobody can write to a folder but those who can change the source file anyway.

    Parameters
    ----------
    folder
        Where compiled functions are kept.
    source
        The file that they are compiled from.

    Returns
    -------
    bool
        The folder and those above it belong to the user, root or the owner of the source, and are written to
        by no others; above it a folder such as ``/tmp`` passes, in which nobody replaces what is another's.
        Folders that hold the source too are not looked at. Always true on Windows, which has no such modes.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     before = is_private(Path(folder), Path(__file__))
    ...     Path(folder).chmod(0o777)
    ...     before, is_private(Path(folder), Path(__file__))
    (True, False)
    """
    if os.name == "nt":
        return True
    try:
        folder, home = folder.resolve(strict=True), source.resolve(strict=True).parent
        of_source = home.stat()
        owners = {os.geteuid(), 0, of_source.st_uid}
        for place in (folder, *folder.parents):
            if place == home or place in home.parents:
                break
            found = place.stat()
            writers = found.st_mode & _OTHERS
            if place.parent == home and found.st_gid == of_source.st_gid:
                # __pycache__ is as open as the source beside it
                writers &= ~of_source.st_mode | stat.S_IWOTH
            shared = place != folder and found.st_mode & stat.S_ISVTX
            if found.st_uid not in owners or (writers and not shared):
                return False
    except OSError:
        return False
    return True


@lru_cache
def check(folder: str, source: str) -> bool:
    """Say whether a cache may be used, with a warning where it may not: functions are compiled anew then."""
    private = is_private(Path(folder), Path(source))
    if not private:
        warnings.warn(
            f"compiled functions are not kept in {folder}, as others can write there: `chmod go-w` it and the"
            " folders above, or let NUMBA_CACHE_DIR name a folder that is yours alone",
            RuntimeWarning,
            stacklevel=4,
        )
    return private
