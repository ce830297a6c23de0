"""Submitting a prediction file."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.selectors import active_teams_of
from catalog.errors import CatalogError
from catalog.models import Artifact
from catalog.services import check_method, method_of_team, settle_inputs
from challenges.models import Round, RoundState
from challenges.selectors import can_organize, counting_targets
from pages.boards.seen import visible_round
from pages.forms import SubmitForm
from pages.quotas import quotas_of
from pages.refusals import Refusal, refusal_of, too_large
from pages.rounds import reader_of
from submissions.errors import SubmissionError
from submissions.models import ResumableUpload, Submission
from submissions.services.submit import submit
from submissions.services.uploads import find_upload, validate_resumable
from submissions.services.validate import require_ok

FORM_BYTES = 256 * 1024  # what the other fields may add to the file


@csrf_exempt
@login_required
def submit_page(request: HttpRequest, challenge: str, round: str) -> HttpResponseBase:
    """Note when the upload began and how large it will be before anything reads the body.

    Checking the CSRF token reads the whole body, so it comes after; the inner view has it.
    """
    request.received_at = timezone.now()  # type: ignore[attr-defined]
    found = visible_round(request, challenge, round)
    size = int(request.META.get("CONTENT_LENGTH") or 0)
    if request.method == "POST" and size > found.upload_limit_bytes + FORM_BYTES:
        return _page(request, found, _form(request, found), refusal=too_large(found, size))
    return _submit_page(request, found)


@csrf_protect
def _submit_page(request: HttpRequest, round: Round) -> HttpResponse:
    form = _form(request, round, is_bound=request.method == "POST")
    if request.method != "POST":
        return _page(request, round, form)
    if not form.is_valid():
        return _page(request, round, form, status=422)
    try:
        submission = _submit(request, round, form)
    except (SubmissionError, CatalogError) as error:
        return _page(request, round, form, refusal=refusal_of(error))
    return redirect(submission)


@login_required
@require_POST
def check_page(request: HttpRequest, challenge: str, round: str) -> HttpResponse:
    """Say what was understood of a file that was sent before the form: a part of the page."""
    found = visible_round(request, challenge, round)
    try:
        upload = find_upload(cast(User, request.user), request.POST.get("upload", ""))
        report = validate_resumable(upload, round=found, track=request.POST.get("track", ""))
        require_ok(report)
    except SubmissionError as error:
        return render(request, "pages/_check.html", {"round": found, "refusal": refusal_of(error)})
    targets = list(counting_targets(found))
    answered = [target for target in targets if target.slug in report.answered]
    context = {
        "round": found,
        "answered": answered,
        "offered": len(targets),
        "missing": [target for target in targets if target not in answered],
        "metadata": sorted(report.metadata.items()),
    }
    return render(request, "pages/_check.html", context)


def _submit(request: HttpRequest, round: Round, form: SubmitForm) -> Submission:
    user, given = cast(User, request.user), form.cleaned_data
    sent = None if given["file"] else find_upload(user, given["upload"])
    return submit(
        round=round,
        team=given["team"],
        by=user,
        chunks=sent or given["file"].chunks(),
        file_name=sent.file_name if sent else given["file"].name,
        size_bytes=None if sent else given["file"].size,
        received_at=request.received_at,  # type: ignore[attr-defined]
        # Asked for once the file is accepted, or every refused one would leave a method behind.
        method=lambda: _method(form, by=user),
        entry_kind=given.get("entry_kind") or Submission.EntryKind.PARTICIPANT,
        track=given.get("track") or "",
        model_index=given.get("model_index") or 1,
        note=given["note"],
        idempotency_key=given["key"],
    )


def _method(form: SubmitForm, *, by: User) -> Artifact:
    """Return the registered model that was chosen, or the new method with its lineage."""
    given = form.cleaned_data
    if given["registered"]:
        as_baseline = given.get("entry_kind") == Submission.EntryKind.BASELINE
        return check_method(given["registered"], given["team"], as_baseline=as_baseline)
    more = settle_inputs(given["elsewhere"], by=by)
    ticked = [*form.inputs(given), *given["base_models"]]
    named = list(dict.fromkeys([*ticked, *more]))
    return method_of_team(
        team=given["team"],
        title=given["method_title"],
        summary=given["method_summary"],
        inputs=[one for one in named if one.kind != Artifact.Kind.MODEL],
        base_models=[one for one in named if one.kind == Artifact.Kind.MODEL],
        uses=more,
        disclosure=given["disclosure"],
        by=by,
    )


def _form(request: HttpRequest, round: Round, *, is_bound: bool = False) -> SubmitForm:
    return SubmitForm(
        request.POST if is_bound else None,
        request.FILES if is_bound else None,
        baseline=request.GET.get("baseline", ""),
        round_=round,
        teams=active_teams_of(request.user),
        by=cast(User, request.user),
        organizes=can_organize(request.user, round.challenge),
    )


def _page(
    request: HttpRequest,
    round: Round,
    form: SubmitForm,
    *,
    refusal: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    state = round.state_at(now)
    context = {
        "round": round,
        "kept_upload": _kept_upload(request, form),
        "state": state,
        # Organizers add what was forgotten, like a baseline, after the close too.
        "takes": state is RoundState.OPEN
        or ("entry_kind" in form.fields and state in {RoundState.CLOSED, RoundState.REVEALED}),
        "form": form,
        "refusal": refusal,
        "reader": reader_of(round),
        "targets": round.targets.filter(cancelled_at__isnull=True),
        "quotas": quotas_of(active_teams_of(request.user), round, now),
    }
    return render(
        request, "pages/submit.html", context, status=refusal.status if refusal else status
    )


def _kept_upload(request: HttpRequest, form: SubmitForm) -> ResumableUpload | None:
    """Return the file that is here already, where the form comes back for another reason."""
    code = form.data.get("upload", "") if form.is_bound else ""
    if not code:
        return None
    try:
        return find_upload(cast(User, request.user), code)
    except SubmissionError:
        return None
