"""Errors of deltalake and of the operating system become ours; others go through."""

from __future__ import annotations

from pathlib import Path

import pytest
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from trendcore.errors import ConflictError, StorageError, TrendcoreError
from trendcore.store.delta import delta_errors
from trendcore.store.volumes import storage_errors


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (CommitFailedError("lost"), ConflictError),
        (DeltaError("broken"), StorageError),
        (TableNotFoundError("gone"), StorageError),
        (OSError(5, "Input/output error"), StorageError),
        (OSError("Generic error\n   \x1b[31m↳\x1b[0m Unable to open"), StorageError),
        (Exception("External error: no class for it"), StorageError),
    ],
)
def test_errors_name_the_table_in_one_line(error: Exception, ours: type[TrendcoreError]) -> None:
    with pytest.raises(ours, match=r"^ws/tables/papers: ") as caught, delta_errors("ws/tables/papers"):
        raise error
    assert type(caught.value) is ours
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        KeyError("x"),
        ValueError("x"),
        TypeError("x"),
        AssertionError("x"),
        KeyboardInterrupt(),
        StorageError("x"),
    ],
)
def test_mistakes_of_programmers_and_interrupts_go_through(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, delta_errors("t"), storage_errors("t"):
        raise error
    assert caught.value is error


def test_an_error_of_the_system_names_its_own_file(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with (
        pytest.raises(StorageError, match=f"^{missing}: No such file or directory$"),
        storage_errors(tmp_path),
    ):
        missing.read_bytes()
