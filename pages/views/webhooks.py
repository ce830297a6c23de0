"""A person's webhooks: adding, trying, looking what became of deliveries."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from accounts.models import User
from community.errors import CommunityError
from community.models import CHOOSABLE, Webhook
from community.models.webhook import all_kinds
from community.selectors import deliveries_to, webhooks_of
from community.services.webhooks import (
    add_webhook,
    change_webhook,
    redeliver,
    rotate_secret,
    send_test,
)

PAGE = 30


class WebhookForm(forms.Form):
    """Where to, and of what."""

    url = forms.CharField(
        max_length=500,
        label=gettext_lazy("Address"),
        help_text=gettext_lazy("Begins with https:// and is reached from the internet."),
        widget=forms.URLInput,
    )
    kinds = forms.MultipleChoiceField(
        choices=[(kind.value, kind.label) for kind in CHOOSABLE],
        initial=all_kinds,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("It is told when"),
    )


@never_cache
@login_required
def webhooks(request: HttpRequest) -> HttpResponse:
    """List a person's webhooks, and add one."""
    person, secret, added = cast(User, request.user), "", None
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            added, secret = add_webhook(person, **form.cleaned_data)
            form = WebhookForm()
        except CommunityError as error:
            form.add_error("url", str(error))
    context = {"form": form, "webhooks": webhooks_of(person), "secret": secret, "added": added}
    return render(request, "pages/webhooks.html", context, status=422 if form.errors else 200)


@never_cache
@login_required
def webhook(request: HttpRequest, code: str) -> HttpResponse:
    """Show a webhook with its deliveries, and do what its buttons say."""
    hook = get_object_or_404(webhooks_of(cast(User, request.user)), code=code)
    act = request.POST.get("act", "")
    if act == "rotate":  # shown this once, so there is no redirect
        return _page(request, hook, secret=rotate_secret(hook))
    if act == "delete":
        hook.delete()
        messages.success(request, _("The webhook is removed."))
        return redirect("pages:webhooks")
    if act == "save":
        form = WebhookForm(request.POST)
        if not form.is_valid():
            return _page(request, hook, form=form)
    try:
        told = _do(request, hook, act)
    except CommunityError as error:
        messages.error(request, str(error))
        return redirect(hook)
    if told:
        messages.success(request, told)
        return redirect(hook)
    return _page(request, hook)


def _do(request: HttpRequest, hook: Webhook, act: str) -> str:
    if act == "test":
        send_test(hook)
        return _("A test is on its way. Look again in some seconds.")
    if act == "again":
        redeliver(get_object_or_404(deliveries_to(hook), code=_uuid(request)))
        return _("It is sent once more. Look again in some seconds.")
    if act in {"on", "off"}:
        change_webhook(hook, is_active=act == "on")
        return _("Switched on.") if hook.is_active else _("Switched off.")
    if act == "save":
        change_webhook(hook, url=request.POST["url"], kinds=request.POST.getlist("kinds"))
        return _("Saved.")
    return ""


def _uuid(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("delivery", ""))
    except ValueError:
        return None


def _page(
    request: HttpRequest, hook: Webhook, *, secret: str = "", form: WebhookForm | None = None
) -> HttpResponse:
    page = Paginator(deliveries_to(hook), PAGE).get_page(request.GET.get("page"))
    context = {
        "webhook": hook,
        "secret": secret,
        "page": page,
        "form": form or WebhookForm(initial={"url": hook.url, "kinds": hook.kinds}),
    }
    return render(request, "pages/webhook.html", context, status=422 if form else 200)
