"""The batch: scan inputs -> resolve -> tally -> compute -> check -> publish one release."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trendcore import gates
from trendcore.config import Settings
from trendcore.errors import GateError, QuarantineError, StorageError, TrendcoreError, UsageError
from trendcore.pools.base import Pool
from trendcore.store import Ledger, Manifest, ReleaseInfo, Store
from trendcore.tallies import resolve_backend
from trendcore.update import inputs
from trendcore.update.inputs import IngestResult, Progress, silent
from trendcore.update.making import WHOLE, make
from trendcore.update.method import Method, method, package_versions
from trendcore.update.scope import Scope, scope_of
from trendcore.update.tables import Tables
from trendcore.update.workers.tallying import apart_of

#: so many quarantined rows of an input are never too many
_ALWAYS_TOLERATED: Final = 100
#: steps of an update, in their order: what its progress is told of, beside bytes while files are read
STEPS: Final = ("scan", "papers", "patents", "trade", "tables", "trends", "gates", "publish")


@dataclass(frozen=True)
class UpdateResult:
    """What an update did.

    Attributes
    ----------
    release
        Number of the current release.
    changed
        Whether it is a new one.
    counts
        Rows of each published table; empty where nothing was to do.
    timings
        Seconds of each step.
    gates
        What each gate found.
    warnings
        What a person should know, in sentences.
    read
        Registered inputs that were new or had changed, and so were read.
    anew
        What was made anew, in words; the rest is as it was in the release before.
    """

    release: int
    changed: bool
    counts: Mapping[str, int]
    timings: Mapping[str, float]
    gates: tuple[dict[str, Any], ...]
    warnings: tuple[str, ...]
    read: IngestResult
    anew: str = "nothing"


def update(
    store: Store,
    settings: Settings,
    *,
    backend: str = "auto",
    accept_change: str | None = None,
    after_rollback: bool = False,
    pool: Pool | None = None,
    progress: Progress = silent,
) -> UpdateResult:
    """Publish a release of what is ingested, unless the current one is of the same inputs and settings.

    Parameters
    ----------
    store
        The workspace's store; its lock is taken.
    settings
        The workspace's settings.
    backend
        ``auto``, ``cpu``, ``gpu`` or ``reference``; every one gives the same bytes.
    accept_change
        Why it is right that the release differs from the last one so much; None: gates of change refuse.
    after_rollback
        Publish also the inputs and settings that were rolled back from; else nothing is published of them.
    pool
        Workers that read files and tally works; None: this process does.
    progress
        See `inputs.Progress`; counts steps, and bytes while files are read.

    Raises
    ------
    UsageError
        Nothing was ingested, the reason is blank, or a declared gate does not fit the tables.
    GateError
        A gate refused, or inputs were read with another taxonomy; nothing was published.
    QuarantineError
        Too large a part of an input is quarantined; nothing was published.
    InputError
        A registered file has changed to what cannot be read; nothing was published.
    BackendError
        The backend cannot be used here.
    StorageError
        Stored rows are damaged, or there is no room; nothing was published.
    ConflictError
        Another process works on the workspace.
    WorkerError
        Workers die again and again, or are not like this process; nothing was published.
    """
    backend, apart = apart_of(pool, backend)
    resolve_backend(backend)  # where it cannot be used, that is said first
    if accept_change is not None and not accept_change.strip():
        raise UsageError("the reason of an accepted change is blank: say in words why the change is right")
    reason = (accept_change or "").strip()
    clock = _Clock(progress)
    with store.lock():
        ledger = store.ledger()
        if not ledger.registrations and not ledger.units:
            raise UsageError("nothing is ingested: `trendcore ingest FEED PATH -w WS` comes first")
        how = method(settings)
        _check_taxonomy(ledger, how)
        store.sweep(ledger.contents)
        with clock.step("scan"):
            scanned = inputs.rescan(store, ledger, settings, progress, pool)
        warnings = tuple(dict.fromkeys([*scanned.warnings, *inputs.broken_off(ledger)]))
        # an interruption leaves the ledger as it was; after a refusal what was read stays, to be looked at
        try:
            _check_quarantine(ledger, settings)
            fingerprint = _fingerprint(ledger, how)
            current = store.manifest() if store.has_release() else None
            sound, damage = _sound(store, current)
            warnings = (*warnings, *damage)
            if current is not None and current.fingerprint == fingerprint and sound is not None:
                store.save_ledger(ledger)
                return UpdateResult(current.number, False, {}, clock.seconds, (), warnings, scanned)
            if current is not None and current.rolled_back_from == fingerprint and not after_rollback:
                store.save_ledger(ledger)
                warnings = (*warnings, _held(current))
                return UpdateResult(current.number, False, {}, clock.seconds, (), warnings, scanned)
            _check_stored(store, ledger)
            scope = scope_of(store, ledger, sound, how.versions())
            stored = sum(sum(content.rows.values()) for content in ledger.contents.values())
            backend = resolve_backend(backend, stored)
            made = make(store, ledger, how, scope, backend, clock.step, apart)
            with clock.step("gates"):
                found = gates.check(
                    made.tables,
                    before=_compared(store, sound, scope),
                    limits=settings.gates,
                    accepted=reason,
                    whole=lambda name: made.whole(store, name),
                )
                gates.refuse(found)
        except TrendcoreError:
            store.save_ledger(ledger)
            raise
        with clock.step("publish"):
            store.save_ledger(ledger)
            reason = reason if any(each.accepted for each in found) else ""
            info = ReleaseInfo(
                fingerprint=fingerprint,
                inputs=_inputs(ledger),
                settings=how.versions(),
                versions={"backend": apart.backend if apart else backend, **package_versions()},
                timings=dict(clock.seconds),
                gates=[each.as_dict() for each in found],
                warnings=list(warnings),
                accepted_change=reason,
                method_files={name: store.keep_text(data) for name, data in how.files.items()},
            )
            manifest = store.publish(made.publishable(), info, sound=sound)
    counts = {name: record.rows for name, record in manifest.tables.items()}
    results = tuple(info.gates)
    return UpdateResult(
        manifest.number, True, counts, clock.seconds, results, warnings, scanned, scope.words()
    )


def _held(current: Manifest) -> str:
    """Say why nothing is published after a rollback."""
    return (
        f"these inputs and settings were rolled back from, to release {current.rolled_back_to}, and are not "
        "published again: `trendcore withdraw` keeps an input out, and --after-rollback publishes them all"
    )


def _sound(store: Store, current: Manifest | None) -> tuple[Manifest | None, list[str]]:
    """Return the current release if every byte of it is as it was written; else what a person should know."""
    damage = [] if current is None else store.verify(current)
    if current is None or not damage:
        return current, []
    return None, [f"release {current.number} is damaged, so that everything is made anew: {damage[0]}"]


def _compared(store: Store, sound: Manifest | None, scope: Scope) -> Tables | None:
    """Read what gates compare with of the last sound release: of tables made in part, the same cells."""
    earlier = (store.manifest(number) for number in reversed(store.releases()))
    current = sound or next((each for each in earlier if not store.verify(each)), None)
    if current is None:
        return None
    there = [name for name in gates.COMPARED if name in current.tables]
    tables = {name: store.read(current, name) for name in there}
    if scope.base is not None:
        tables |= {name: rows.filter(scope.anew) for name, rows in tables.items() if name not in WHOLE}
    return {name: rows.collect() for name, rows in tables.items()}


def _inputs(ledger: Ledger) -> list[dict[str, Any]]:
    names = {unit.content: unit.name for unit in reversed(ledger.units)}
    return [{"id": each.id, "feed": each.feed, "name": names[each.id]} for each in ledger.active().values()]


class _Clock:
    """Times the steps and tells the progress bar of them."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self._progress(STEPS.index(name), len(STEPS), name)
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 6)


def _check_taxonomy(ledger: Ledger, how: Method) -> None:
    """Refuse a mixture: what a taxonomy left out when an input was read, another one may want."""
    stale = [
        unit.name
        for unit in ledger.units
        if ledger.contents[unit.content].taxonomy not in ("", how.fields.sha256)
    ]
    if stale:
        paths = sorted({f"{entry.feed} {entry.path}" for entry in ledger.registrations})
        raise GateError(
            f"the taxonomy has changed since {len(stale):,} inputs were read ({stale[0]} and so on): read "
            f"them again with `trendcore ingest`: {'; '.join(paths)}"
        )


def _check_stored(store: Store, ledger: Ledger) -> None:
    """Refuse to count rows of which a bit has changed since they were written."""
    for content, problem in store.verify_inputs(ledger.active()).items():
        unit = next(unit for unit in ledger.units if unit.content == content)
        first = Path(unit.files[0].path)
        again = first if len(unit.files) == 1 else first.parent
        raise StorageError(
            f"nothing was published: {problem}; `trendcore ingest {unit.feed} {again}` reads the input again"
        )


def _check_quarantine(ledger: Ledger, settings: Settings) -> None:
    for _, counts in inputs.accounting(ledger):
        limit = max(_ALWAYS_TOLERATED, settings.max_quarantined * counts.read)
        if counts.quarantined > limit:
            raise QuarantineError(
                f"nothing was published: {counts.quarantined:,} of {counts.read:,} rows of {counts.file} are "
                f"quarantined, more than {settings.max_quarantined:.1%}; `trendcore export FILE --table "
                "quarantine` says why, and max_quarantined in trendcore.toml allows more"
            )


def _fingerprint(ledger: Ledger, how: Method) -> str:
    """Hash what decides a release: its inputs, in the order of reading, and its method."""
    read = [[each.feed, each.id] for each in ledger.active().values()]
    text = json.dumps([*read, how.versions()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
