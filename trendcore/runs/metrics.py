"""Metrics of the last run as a file for the textfile collector of Prometheus' node_exporter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from trendcore.errors import UsageError
from trendcore.runs.files import check_writable, write_whole
from trendcore.runs.record import OUTCOMES, RunRecord

#: what the collector reads; it passes over files of other names
ENDING: Final = ".prom"
Labels = tuple[tuple[str, str], ...]
Samples = dict[tuple[str, Labels], float]

_FAMILIES: Final = {
    "trendcore_run_timestamp_seconds": ("gauge", "When the last run ended, in seconds since 1970."),
    "trendcore_run_duration_seconds": ("gauge", "How long the last run took."),
    "trendcore_run_exit_code": ("gauge", "Exit code of the last run; 0 is good."),
    "trendcore_run_outcome": ("gauge", "1 for the outcome of the last run, 0 for every other one."),
    "trendcore_run_warnings": ("gauge", "Warnings of the last run."),
    "trendcore_run_input_rows": ("gauge", "Rows read in the last run, of new and changed inputs."),
    "trendcore_run_quarantined_rows": ("gauge", "Rows quarantined of those read in the last run."),
    "trendcore_runs_total": ("counter", "Runs by outcome, since this file was first written."),
    "trendcore_last_success_timestamp_seconds": ("gauge", "When a run last ended with exit code 0."),
    "trendcore_release": ("gauge", "Number of the current release."),
    "trendcore_table_rows": ("gauge", "Rows of each table of the current release."),
}
_SUCCESS: Final = "trendcore_last_success_timestamp_seconds"
_TOTAL: Final = "trendcore_runs_total"
_SAMPLE: Final = re.compile(r'([a-z_]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\} (\S+)')
_LABEL: Final = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\.)*)"')
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}


def check_path(path: Path) -> None:
    """Refuse a file that the collector would pass over or that cannot be written.

    Raises
    ------
    UsageError
        What is wrong.

    Examples
    --------
    >>> check_path(Path("metrics.txt"))
    Traceback (most recent call last):
    trendcore.errors.UsageError: --metrics metrics.txt: the collector reads names that end in .prom
    """
    if path.suffix != ENDING:
        raise UsageError(f"--metrics {path}: the collector reads names that end in {ENDING}")
    check_writable("--metrics", path)


def write(path: Path, record: RunRecord) -> None:
    """Write the metrics of a run; what an earlier file says of successes and totals is kept.

    Raises
    ------
    StorageError
        It cannot be written; the old file stays.
    """
    write_whole(path, render(samples(record, read(path))))


def samples(record: RunRecord, earlier: Mapping[tuple[str, Labels], float]) -> Samples:
    """Return the metrics of a run.

    Parameters
    ----------
    record
        The run.
    earlier
        Those of the runs before.
    """
    own: Labels = (("workspace", record.workspace),)
    ended = datetime.fromisoformat(record.finished).timestamp()
    found: Samples = {
        ("trendcore_run_timestamp_seconds", own): ended,
        ("trendcore_run_duration_seconds", own): record.seconds,
        ("trendcore_run_exit_code", own): record.exit_code,
        ("trendcore_run_warnings", own): len(record.warnings),
        ("trendcore_run_input_rows", own): record.read.get("read", 0),
        ("trendcore_run_quarantined_rows", own): record.read.get("quarantined", 0),
    }
    for name in OUTCOMES:
        labels = (*own, ("outcome", name))
        now = float(name == record.outcome)
        found["trendcore_run_outcome", labels] = now
        found[_TOTAL, labels] = earlier.get((_TOTAL, labels), 0) + now
    success = ended if record.exit_code == 0 else earlier.get((_SUCCESS, own))
    if success is not None:
        found[_SUCCESS, own] = success
    if record.release is not None:
        found["trendcore_release", own] = record.release
    for table, rows in record.rows.items():
        found["trendcore_table_rows", (*own, ("table", table))] = rows
    return found


def render(found: Mapping[tuple[str, Labels], float]) -> str:
    """Write metrics in the text format of Prometheus.

    Examples
    --------
    >>> print(render({("trendcore_release", (("workspace", "ws"),)): 7}), end="")
    # HELP trendcore_release Number of the current release.
    # TYPE trendcore_release gauge
    trendcore_release{workspace="ws"} 7
    """
    lines = []
    for family, (kind, help_text) in _FAMILIES.items():
        of_family = {labels: value for (name, labels), value in found.items() if name == family}
        if of_family:
            lines += [f"# HELP {family} {help_text}", f"# TYPE {family} {kind}"]
        for labels, value in of_family.items():
            inside = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels)
            lines.append(f"{family}{{{inside}}} {_number(value)}")
    return "".join(f"{line}\n" for line in lines)


def read(path: Path) -> Samples:
    """Read a file of ours back; one that is not there or is damaged says nothing."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    return dict(_read(text))


def _read(text: str) -> Iterator[tuple[tuple[str, Labels], float]]:
    for line in text.split("\n"):
        found = _SAMPLE.fullmatch(line)
        if found is None:
            continue
        try:
            value = float(found[3])
        except ValueError:
            continue
        labels = tuple((name, _unescaped(raw)) for name, raw in _LABEL.findall(found[2]))
        yield (found[1], labels), value


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(char, char) for char in text)


def _unescaped(raw: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], raw)


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
