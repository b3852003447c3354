"""Compiled functions that several processes keep at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from numba.core.caching import IndexDataCacheFile

from trendcore_kernels.cpu._jit import CacheFile
from trendcore_kernels.cpu._sort import insert_few

BOTH = pytest.mark.parametrize(("kind", "right"), [(CacheFile, True), (IndexDataCacheFile, False)])


def opened(kind: type[Any], folder: Path, stamp: int = 1) -> Any:
    return kind(str(folder), "function", stamp)


def own_or_none(file: Any, *keys: str) -> bool:
    """Whether each key has its own code, or none and is compiled anew."""
    return all(file.load(key) in (f"code for {key}", None) for key in keys)


@BOTH
def test_two_versions_that_are_saved_at_once_are_not_confused(
    kind: type[Any], right: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = opened(kind, tmp_path), opened(kind, tmp_path)
    save_index = one._save_index

    def interrupted(overloads: Any) -> None:
        other.save("int64", "code for int64")
        save_index(overloads)

    monkeypatch.setattr(one, "_save_index", interrupted)
    save_data = other._save_data
    late: list[Any] = []
    monkeypatch.setattr(other, "_save_data", lambda *given: late.append(given) or save_data(*given))
    one.save("int32", "code for int32")
    for given in late:  # the other process was the last to write
        save_data(*given)
    # Numba's own class confuses them: that is why ours is there
    assert own_or_none(opened(kind, tmp_path), "int32", "int64") is right


@BOTH
def test_what_an_earlier_edition_has_left_is_not_loaded(
    kind: type[Any], right: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(kind, tmp_path).save("int64", "code of an earlier edition")
    new = opened(kind, tmp_path, stamp=2)
    seen = []

    def followed(act: Callable[..., None]) -> Callable[..., None]:
        def look(*given: Any) -> None:
            act(*given)
            seen.append(own_or_none(opened(kind, tmp_path, stamp=2), "int64"))

        return look

    for step in ("_save_index", "_save_data"):
        monkeypatch.setattr(new, step, followed(getattr(new, step)))
    new.save("int64", "code for int64")
    assert all(seen) is right
    assert opened(kind, tmp_path, stamp=2).load("int64") == "code for int64"


def test_kernels_are_kept_so() -> None:
    assert isinstance(insert_few._cache._cache_file, CacheFile)
