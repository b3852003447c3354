"""Mutated files of every reader, in processes apart: rows, quarantine or one clear error; nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.fuzzing import Found, Reader, Target, fuzz

NAMES = [
    "openalex jsonl", "openalex gz", "openalex page", "openalex merged", "openalex parquet",
    "patentsview tsv", "patentsview zip", "baci csv", "baci zip", "baci bz2", "comtrade csv", "comtrade zip",
    "taxonomy", "policy", "blocs", "settings", "ledger", "manifest", "delta log",
]  # fmt: skip
#: inputs of each target in the short form
FEW = 30

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="bounds of memory are of POSIX")


def test_every_target_is_named(fuzzed: dict[str, Target]) -> None:
    assert list(fuzzed) == NAMES


def test_the_same_seed_gives_the_same_input(fuzzed: dict[str, Target]) -> None:
    for target in fuzzed.values():
        assert target.mutated(1, 7) == target.mutated(1, 7)
        assert target.mutated(1, 0) == target.seeds[0]
    assert len({fuzzed["baci csv"].mutated(seed, 7).popitem() for seed in range(20)}) > 10


@pytest.mark.parametrize("name", NAMES)
def test_some_mutated_inputs(
    name: str,
    fuzzed: dict[str, Target],
    readers: list[Reader],
    failures: Path,
    figures: dict[str, Found],
    seed: int,
) -> None:
    figures[name] = fuzz(fuzzed[name], readers, FEW, seed, failures)
    assert not figures[name].faults, figures[name].faults[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_thousands_of_mutated_inputs(
    name: str,
    fuzzed: dict[str, Target],
    readers: list[Reader],
    failures: Path,
    figures: dict[str, Found],
    seed: int,
    n_inputs: int,
) -> None:
    figures[name] = fuzz(fuzzed[name], readers, n_inputs, seed, failures)
    assert not figures[name].faults, "\n\n".join(figures[name].faults[:5])
