"""How the API's description tells of what it cannot find out by itself."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from knox.settings import knox_settings


class ScopedTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """A token in the header, with its scopes."""

    target_class = "api.authentication.ScopedTokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return build_bearer_security_scheme_object(
            header_name="Authorization", token_prefix=knox_settings.AUTH_HEADER_PREFIX
        )


def add_what_all_answers_share(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Describe what any operation may answer: a refusal, and 304 to who has the newest state."""
    _plain_anything(result)
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for operations in result["paths"].values():
        for method, operation in operations.items():
            answers = operation["responses"]
            answers.setdefault("default", {"description": "A refusal.", "content": error})
            if method == "get":
                answers.setdefault("304", {"description": "Nothing changed since If-None-Match."})
    return result


def _plain_anything(part: Any) -> None:
    """Write "anything, or null" as "anything": null would be both, which `oneOf` forbids."""
    if isinstance(part, dict):
        if part.get("oneOf") == [{}, {"type": "null"}]:
            del part["oneOf"]
        for inner in part.values():
            _plain_anything(inner)
    elif isinstance(part, list):
        for inner in part:
            _plain_anything(inner)
