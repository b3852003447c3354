"""Exceptions: one class for each thing that a user can fix, each with its exit code.

Standard library only: this module is imported by everything, so it imports nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class TrendcoreError(Exception):
    """Base of every error that trendcore raises on purpose.

    Parameters
    ----------
    message
        What is wrong, where, and what to do about it, in one or two sentences.

    Examples
    --------
    >>> raise TrendcoreError("no such thing")
    Traceback (most recent call last):
    trendcore.errors.TrendcoreError: no such thing
    """

    exit_code = 2


class UsageError(TrendcoreError):
    """An argument is unknown, missing or contradicts another one."""


class InputError(TrendcoreError):
    """An input file or frame cannot be read as what it was said to be: a path, a column, an encoding."""


class SchemaError(InputError):
    """A table lacks a column or holds one of the wrong type."""


class TaxonomyError(TrendcoreError):
    """A taxonomy, country policy or bloc file is not valid."""


class DeclarationError(UsageError):
    """The declaration of a composite index is not valid, or does not fit its data."""


class UnknownIndexError(UsageError):
    """An index of this name is not in the registry."""


class GateError(TrendcoreError):
    """A quality gate refused the release; nothing was published.

    Parameters
    ----------
    message
        Which gate, and the first case.
    results
        Of the gates that failed, see `trendcore.gates.GateResult`; none where it was no gate of tables.
    """

    exit_code = 3

    def __init__(self, message: str, results: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.results = tuple(results)


class QuarantineError(TrendcoreError):
    """Too large a part of an input had to be quarantined."""

    exit_code = 4


class ConflictError(TrendcoreError):
    """Another process holds the workspace, or published first."""

    exit_code = 5


class StorageError(TrendcoreError):
    """A table, ledger or release cannot be read or written."""

    exit_code = 6


class WorkspaceError(StorageError):
    """A folder is not a workspace, or one of another format version."""


class BackendError(TrendcoreError):
    """A backend was asked for that is not there."""

    exit_code = 7


class WorkerError(TrendcoreError):
    """Workers die again and again, cannot be reached, or are not like this process."""

    exit_code = 8


class InterruptedUpdateError(TrendcoreError):
    """The work was interrupted and rolled back; the workspace is as it was."""

    exit_code = 130
