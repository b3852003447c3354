"""Places where the store reads or changes a disk or a bucket, at which tests let it fail.

Every primitive of a volume calls `hit` with its name right before it acts: ``open``, ``write``, ``fsync``,
``rename``, ``replace``, ``link``, ``unlink``, ``mkdir``, ``rmdir``, ``read``, ``list``, ``stat`` and ``lock``
on local disks; ``s3_put``, ``s3_get``, ``s3_head``, ``s3_delete`` and ``s3_list`` in buckets; and
``delta_open``, ``delta_create``, ``delta_restore``, ``delta_commit`` (before the log is written) and
``delta_committed`` (after) in both. Nothing happens there unless a test has armed them, which no environment
variable can do::

    with failpoints.armed() as trace:  # nothing fails: how many hits are there, and which?
        work(root)
    for at in range(1, len(trace.names) + 1):  # then again, on a fresh copy each time
        with failpoints.armed(at, "eio"), suppress(StorageError):
            work(root)
        check(root)  # the old state or the new one, and the next run heals

In a process of its own, ``armed(at, "kill")`` ends it for good; within one, ``armed(at, "die")`` comes near
to that: the hit and every later one raise `Died`, so that no clean-up gets to touch the disk. With ``only``,
hits of other names are not counted: ``armed(2, "enospc", only={"link"})``. With ``torn``, half of the bytes
of a write that fails are written before. A loop over N without knowing the number of hits ends when
``trace.fired`` stays false. A function in the place of the action is called there, and the hit goes on: what
another process may do while this one is paused.
"""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal

#: ``eio``, ``enospc``: that one fails with an `OSError`; ``die``: it and all later ones raise `Died`;
#: ``exit``: the process ends with status 86, without clean-up; ``kill``: by SIGKILL
Action = Literal["eio", "enospc", "die", "exit", "kill"]
EXIT_STATUS: Final = 86


class Died(BaseException):
    """The process would be dead by now."""


@dataclass
class Trace:
    """What was hit while armed.

    Attributes
    ----------
    names, subjects
        Of each hit that counts, in order: its name, and the path or key that it is about.
    fired
        Whether the hit that should fail was reached.
    """

    names: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    fired: bool = False


@dataclass
class _Armed:
    at: int
    action: Action | Callable[[], object]
    only: Container[str] | None
    torn: bool
    trace: Trace = field(default_factory=Trace)
    # contents are written in threads
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hit(self, name: str, subject: object, half: Callable[[], object] | None) -> None:
        if self.only is not None and name not in self.only:
            return
        with self.lock:
            self.trace.names.append(name)
            self.trace.subjects.append(str(subject))
            number = len(self.trace.names)
        if number == self.at:
            self.trace.fired = True
            if self.torn and half is not None:
                half()
            _fail(self.action, subject)
        if self.action == "die" and 0 < self.at < number:
            raise Died


_armed: _Armed | None = None


def hit(name: str, subject: object = "", half: Callable[[], object] | None = None) -> None:
    """Say that a primitive is about to act; it may not come back.

    Parameters
    ----------
    name
        Of the primitive.
    subject
        Path or key.
    half
        Does half of what the primitive is about to do.
    """
    if _armed is not None:
        _armed.hit(name, subject, half)


@contextmanager
def armed(
    at: int = 0,
    action: Action | Callable[[], object] = "eio",
    *,
    only: Container[str] | None = None,
    torn: bool = False,
) -> Iterator[Trace]:
    """Let the n-th hit fail, and note all of them; 0: none fails.

    Parameters
    ----------
    at
        Which one, from 1 on.
    action
        How it fails; or what another process does there, before it goes on.
    only
        Names of the hits that count; None: all.
    torn
        Whether half of what a write was given is written before it fails.

    Examples
    --------
    >>> with armed(2, "enospc") as trace:
    ...     hit("open", "a.json")
    ...     hit("write", "a.json")
    Traceback (most recent call last):
    OSError: [Errno 28] No space left on device: 'a.json'
    >>> trace.names, trace.fired
    (['open', 'write'], True)
    >>> hit("write", "a.json")
    """
    global _armed
    if _armed is not None:
        raise RuntimeError("failpoints are armed already")
    _armed = _Armed(at, action, only, torn)
    try:
        yield _armed.trace
    finally:
        _armed = None


def _fail(action: Action | Callable[[], object], subject: object) -> None:
    if callable(action):
        action()
        return
    if action == "exit":
        os._exit(EXIT_STATUS)
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "die":
        raise Died
    number = errno.ENOSPC if action == "enospc" else errno.EIO
    raise OSError(number, os.strerror(number), str(subject))
