"""What every template may use."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, str]:
    """Name the site in every page."""
    return {"site_name": settings.SITE_NAME}
