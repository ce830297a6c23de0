"""Saving and publishing statements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from catalog.errors import NotYours, StatementRefused
from catalog.models import Artifact, Statement
from catalog.selectors import can_edit, draft_statement, missing_facts, published_statement
from catalog.statements import check, completeness


def refuse_strangers(artifact: Artifact, by: User) -> None:
    """Refuse who may not change the artifact."""
    if not can_edit(by, artifact):
        raise NotYours(
            _("%(artifact)s is not yours to change.") % {"artifact": artifact},
            _("Ask who registered it, or claim your share if you are among its makers."),
        )


def save_answers(artifact: Artifact, answers: Mapping[str, Any], *, by: User) -> Statement:
    """Put answers into the draft of the statement; None takes an answer out.

    The draft begins as a copy of what is published. What the answers do not name stays.

    Raises
    ------
    NotYours, StatementRefused
        If the person may not, or with every answer that does not fit.
    """
    refuse_strangers(artifact, by)
    given = {key: value for key, value in answers.items() if value is not None}
    problems = check(given, artifact.kind)
    if problems:
        fields = {each.field: each.message for each in problems}
        told = "; ".join(f"{key}: {message}" for key, message in fields.items())
        raise StatementRefused(f"Some answers do not fit. {told}"[:1000], fields=fields)
    with transaction.atomic():
        Artifact.objects.select_for_update().get(pk=artifact.pk)
        draft = draft_statement(artifact) or _new_draft(artifact, by)
        kept = {key: value for key, value in draft.answers.items() if key not in answers}
        draft.answers = kept | given
        draft.saved_by, draft.saved_at = by, timezone.now()
        draft.save()
    return draft


def publish_statement(artifact: Artifact, *, by: User) -> Statement:
    """Publish the draft; it is then shown to everyone and never changes.

    Raises
    ------
    NotYours, StatementRefused
        If the person may not, there is no draft, or what a statement needs is missing.
    """
    refuse_strangers(artifact, by)
    with transaction.atomic():
        locked = Artifact.objects.select_for_update().get(pk=artifact.pk)
        draft = draft_statement(locked)
        if draft is None:
            raise StatementRefused(_("There is no draft to publish."), fields={})
        missing = missing_facts(locked, locked.files.all()) | {
            each.key: _("“%(question)s” is not answered.") % {"question": each.label}
            for each in completeness(draft.answers, locked.kind).needed_missing
        }
        if missing:
            raise StatementRefused(
                _("%(number)s things are missing: %(missing)s")
                % {"number": len(missing), "missing": " ".join(missing.values())},
                _("An answer may be “not disclosed”; it is then shown so."),
                fields=missing,
            )
        now = timezone.now()
        Statement.objects.filter(pk=draft.pk, published_at__isnull=True).update(
            published_at=now, saved_by=by
        )
    draft.published_at = now
    return draft


def _new_draft(artifact: Artifact, by: User) -> Statement:
    last = published_statement(artifact)
    return Statement(
        artifact=artifact,
        number=last.number + 1 if last else 1,
        answers=dict(last.answers) if last else {},
        saved_by=by,
    )
