"""What is installed and how a workspace is: `trendcore doctor`."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import typer

_PACKAGES = ("polars", "pyarrow", "deltalake", "numpy", "numba", "msgspec", "isal", "typer", "rich")


def examine(workspace: str | None) -> dict[str, Any]:
    """Return versions, backends, cores and, if asked, the state of a workspace."""
    import trendcore as tc

    found: dict[str, Any] = {
        "trendcore": tc.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "cores": _cores(),
        "backends": _backends(),
        "versions": _versions(),
    }
    if workspace is not None:
        found["workspace"] = _workspace(workspace)
    return found


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _cores() -> int:
    """Return the cores that this process may use, which in a container are fewer than the machine's."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _backends() -> dict[str, str | None]:
    """Return each backend with None where it can be used, else the reason why not."""
    from trendcore_kernels import dispatch

    return dict(dispatch.available())


def _versions() -> dict[str, dict[str, str]]:
    """Return what each backend runs on: versions, and the device of the gpu."""
    from trendcore_kernels import dispatch

    return {name: dispatch.versions(name) for name in dispatch.BACKENDS}


def _workspace(path: str) -> dict[str, Any]:
    from trendcore.workspace import Workspace

    workspace = Workspace(path)
    releases = workspace.releases()
    return {
        "path": path,
        "releases": releases.height,
        "latest": releases.row(-1, named=True) if releases.height else None,
        "damage": workspace.verify(),
    }


def print_health(found: dict[str, Any]) -> None:
    """Print what was found, one thing a line."""
    typer.echo(f"trendcore {found['trendcore']}, Python {found['python']}, {found['platform']}")
    typer.echo(f"cores: {found['cores']}")
    for name, reason in found["backends"].items():
        there = ", ".join(f"{part} {number}" for part, number in found["versions"][name].items())
        state = "can be used" if reason is None else f"cannot be used: {reason}"
        typer.echo(f"backend {name}: {state}{f' [{there}]' if there else ''}")
    for name, number in found["packages"].items():
        typer.echo(f"{name}: {number or 'not installed'}")
    if "workspace" in found:
        state = found["workspace"]
        sound = "damaged" if state["damage"] else "every file as it was written"
        typer.echo(f"workspace {state['path']}: {state['releases']} releases, {sound}")
        for problem in state["damage"]:
            typer.echo(f"damage: {problem}")
