"""Acts on single targets."""

from __future__ import annotations

import logging
from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from challenges.errors import RoundNotReady, TargetRefused
from challenges.models import Reference, Round, RoundFile, RoundState, Target
from challenges.models.reference import reference_storage
from challenges.services.amendments import amendment
from challenges.services.rounds import locked_draft

logger = logging.getLogger(__name__)


@transaction.atomic
def remove_target(target: Target) -> None:
    """Remove a target from a draft, with its answers and files.

    Raises
    ------
    RoundFrozen
        If the round is published: then a target can only be cancelled.
    """
    locked_draft(target.round)
    for reference in Reference.objects.filter(target=target):
        transaction.on_commit(partial(reference_storage().delete, str(reference.file)))
        reference.delete()
    for file in RoundFile.objects.filter(target=target):
        transaction.on_commit(partial(default_storage.delete, str(file.file)))
    target.delete()


@transaction.atomic
def cancel_target(target: Target, *, reason: str, by: User) -> Target:
    """Take a target out of the round, with a public reason; it stays listed as cancelled.

    Raises
    ------
    TargetRefused
        If there is no reason, it is cancelled already, or it is the last one that counts.
    RoundNotReady
        If the round is final.
    """
    reason = reason.strip()
    if not reason or len(reason) > 300:
        raise TargetRefused(
            _("A target is cancelled with a public reason of up to 300 characters.")
        )
    round = Round.objects.select_for_update().get(pk=target.round_id)
    if round.state is RoundState.FINAL:
        raise RoundNotReady(
            _("%(round)s is final, so its targets stay as they are.") % {"round": round}
        )
    counting = Target.objects.filter(round=round, cancelled_at__isnull=True)
    if not counting.exclude(pk=target.pk).exists():
        raise TargetRefused(
            _("%(target)s is the last target that counts.") % {"target": target.slug},
            _("Close the round instead."),
        )
    with amendment(round, by=by, reason=reason):
        moved = counting.filter(pk=target.pk).update(
            cancelled_at=timezone.now(), cancel_reason=reason
        )
    if moved != 1:
        raise TargetRefused(_("Target %(target)s is cancelled already.") % {"target": target.slug})
    logger.info("cancelled target=%s round=%s by=%s", target.pk, round.pk, by.pk)
    audit.record(audit.Act.CANCEL, target, by=by, challenge=round.challenge_id, reason=reason)
    target.refresh_from_db()
    return target
