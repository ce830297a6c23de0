"""Stored files are read again: every damage is found within a cycle, and changes nothing else."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from challenges.models import Reference
from leaderboards.models import Board, BoardRevision
from leaderboards.services.refresh import refresh_stale_boards
from submissions.models import FileCheck, Submission
from submissions.services import fixity
from submissions.services.fixity import check_file_of, check_some_files, not_sound
from tests import factories

pytestmark = pytest.mark.django_db

State = FileCheck.State


def flip_a_byte(row):
    path = Path(row.file.path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.fixture
def whole_cycle(monkeypatch):
    """Let one run be a cycle of its own."""
    monkeypatch.setattr(fixity, "RUN_EVERY", fixity.CYCLE)


def test_every_flipped_byte_is_found_within_one_cycle_and_boards_stay(whole_cycle):
    round_ = factories.make_round()
    rows = [factories.make_scored(round_, {"t1": 1.0, "t2": 2.0, "t3": 3.0}) for _ in range(20)]
    refresh_stale_boards()
    before = list(BoardRevision.objects.values())
    damaged = [*rows[:10], *Reference.objects.filter(target__round=round_)]
    for row in damaged:
        flip_a_byte(row)
    assert {(check.kind, check.object_id) for check in check_some_files()} == {
        (row._meta.label, row.pk) for row in damaged
    }
    assert set(not_sound().values_list("state", flat=True)) == {"damaged"}
    assert FileCheck.objects.filter(state=State.SOUND).count() == len(rows) - 10
    refresh_stale_boards()
    assert before
    assert list(BoardRevision.objects.values()) == before
    assert Board.objects.count() >= 1


def test_each_run_takes_its_share_and_goes_on_where_the_last_one_ended(monkeypatch):
    monkeypatch.setattr(fixity, "RUN_EVERY", fixity.CYCLE / 4)
    monkeypatch.setattr(fixity, "KINDS", (Submission,))
    round_ = factories.make_round()
    for _ in range(8):
        factories.make_submission(round_)
    looked_at = []
    for _ in range(4):
        check_some_files()
        looked_at.append(FileCheck.objects.count())
    assert looked_at == [3, 6, 8, 8]
    FileCheck.objects.update(begun_at=timezone.now() - fixity.CYCLE - timedelta(days=1))
    check_some_files()
    recent = timezone.now() - timedelta(hours=1)
    assert FileCheck.objects.filter(begun_at__gte=recent).count() == 3


def test_missing_file_is_told_apart_from_a_damaged_one():
    submission = factories.make_submission()
    Path(submission.file.path).unlink()
    assert check_file_of(submission).state == State.MISSING


def test_check_that_does_not_end_proves_nothing_and_is_tried_again_a_day_later(monkeypatch):
    submission = factories.make_submission()
    check_file_of(submission)

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fixity, "_state_of", killed)
        with pytest.raises(KeyboardInterrupt):
            check_file_of(submission)
    assert not_sound().get().state == State.UNPROVED
    monkeypatch.setattr(fixity, "KINDS", (Submission,))
    check_some_files()
    assert not_sound().exists()
    FileCheck.objects.update(begun_at=timezone.now() - timedelta(days=2))
    check_some_files()
    assert not not_sound().exists()


def test_check_of_a_row_that_is_gone_is_forgotten(whole_cycle):
    submission = factories.make_submission()
    FileCheck.objects.create(
        kind="submissions.Submission",
        object_id=submission.pk + 1000,
        state=State.DAMAGED,
        begun_at=timezone.now(),
    )
    assert check_some_files() == []
    assert not not_sound().exists()


def test_command_reads_all_files_and_fails_when_one_is_not_sound(capsys):
    submission = factories.make_submission()
    call_command("check_files")
    assert capsys.readouterr().out == "4 files read, all sound.\n"
    flip_a_byte(submission)
    with pytest.raises(CommandError, match="1 of 4 files are not sound"):
        call_command("check_files")
    assert f"submissions.Submission {submission.pk}: damaged" in capsys.readouterr().out
