"""Fixtures of the loop's tests."""

from support.scheduling import events

__all__ = ["events"]
