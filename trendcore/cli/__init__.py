"""The command line: `trendcore.cli:main` is the entry point; each command calls one public function."""

from __future__ import annotations


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
    from trendcore.cli.app import app
    from trendcore.cli.guard import catch_termination, tolerate_encoding

    tolerate_encoding()
    catch_termination()
    app()
