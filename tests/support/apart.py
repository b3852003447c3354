"""Commands of trendcore in processes of their own that may be killed, stopped or let loose together.

The server from which they are forked has imported what they need and used nothing of it: no thread of Polars,
Arrow or Numba is there yet, so a process starts in milliseconds and works like a fresh one.
"""

from __future__ import annotations

import faulthandler
import multiprocessing as mp
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from support.faults import fault

from trendcore.store.failpoints import Action, Trace

#: seconds after which a process is taken for hung
LIMIT = 120.0
CONTEXT = mp.get_context("forkserver")
CONTEXT.set_forkserver_preload([
    "support.apart", "trendcore.cli.app", "trendcore.cli.batch", "trendcore.cli.running",
    "trendcore.workspace", "trendcore.runs.metrics", "numba", "pyarrow.parquet", "scipy.stats",
])  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """A failpoint that is armed in the process: see `trendcore.store.failpoints.armed`."""

    at: int
    action: Action | Callable[[], object] = "exit"
    torn: bool = False
    only: frozenset[str] | None = None


class Apart:
    """Command lines in a process of their own, one after the other until one fails.

    Parameters
    ----------
    commands
        Arguments of each.
    log
        File for what they print.
    failing
        Armed in the process.
    before
        Called in the process before the first command.
    """

    def __init__(
        self,
        commands: Sequence[Sequence[str]],
        log: Path,
        failing: Fault | None = None,
        before: Callable[[], None] | None = None,
    ) -> None:
        self._log = log
        self._told, tell = CONTEXT.Pipe(duplex=False)
        arguments = (commands, log, failing, before, tell)
        self._process: ForkServerProcess = CONTEXT.Process(target=_work, args=arguments, daemon=True)
        self._process.start()
        tell.close()

    def begun(self) -> None:
        """Wait until the first command begins."""
        assert self._hear() == "begun", self.said()

    def signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self._process.is_alive() and self._process.pid is not None:
            os.kill(self._process.pid, number)

    def end(self) -> tuple[int, int]:
        """Wait until the process has ended; return its exit code and how many commands ended well."""
        done = 0
        while (word := self._hear()) is not None:
            done += word == "done"
        self._process.join(LIMIT)
        code = self._process.exitcode
        if code is None:
            self._process.kill()
            raise AssertionError(f"hung: {self.said()}")
        self._told.close()
        self._process.close()
        return code, done

    def said(self) -> str:
        """Return what the commands have printed."""
        return self._log.read_text() if self._log.exists() else ""

    def _hear(self) -> str | None:
        if not self._told.poll(LIMIT):
            self._process.kill()
            raise AssertionError(f"hung: {self.said()}")
        try:
            word: str = self._told.recv()
        except (EOFError, OSError):
            return None
        return word


def call(arguments: Sequence[str]) -> int:
    """Run a command line as the shell would; return its exit code."""
    from trendcore.cli import main

    sys.argv = ["trendcore", *arguments]
    try:
        main()
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    return 0


def _work(
    commands: Sequence[Sequence[str]],
    log: Path,
    failing: Fault | None,
    before: Callable[[], None] | None,
    tell: Connection[Any, Any],
) -> None:
    from trendcore.cli.guard import catch_termination

    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    faulthandler.enable(handle)
    # a signal waits until the commands begin, and is nothing to them when they have ended
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    catch_termination()
    if before is not None:
        before()
    tell.send("begun")
    armed: AbstractContextManager[Trace | None] = nullcontext()
    if failing is not None:
        armed = fault(failing.at, failing.action, torn=failing.torn, only=failing.only)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        with armed:
            code = _call_all(commands, tell)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    except KeyboardInterrupt as interruption:
        # between two commands, where there is no process in truth
        code = getattr(interruption, "exit_code", 130)
    sys.stderr.flush()
    sys.exit(code)


def _call_all(commands: Sequence[Sequence[str]], tell: Connection[Any, Any]) -> int:
    for arguments in commands:
        if code := call(arguments):
            return code
        tell.send("done")
    return 0
