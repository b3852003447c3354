"""The timed cases that `trendcore bench` and `benchmarks/` share: works, cases, peers, and how one is timed.

Everything is made from a seed in memory; nothing is read, downloaded or kept.
"""

from __future__ import annotations

from trendcore.bench.cases import SPARSE, TALLY, Case
from trendcore.bench.machine import machine
from trendcore.bench.timing import (
    OURS,
    SUITES,
    Timing,
    WrongAnswerError,
    checked,
    facts,
    in_words,
    right_answer,
    run,
    why_not,
)
from trendcore.bench.works import Answer, Simulated, simulated

__all__ = [
    "OURS",
    "SPARSE",
    "SUITES",
    "TALLY",
    "Answer",
    "Case",
    "Simulated",
    "Timing",
    "WrongAnswerError",
    "checked",
    "facts",
    "in_words",
    "machine",
    "right_answer",
    "run",
    "simulated",
    "why_not",
]
