"""The contributor roles of CRediT (ANSI/NISO Z39.104-2022)."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

CREDIT_ROLES: dict[str, str] = {
    "conceptualization": "Conceptualization",
    "data-curation": "Data curation",
    "formal-analysis": "Formal analysis",
    "funding-acquisition": "Funding acquisition",
    "investigation": "Investigation",
    "methodology": "Methodology",
    "project-administration": "Project administration",
    "resources": "Resources",
    "software": "Software",
    "supervision": "Supervision",
    "validation": "Validation",
    "visualization": "Visualization",
    "writing-original-draft": "Writing: original draft",
    "writing-review-editing": "Writing: review and editing",
}


def validate_credit_roles(value: object) -> None:
    """Refuse anything but a list of distinct CRediT role slugs."""
    if not isinstance(value, list):
        raise ValidationError(_("Roles are a list of CRediT role names."))
    for role in value:
        if role not in CREDIT_ROLES:
            known = ", ".join(CREDIT_ROLES)
            raise ValidationError(
                _("%(role)s is not a CRediT role. Known roles: %(known)s.")
                % {"role": repr(role), "known": known}
            )
    if len(set(value)) != len(value):
        raise ValidationError(_("A role is named twice."))
