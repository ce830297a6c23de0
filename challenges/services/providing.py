"""What the provider of a target may do for it: its answer, its input, its commentary."""

from __future__ import annotations

from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from numpy.typing import NDArray

from accounts.models import User
from challenges.errors import NotProvider
from challenges.models import RoundFile, Target
from challenges.selectors import can_provide
from challenges.services.corrections import store_answers
from challenges.services.files import add_round_file


def provide_answer(
    target: Target, values: NDArray[Any] | BinaryIO, *, by: User, reason: str = ""
) -> None:
    """Store the answer of an own target; once the round is published, propose it to organizers.

    Raises
    ------
    NotProvider
        If the person is not named as provider of the target.
    ChallengeError
        If the answer does not fit the target, or a proposal has no reason.
    """
    _check(target, by)
    store_answers(target.round, [(target, values)], by=by, reason=reason)


def provide_input(
    target: Target, *, name: str, content: BinaryIO, by: User, description: str = ""
) -> RoundFile:
    """Store a file that becomes public with an own target, while the round is a draft.

    Raises
    ------
    NotProvider
        If the person is not named as provider of the target.
    RoundFileRefused, RoundFrozen
        If the name is not allowed or taken by another target's file, or the round is published.
    """
    _check(target, by)
    there = RoundFile.objects.filter(round=target.round, name=name).first()
    if there is not None and there.target_id != target.pk:
        raise NotProvider(
            _("The round has a file %(name)s already.") % {"name": name}, _("Choose another name.")
        )
    return add_round_file(
        target.round, name=name, content=content, target=target, description=description, by=by
    )


def provide_commentary(target: Target, text: str, *, by: User) -> None:
    """Write what is said of an own target once the round is revealed.

    Raises
    ------
    NotProvider
        If the person is not named as provider of the target.
    """
    _check(target, by)
    Target.objects.filter(pk=target.pk).update(commentary=text.strip())


def _check(target: Target, by: User) -> None:
    if not can_provide(by, target):
        raise NotProvider(
            _("%(username)s is not named as provider of %(target)s.")
            % {"username": by.username, "target": target.slug}
        )
