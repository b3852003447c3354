"""From one format of a workspace to the next: the first writer migrates, readers change nothing.

=======  ============================================================================================
format   what is new
=======  ============================================================================================
1        tables of releases lie whole in ``published/<name>/``
2        large tables are in parts, in ``results/<name>/``; manifests say what of a rollback and of the
         method; contents say of which files they are
=======  ============================================================================================

Manifests never change: those of format 1 are read as they are, for good, and so are the files that they name.
Only the ledger and the mark say a new format, so that a trendcore which does not know it leaves the workspace
alone. The mark comes last: a migration that was interrupted is done again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec

from trendcore.config import MARK
from trendcore.store.folder import LEDGER
from trendcore.store.ledger import Ledger
from trendcore.store.records import FORMAT_VERSION, encode, load
from trendcore.store.volumes import Volume, storage_errors


class Mark(msgspec.Struct):
    """What makes a folder a workspace.

    Attributes
    ----------
    format_version
        Of the workspace.
    created
        UTC time, ISO 8601.
    """

    format_version: int
    created: str


def migrate(volume: Volume, save: Callable[[Ledger], None]) -> None:
    """Bring a workspace to the format of this trendcore, unless it is so; under the lock.

    Parameters
    ----------
    volume
        Where it is.
    save
        Saves the ledger.

    Raises
    ------
    StorageError
        The ledger is damaged, or nothing can be written; the workspace is as it was.
    """
    mark = load(volume, MARK, Mark)
    before = mark.format_version
    if before >= FORMAT_VERSION:
        return
    ledger = load(volume, LEDGER, Ledger)
    ledger.format_version = FORMAT_VERSION
    save(ledger)
    mark.format_version = FORMAT_VERSION
    with storage_errors(volume.name(MARK)):
        volume.check()
        volume.replace(MARK, encode(mark))
    logging.getLogger("trendcore").warning(
        "%s was migrated from format %d to %d: an older trendcore can no longer open it",
        volume.root,
        before,
        FORMAT_VERSION,
        extra={"event": "migrated", "fields": {"from": before, "to": FORMAT_VERSION}},
    )
