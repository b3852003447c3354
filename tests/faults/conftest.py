"""Workspaces that are disturbed, and figures of what came of it.

``pytest -m slow tests/faults --figures FILE`` writes the figures as JSON beside the summary.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.disturbances import Prepared, prepare
from support.faults import fault
from support.figures import Figures

from trendcore.store.failpoints import Trace

_FIGURES = pytest.StashKey[Figures]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--figures", metavar="FILE", help="write what came of disturbances as JSON")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_FIGURES] = Figures()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    figures = config.stash.get(_FIGURES, Figures())
    if not figures.scenarios:
        return
    terminalreporter.section("disturbances")
    for line in figures.lines():
        terminalreporter.line(line)
    file = config.getoption("--figures", default=None)
    if file is not None:
        Path(file).write_text(json.dumps(figures.records(), indent=1) + "\n")


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config) -> Figures:
    return pytestconfig.stash.setdefault(_FIGURES, Figures())


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Prepared]]:
    """By what is disturbed: ``updating``, and ``ingesting`` with the update that follows."""
    # each fault collects garbage first: what is there now is none, and need not be looked through
    gc.freeze()
    yield dict(zip(("updating", "ingesting"), prepare(tmp_path_factory.mktemp("prepared")), strict=True))
    gc.unfreeze()


@pytest.fixture(scope="session")
def updating(both: dict[str, Prepared]) -> Prepared:
    """The run that is disturbed is `update`."""
    return both["updating"]


@pytest.fixture(scope="session")
def ingesting(both: dict[str, Prepared]) -> Prepared:
    """The run that is disturbed is `ingest`, then `update`."""
    return both["ingesting"]


@pytest.fixture(scope="session")
def calls(updating: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Trace:
    """The calls of an update that nothing disturbs."""
    root = updating.copy(tmp_path_factory.mktemp("calls") / "workspace")
    with fault(0) as trace:
        updating.run(root)
    return trace
