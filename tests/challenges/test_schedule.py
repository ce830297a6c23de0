"""Targets by the calendar: one rule fills release and deadline."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.models import User
from challenges.errors import RoundFrozen, ScheduleRefused
from challenges.models import Round
from challenges.services.bundles import import_bundle
from challenges.services.rounds import publish_round, unmet_before_publishing
from challenges.services.schedule import Schedule, schedule_targets, windows
from heldout.bundle.errors import BundleError
from tests.challenges.builders import person
from tests.challenges.bundle_files import CHALLENGE, files, write_folder

THURSDAY = datetime(2026, 5, 7, 15, 0, tzinfo=UTC)
LATER = THURSDAY + timedelta(days=90)


@pytest.fixture
def bob() -> User:
    return person("bob")


def opened(schedule: Schedule, count: int) -> list[str]:
    dates = windows(schedule, opens_at=THURSDAY, closes_at=LATER, count=count)
    return [f"{opens:%a %d %b %H:%M} to {closes:%a %d %b %H:%M}" for opens, closes in dates]


def test_a_daily_release_begins_at_the_first_hour_that_is_not_before_the_round() -> None:
    assert opened(Schedule(days_open=3, at=time(12)), 2) == [
        "Fri 08 May 12:00 to Mon 11 May 12:00",
        "Sat 09 May 12:00 to Tue 12 May 12:00",
    ]
    assert opened(Schedule(days_open=1, at=time(15)), 1) == ["Thu 07 May 15:00 to Fri 08 May 15:00"]


def test_a_weekly_release_gives_several_targets_at_a_time() -> None:
    weekly = Schedule(days_open=4, at=time(18), weekday="friday", per_release=2)
    assert opened(weekly, 3) == [
        "Fri 08 May 18:00 to Tue 12 May 18:00",
        "Fri 08 May 18:00 to Tue 12 May 18:00",
        "Fri 15 May 18:00 to Tue 19 May 18:00",
    ]
    missed = Schedule(days_open=1, at=time(9), weekday="thursday")
    assert opened(missed, 1) == ["Thu 14 May 09:00 to Fri 15 May 09:00"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"days_open": 0}, "1 or more"),
        ({"days_open": 1, "weekday": "freitag"}, "is no weekday"),
        ({"days_open": 1, "at": time(9, tzinfo=UTC)}, "without a zone"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(ScheduleRefused, match=told):
        Schedule(**wrong)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_targets_of_a_draft_get_their_dates_in_order(draft: Round, ada: User) -> None:
    daily = Schedule(days_open=2, at=timezone.now().time())
    schedule_targets(draft, list(draft.targets.all()), daily)
    dates = list(draft.targets.values_list("opens_at", "closes_at"))
    assert [closes - opens for opens, closes in dates] == [timedelta(days=2)] * 3
    assert dates[1][0] - dates[0][0] == dates[2][0] - dates[1][0] == timedelta(days=1)
    assert unmet_before_publishing(draft) == [
        "The targets are never all open at one moment, so no file can hold all answers: let a "
        "file replace the answers it holds, not the whole entry."
    ]
    draft.upload_replaces = Round.UploadReplaces.ANSWERS
    draft.save()
    assert unmet_before_publishing(draft) == []
    with pytest.raises(ScheduleRefused, match="The last of 3 targets would close at"):
        schedule_targets(draft, list(draft.targets.all()), Schedule(days_open=7))
    assert list(draft.targets.values_list("opens_at", "closes_at")) == dates
    publish_round(draft, by=ada)
    with pytest.raises(RoundFrozen):
        schedule_targets(draft, [], daily)


@pytest.mark.django_db
def test_a_bundle_dates_its_targets_by_a_calendar(tmp_path: Path, ada: User, bob: User) -> None:
    rule = "    schedule: {days_open: 5, weekday: Monday, at: 06:30}\n    metrics:\n"
    text = CHALLENGE.replace("    metrics:\n", rule)
    round_ = import_bundle(write_folder(tmp_path, files(text)), by=ada)
    own, dated = round_.targets.all()
    assert own.opens_at == datetime(2099, 1, 2, tzinfo=UTC)  # a date of its own stays
    assert dated.opens_at == datetime(2099, 1, 5, 6, 30, tzinfo=UTC)
    assert dated.closes_at == datetime(2099, 1, 10, 6, 30, tzinfo=UTC)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("{days_open: 50}", "after the round"),
        ("{days_open: 5, at: noon}", "time of day in UTC"),
        ("{weekday: friday}", "'days_open' is missing"),
        ("{days_open: 5, weekdy: friday}", "Did you mean 'weekday'"),
    ],
)
def test_a_calendar_that_does_not_fit_is_told_with_its_line(
    tmp_path: Path, ada: User, bob: User, rule: str, told: str
) -> None:
    text = CHALLENGE.replace("    metrics:\n", f"    schedule: {rule}\n    metrics:\n")
    line = text[: text.index("schedule:")].count("\n") + 1
    with pytest.raises(BundleError) as caught:
        import_bundle(write_folder(tmp_path, files(text)), by=ada)
    assert f"challenge.yaml, line {line}:" in str(caught.value)
    assert told in str(caught.value)
