"""Due times: what cron expressions mean, around changes of summer time, in leap years, and any expression."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendcore.errors import UsageError
from trendcore.schedule import Cron


def due(expression: str, zone: str, start: str, count: int) -> list[str]:
    """The first due times after a moment, as the zone's clock shows them."""
    cron, moment, found = Cron(expression, zone), datetime.fromisoformat(start), []
    for _ in range(count):
        moment = cron.after(moment)
        found.append(moment.isoformat()[:16] + moment.isoformat()[19:])
    return found


def test_five_fields_in_utc_by_default() -> None:
    # 2 March 2026 is a Monday: 1 is Monday, 0 and 7 are Sunday
    monday = Cron("0 3 * * 1").after(datetime(2026, 2, 28, tzinfo=UTC))
    assert monday == datetime(2026, 3, 2, 3, tzinfo=UTC)
    for sunday in ("0", "7", "SUN", "sun"):
        assert Cron(f"0 3 * * {sunday}").after(monday) == datetime(2026, 3, 8, 3, tzinfo=UTC)


def test_the_time_after_a_due_time_is_the_next_one_to_the_microsecond() -> None:
    cron, at_three = Cron("0 3 * * *"), datetime(2026, 3, 2, 3, tzinfo=UTC)
    assert cron.after(at_three - timedelta(microseconds=1)) == at_three
    assert cron.after(at_three) == at_three + timedelta(days=1)
    assert cron.after(at_three + timedelta(microseconds=1)) == at_three + timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "start", "night"),
    [
        ("Europe/Berlin", "2026-03-28T12:00Z", ["2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"]),
        ("America/New_York", "2026-03-07T12:00Z", ["2026-03-08T03:00-04:00", "2026-03-09T02:30-04:00"]),
        # half an hour only
        ("Australia/Lord_Howe", "2026-10-03T10:00Z", ["2026-10-04T02:30+11:00", "2026-10-05T02:30+11:00"]),
    ],
)
def test_in_spring_a_time_that_does_not_exist_runs_when_the_clock_has_jumped(
    zone: str, start: str, night: list[str]
) -> None:
    expression = "15 2 * * *" if zone == "Australia/Lord_Howe" else "30 2 * * *"
    found = due(expression, zone, start, 2)
    assert found == [night[0], night[1].replace("02:30", "02:15") if "15 2" in expression else night[1]]


def test_in_spring_two_times_that_do_not_exist_are_one_run() -> None:
    assert due("0,30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", 2) == [
        "2026-03-29T03:00+02:00",
        "2026-03-30T02:00+02:00",
    ]


@pytest.mark.parametrize(
    ("zone", "expression", "start", "nights"),
    [
        (
            "Europe/Berlin", "30 2 * * *", "2026-10-24T12:00Z",
            ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"],
        ),
        (
            "America/New_York", "30 1 * * *", "2026-10-31T12:00Z",
            ["2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"],
        ),
    ],
)  # fmt: skip
def test_in_autumn_a_time_that_is_shown_twice_runs_once(
    zone: str, expression: str, start: str, nights: list[str]
) -> None:
    assert due(expression, zone, start, 2) == nights


@pytest.mark.parametrize("minute", ["00:30", "00:59", "01:00", "01:15", "01:30", "01:59"])
def test_in_the_hour_that_is_shown_twice_nothing_is_due_that_is_over(minute: str) -> None:
    # 2:30 was at 0:30 UTC; the clock shows 2:00 to 3:00 from 0:00 to 2:00 UTC
    assert due("30 2 * * *", "Europe/Berlin", f"2026-10-25T{minute}Z", 1) == ["2026-10-26T02:30+01:00"]


@pytest.mark.parametrize("start", ["2026-03-28T20:00Z", "2026-10-24T20:00Z"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_an_hourly_job_runs_every_hour(zone: str, start: str) -> None:
    if zone == "America/New_York":
        start = {"03-28": "2026-03-07T20:00Z", "10-24": "2026-10-31T20:00Z"}[start[5:10]]
    cron, moment = Cron("0 * * * *", zone), datetime.fromisoformat(start)
    for hour in range(1, 25):
        moment = cron.after(moment)
        assert moment.astimezone(UTC) == datetime.fromisoformat(start) + timedelta(hours=hour)


def test_a_job_in_a_rhythm_runs_whenever_the_clock_shows_its_time() -> None:
    assert due("0 */2 * * *", "Europe/Berlin", "2026-03-28T22:30Z", 2) == [
        "2026-03-29T00:00+01:00",
        "2026-03-29T04:00+02:00",
    ]
    assert due("0 */2 * * *", "Europe/Berlin", "2026-10-24T21:30Z", 4) == [
        "2026-10-25T00:00+02:00",
        "2026-10-25T02:00+02:00",
        "2026-10-25T02:00+01:00",
        "2026-10-25T04:00+01:00",
    ]


def test_leap_days() -> None:
    assert due("0 3 29 2 *", "UTC", "2026-03-01T00:00Z", 2) == [
        "2028-02-29T03:00+00:00",
        "2032-02-29T03:00+00:00",
    ]
    assert due("0 3 29 2 *", "UTC", "2096-03-01T00:00Z", 1) == ["2104-02-29T03:00+00:00"]  # 2100 has none
    assert due("0 3 L 2 *", "UTC", "2027-03-01T00:00Z", 2) == [
        "2028-02-29T03:00+00:00",
        "2029-02-28T03:00+00:00",
    ]


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("60 * * * *", "Bad minute"),
        ("* * * *", "five fields"),
        ("0 0 3 * * 1", "five fields"),  # with seconds, of which cron knows nothing
        ("@daily", "five fields"),
        ("", "five fields"),
        ("0 3 * * mondays", "Bad day-of-week"),
        ("0 3 30 2 *", "Bad day-of-month"),
        ("0 3 * * 1#6", "Bad day-of-week"),
        ("*/0 * * * *", "Bad minute"),
        ("0 ３ * * *", "Bad hour"),
    ],
)
def test_what_is_no_expression_is_refused_in_a_line(expression: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as raised:
        Cron(expression)
    assert "0 3 * * 1" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "zone", ["Berlin", "Europe", "", "../etc/passwd", "/etc/localtime", "Europe/Berlin\0"]
)
def test_what_is_no_time_zone_is_refused_in_a_line(zone: str) -> None:
    with pytest.raises(UsageError, match="there is no such time zone here"):
        Cron("0 3 * * *", zone)


FIELDS = st.sampled_from("*,/-LW#0123456789 monfeb") | st.sampled_from(["*/5", "1-5", "L", "LW", "5L", "1#2"])


@given(st.lists(FIELDS, max_size=12).map("".join))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        cron = Cron(text)
    except UsageError:
        return
    assert cron.after(datetime(2026, 1, 1, tzinfo=UTC)) > datetime(2026, 1, 1, tzinfo=UTC)


@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "UTC"]),
    st.sampled_from(["30 2 * * *", "0,30 0-3 * * *", "*/20 * * * *", "0 */3 * * *", "10 1,2 * * 0"]),
    st.integers(0, 365 * 24 * 60).map(
        lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
)
def test_due_times_only_go_forth(zone: str, expression: str, start: datetime) -> None:
    cron, moment = Cron(expression, zone), start
    for _ in range(8):
        following = cron.after(moment)
        assert following.astimezone(UTC) > moment.astimezone(UTC)
        between = cron.between(moment, following)
        assert between == [following]  # none is left out
        moment = following
