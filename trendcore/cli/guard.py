"""From exceptions to one line on stderr and an exit code: nothing here shows a traceback unless asked to."""

from __future__ import annotations

import logging
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import typer
from typer.core import TyperGroup

from trendcore.errors import InterruptedUpdateError, StorageError, TrendcoreError
from trendcore.redaction import redact
from trendcore.runs import logs

EXIT_CODES = """Exit codes: 0 published, shown or nothing to do · 1 a fault in trendcore itself ·
2 usage or unusable input · 3 a quality gate refused · 4 too much input quarantined ·
5 lock or conflict · 6 storage · 7 GPU asked for and absent · 8 workers lost ·
130, 143 interrupted and rolled back"""

_AS_IT_WAS = "interrupted; the workspace is as it was"
#: what an interruption says from here on
_so_far = _AS_IT_WAS
#: Python code that compiled code calls: no place to raise what it does not expect
_CALLED_BACK = ("llvmlite.", "polars.datatypes.")
#: seconds after which it is tried again
_LATER = 0.01
#: whether SIGTERM has arrived
_terminated = False


class TerminatedError(KeyboardInterrupt):
    """SIGTERM arrived."""

    exit_code = 143


def catch_termination() -> None:
    """Let SIGTERM unwind the stack as Ctrl-C does, so that locks are given back."""

    def terminate(_signal: int, frame: FrameType | None) -> None:
        global _terminated
        _terminated = True
        if _in_callback(frame) and hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, _LATER)
            return
        raise TerminatedError

    global _terminated
    _terminated = False
    signal.signal(signal.SIGTERM, terminate)
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, terminate)


def _in_callback(frame: FrameType | None) -> bool:
    """Whether compiled code may be waiting for an answer, without which LLVM crashes and Polars panics."""
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).startswith(_CALLED_BACK):
            return True
        frame = frame.f_back
    return False


def cause(error: BaseException) -> BaseException:
    """Return what has ended a command, given how it ended.

    Polars makes a panic, or a plain Ctrl-C, of the exception of SIGTERM where that arrives in it.
    """
    if not _terminated or isinstance(error, TerminatedError | SystemExit | typer.Exit):
        return error
    terminated = TerminatedError()
    terminated.__cause__ = error
    return terminated


def stays(what: str | None) -> None:
    """Note what an interruption no longer takes back, such as ``release 2 was published``; None: nothing."""
    global _so_far
    _so_far = _AS_IT_WAS if what is None else f"interrupted; {what} just before, and stays"


def tolerate_encoding() -> None:
    """Print a question mark rather than fail where the terminal cannot show a character."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def complain(message: str) -> None:
    """Write one line `error: ...` to stderr, without secrets."""
    # names and headers of files may hold what a terminal obeys
    if logs.writes_json():
        logs.event("error", message, level=logging.ERROR)
    else:
        typer.echo("error: " + logs.one_line(message), err=True)


@contextmanager
def _interruptible() -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        interruption = cause(error)
        if not isinstance(interruption, KeyboardInterrupt):
            raise
        told = InterruptedUpdateError(_so_far)
        told.exit_code = getattr(interruption, "exit_code", told.exit_code)
        raise told from interruption


class Commands(TyperGroup):
    """The group of all commands; turns what they raise into a line and an exit code."""

    debug = False

    def invoke(self, ctx: Any) -> Any:
        """Run a command; an interruption becomes an error of ours with its exit code."""
        self.debug = bool(ctx.params.get("_debug"))
        logs.forget()
        stays(None)
        with _interruptible():
            return super().invoke(ctx)

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """Parse the arguments; an interruption becomes an error of ours here too."""
        with _interruptible():
            return super().make_context(*args, **extra)

    def main(self, args: Any = None, *, standalone_mode: bool = True, **extra: Any) -> Any:  # type: ignore[override]
        """Run with the given arguments; in standalone mode leave by `SystemExit`."""
        if not standalone_mode:
            return super().main(args, standalone_mode=False, **extra)
        try:
            code = super().main(args, standalone_mode=False, **extra)
        except BaseException as error:
            # Polars panics are no Exceptions; everything else of this kind is a request to leave.
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            if self.debug:
                _show_where(error)
            code = report(error)
        sys.exit(code if isinstance(code, int) else 0)


def report(error: BaseException) -> int:
    """Write the error's line and return its exit code."""
    code, message = described(error)
    complain(message)
    return code


def described(error: BaseException) -> tuple[int, str]:
    """Return the exit code that an error stands for, and what is said of it."""
    if isinstance(error, KeyboardInterrupt):
        return getattr(error, "exit_code", InterruptedUpdateError.exit_code), _so_far
    if isinstance(error, TrendcoreError):
        return error.exit_code, str(error)
    if hasattr(error, "format_message"):  # a wrong option or argument
        context = getattr(error, "ctx", None)
        hint = f" (see '{context.command_path} --help')" if context is not None else ""
        return TrendcoreError.exit_code, f"{error.format_message()}{hint}"
    if isinstance(error, OSError):
        place = f": {error.filename}" if error.filename else ""
        code = 2 if isinstance(error, FileNotFoundError) else StorageError.exit_code
        return code, f"{error.strerror or error}{place}"
    if isinstance(error, typer.Abort):
        return 1, "aborted"
    fault = f"{type(error).__name__}: {error}"
    return 1, f"{fault}. This is a fault of trendcore; `trendcore --debug ...` shows where"


def _show_where(error: BaseException) -> None:
    """Write an error's traceback to stderr: the interpreter itself would show secrets."""
    text = redact("".join(traceback.format_exception(error)))
    if logs.writes_json():
        logs.event("traceback", "where it happened", level=logging.ERROR, traceback=text)
    else:
        typer.echo(text, err=True, nl=False)
