"""Who somebody is, and how that is known: an authenticated ORCID iD, an address, or by hand."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.identifiers import validate_orcid
from accounts.models import User

ORCID = "orcid"  # how the provider is named in the settings


def orcid_of(account: SocialAccount) -> str:
    """Return the iD that ORCID itself authenticated; of any other provider nothing."""
    return str(account.uid) if account.provider == ORCID else ""


@transaction.atomic
def take_orcid(user: User, orcid: str) -> None:
    """Keep an authenticated ORCID iD with its time; who had only typed it loses it."""
    validate_orcid(orcid)
    others = User.objects.select_for_update().filter(orcid=orcid).exclude(pk=user.pk)
    others.update(orcid="", orcid_verified_at=None)
    user.orcid, user.orcid_verified_at = orcid, timezone.now()
    user.save(update_fields=["orcid", "orcid_verified_at"])


def drop_orcid(user: User) -> None:
    """Forget that the iD was authenticated; what is left is as if it had been typed."""
    User.objects.filter(pk=user.pk).update(orcid_verified_at=None)


def is_identified(user: User) -> bool:
    """Tell whether the person is known well enough to hold credit, as CREDIT_IDENTITY says."""
    known_by_hand = user.identity_checked_at is not None
    match settings.CREDIT_IDENTITY:
        case "orcid":
            return known_by_hand or user.orcid_verified_at is not None
        case "email":
            verified = EmailAddress.objects.filter(user=user, verified=True)
            return known_by_hand or verified.exists()
        case "manual":
            return known_by_hand
    return True


def offers_connections() -> bool:
    """Tell whether this site lets people sign in elsewhere at all."""
    return any(provider["APPS"] for provider in settings.SOCIALACCOUNT_PROVIDERS.values())


def remedy_of_identity() -> str:
    """Return what a person who is not identified can do."""
    return {
        "orcid": _("Connect your ORCID iD under Your account."),
        "email": _("Verify your e-mail address under Your account."),
        "manual": _("Ask the operators of this site to check who you are."),
    }.get(settings.CREDIT_IDENTITY, "")
