"""The form of a statement: one section at a time, each question with "not disclosed"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.statements import NOT_DISCLOSED, Field, Shape, fields_of
from catalog.statements.document import COLUMN_TYPES, LINE_MOST, TEXT_MOST

COLUMN_KEYS = ("name", "type", "unit", "meaning", "split")


class SectionForm(forms.Form):
    """One section of a statement; every question can be answered with "not disclosed"."""

    def __init__(self, *args: Any, kind: str, section: str, answers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions = fields_of(kind, section)
        for each in self.questions:
            value = answers.get(each.key)
            hidden = value == NOT_DISCLOSED
            self.fields[each.key] = _form_field(each)
            self.fields[_silent(each)] = forms.BooleanField(
                required=False, label=_("Not disclosed"), initial=hidden
            )
            self.initial[each.key] = None if hidden else _shown(each, value)

    def rows(self) -> Iterator[tuple[Field, Any, Any]]:
        """Yield each question with its two inputs."""
        for each in self.questions:
            yield each, self[each.key], self[_silent(each)]

    def answers(self) -> dict[str, Any]:
        """Return the answers of this section; None takes an answer out."""
        given = self.cleaned_data
        return {
            each.key: NOT_DISCLOSED if given.get(_silent(each)) else _answer(each, given[each.key])
            for each in self.questions
        }


def _silent(field: Field) -> str:
    return f"{field.key}-silent"


def _form_field(field: Field) -> forms.Field:
    shared: dict[str, Any] = {
        "required": False,
        "label": field.label,
        "help_text": field.help,
    }
    if field.shape is Shape.CHOICE:
        return forms.ChoiceField(choices=[("", _("open")), *field.choices], **shared)
    if field.shape is Shape.CHOICES:
        ticks = forms.CheckboxSelectMultiple
        return forms.MultipleChoiceField(choices=field.choices, widget=ticks, **shared)
    if field.shape is Shape.YES_NO:
        choices = [("", _("open")), ("yes", _("Yes")), ("no", _("No"))]
        return forms.ChoiceField(choices=choices, **shared)
    if field.shape is Shape.DATE:
        day = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        return forms.DateField(widget=day, input_formats=["%Y-%m-%d"], **shared)
    if field.shape is Shape.COUNT:
        return forms.IntegerField(min_value=0, max_value=10**15, **shared)
    if field.shape is Shape.NUMBER:
        anything = forms.NumberInput(attrs={"step": "any"})
        return forms.FloatField(min_value=0, max_value=1e15, widget=anything, **shared)
    if field.shape is Shape.LINE:
        return forms.CharField(max_length=LINE_MOST, **shared)
    rows = 8 if field.shape is Shape.COLUMNS else 3
    area = forms.Textarea(attrs={"rows": rows})
    if field.shape is Shape.COLUMNS:
        return ColumnsField(widget=area, max_length=200_000, **shared)
    # Browsers count a line's end as one sign and send two, so the limit is the service's to hold.
    return forms.CharField(widget=area, max_length=2 * TEXT_MOST, **shared)


class ColumnsField(forms.CharField):
    """Lines of `name | type | unit | meaning | split`."""

    def clean(self, value: Any) -> Any:
        found, problems = [], []
        lines = filter(None, map(str.strip, super().clean(value).splitlines()))
        for number, line in enumerate(lines, 1):
            parts = [part.strip() for part in line.split("|")]
            parts += ["text"] if len(parts) == 1 else []
            if len(parts) > len(COLUMN_KEYS) or not parts[0]:
                told = _("Line %(number)d: write name | type | unit | meaning | split.")
            elif parts[1] not in COLUMN_TYPES:
                told = _("Line %(number)d: the type is one of %(types)s.")
            else:
                named = zip(COLUMN_KEYS, parts, strict=False)
                found.append({key: part for key, part in named if part})
                continue
            problems.append(told % {"number": number, "types": ", ".join(COLUMN_TYPES)})
        if problems:
            raise forms.ValidationError(problems[:10])
        return found


def _shown(field: Field, value: Any) -> Any:
    """Return an answer as its input shows it."""
    if value is None:
        return None
    if field.shape is Shape.COLUMNS:
        rows = [[row.get(key, "") for key in COLUMN_KEYS] for row in value]
        return "\n".join(" | ".join(row).rstrip(" |") for row in rows)
    if field.shape is Shape.LINES:
        return "\n".join(value)
    if field.shape is Shape.YES_NO:
        return "yes" if value else "no"
    return value


def _answer(field: Field, value: Any) -> Any:
    """Return what an input holds as an answer; None for nothing."""
    if value in (None, "", []):
        return None
    if field.shape is Shape.LINES:
        return [line.strip() for line in value.splitlines() if line.strip()] or None
    if field.shape is Shape.YES_NO:
        return value == "yes"
    if field.shape is Shape.DATE:
        return value.isoformat()
    return value.replace("\r\n", "\n") if field.shape is Shape.TEXT else value
