"""Where allauth asks us: names that look alike, teams of one, and whose ORCID iD it is."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.stages import EmailVerificationStage
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.identity import orcid_of, take_orcid
from accounts.languages import language_here, speaking_to
from accounts.models import User
from accounts.names import clean_name, skeleton
from accounts.services import ensure_team_of_one
from accounts.signing_in import client_address

_VERIFYING = "allauth.account.stages.EmailVerificationStage"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Accounts as this site makes them, whichever way they come in."""

    def clean_username(self, username: str, shallow: bool = False) -> str:
        try:
            name = clean_name(super().clean_username(username, shallow), field="username", low=1)
        except ValidationError as error:
            raise ValidationError(error.messages) from None  # the form has its own field names
        if not shallow and User.objects.filter(name_key=skeleton(name)).exists():
            raise ValidationError(_("Another person's username looks like this one."))
        return name

    @transaction.atomic
    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        given = form.cleaned_data
        user.display_name = given.get("display_name") or ""
        user.affiliation = given.get("affiliation") or ""
        user.language = language_here()
        user = super().save_user(request, user, form, commit=False)
        if commit:
            user.save()
            ensure_team_of_one(user)
        return user

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write to an account in its own language, whoever asked for the mail."""
        person = context.get("user")
        if isinstance(person, User) and person.language:
            with speaking_to(person):
                super().send_mail(template_prefix, email, context)
        else:
            super().send_mail(template_prefix, email, context)

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def get_login_stages(self) -> list[str]:
        ours = "accounts.adapters.VerifyEmailStage"
        return [ours if stage == _VERIFYING else stage for stage in super().get_login_stages()]


class VerifyEmailStage(EmailVerificationStage):  # type: ignore[misc]  # allauth ships no types
    """Verify the address there is: accounts from before, or made by command, may have none."""

    def handle(self) -> Any:
        if not self.login.user.email and not self.login.user.emailaddress_set.exists():
            return None, True
        return super().handle()


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # as above
    """People who sign in elsewhere."""

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: Any) -> Any:
        user = super().populate_user(request, sociallogin, data)
        # Names of people belong into one field here, and are shown, so they are asked for.
        user.first_name = user.last_name = ""
        return user

    def get_signup_form_initial_data(self, sociallogin: SocialLogin) -> dict[str, Any]:
        found: dict[str, Any] = super().get_signup_form_initial_data(sociallogin)
        told = sociallogin.account.get_provider().extract_common_fields(
            sociallogin.account.extra_data
        )
        parts = (told.get("first_name"), told.get("last_name"))
        found["display_name"] = told.get("name") or " ".join(filter(None, parts))
        return found

    @transaction.atomic
    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> Any:
        user = super().save_user(request, sociallogin, form)
        orcid = orcid_of(sociallogin.account)
        if orcid:
            take_orcid(user, orcid)
        return user

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False
