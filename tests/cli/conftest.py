"""Commands run on an invented release instead of a workspace on disk."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest
from support.published import PublishedWorkspace, done
from typer.testing import CliRunner, Result

from trendcore.cli.app import app


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command on the invented release."""
    module = types.ModuleType("trendcore.workspace")
    module.Workspace = PublishedWorkspace  # type: ignore[attr-defined]
    done.clear()
    monkeypatch.setitem(sys.modules, "trendcore.workspace", module)

    def call(*args: str) -> Result:
        return CliRunner().invoke(app, list(args))

    return call
