"""The begin of a worker process, before it has imported anything that reads its environment.

Standard library only: a library counts the threads that it may use when it is imported.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping


def begin(variables: Mapping[str, str]) -> None:
    """Set variables of the environment, leave Ctrl-C to the parent, and end when it ends.

    Parameters
    ----------
    variables
        Name -> value.
    """
    os.environ.update(variables)
    # the terminal sends it to every process; the parent ends its workers
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End when the parent has: one that was killed tells nobody."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
