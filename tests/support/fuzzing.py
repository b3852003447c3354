"""Fuzzing readers: processes that are used again, with bounds on memory and time, and what they found."""

from __future__ import annotations

import json
import os
import queue
import random
import select
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.mutating import Mutator

#: seconds that reading one input may take, on a machine that does other things too
MOST_SECONDS = 20.0
#: bytes by which memory may grow over what valid inputs take: inputs are below 5 MB
MOST_GROWTH = 768 << 20
#: bytes that may be asked for at all
MOST_SPACE = 3 << 30

Files = dict[str, bytes]


@dataclass(frozen=True)
class Target:
    """One kind of input.

    Attributes
    ----------
    name
        For people.
    reader
        One of `fuzz_readers.READERS`.
    seeds
        Valid inputs, each the files of a folder.
    changed
        Names of the files that are changed, one at a time, or their beginnings.
    mutate
        What changes them.
    weight
        Share of the inputs that are tried, where one takes long.
    """

    name: str
    reader: str
    seeds: Sequence[Files]
    changed: Sequence[str]
    mutate: Mutator
    weight: float = 1.0

    def mutated(self, seed: int, number: int) -> Files:
        """Return an input; number 0 is a valid one."""
        chance = random.Random(f"{self.name} {seed} {number}")
        files = dict(self.seeds[number % len(self.seeds)])
        if number:
            name = chance.choice([name for name in files if name.startswith(tuple(self.changed))])
            ending = Path(name).suffix
            others = [data for each in self.seeds for key, data in each.items() if Path(key).suffix == ending]
            files[name] = self.mutate(files[name], chance, others)
        return files


@dataclass
class Found:
    """What came of the inputs of one target."""

    tried: int = 0
    refused: int = 0
    quarantined: int = 0
    seconds: float = 0.0
    growth: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return a line for people."""
        return (
            f"{self.tried:6,} inputs, {self.refused:6,} refused, {self.quarantined:6,} with quarantined rows,"
            f" {len(self.faults)} faults; at most {self.seconds:.2f} s, {self.growth >> 20} MiB"
        )


class Reader:
    """A process that reads inputs one after another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._warm: dict[str, int] = {}

    def try_one(self, target: Target, files: Files) -> dict[str, Any]:
        """Read an input; the answer has `fault` where it ended as none may."""
        if self._process is None:
            self._process = self._start()
        if target.name not in self._warm:
            # twice, as the first time is for loading and compiling
            for _ in range(2):
                for seed in target.seeds:
                    answer = self._ask(target, seed, MOST_SECONDS * 6, bound=0)
                    if "fault" in answer or "refused" in answer or not answer["ends"][0]:
                        raise AssertionError(f"{target.name}: a valid input is not read: {answer}")
            self._warm[target.name] = answer["rss"]
        answer = self._ask(target, files, MOST_SECONDS, bound=MOST_SPACE)
        if "rss" in answer:
            answer["growth"] = max(answer["rss"] - max(self._warm.values()), 0)
            if answer["growth"] > MOST_GROWTH:
                answer["fault"] = f"memory grew by {answer['growth'] >> 20} MiB"
        if "fault" in answer:
            self.stop()
        return answer

    def stop(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._process = None
        self._warm = {}

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "support.fuzz_readers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "POLARS_MAX_THREADS": "2"},
        )

    def _ask(self, target: Target, files: Files, seconds: float, bound: int) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        folder = self._folder / target.name
        shutil.rmtree(folder, ignore_errors=True)
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        request = {"reader": target.reader, "folder": str(folder), "bound": bound}
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], seconds)[0]:
            return {"fault": f"took more than {seconds:.0f} s", "seconds": seconds}
        line = process.stdout.readline()
        if not line:
            return {"fault": f"the process ended with {process.wait()}"}
        answer: dict[str, Any] = json.loads(line)
        return answer


def fuzz(target: Target, readers: Sequence[Reader], n_inputs: int, seed: int, failures: Path) -> Found:
    """Try so many inputs; what fails is kept as files, with what reproduces it."""
    found = Found()
    left: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(1, max(1, round(n_inputs * target.weight)) + 1):
        left.put(number)
    lock = threading.Lock()
    broken: list[BaseException] = []

    def work(reader: Reader) -> None:
        try:
            while not broken:
                number = left.get_nowait()
                files = target.mutated(seed, number)
                answer = reader.try_one(target, files)
                with lock:
                    _note(found, target, number, seed, files, answer, failures)
        except queue.Empty:
            return
        except BaseException as error:
            broken.append(error)

    threads = [threading.Thread(target=work, args=(reader,)) for reader in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broken:
        raise broken[0]
    return found


def _note(
    found: Found,
    target: Target,
    number: int,
    seed: int,
    files: Files,
    answer: dict[str, Any],
    failures: Path,
) -> None:
    found.tried += 1
    found.refused += "refused" in answer
    found.quarantined += answer.get("ends", [0, 0, 0])[2] > 0
    found.seconds = max(found.seconds, answer.get("seconds", 0.0))
    found.growth = max(found.growth, answer.get("growth", 0))
    if "fault" in answer:
        folder = failures / f"{target.name}-{seed}-{number}"
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        found.faults.append(
            f"target {target.name!r}, FUZZ_SEED={seed}, input {number}, kept in {folder}: {answer['fault']}"
        )
