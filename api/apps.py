from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "api"

    def ready(self) -> None:
        from api import description  # noqa: F401  # registers itself; needs all apps
