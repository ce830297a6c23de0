"""How numbers, times, states and people's texts are written on every page."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from django import template
from django.utils.formats import date_format, get_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from catalog.roles import CREDIT_ROLES
from challenges.models import Challenge, RoundMetric
from challenges.services.wording import rule_in_words
from pages.formulas import mathml
from pages.glossary import OwnTerm, link_terms, own_terms
from pages.markdown import render
from submissions.verdicts import in_words_of_the_reader

register = template.Library()

NO_VALUE = "\u2013"
TIMES = " \u00d7 "
MICROPOINTS = 1_000_000


@register.filter
def markdown(text: str) -> SafeString:
    """Render Markdown that a person wrote."""
    return render(text)


@register.filter
def explained(text: str, challenge: Challenge) -> SafeString:
    """Render Markdown, with links from words to what they mean."""
    own = own_terms(challenge.words)
    return link_terms(render(text), own, at=challenge.get_absolute_url())


@register.filter
def words_of(challenge: Challenge) -> list[OwnTerm]:
    """Return the words that a challenge explains itself."""
    return own_terms(challenge.words)


@register.filter
def formula(tex: str) -> SafeString:
    """Draw a formula written in TeX."""
    return mathml(tex, block=True)


@register.filter
def told(sentence: str) -> str:
    """Write what the engine says of a file in the reader's language, where it is known."""
    return in_words_of_the_reader(sentence)


@register.filter
def aggregate(code: str) -> str:
    """Write how a metric is taken over targets."""
    return str(dict(RoundMetric.AggregateChoice.choices).get(code, code))


@register.filter
def origin(code: str) -> str:
    """Write how an artifact came to be, in one word."""
    words = {"original": _("original"), "derived": _("derived"), "copy": _("copy")}
    return words.get(code, code)


@register.filter
def value(number: float | None) -> str:
    """Write a measured value with four significant digits; a missing one is a dash."""
    if number is None:
        return NO_VALUE
    size = abs(number)
    if size != 0 and not 1e-3 <= size < 1e6:
        mantissa, exponent = f"{number:.3e}".split("e")
        return _number(f"{mantissa}e{int(exponent)}")
    digits = 4 if size < 1000 else 6
    return _number(f"{number:.{digits}g}")


def _number(text: str) -> str:
    """Write a number with a true minus and the reader's decimal mark."""
    mark = str(get_format("DECIMAL_SEPARATOR"))
    return text.replace("-", "\u2212").replace(".", mark)


@register.filter
def points(micropoints: int | None) -> str:
    """Write credit in points with two decimals; what is smaller than half of that says so."""
    if micropoints is None:
        return NO_VALUE
    if 0 < micropoints < MICROPOINTS // 200:
        return "< " + _number("0.01")
    return number_format(f"{micropoints / MICROPOINTS:.2f}", use_l10n=True, force_grouping=True)


@register.filter
def percent(basis_points: int) -> str:
    """Write a share of 10,000 in percent."""
    return _number(f"{basis_points / 100:.2f}".rstrip("0").rstrip(".")) + " %"


@register.filter
def skill(ppm: int | None) -> str:
    """Write skill (parts per million of the way from baseline to perfect) in percent."""
    return NO_VALUE if ppm is None else _number(f"{ppm / 10_000:.1f}") + " %"


@register.filter
def shape(sizes: list[int | None]) -> str:
    """Write an array's shape; a scalar is one number, and an axis may be of any length."""
    lengths = (_("any number") if size is None else str(size) for size in sizes)
    return TIMES.join(lengths) if sizes else _("one number")


@register.filter
def rule(setting: object) -> str:
    """Write the setting of a rule as it stands in the design: short, or as JSON."""
    if setting is None:
        return NO_VALUE
    return setting if isinstance(setting, str) else json.dumps(setting, ensure_ascii=False)


@register.filter
def rule_name(path: str) -> str:
    """Write what a path in the design is about, in words."""
    return rule_in_words(path)


@register.filter
def roles(slugs: list[str]) -> str:
    """Write contributor roles by their names in CRediT."""
    return ", ".join(CREDIT_ROLES.get(slug, slug) for slug in slugs)


@register.simple_tag
def when(moment: datetime | None) -> SafeString | str:
    """Write a moment in UTC; the script adds the reader's local time where it differs."""
    if moment is None:
        return NO_VALUE
    there = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-local>{}</time>',
        there.strftime("%Y-%m-%dT%H:%M:%SZ"),
        date_format(there, _("j M Y, H:i")) + " UTC",
    )


@register.simple_tag
def day(moment: datetime | None) -> SafeString | str:
    """Write a date alone."""
    if moment is None:
        return NO_VALUE
    there = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}">{}</time>', f"{there:%Y-%m-%d}", date_format(there, _("j M Y"))
    )


@register.simple_tag
def badge(state: str, label: str) -> SafeString:
    """Write a state as a word with a sign; the colour only repeats it."""
    return format_html('<span class="badge is-{}">{}</span>', state, label)
