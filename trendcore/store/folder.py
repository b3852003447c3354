"""Which folders and addresses may be workspaces."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from trendcore.config import FILE as SETTINGS
from trendcore.config import MARK
from trendcore.errors import WorkspaceError
from trendcore.store.volumes import LocalVolume, S3Volume, Volume, is_address
from trendcore.store.volumes.disk import UNFINISHED

LEDGER: Final = "ledger.json"
#: deltalake takes %20 for a blank and \\ for /, and so reads from another folder than it writes to
_MISREAD: Final = re.compile(r"%[0-9A-Fa-f]{2}|\\|[\x00-\x1f\x7f]")


def local_folder(path: str | Path) -> Path:
    """Return the path of a workspace's folder, which need not be there.

    Raises
    ------
    WorkspaceError
        It is an address, or has a name that deltalake misreads.

    Examples
    --------
    >>> local_folder("gs://bucket/ws")
    Traceback (most recent call last):
    trendcore.errors.WorkspaceError: gs://bucket/ws: a workspace is a local folder or s3://bucket/prefix
    """
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", str(path)):
        raise WorkspaceError(f"{path}: a workspace is a local folder or s3://bucket/prefix")
    root = Path(path).expanduser()
    for part in root.absolute().parts[1:]:
        if found := _MISREAD.search(part):
            raise WorkspaceError(
                f"{root}: deltalake misreads {found[0]!r} in the name of a folder; choose another one"
            )
    return root


def volume_of(path: str | Path) -> Volume:
    """Return the volume of a workspace, which need not be there.

    Raises
    ------
    WorkspaceError
        See `local_folder`.
    UsageError
        It is no address on S3 though it begins like one, or what S3 needs is not installed.
    """
    if is_address(path):
        return S3Volume(str(path))
    return LocalVolume(local_folder(path).absolute())


def check_free(volume: Volume) -> None:
    """Check that a folder may become a workspace: what an interrupted attempt leaves is no obstacle.

    Raises
    ------
    WorkspaceError
        It is a file, or holds something else and no settings of a workspace.
    """
    try:
        there = {name for name in volume.names() if not name.endswith(UNFINISHED)}
    except NotADirectoryError as error:
        raise WorkspaceError(f"{volume.root} is a file; a workspace is a folder") from error
    strangers = there - {LEDGER}
    # the mark is there now if another process has made the workspace meanwhile
    if strangers and SETTINGS not in there and not volume.exists(MARK):
        raise WorkspaceError(
            f"{volume.root} is not empty and no workspace ({min(strangers)} is in it): give a new folder"
        )
