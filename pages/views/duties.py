"""What somebody does for a round without organizing it: provide targets, assess entries."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from challenges.errors import ChallengeError
from challenges.models import Target
from challenges.selectors import (
    assessed_rounds,
    can_assess,
    provided_targets,
    sees_names,
)
from challenges.services.corrections import PROPOSED
from challenges.services.providing import provide_answer, provide_commentary, provide_input
from leaderboards.assessment import assessment_document
from pages.boards.assessment import assessment_table
from pages.boards.seen import visible_round
from pages.duty_forms import FORMS, AnswerForm, CommentaryForm, InputForm


@login_required
def duties(request: HttpRequest) -> HttpResponse:
    """List the targets that the visitor provides and the rounds that the visitor assesses."""
    targets = provided_targets(request.user).order_by("round__opens_at", "position", "slug")
    answered = set(
        targets.filter(references__is_current=True).order_by().values_list("pk", flat=True)
    )
    context = {
        "targets": [(each, each.pk in answered) for each in targets],
        "rounds": assessed_rounds(request.user),
    }
    return render(request, "pages/duties.html", context)


@login_required
def provide(request: HttpRequest, challenge: str, round: str, target: str) -> HttpResponse:
    """Take what belongs to one own target; of the rest of the round nothing is shown."""
    found = get_object_or_404(
        provided_targets(request.user),
        round__challenge__slug=challenge,
        round__slug=round,
        slug=target,
    )
    sent = request.POST.get("form", "") if request.method == "POST" else ""
    forms = {
        name: form(request.POST, request.FILES, target=found)
        if name == sent
        else form(target=found)
        for name, form in FORMS.items()
    }
    if sent in forms and forms[sent].is_valid():
        try:
            told = _take(found, forms[sent], by=cast(User, request.user))
        except ChallengeError as error:
            forms[sent].add_error(None, str(error))
        else:
            messages.success(request, told)
            return redirect("pages:target-provide", challenge, round, target)
    context = {
        "target": found,
        "round": found.round,
        "forms": forms,
        "reference": found.references.filter(is_current=True).first(),
        "files": found.files.order_by("name"),
    }
    return render(request, "pages/provide.html", context)


def _take(target: Target, form: AnswerForm | InputForm | CommentaryForm, *, by: User) -> str:
    facts = form.cleaned_data
    if isinstance(form, AnswerForm):
        provide_answer(target, form.values, by=by, reason=facts.get("reason", ""))
        return PROPOSED if target.round.is_frozen else _("The answer is stored, sealed.")
    if isinstance(form, InputForm):
        upload = facts["file"]
        provide_input(
            target, name=upload.name, content=upload.file, by=by, description=facts["description"]
        )
        return _("The file is stored; it becomes public with the target.")
    provide_commentary(target, facts["commentary"], by=by)
    return _("The commentary is stored; it is shown once the round is revealed.")


def assessment(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    """Show assessors and organizers every entry's score on every target, for one metric."""
    found = visible_round(request, challenge, round)
    if not can_assess(request.user, found.challenge):
        raise Http404
    reader, now = request.user, timezone.now()
    with_names = sees_names(reader, found, now)
    document = assessment_document(found, reader=reader, with_names=with_names, moment=now)
    asked = request.GET.get("metric", "")
    metric = asked if asked in document["metrics"] else next(iter(document["metrics"]), "")
    context = {
        "round": found,
        "with_names": with_names,
        "column": next((each for each in document["columns"] if each["key"] == metric), None),
        "columns": document["columns"],
        "targets": [(slug, document["target_titles"].get(slug)) for slug in document["targets"]],
        "table": (table := assessment_table(document, metric)),
        "is_pooled": any(line.pooled is not None for line in table),
    }
    return render(request, "pages/assessment.html", context)
