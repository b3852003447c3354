"""Settings of a workspace, wherever it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trendcore.config import FILE, Settings, remote_settings, settings
from trendcore.store.volumes import S3Volume, is_address, storage_errors


def place(path: str | Path) -> str | Path:
    """Return where a workspace is: an address as it is, else the path of a folder.

    Examples
    --------
    >>> place("s3://bucket/ws"), place("ws").name
    ('s3://bucket/ws', 'ws')
    """
    # a path has no room for two slashes in a row, not in messages about other addresses either
    return str(path) if "://" in str(path) else Path(path).expanduser()


def settings_at(path: str | Path, **given: Any) -> Settings:
    """Read settings of a workspace; see `trendcore.config.settings`.

    Raises
    ------
    UsageError
        A setting is unknown or not valid; the message names it and where it is from.
    StorageError
        The workspace's ``trendcore.toml`` cannot be read.
    """
    if not is_address(path):
        return settings(Path(path), **given)
    volume = S3Volume(str(path))
    with storage_errors(volume.name(FILE)):
        try:
            data = volume.read(FILE)
        except FileNotFoundError:
            data = b""
    return remote_settings(volume.name(FILE), data, given)
