"""The loop on a fake clock: overlap, downtime, failing runs, retries, a clock that is set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.scheduling import EndedError, FakeClock, Jobs, record

from trendcore.errors import UsageError
from trendcore.runs.record import RunRecord
from trendcore.schedule import Cron, run, with_retries


def until_ended(clock: FakeClock, jobs: Jobs, cron: Cron, **how: Any) -> None:
    with pytest.raises(EndedError):
        run(jobs, cron, clock=clock.clock, **how)


def named(events: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [each for each in events if each["event"] == name]


def test_it_waits_for_each_due_time_and_says_for_which(events: list[dict[str, Any]]) -> None:
    clock = FakeClock("2026-03-01T12:00Z")
    jobs = Jobs(clock, (5, 0), (5, 0))
    until_ended(clock, jobs, Cron("0 3 * * 1"))
    assert jobs.began == ["2026-03-02T03:00", "2026-03-09T03:00"]
    assert max(clock.slept) <= 60  # so that a clock that is set is noticed
    assert named(events, "waiting")[0]["due"] == "2026-03-02T03:00:00.000Z"
    assert not named(events, "skipped")


def test_in_a_time_zone_the_loop_follows_the_clock_on_the_wall() -> None:
    clock = FakeClock("2026-03-27T12:00Z")
    jobs = Jobs(clock, *[(5, 0)] * 3)
    until_ended(clock, jobs, Cron("30 2 * * *", "Europe/Berlin"))
    assert jobs.began == ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"]
    clock = FakeClock("2026-10-24T12:00Z")
    jobs = Jobs(clock, (5, 0), (5, 0))
    until_ended(clock, jobs, Cron("30 2 * * *", "Europe/Berlin"))
    assert jobs.began == ["2026-10-25T00:30", "2026-10-26T01:30"]


def test_a_run_that_lasts_past_due_times_skips_them_and_says_so(events: list[dict[str, Any]]) -> None:
    clock = FakeClock("2026-03-01T00:30Z")
    jobs = Jobs(clock, (150, 0), (5, 0))
    until_ended(clock, jobs, Cron("0 * * * *"))
    assert jobs.began == ["2026-03-01T01:00", "2026-03-01T04:00"]
    (skipped,) = named(events, "skipped")
    assert (skipped["reason"], skipped["count"], skipped["level"]) == ("overlap", 2, "WARNING")
    assert (skipped["first"], skipped["last"]) == ("2026-03-01T02:00:00.000Z", "2026-03-01T03:00:00.000Z")


def test_after_downtime_it_runs_once_for_all_that_was_missed(events: list[dict[str, Any]]) -> None:
    clock = FakeClock("2026-03-10T12:00Z")
    jobs = Jobs(clock, (5, 0), (5, 0))
    until_ended(clock, jobs, Cron("0 3 * * *"), since=datetime(2026, 3, 5, 3, 20, tzinfo=UTC))
    assert jobs.began == ["2026-03-10T12:00", "2026-03-11T03:00"]
    assert jobs.due[0] == "2026-03-10T03:00:00+00:00"  # the last of those that were missed
    (caught,) = named(events, "catching_up")
    assert (caught["count"], caught["first"]) == (5, "2026-03-06T03:00:00.000Z")
    # it does not wait for what is over, nor call late what it makes up for
    assert [each["due"][:10] for each in named(events, "waiting")] == ["2026-03-11", "2026-03-12"]
    assert not named(events, "skipped")


@pytest.mark.parametrize("since", [None, "2026-03-10T03:01Z", "2030-01-01T00:00Z"])
def test_without_a_missed_due_time_it_waits(since: str | None) -> None:
    clock = FakeClock("2026-03-10T12:00Z")
    jobs = Jobs(clock, (5, 0))
    ended = datetime.fromisoformat(since) if since else None
    until_ended(clock, jobs, Cron("0 3 * * *"), since=ended)
    assert jobs.began == ["2026-03-11T03:00"]


def test_without_catching_up_what_was_missed_is_skipped_and_said(events: list[dict[str, Any]]) -> None:
    clock = FakeClock("2026-03-10T12:00Z")
    jobs = Jobs(clock, (5, 0))
    until_ended(clock, jobs, Cron("0 3 * * *"), since=datetime(2026, 3, 5, 4, tzinfo=UTC), catch_up=False)
    assert jobs.began == ["2026-03-11T03:00"]
    assert [(each["reason"], each["count"]) for each in named(events, "skipped")] == [("downtime", 5)]


def test_years_of_downtime_are_not_counted_out(events: list[dict[str, Any]]) -> None:
    clock = FakeClock("2036-03-10T12:00:30Z")
    jobs = Jobs(clock, (0.1, 0), (0.1, 0))
    until_ended(clock, jobs, Cron("* * * * *"), since=datetime(2026, 3, 5, 4, tzinfo=UTC))
    assert jobs.began == ["2036-03-10T12:00", "2036-03-10T12:01"]
    assert "1000 or more due times" in named(events, "catching_up")[0]["message"]


class Sleeper(FakeClock):
    """A machine that is suspended in its first sleep."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.slept) == 1:
            self.time += timedelta(hours=30)


@pytest.mark.parametrize("catch_up", [True, False])
def test_a_machine_that_slept_past_due_times_runs_once_or_not_at_all(
    catch_up: bool, events: list[dict[str, Any]]
) -> None:
    clock = Sleeper("2026-03-10T02:00Z")  # wakes on the 11th at 8:01
    jobs = Jobs(clock, (5, 0))
    until_ended(clock, jobs, Cron("0 3 * * *"), catch_up=catch_up)
    assert jobs.began == ["2026-03-11T08:01" if catch_up else "2026-03-12T03:00"]
    (skipped,) = named(events, "skipped")
    assert (skipped["reason"], skipped["count"]) == ("late", 1 if catch_up else 2)


def test_a_clock_that_is_set_back_in_a_run_gives_no_second_run() -> None:
    clock = FakeClock("2026-03-10T02:00Z")
    jobs = Jobs(clock, (-50, 0), (5, 0))
    until_ended(clock, jobs, Cron("0 3 * * *"))
    assert jobs.due == ["2026-03-10T03:00:00+00:00", "2026-03-11T03:00:00+00:00"]


def test_a_failing_run_is_tried_again_at_the_next_due_time() -> None:
    clock = FakeClock("2026-03-01T12:00Z")
    jobs = Jobs(clock, *[(5, code) for code in (3, 4, 5, 6, 1, 0)])
    until_ended(clock, jobs, Cron("0 3 * * *"))
    assert [began[8:10] for began in jobs.began] == ["02", "03", "04", "05", "06", "07"]


def test_what_the_job_raises_ends_the_loop() -> None:
    def job(_due: datetime) -> RunRecord:
        raise UsageError("nothing is ingested")

    with pytest.raises(UsageError):
        run(job, Cron("0 3 * * *"), clock=FakeClock("2026-03-01T12:00Z").clock)


@pytest.mark.parametrize("code", [0, 3])
def test_once_ends_after_one_run(code: int) -> None:
    clock = FakeClock("2026-03-01T12:00Z")
    jobs = Jobs(clock, (5, code))
    assert run(jobs, Cron("0 3 * * *"), clock=clock.clock, once=True).exit_code == code
    assert jobs.began == ["2026-03-02T03:00"]


def test_a_conflict_is_tried_again_later_and_later(events: list[dict[str, Any]]) -> None:
    clock, numbers = FakeClock("2026-03-02T03:00Z"), []

    def attempt(number: int) -> RunRecord:
        numbers.append(number)
        return record(0 if number == 4 else 5)

    assert with_retries(attempt, 5, clock.clock).exit_code == 0
    assert numbers == [1, 2, 3, 4]
    assert clock.slept == [30, 60, 120]
    assert [each["attempt"] for each in named(events, "retry")] == [1, 2, 3]


def test_a_conflict_that_stays_is_the_outcome_and_the_loop_goes_on() -> None:
    clock = FakeClock("2026-03-01T12:00Z")
    done: list[int] = []

    def job(_due: datetime) -> RunRecord:
        if len(done) == 2:
            raise EndedError
        done.append(with_retries(lambda _number: record(5), 7, clock.clock).exit_code)
        return record(done[-1])

    with pytest.raises(EndedError):
        run(job, Cron("0 3 * * *"), clock=clock.clock)
    assert done == [5, 5]
    waits = [seconds for seconds in clock.slept if seconds not in (60, 0)]
    assert waits[:6] == [30, 120, 240, 480, 600, 600]


def test_nothing_but_a_conflict_is_tried_again() -> None:
    numbers: list[int] = []

    def attempt(number: int) -> RunRecord:
        numbers.append(number)
        return record(6)

    assert with_retries(attempt, 5, FakeClock("2026-03-02T03:00Z").clock).exit_code == 6
    assert numbers == [1]
