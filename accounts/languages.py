"""In which language somebody is written to."""

from __future__ import annotations

from django.conf import settings
from django.utils import translation

from accounts.models import User


def language_here() -> str:
    """Return the language of the page that is being answered, if the site speaks it."""
    language = translation.get_language() or ""
    return language if language in dict(settings.LANGUAGES) else ""


def keep_language(person: User, language: str) -> None:
    """Note which language a person chose last; one that the site does not speak is not noted."""
    if language in dict(settings.LANGUAGES):
        User.objects.filter(pk=person.pk).exclude(language=language).update(language=language)


def speaking_to(person: User) -> translation.override:
    """Write in the person's language for the length of a block; in English if none is known."""
    known = person.language in dict(settings.LANGUAGES)
    return translation.override(person.language if known else settings.LANGUAGE_CODE)
