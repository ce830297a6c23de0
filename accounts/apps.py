from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.audit import staff_signed_in

        user_logged_in.connect(staff_signed_in, dispatch_uid="audit")
