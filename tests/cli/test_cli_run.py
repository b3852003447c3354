"""The command as a process: light start, one-line errors, exit codes, interruption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from trendcore.cli.app import app
from trendcore.cli.guard import Commands, TerminatedError, catch_termination
from trendcore.errors import (
    BackendError,
    ConflictError,
    GateError,
    InterruptedUpdateError,
    QuarantineError,
    StorageError,
)

MAIN = "from trendcore.cli import main; main()"


def trendcore(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", MAIN, *args], capture_output=True, text=True, check=False, cwd=cwd, timeout=120
    )


def test_version() -> None:
    done = trendcore("--version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "trendcore")


def test_help_and_no_arguments_say_the_exit_codes() -> None:
    for args in (["--help"], ["-h"], []):
        done = trendcore(*args)
        assert done.returncode == 0
        assert "Exit codes" in done.stdout
        assert "3 a quality gate refused" in " ".join(done.stdout.split())


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, atexit; from trendcore.cli import main; sys.argv = ['trendcore', '--help'];"
        "heavy = {'polars', 'numba', 'pyarrow', 'numpy', 'deltalake', 'rich'};"
        "atexit.register(lambda: print('HEAVY', sorted(heavy & set(sys.modules)), file=sys.stderr)); main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "HEAVY []"


def test_every_command_has_help_and_json_or_writes_a_file() -> None:
    commands = [command.name or command.callback.__name__ for command in app.registered_commands]  # type: ignore[union-attr]
    assert set(commands) >= {
        "demo",
        "ingest",
        "withdraw",
        "update",
        "show",
        "top",
        "export",
        "indices",
        "releases",
        "doctor",
    }
    for command in commands:
        out = CliRunner().invoke(app, [command, "--help"])
        assert out.exit_code == 0
        assert "--json" in out.stdout, command


def test_a_usage_error_is_one_line_on_stderr() -> None:
    done = trendcore("show", "JP")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def probe(error: BaseException) -> typer.Typer:
    """An application of our group with one command that raises."""
    small = typer.Typer(cls=Commands, pretty_exceptions_enable=False)

    @small.callback()
    def shared(_debug: bool = typer.Option(False, "--debug")) -> None: ...

    @small.command()
    def fail() -> None:
        raise error

    return small


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (GateError("refused"), 3),
        (QuarantineError("too much"), 4),
        (ConflictError("locked"), 5),
        (StorageError("broken"), 6),
        (BackendError("no GPU"), 7),
        (InterruptedUpdateError("rolled back"), 130),
        (KeyboardInterrupt(), 130),
        (FileNotFoundError(2, "No such file or directory", "x.gz"), 2),
        (OSError(28, "No space left on device", "/full"), 6),
        (ValueError("a fault"), 1),
    ],
)
def test_each_exception_has_its_exit_code(error: BaseException, code: int) -> None:
    out = CliRunner().invoke(probe(error), ["fail"])
    assert out.exit_code == code
    assert out.stderr.startswith("error: ")
    assert out.stderr.count("\n") == 1
    assert "Traceback" not in out.output


def test_debug_shows_where() -> None:
    out = CliRunner().invoke(probe(ValueError("a fault")), ["--debug", "fail"])
    assert "Traceback (most recent call last)" in out.stderr
    assert "raise error\nValueError: a fault\nerror: ValueError: a fault." in out.stderr
    assert out.exit_code == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_rolls_back_and_says_so(number: signal.Signals, code: int) -> None:
    script = (
        "import time, typer; from trendcore.cli.guard import Commands, catch_termination\n"
        "app = typer.Typer(cls=Commands)\n"
        "@app.callback()\n"
        "def shared(): ...\n"
        "@app.command()\n"
        "def wait():\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
        "catch_termination(); app(['wait'])"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    child.stdout.readline()
    time.sleep(0.1)
    os.kill(child.pid, number)
    _, err = child.communicate(timeout=20)
    assert child.returncode == code
    assert err == "error: interrupted; the workspace is as it was\n"


@pytest.mark.parametrize(("raised", "code"), [(KeyboardInterrupt, 130), (TerminatedError, 143)])
@pytest.mark.parametrize("moment", ["make_context", "invoke"])
def test_an_interruption_while_arguments_are_parsed_has_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, moment: str, raised: type[BaseException], code: int
) -> None:
    def interrupted(*_args: object, **_more: object) -> None:
        raise raised

    monkeypatch.setattr(TyperGroup, moment, interrupted)
    out = CliRunner().invoke(app, ["doctor"])
    assert (out.exit_code, out.stderr) == (code, "error: interrupted; the workspace is as it was\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("turned", [KeyboardInterrupt, RuntimeError, None])
def test_a_signal_is_one_whatever_a_library_makes_of_it(
    monkeypatch: pytest.MonkeyPatch, turned: type[BaseException] | None
) -> None:
    """Polars makes a panic or a plain Ctrl-C of what a callback of it raises."""

    def stopped(*_args: object, **_more: object) -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except TerminatedError as error:
            raise (error if turned is None else turned("made of it")) from error

    monkeypatch.setattr(TyperGroup, "invoke", stopped)
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGALRM)]
    try:
        catch_termination()
        out = CliRunner().invoke(app, ["doctor"])
        assert (out.exit_code, out.stderr) == (143, "error: interrupted; the workspace is as it was\n")
    finally:
        catch_termination()  # forgets the signal
        for number, handler in zip((signal.SIGTERM, signal.SIGALRM), before, strict=True):
            signal.signal(number, handler)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_signal_waits_until_compiled_code_has_its_answer() -> None:
    """LLVM gets no buffer where its callback raises, and crashes."""

    def callback() -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        return "answered"

    of_llvm = types.FunctionType(
        callback.__code__, {"__name__": "llvmlite.binding", "os": os, "signal": signal}
    )
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGALRM)]
    try:
        catch_termination()
        assert of_llvm() == "answered"
        with pytest.raises(TerminatedError):
            time.sleep(10)
    finally:
        catch_termination()  # forgets the signal
        for number, handler in zip((signal.SIGTERM, signal.SIGALRM), before, strict=True):
            signal.signal(number, handler)


def test_what_a_terminal_would_obey_is_not_printed() -> None:
    out = CliRunner().invoke(probe(StorageError("found: \x1b[2J\x07\x00, a\u202eb")), ["fail"])
    assert out.stderr == "error: found: \N{REPLACEMENT CHARACTER}[2J" + "\N{REPLACEMENT CHARACTER}" * 2 + (
        ", a\N{REPLACEMENT CHARACTER}b\n"
    )


def test_completion_is_offered() -> None:
    environment = {
        **os.environ,
        "_TRENDCORE_COMPLETE": "complete_bash",
        "COMP_WORDS": "trendcore sh",
        "COMP_CWORD": "1",
    }
    code = "import sys; sys.argv[0] = 'trendcore'; from trendcore.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment, timeout=60
    )
    assert "show" in done.stdout.split()
