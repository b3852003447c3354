"""Failpoints: they count, fail as told, and no part of the store reaches a disk without one."""

from __future__ import annotations

import ast
import errno
import subprocess
import sys
from pathlib import Path

import pytest
from support.shared import ROOT

from trendcore.store import failpoints
from trendcore.store.failpoints import EXIT_STATUS, Died, armed, hit

STORE = ROOT / "trendcore" / "store"
#: calls that read or change a disk or bucket
DISK = {
    "open", "read_bytes", "write_bytes", "read_text", "write_text", "mkdir", "rmdir", "unlink", "rename",
    "hardlink_to", "symlink_to", "iterdir", "glob", "rglob", "stat", "lstat", "listdir", "scandir", "fsync",
    "rmtree", "acquire", "create_write_transaction",
}  # fmt: skip


def act(name: str = "write") -> None:
    hit(name, "ws/file")


def test_nothing_happens_unless_armed() -> None:
    act()
    with armed() as trace:
        act()
    act()
    assert (trace.names, trace.subjects, trace.fired) == (["write"], ["ws/file"], False)


@pytest.mark.parametrize(("action", "number"), [("eio", errno.EIO), ("enospc", errno.ENOSPC)])
def test_one_call_fails(action: failpoints.Action, number: int) -> None:
    with armed(2, action) as trace:
        act()
        with pytest.raises(OSError, match="ws/file") as caught:
            act("read")
        act()
    assert caught.value.errno == number
    assert (trace.names, trace.fired) == (["write", "read", "write"], True)


def test_who_died_does_nothing_more() -> None:
    with armed(2, "die"):
        act()
        for _ in range(3):
            with pytest.raises(Died):
                act()
    act()


def test_only_some_count() -> None:
    with armed(1, only={"link"}) as trace:
        act()
        with pytest.raises(OSError, match="Input/output"):
            act("link")
    assert trace.names == ["link"]


def test_half_is_done_where_it_is_asked_for() -> None:
    done: list[int] = []
    for torn in (False, True):
        with armed(1, torn=torn), pytest.raises(OSError, match="Input/output"):
            hit("write", "", lambda: done.append(1))
        assert done == [1] * torn


def test_arming_twice_is_a_mistake() -> None:
    with armed(), pytest.raises(RuntimeError, match="armed already"), armed():
        pass
    with armed():
        pass


def test_exit_ends_the_process_without_clean_up() -> None:
    code = (
        "from trendcore.store.failpoints import armed, hit\n"
        "try:\n    with armed(1, 'exit'): hit('x')\nfinally: print('cleaned up')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (EXIT_STATUS, "")


def owner(call: ast.Attribute) -> str:
    return call.value.id if isinstance(call.value, ast.Name) else getattr(call.value, "attr", "")


def reaching(tree: ast.AST) -> list[tuple[int, str]]:
    """Functions that reach the disk by themselves and have no failpoint, with the call."""
    found = []
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
        guarded = any(isinstance(call, ast.Name) and call.id == "hit" for call in calls)
        found.extend(
            (call.lineno, f"{owner(call)}.{call.attr}")
            for call in calls
            if isinstance(call, ast.Attribute) and call.attr in DISK and not guarded
        )
    return found


#: not of the disk: they hand on to what has a failpoint
HARMLESS = {"cls.open", "disk.rename", "_lock.acquire"}


def test_every_function_of_the_store_that_reaches_a_disk_has_a_failpoint() -> None:
    seen = 0
    for path in sorted(STORE.rglob("*.py")):
        tree = ast.parse(path.read_text())
        seen += path.parent.name == "volumes" and any(
            isinstance(node, ast.Attribute) and node.attr in DISK for node in ast.walk(tree)
        )
        strangers = [(line, call) for line, call in reaching(tree) if call not in HARMLESS]
        assert not strangers, f"{path.name}: {strangers}"
    assert seen >= 2


def test_every_request_to_a_bucket_has_a_failpoint() -> None:
    seen = 0
    for function in ast.walk(ast.parse((STORE / "volumes" / "s3.py").read_text())):
        if isinstance(function, ast.FunctionDef):
            inner = [node for node in ast.walk(function) if isinstance(node, ast.Attribute)]
            if any(node.attr == "_obstore" and isinstance(node.ctx, ast.Load) for node in inner):
                assert any(node.attr == "_asked" for node in inner), function.name
                seen += 1
    assert seen >= 8


def test_the_test_above_can_fail() -> None:
    assert reaching(ast.parse("def f(path):\n    path.unlink()")) == [(2, "path.unlink")]
    assert reaching(ast.parse("def f(path):\n    hit('unlink')\n    path.unlink()")) == []


def test_only_volumes_reach_the_disk() -> None:
    allowed = {"cls.open", "_lock.acquire", "table.create_write_transaction"}
    for path in STORE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in DISK:
                assert f"{owner(node.func)}.{node.func.attr}" in allowed, f"{path.name}:{node.lineno}"


def test_what_is_kept_names_its_place(tmp_path: Path) -> None:
    """A failure says which file it was about, so that a test can tell."""
    from trendcore.store.volumes import LocalVolume

    with armed() as trace:
        LocalVolume(tmp_path).create("a/b.json", b"{}")
    assert trace.names == ["mkdir", "fsync", "open", "write", "fsync", "link", "unlink", "fsync"]
    assert trace.subjects[5] == str(tmp_path / "a" / "b.json")
