"""A certificate: what one person contributed to one round, in words, as a table and as JSON-LD."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from catalog.models import Artifact
from catalog.roles import CREDIT_ROLES
from challenges.models import Round
from leaderboards.models import CreditBook
from pages.credit import PersonCredit, PersonRow

MICRO = 1_000_000
UNSAFE_IN_A_PAGE = "<>&\u2028\u2029"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a book of a round says of a person; only confirmed shares are in it."""

    person: User
    round: Round
    book: CreditBook
    credit: PersonCredit
    address: str  # of the certificate
    export: str  # the address of what it can be computed again from
    site: str

    @property
    def rows(self) -> list[PersonRow]:
        return [row for row in self.credit.rows if row.contribution.confirmed_at and row.total > 0]

    @property
    def orcid(self) -> str:
        """The ORCID address, only if ORCID itself said that it is this person's."""
        verified = self.person.orcid and self.person.orcid_verified_at
        return f"https://orcid.org/{self.person.orcid}" if verified else ""

    @property
    def name(self) -> str:
        return f"Credit of {self.person.public_name} in {self.round.challenge.title}, " + (
            f"{self.round.title}"
        )

    @property
    def citation(self) -> str:
        """One paragraph to cite it by."""
        parts = ", ".join(
            f"{kind.value} {_points(amount)}" for kind, amount in self.credit.by_kind if amount
        )
        orcid = f" ({self.orcid})" if self.orcid else ""
        return (
            f"{self.person.public_name}{orcid}. Credit in {self.round.challenge.title}, "
            f"{self.round.title}: {_points(self.credit.total)} points ({parts}). "
            f"{self.site}, book {self.book.number}, {self.book.created_at:%Y-%m-%d}. {self.address}"
        )


def _points(micropoints: int) -> str:
    return f"{micropoints / MICRO:,.2f}"


def as_json_ld(certificate: Certificate) -> dict[str, Any]:
    """Return the certificate in the terms of schema.org."""
    person: dict[str, Any] = {"@type": "Person", "name": certificate.person.public_name}
    if certificate.orcid:
        person["@id"] = certificate.orcid
    if certificate.person.affiliation:
        person["affiliation"] = {
            "@type": "Organization", "name": certificate.person.affiliation
        }  # fmt: skip
    return {
        "@context": "https://schema.org",
        "@type": "DigitalDocument",
        "@id": certificate.address,
        "name": certificate.name,
        "text": certificate.citation,
        "about": person,
        "publisher": {"@type": "Organization", "name": certificate.site},
        "datePublished": f"{certificate.book.created_at:%Y-%m-%d}",
        "version": certificate.book.number,
        "isBasedOn": certificate.export,
        "identifier": {
            "@type": "PropertyValue",
            "propertyID": "facts_sha256",
            "value": certificate.book.facts_sha256,
        },
        "additionalProperty": [
            {
                "@type": "PropertyValue",
                "propertyID": f"{kind.value}_micropoints",
                "value": amount,
            }
            for kind, amount in certificate.credit.by_kind
        ],
        "mentions": [_work(row, person) for row in certificate.rows],
    }


def _work(row: PersonRow, person: dict[str, Any]) -> dict[str, Any]:
    artifact = row.contribution.artifact
    is_model = artifact.kind == Artifact.Kind.MODEL
    return {
        "@type": "SoftwareSourceCode" if is_model else "Dataset",
        "name": artifact.title,
        "version": artifact.version,
        "contributor": {
            "@type": "Role",
            "contributor": person,
            "roleName": [CREDIT_ROLES.get(each, each) for each in row.contribution.roles],
        },
        "additionalProperty": [
            {"@type": "PropertyValue", "propertyID": "share_basis_points",
             "value": row.contribution.share_bp},
            {"@type": "PropertyValue", "propertyID": "micropoints", "value": row.total},
        ],
    }  # fmt: skip


def json_for_a_page(content: dict[str, Any]) -> str:
    """Write JSON so that no text in it can end the element it stands in."""
    text = json.dumps(content, ensure_ascii=False)
    for sign in UNSAFE_IN_A_PAGE:
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
