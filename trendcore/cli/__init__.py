"""The command line: `trendcore.cli:main` is the entry point; each command calls one public function."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with the exit code of its result.

    Examples
    --------
    >>> import sys
    >>> sys.argv = ["trendcore", "--version"]
    >>> main()
    Traceback (most recent call last):
    SystemExit: 0
    """
    try:
        from trendcore.cli.app import app
        from trendcore.cli.guard import catch_termination, tolerate_encoding

        tolerate_encoding()
        catch_termination()
        app()
    except KeyboardInterrupt as interruption:
        # before the first command could start, or after the last one
        sys.exit(getattr(interruption, "exit_code", 130))
