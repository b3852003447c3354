"""Going back to an old release: a new manifest names its tables again, so that no file is written or lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from trendcore.errors import StorageError
from trendcore.store import releases
from trendcore.store.records import FORMAT_VERSION
from trendcore.store.releases import Manifest
from trendcore.store.volumes import Volume


def rollback(
    volume: Volume, old: Manifest, current: Manifest, damage: Sequence[str], reason: str
) -> Manifest:
    """Publish the tables of an old release again; under the lock.

    Parameters
    ----------
    volume
        Where the workspace is.
    old, current
        The release to go back to, and the one that is current.
    damage
        What is wrong with files of the old one.
    reason
        Why, in a person's words.

    Returns
    -------
    Manifest
        Of the new release; the current one, where that is or repeats the old one.

    Raises
    ------
    StorageError
        The old release is damaged, or the manifest cannot be written.
    ConflictError
        Another process was quicker.
    """
    if old.number in (current.number, current.rolled_back_to):
        return current
    if damage:
        raise StorageError(f"release {old.number} cannot be published again: {damage[0]}")
    # of several rollbacks in a row all lead away from the same inputs
    left = current.rolled_back_from if current.rolled_back_to is not None else current.fingerprint
    manifest = msgspec.structs.replace(
        old,
        format_version=FORMAT_VERSION,
        number=current.number + 1,
        created=datetime.now(UTC).isoformat(),
        previous=current.number,
        rolled_back_to=old.number,
        rolled_back_from="" if left == old.fingerprint else left,
        rollback_reason=" ".join(reason.split()),
    )
    releases.write(volume, manifest)
    return manifest
