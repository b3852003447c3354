"""Whether what draws and writes a report is installed: the extra ``trendcore[report]``."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from trendcore.errors import UsageError

_MODULES: Final = {"altair": "altair", "jinja2": "jinja2", "vl_convert": "vl-convert-python"}


def missing() -> list[str]:
    """Return the packages that a report needs and that are not installed."""
    return [package for module, package in _MODULES.items() if find_spec(module) is None]


def demand() -> None:
    """Refuse to go on without them.

    Raises
    ------
    UsageError
        Says what to install.
    """
    absent = missing()
    if absent:
        raise UsageError(f'a report needs {", ".join(absent)}: pip install "trendcore[report]"')
