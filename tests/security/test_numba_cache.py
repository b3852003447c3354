"""Numba unpickles its cache: no folder that others can write to is taken for one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trendcore_kernels.cpu._private import check, is_private

pytestmark = pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")

SOURCE = Path(__file__)
KERNEL = """
from trendcore_kernels.cpu._jit import jit
@jit
def more(n):
    return n + 1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of which the one above is the user's alone."""
    tmp_path.chmod(0o700)
    made = tmp_path / "a" / "cache"
    made.mkdir(parents=True)
    for place in (made, made.parent):
        place.chmod(0o755)
    return made


@pytest.mark.parametrize(
    ("of_cache", "of_parent", "private"),
    [
        (0o700, 0o700, True),
        (0o755, 0o755, True),
        (0o777, 0o755, False),
        (0o1777, 0o755, False),
        (0o775, 0o755, False),
        (0o755, 0o777, False),
        (0o755, 0o775, False),
        (0o755, 0o1777, True),
    ],
)
def test_what_others_can_write_to_is_not_private(
    folder: Path, of_cache: int, of_parent: int, private: bool
) -> None:
    folder.chmod(of_cache)
    folder.parent.chmod(of_parent)
    assert is_private(folder, SOURCE) == private


def test_a_cache_beside_the_source_is_as_open_as_the_source(folder: Path) -> None:
    source = folder / "kernel.py"
    source.touch()
    cache = folder / "__pycache__"
    cache.mkdir()
    for of_source, of_cache, private in (
        (0o755, 0o755, True),
        (0o775, 0o775, True),
        (0o755, 0o775, False),
        (0o777, 0o777, False),
        (0o1777, 0o755, True),
    ):
        folder.chmod(of_source)
        cache.chmod(of_cache)
        assert is_private(cache, source) == private


def test_links_lead_to_what_is_checked(folder: Path, tmp_path: Path) -> None:
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    open_folder.chmod(0o777)
    (folder / "link").symlink_to(open_folder)
    assert not is_private(folder / "link", SOURCE)
    assert not is_private(folder / "nowhere", SOURCE)


def test_a_folder_of_another_user_is_not_private(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(folder, 12345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
        source = Path(sys.executable).resolve()  # root's, as a rule
        if source.stat().st_uid != 0:
            pytest.skip("no file of another user here")
        assert not is_private(folder, source)
        return
    assert not is_private(folder, SOURCE)


def test_a_warning_says_what_to_do_once(folder: Path) -> None:
    folder.chmod(0o777)
    with pytest.warns(
        RuntimeWarning, match=r"are not kept in .*cache, as others can write there: `chmod go-w`"
    ):
        assert not check(str(folder), str(SOURCE))
    assert not check(str(folder), str(SOURCE))


def compiled(module: Path, folder: Path) -> tuple[str, str, int]:
    """Run a kernel with a folder for Numba's cache: what it gives, warns of, and how many files it keeps."""
    out = subprocess.run(
        [sys.executable, "-c", "import kernel; print(kernel.more(1))"],
        cwd=module,
        env={**os.environ, "NUMBA_CACHE_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return out.stdout, out.stderr, sum(path.suffix in (".nbi", ".nbc") for path in folder.rglob("*"))


def test_kernels_run_without_an_open_cache_and_keep_a_private_one(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "kernel.py").write_text(KERNEL)
    assert compiled(tmp_path, folder) == ("2\n", "", 2)
    for path in folder.rglob("*.nbi"):
        path.write_bytes(b"not an index")
    folder.chmod(0o777)
    said, warned, _ = compiled(tmp_path, folder)
    assert said == "2\n"
    assert "others can write there" in warned
    assert all(path.read_bytes() == b"not an index" for path in folder.rglob("*.nbi"))
