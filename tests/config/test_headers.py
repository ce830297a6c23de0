"""What every answer says to the browser, and what a download can never be."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.test import Client

from catalog.models import ArtifactFile
from tests.factories import make_artifact

pytestmark = pytest.mark.django_db
POLICY = {
    "default-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
}


@pytest.mark.parametrize(
    "address", ["/", "/login/", "/admin/login/", "/nothing/", "/api/v1/rounds/"]
)
def test_every_answer_carries_the_policies(client: Client, address: str) -> None:
    response = client.get(address)
    policy = {part.strip() for part in response["Content-Security-Policy"].split(";")}
    assert policy >= POLICY
    assert not any("unsafe" in part for part in policy)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
def test_a_page_put_into_a_dataset_is_downloaded_and_never_shown(
    client: Client, prefix: str
) -> None:
    artifact = make_artifact(slug="wave")
    file = ArtifactFile(artifact=artifact, name="evil.html", size_bytes=30, sha256="0" * 64)
    file.file.save("evil.html", ContentFile(b"<script>alert(document.domain)</script>"))
    response = client.get(f"{prefix}/artifacts/wave/1/files/evil.html")
    b"".join(response.streaming_content)
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"] == "application/octet-stream"


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(client: Client) -> None:
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == settings.CSRF_COOKIE_SAMESITE == "Lax"
    cookie = client.get("/login/").cookies["csrftoken"]
    assert cookie["samesite"] == "Lax"
