from __future__ import annotations

import os
import signal
import time
from threading import Barrier, Event, Timer, get_ident

import polars as pl
import pytest

from trendcore.update.threads import StoppedError, for_each

several = pytest.mark.skipif(pl.thread_pool_size() < 2, reason="needs two threads")


def test_results_stand_in_the_order_of_the_items() -> None:
    def task(item: int, _stop: Event) -> int:
        time.sleep(0.002 * (5 - item))
        return item

    assert for_each(task, range(5)) == [0, 1, 2, 3, 4]
    assert for_each(task, []) == []


def test_a_single_item_stays_in_the_thread_of_the_caller() -> None:
    assert for_each(lambda _item, _stop: get_ident(), [1]) == [get_ident()]


@several
def test_the_first_failure_in_order_is_raised_when_all_have_ended() -> None:
    together = Barrier(2)
    ended = []

    def task(item: str, stop: Event) -> None:
        together.wait(10)
        if item == "b":
            raise ValueError("b has failed")
        assert stop.wait(10)
        ended.append(item)
        raise StoppedError

    with pytest.raises(ValueError, match="b has failed"):
        for_each(task, ["a", "b"])
    assert ended == ["a"]


@several
def test_an_interruption_ends_the_waiting_even_where_a_library_lets_it_go_on() -> None:
    """Polars and others catch the signal so that what waits for a lock goes on waiting."""
    told = []

    def task(_item: int, stop: Event) -> None:
        told.append(stop.wait(10))
        raise StoppedError

    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.siginterrupt(signal.SIGINT, False)
    interruption = Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    try:
        interruption.start()
        with pytest.raises(KeyboardInterrupt):
            for_each(task, [1, 2])
    finally:
        interruption.join()
        signal.signal(signal.SIGINT, before)
    assert told == [True, True]
