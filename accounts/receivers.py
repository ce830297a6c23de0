"""What allauth tells by signals only."""

from __future__ import annotations

from typing import Any, cast

from allauth.socialaccount.models import SocialAccount, SocialLogin

from accounts.identity import drop_orcid, orcid_of, take_orcid
from accounts.models import User


def provider_connected(sender: object, sociallogin: SocialLogin, **kwargs: Any) -> None:
    """Keep the iD of somebody who connects ORCID to an account that is there."""
    if orcid := orcid_of(sociallogin.account):
        take_orcid(cast(User, sociallogin.user), orcid)


def provider_removed(sender: object, socialaccount: SocialAccount, **kwargs: Any) -> None:
    """An iD whose connection is gone is one that was typed."""
    if orcid_of(socialaccount):
        drop_orcid(cast(User, socialaccount.user))
