"""Fuzzing, long or short.

`FUZZ_INPUTS` is the number of inputs of each target in the long form (``pytest -m slow tests/fuzz``), of
which a target whose inputs take long gets a fraction; `FUZZ_SEED` the seed. What fails is kept in the folder
that the failure names; files of feeds come out the same again from seed and number, those of a workspace,
whose names are by chance, do not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.fuzz_targets import targets
from support.fuzzing import Found, Reader, Target

#: by the name of the target
found: dict[str, Found] = {}


@pytest.fixture(scope="session")
def seed() -> int:
    return int(os.environ.get("FUZZ_SEED", "1"))


@pytest.fixture(scope="session")
def n_inputs() -> int:
    return int(os.environ.get("FUZZ_INPUTS", "2000"))


@pytest.fixture(scope="session")
def figures() -> dict[str, Found]:
    return found


@pytest.fixture(scope="session")
def fuzzed() -> dict[str, Target]:
    return {target.name: target for target in targets()}


@pytest.fixture(scope="session")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Reader]]:
    """As many processes as there are processors, two at most."""
    made = [Reader(tmp_path_factory.mktemp("reader")) for _ in range(min(2, os.cpu_count() or 1))]
    yield made
    for reader in made:
        reader.stop()


@pytest.fixture(scope="session")
def failures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz-failures")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if found:
        terminalreporter.section("fuzzing")
    for name, of_target in found.items():
        terminalreporter.write_line(f"{name:18} {of_target}")
