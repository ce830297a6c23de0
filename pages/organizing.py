"""The rounds that a person organizes, with what each of them needs now."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Count, Min
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from challenges.models import Challenge, RoundState
from challenges.selectors import Viewer
from challenges.services.next_step import NextStep, own_challenges
from leaderboards.identity import artifact_id
from leaderboards.last_winners import LastWinner, missing_winners
from submissions.models import Submission, SubmissionState

LONG_WAIT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that somebody has to do, and where."""

    sentence: str
    act: str
    address: str


@dataclass(frozen=True, slots=True)
class RoundNow:
    """A round as its organizers find it."""

    step: NextStep
    waiting: int
    running: int
    scored: int
    rejected: int
    failed: int
    needs: tuple[Need, ...]

    @property
    def repeats(self) -> bool:
        """Tell whether the sentence of the step is among what is needed."""
        return any(need.sentence == self.step.sentence for need in self.needs)


@dataclass(frozen=True, slots=True)
class Organized:
    """A challenge that the person organizes."""

    challenge: Challenge
    rounds: tuple[RoundNow, ...]


def organized(user: Viewer) -> list[Organized]:
    """Return the person's challenges; asks the database equally often for any number of them."""
    mine = own_challenges(user)
    now = timezone.now()
    rounds = [step.round for own in mine for step in own.steps]
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    since: dict[int, datetime] = {}
    rows = Submission.objects.filter(round__in=rounds).order_by().values("round", "state")
    for row in rows.annotate(number=Count("pk"), oldest=Min("queued_at")):
        counts[row["round"]][row["state"]] = row["number"]
        if row["state"] == SubmissionState.QUEUED and row["oldest"]:
            since[row["round"]] = row["oldest"]
    lacking = missing_winners(rounds)
    return [
        Organized(
            own.challenge,
            tuple(
                _round(step, counts[step.round.pk], since.get(step.round.pk), now, lacking)
                for step in own.steps
            ),
        )
        for own in mine
    ]


def _round(
    step: NextStep,
    counts: Counter[str],
    since: datetime | None,
    now: datetime,
    lacking: Mapping[int, list[LastWinner]],
) -> RoundNow:
    states = SubmissionState
    is_late = since is not None and now - since > LONG_WAIT
    return RoundNow(
        step=step,
        waiting=counts[states.QUEUED],
        running=counts[states.RUNNING],
        scored=counts[states.SCORED],
        rejected=counts[states.REJECTED],
        failed=counts[states.FAILED],
        needs=(
            *_needs(step, failed=counts[states.FAILED], is_late=is_late),
            *_baselines(step, lacking.get(step.round.pk, ())),
        ),
    )


def _needs(step: NextStep, *, failed: int, is_late: bool) -> Iterator[Need]:
    key = step.round.pk
    form = reverse("admin:challenges_round_change", args=[key])
    if step.state is RoundState.DRAFT:
        yield Need(step.sentence, _("Open the form"), form)
        return
    if step.state in {RoundState.CLOSED, RoundState.REVEALED}:
        act = reverse("admin:challenges_round_act", args=[key, step.act])
        labels = {"reveal": _("Reveal"), "finalize": _("Declare final")}
        yield Need(step.sentence, labels[step.act], act)
    overview = reverse("admin:submissions_submission_overview", args=[key])
    if is_late:
        sentence = _("A submission has been waiting for more than 15 minutes.")
        yield Need(sentence, _("Look at the queue"), overview)
    if failed and step.state is not RoundState.FINAL:
        sentence = ngettext(
            "%(number)d submission failed on our side.",
            "%(number)d submissions failed on our side.",
            failed,
        ) % {"number": failed}
        yield Need(sentence, _("See why"), overview)
    if step.disputes:
        sentence = ngettext(
            "%(number)d dispute has no answer.",
            "%(number)d disputes have no answer.",
            step.disputes,
        ) % {"number": step.disputes}
        disputes = reverse("admin:challenges_dispute_changelist")
        query = f"?state__exact=open&target__round__id__exact={key}"
        yield Need(sentence, _("Give an answer"), disputes + query)


def _baselines(step: NextStep, lacking: Iterable[LastWinner]) -> Iterator[Need]:
    """Ask for the first of the round before as a baseline, while one may still be entered."""
    if step.state not in {RoundState.OPEN, RoundState.CLOSED, RoundState.REVEALED}:
        return
    place = reverse("pages:submit", args=[step.round.challenge.slug, step.round.slug])
    for each in lacking:
        told = {"method": each.method.title, "before": each.round.title}
        sentence = _("%(method)s, first in %(before)s, is no scored baseline yet.") % told
        query = urlencode({"baseline": artifact_id(each.method)})
        yield Need(sentence, _("Enter it"), f"{place}?{query}")
