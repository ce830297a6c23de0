"""What is refused here, with facts a person can act on."""

from __future__ import annotations


class CommunityError(Exception):
    """Base of the refusals: what is wrong and how to mend it."""

    def __init__(self, message: str, remedy: str = "") -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message} {remedy}".strip())


class WebhookRefused(CommunityError):
    """A webhook cannot be like this."""


class AddressRefused(CommunityError):
    """Nothing is sent to this address: it is not public, or not written as it must be."""


class NoSuchFeed(CommunityError):
    """A secret address that works no more, or never did."""
