"""What the accounts services refuse, with facts a person can act on."""

from __future__ import annotations

from django.core.exceptions import NON_FIELD_ERRORS


class AccountError(Exception):
    """Base of the refusals: what is wrong and how to mend it."""

    def __init__(self, message: str, remedy: str = "") -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message} {remedy}".strip())


class UsernameTaken(AccountError):
    """Another person has this username."""


class TeamNameTaken(AccountError):
    """Another team has this name or address."""


class TeamRefused(AccountError):
    """The team or the person's part in it does not allow this."""


class InvitationRefused(AccountError):
    """The invitation is used, taken back, out of time, or was never one."""


class FieldsRefused(AccountError):
    """Some fields hold values that are not allowed; `fields` says which and why."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self.fields = fields
        told = [
            f"{'' if name == NON_FIELD_ERRORS else name + ': '}{' '.join(reasons)}"
            for name, reasons in fields.items()
        ]
        super().__init__("; ".join(told))
