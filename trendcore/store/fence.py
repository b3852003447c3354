"""Keeps a writer that lost the lock, while it was paused, from writing on.

Where a lock is a lease (`trendcore.store.volumes.lease`), its holder may be paused until another process has
taken it over, and then wake up and go on. So whoever takes the lock raises a number in the ledger, by a
conditional put, before anything else; from then on the ledger's tag is not the one that an earlier holder
knows. That earlier holder

- cannot save its ledger: the put asks for the tag that it knows;
- cannot change a table's log against the new holder: a transaction is prepared from a version, then the fence
  is checked, then it may only become the very next version. If the fence held, the new holder came later, and
  saw that version or loses its own transaction;
- cannot remove what the new holder wrote: what is removed is listed first, then the fence is checked, and
  only what was listed is removed. Names of files are never used twice;
- cannot publish: the fence is checked right before the manifest is put, which is created only if there is
  none of its number. If it is paused between the two, either its release comes first, whole, and the new
  holder is told of a conflict, or the other way round.

What an earlier holder wrote before it lost the lock, rows of contents that the ledger does not name, is what
any interrupted attempt leaves, and is swept. On a local disk the lock ends with its process: there is no tag
then, and nothing to check.
"""

from __future__ import annotations

import threading
from typing import Final

import msgspec

from trendcore.errors import ConflictError
from trendcore.store.folder import LEDGER
from trendcore.store.ledger import Ledger
from trendcore.store.records import encode, load
from trendcore.store.volumes import Volume, storage_errors

#: others may save the ledger between its reading and its raising, each of them once
_TRIES: Final = 10


class Fence:
    """What a writer knows of the ledger since it took the lock.

    Parameters
    ----------
    volume
        Where the workspace is.
    """

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        self._tag: str | None = None
        self._number = 0
        # rows may be written in a thread while another one saves the ledger
        self._changing = threading.Lock()
        volume.fence_with(self.check)

    def raise_(self) -> None:
        """Shut out whoever held the lock before; right after it was taken.

        Raises
        ------
        ConflictError
            Others were quicker, again and again.
        StorageError
            The ledger cannot be read or written.
        """
        for left in reversed(range(_TRIES)):
            with storage_errors(self._volume.name(LEDGER)):
                tag = self._volume.tag(LEDGER)
                if tag is None:
                    return
                ledger = load(self._volume, LEDGER, Ledger)
                ledger.fence += 1
                try:
                    self._tag = self._volume.replace(LEDGER, encode(ledger), tag)
                except ConflictError:
                    if not left:
                        raise
                else:
                    self._number = ledger.fence
                    return

    def check(self) -> None:
        """Check that nobody has taken the lock since.

        Raises
        ------
        ConflictError
            Somebody has.
        StorageError
            The ledger cannot be reached.
        """
        with self._changing, storage_errors(self._volume.name(LEDGER)):
            if self._tag is not None and self._volume.tag(LEDGER) != self._tag:
                raise ConflictError(
                    f"another process has taken over {self._volume.root}, as this one did not answer in time:"
                    " try again"
                )

    def save(self, ledger: Ledger) -> None:
        """Write the ledger in the place of the one that this writer knows.

        Raises
        ------
        ConflictError
            Somebody has taken the lock since.
        StorageError
            It cannot be written.
        """
        if self._tag is not None:
            ledger = msgspec.structs.replace(ledger, fence=self._number)
        with self._changing, storage_errors(self._volume.name(LEDGER)):
            self._tag = self._volume.replace(LEDGER, encode(ledger), self._tag)
