"""A lock for places where nothing ends with a process: a lease, which runs out unless it is renewed.

The lease is one object. It is taken by creating it, or by a conditional put on its e-tag once it has been
given back or has run out. Clocks of machines may differ, and a holder may be paused for longer than its lease
lasts and wake up later: so the lease only makes conflicts rare. That none does harm is up to the fence, see
`trendcore.store.fence`.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from contextlib import suppress
from typing import Final, Protocol

import msgspec

from trendcore.errors import ConflictError, StorageError
from trendcore.store.failpoints import hit

_KEY: Final = "lock"
#: seconds that a lease lasts, and part of them after which it is renewed
SECONDS: Final = 60.0
_RENEWED_AFTER: Final = 1 / 3


class Tagged(Protocol):
    """What a lease needs of its place."""

    root: str

    def name(self, key: str = "") -> str:
        """Return what messages call a key."""

    def read_tagged(self, key: str) -> tuple[bytes, str]:
        """Return the bytes of an object and its tag."""

    def create(self, key: str, data: bytes) -> None:
        """Write an object unless there is one."""

    def replace(self, key: str, data: bytes, tag: str | None = None) -> str:
        """Write an object in the place of the one with a tag."""


class _Lease(msgspec.Struct, frozen=True):
    """Who holds the lock, and until when; free where there is no owner."""

    owner: str = ""
    host: str = ""
    pid: int = 0
    expires: float = 0.0
    # so that no two states of the object are equal, and neither are their e-tags
    nonce: str = ""


class LeaseLock:
    """A lock held by a lease; reentrant, and shared by the threads of one store.

    Parameters
    ----------
    place
        Where the lease is.
    seconds
        How long it lasts unless it is renewed.
    """

    def __init__(self, place: Tagged, seconds: float = SECONDS) -> None:
        self._place, self._seconds = place, seconds
        self._owner = secrets.token_hex(16)
        self._depth = 0
        self._tag = ""
        self._changing = threading.RLock()
        self._ending = threading.Event()
        self._renewing: threading.Thread | None = None

    @property
    def held(self) -> bool:
        """Whether it was taken and not given back."""
        return self._depth > 0

    def acquire(self, timeout: float) -> None:
        """Take the lease, or wait until it is given back or runs out."""
        with self._changing:
            if not self._depth:
                self._take(time.monotonic() + timeout)
            self._depth += 1

    def release(self) -> None:
        """Give the lease back; one that cannot be given back runs out."""
        with self._changing:
            self._depth -= 1
            if self._depth:
                return
            self._ending.set()
            if self._renewing is not None:
                self._renewing.join()
            with suppress(OSError, ConflictError):
                self._place.replace(_KEY, msgspec.json.encode(_Lease(nonce=_nonce())), self._tag)

    def _take(self, deadline: float) -> None:
        while True:
            hit("lock", self._place.name(_KEY))
            holder = self._try()
            if holder is None:
                break
            if time.monotonic() >= deadline:
                left = max(holder.expires - time.time(), 0)
                raise ConflictError(
                    f"another process works on {self._place.root} ({holder.pid} on {holder.host}):"
                    f" try again when it has ended; if it died, in {left:.0f} s"
                )
            time.sleep(min(0.2, max(deadline - time.monotonic(), 0.01)))
        self._ending.clear()
        self._renewing = threading.Thread(target=self._renew, name="trendcore-lease", daemon=True)
        self._renewing.start()

    def _try(self) -> _Lease | None:
        """Take the lease if it is free or has run out; return who holds it otherwise."""
        try:
            data, tag = self._place.read_tagged(_KEY)
        except FileNotFoundError:
            with suppress(FileExistsError):
                self._place.create(_KEY, msgspec.json.encode(_Lease(nonce=_nonce())))
            data, tag = self._place.read_tagged(_KEY)
        there = self._decoded(data)
        if there.owner and there.expires > time.time():
            return there
        try:
            self._tag = self._place.replace(_KEY, self._lease(), tag)
        except ConflictError:
            return self._decoded(self._place.read_tagged(_KEY)[0])
        return None

    def _renew(self) -> None:
        """Renew the lease until it is given back, or lost: the fence tells the writer."""
        while not self._ending.wait(self._seconds * _RENEWED_AFTER):
            try:
                self._tag = self._place.replace(_KEY, self._lease(), self._tag)
            except ConflictError:
                return
            except OSError:
                continue

    def _lease(self) -> bytes:
        lease = _Lease(self._owner, socket.gethostname(), os.getpid(), time.time() + self._seconds, _nonce())
        return msgspec.json.encode(lease)

    def _decoded(self, data: bytes) -> _Lease:
        try:
            return msgspec.json.decode(data, type=_Lease)
        except msgspec.DecodeError as error:
            raise StorageError(f"{self._place.name(_KEY)} is damaged: {error}; remove it") from error


def _nonce() -> str:
    return secrets.token_hex(8)
