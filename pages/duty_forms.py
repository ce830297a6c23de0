"""What the provider of a target fills in."""

from __future__ import annotations

import math
from typing import Any, BinaryIO

import numpy as np
from django import forms
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from challenges.models import Target


class OfTarget(forms.Form):
    """A form about one target."""

    def __init__(self, *args: Any, target: Target, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.target = target
        self.describe()

    def describe(self) -> None:
        """Fit the fields to the target."""


class AnswerForm(OfTarget):
    """The answer: a number where the target is one, else an array."""

    value = forms.FloatField(label=_("Answer"), help_text=_("One plain number."))
    file = forms.FileField(label=_("Answer"), help_text=_("A .npy file (numpy.save)."))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("Why the answer changes. Public once the organizers put it in force."),
    )

    def describe(self) -> None:
        del self.fields["value" if self.target.answer_shape else "file"]
        if not self.target.round.is_frozen:
            del self.fields["reason"]

    def clean_value(self) -> float:
        value = float(self.cleaned_data["value"])
        if not math.isfinite(value):
            raise forms.ValidationError(_("The answer is a finite number."))
        return value

    @property
    def values(self) -> NDArray[Any] | BinaryIO:
        """Return the answer as the service takes it."""
        if "value" in self.cleaned_data:
            return np.asarray(self.cleaned_data["value"], dtype=np.float64)
        handle: BinaryIO = self.cleaned_data["file"].file
        return handle


class InputForm(OfTarget):
    """A file that becomes public with the target."""

    file = forms.FileField(label=_("File"))
    description = forms.CharField(label=_("Description"), max_length=300, required=False)


class CommentaryForm(OfTarget):
    """What is said of the target after the reveal."""

    commentary = forms.CharField(
        label=_("Commentary"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Markdown. Shown once the round is revealed."),
    )

    def describe(self) -> None:
        self.initial.setdefault("commentary", self.target.commentary)


FORMS: dict[str, type[AnswerForm] | type[InputForm] | type[CommentaryForm]] = {
    "answer": AnswerForm,
    "input": InputForm,
    "commentary": CommentaryForm,
}
