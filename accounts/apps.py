from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from allauth.socialaccount.signals import (
            social_account_added,
            social_account_removed,
            social_account_updated,
        )

        from accounts.audit import staff_signed_in
        from accounts.receivers import provider_connected, provider_removed

        user_logged_in.connect(staff_signed_in, dispatch_uid="audit")
        social_account_added.connect(provider_connected, dispatch_uid="orcid-added")
        social_account_updated.connect(provider_connected, dispatch_uid="orcid-updated")
        social_account_removed.connect(provider_removed, dispatch_uid="orcid-removed")
