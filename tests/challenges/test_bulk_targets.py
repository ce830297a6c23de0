"""Many targets from one file: all mistakes of all lines at once, and nothing half written."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from accounts.models import User
from challenges.errors import RoundFrozen
from challenges.models import Reference, Round, Target
from challenges.services.bulk_targets import upload_targets
from challenges.services.references import open_references
from challenges.services.rounds import publish_round
from heldout.bundle.errors import BundleError
from tests.challenges.builders import draft_round, person
from tests.factories import npy_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return person("ada")


@pytest.fixture
def draft(ada: User) -> Round:
    return draft_round(ada)


def archive(table: str, *, top: str = "", **files: bytes) -> io.BytesIO:
    spool = io.BytesIO()
    with zipfile.ZipFile(spool, "w") as made:
        made.writestr(f"{top}targets.csv", table)
        for name, content in files.items():
            made.writestr(f"{top}{name.replace('__', '/').replace('_npy', '.npy')}", content)
    spool.seek(0)
    return spool


def test_a_table_adds_and_changes_targets_with_numbers_as_answers(draft: Round, ada: User) -> None:
    before = draft.targets.get(slug="t1")
    table = b"slug,title,classes,weight,answer\nt1,Renamed,,2,1.5\nt9,New,acid;base,,-3e2\n"
    report = upload_targets(draft, io.BytesIO(table), name="targets.csv", by=ada)
    assert (report.made, report.changed, report.removed, report.answers) == (1, 1, 0, 2)
    first, new = draft.targets.get(slug="t1"), draft.targets.get(slug="t9")
    assert (first.pk, first.title, first.weight) == (before.pk, "Renamed", 2.0)
    assert (new.classes, new.weight, new.position) == (["acid", "base"], 1.0, 4)
    with open_references(round=draft, purpose="test") as handles:
        assert float(np.load(handles["t1"])) == 1.5
        assert float(np.load(handles["t9"])) == -300.0


@pytest.mark.parametrize("top", ["", "my folder/"])
def test_an_archive_brings_answers_and_inputs(draft: Round, ada: User, top: str) -> None:
    content = archive(
        "slug,shape,answer,input\nu1,2x3,secret/u1.npy,in/u1.csv\n",
        top=top,
        secret__u1_npy=npy_bytes(np.ones((2, 3))),
        **{"in__u1.csv": b"x\n1\n"},
    )
    report = upload_targets(draft, content, name="all.zip", by=ada, replace=True)
    assert (report.made, report.removed, report.answers) == (1, 3, 1)
    target = draft.targets.get()
    assert target.shape == [2, 3]
    assert [file.name for file in target.files.all()] == ["u1.csv"]


def test_every_mistake_is_told_with_its_line_and_nothing_is_changed(
    draft: Round, ada: User
) -> None:
    before = list(Target.objects.order_by("pk").values()), Reference.objects.count()
    content = archive(
        "slug,shape,weight,answer,opens_at\n"
        "a,2x3,1,good.npy,\n"
        "b,2xthree,1,,\n"
        "c,,-1,,\n"
        "d,,1,gone.npy,\n"
        "a,,1,,\n"
        "e,,1,,2001-01-01T00:00:00Z\n",
        **{"good.npy": npy_bytes(np.ones((2, 3)))},
    )
    with pytest.raises(BundleError) as caught:
        upload_targets(draft, content, name="all.zip", by=ada)
    lines = [(problem.line, problem.message) for problem in caught.value.problems]
    assert sorted({line or 0 for line, _ in lines}) == [3, 4, 5, 6, 7]
    told = " ".join(message for _, message in lines)
    for word in ("whole numbers", "weight", "gone.npy", "there twice", "outside the round"):
        assert word in told
    assert (list(Target.objects.order_by("pk").values()), Reference.objects.count()) == before


def test_answers_that_do_not_fit_are_told_together_and_nothing_is_changed(
    draft: Round, ada: User
) -> None:
    before = set(Reference.objects.values_list("pk", flat=True))
    table = b"slug,shape,answer\nv1,,3\nv2,2,4\nv3,2,5\n"
    with pytest.raises(BundleError) as caught:
        upload_targets(draft, io.BytesIO(table), name="t.csv", by=ada)
    assert [problem.line for problem in caught.value.problems] == [3, 4]
    assert not any("4" in problem.message.split("shape")[0] for problem in caught.value.problems)
    assert not draft.targets.filter(slug__startswith="v").exists()
    assert set(Reference.objects.values_list("pk", flat=True)) == before


def test_an_unknown_column_a_wrong_archive_and_a_frozen_round_are_refused(
    draft: Round, ada: User
) -> None:
    with pytest.raises(BundleError, match="Did you mean 'weight'"):
        upload_targets(draft, io.BytesIO(b"slug,wieght\nt1,1\n"), name="t.csv", by=ada)
    with pytest.raises(BundleError, match="not a readable zip"):
        upload_targets(draft, io.BytesIO(b"PK"), name="t.zip", by=ada)
    with pytest.raises(BundleError, match="no line with a target"):
        upload_targets(draft, io.BytesIO(b"slug\n"), name="t.csv", by=ada)
    publish_round(draft, by=ada)
    with pytest.raises(RoundFrozen):
        upload_targets(draft, io.BytesIO(b"slug\nt1\n"), name="t.csv", by=ada)
