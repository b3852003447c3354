"""A past release made again from its inputs and its method, and compared with what was published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from trendcore.errors import StorageError
from trendcore.store import Store
from trendcore.tallies import resolve_backend
from trendcore.update.inputs import Progress, silent
from trendcore.update.making import make
from trendcore.update.method import package_versions
from trendcore.update.past import ledger_of, method_of
from trendcore.update.scope import TABLE_OF, Scope

#: steps of it, in their order
STEPS = ("papers", "patents", "trade", "tables", "trends", "compare")


def recompute(
    store: Store, number: int, *, backend: str = "auto", progress: Progress = silent
) -> dict[str, str]:
    """Make the tables of a release again, without publishing; see `trendcore.Workspace.recompute`."""
    manifest = store.manifest(number)
    how = method_of(store, manifest)
    ledger = ledger_of(store.ledger(), manifest)
    damage = store.verify_inputs(ledger.contents)
    if damage:
        raise StorageError(f"release {number} cannot be made again: {next(iter(damage.values()))}")
    stored = sum(sum(content.rows.values()) for content in ledger.contents.values())

    @contextmanager
    def step(name: str) -> Iterator[None]:
        progress(STEPS.index(name), len(STEPS), name)
        yield

    everything = Scope(None, dict.fromkeys(TABLE_OF))
    made = make(store, ledger, how, everything, resolve_backend(backend, stored), step).tables
    with step("compare"):
        found = {
            name: store.compare(manifest, name, made[name]) if name in made else "this trendcore makes none"
            for name in manifest.tables
        }
    return dict(sorted((found | dict.fromkeys(made.keys() - found.keys(), "not published then")).items()))


def other_versions(store: Store, number: int) -> dict[str, tuple[str, str]]:
    """Return the packages that a release was made with in another version: then, and now."""
    then = store.manifest(number).versions
    now = package_versions()
    return {name: (str(then.get(name, "none")), now[name]) for name in now if then.get(name) != now[name]}
