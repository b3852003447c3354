"""Result files: the newest of each measurement, and the times in it."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from trendcore.bench import Timing

HERE = Path(__file__).parent
_FACTS = {field.name for field in fields(Timing)} - {"seconds", "reason"}


@dataclass(frozen=True)
class Result:
    """One file of pytest-benchmark."""

    path: Path
    content: dict[str, Any]

    @property
    def timings(self) -> list[Timing]:
        """Times of the cases of the suite that the file is named for."""
        timings = [
            Timing(**{name: case["extra_info"][name] for name in _FACTS}, seconds=case["stats"]["median"])
            for case in self.content["benchmarks"]
            if case["extra_info"].keys() >= _FACTS
        ]
        return [timing for timing in timings if timing.suite in self.path.stem.split("-")]

    def seconds(self, name: str) -> float | None:
        """Time of a case by its name."""
        return next((timing.seconds for timing in self.timings if timing.name == name), None)

    def extra(self, name: str, what: str) -> Any:
        """What else is said of a benchmark whose name is, or ends in, this one."""
        found = (
            case["extra_info"].get(what)
            for case in self.content["benchmarks"]
            if case["name"] in (name, f"test_memory[{name}]")
        )
        return next((value for value in found if value is not None), None)

    def median(self, name: str) -> float | None:
        """Time of a benchmark by the name of its test."""
        found = (case["stats"]["median"] for case in self.content["benchmarks"] if case["name"] == name)
        return next(found, None)

    @property
    def device(self) -> str:
        """Name of the GPU that its benchmarks ran on; nothing where there was none."""
        found = (case["extra_info"].get("device", "") for case in self.content["benchmarks"])
        return next((str(name) for name in found if name), "")

    @property
    def where(self) -> str:
        """Machine, versions, revision and date in words."""
        info, commit = self.content["machine_info"], self.content["commit_info"]
        revision = str(commit["id"])[:8] + (" with changes" if commit.get("dirty") else "")
        return (
            f"{_machine_in_words(info)}; revision {revision}, {self.content['datetime'][:10]} "
            f"([{self.path.name}](results/{self.path.name}))"
        )


def _machine_in_words(info: dict[str, Any]) -> str:
    """Of a machine that has only the kernels, pytest-benchmark alone says what it is."""
    if "bench" not in info:
        return f"{info['cpu'].get('brand_raw', 'unknown processor')}; Python {info['python_version']}"
    machine = info["bench"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    memory = "" if machine["memory_gib"] is None else f", {machine['memory_gib']} GiB"
    return f"{machine['processor']}{memory}; Python {machine['python']}, {versions}"


def newest(folder: Path = HERE / "results") -> dict[str, Result]:
    """Name of each measurement (DATE-NAME.json) to its newest result."""
    files = {path.stem.split("-", 3)[-1]: path for path in sorted(folder.glob("????-??-??-*.json"))}
    results = {name: Result(path, json.loads(path.read_text())) for name, path in files.items()}
    return dict(sorted(results.items()))
