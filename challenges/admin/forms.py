"""The forms of the organizer's desk; what they refuse, services and readers have refused."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.db.models import QuerySet

from catalog.errors import FileRefused
from catalog.services import check_file_name
from challenges.admin.choices import metric_choices, metric_key, reader_choices
from challenges.errors import ReferenceRefused
from challenges.models import Announcement, Round, RoundFile, RoundMetric, Target, Track
from challenges.models.design_items import DESIGN_ITEMS, LONGEST_ITEM
from challenges.services.canonical import write_canonical
from challenges.services.schedule import WEEKDAYS, Schedule
from scoring.contract import Aggregate
from scoring.errors import MetricInputError, ReaderOptionError, UnknownReaderError
from scoring.metrics import Inputs, get_metric
from scoring.readers import get_reader
from scoring.readers.units import declared_units

if TYPE_CHECKING:
    RoundModelForm = forms.ModelForm[Round]
    MetricModelForm = forms.ModelForm[RoundMetric]
    TargetModelForm = forms.ModelForm[Target]
    FileModelForm = forms.ModelForm[RoundFile]
    AnnouncementField = forms.ModelChoiceField[Announcement]
else:
    RoundModelForm = MetricModelForm = TargetModelForm = FileModelForm = forms.ModelForm
    AnnouncementField = forms.ModelChoiceField


MOMENTS = ("opens_at", "closes_at", "assessors_see_names_at")


DESIGN = "design_items"
ITEM = "design_"  # before the name of an item of the design in words: one box for each


class RoundForm(RoundModelForm):
    """The rules of a round."""

    class Meta:
        widgets = {
            "slug": forms.TextInput(attrs={"size": 40}),
            "reader_options": forms.Textarea(attrs={"rows": 3, "cols": 60}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "reader" in self.fields:
            self.fields["reader"] = forms.ChoiceField(
                choices=reader_choices(),
                help_text="Which reader reads the prediction files; see 'Metrics and formats'.",
            )
        if not self.instance.is_frozen:
            self.fields |= _item_fields(self.instance.design_items)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.instance.is_frozen:
            texts = {name: cleaned.get(ITEM + name, "") for name in DESIGN_ITEMS}
            self.instance.design_items = {name: text for name, text in texts.items() if text}
        slug, options = cleaned.get("reader"), cleaned.get("reader_options")
        if slug and options is not None:
            try:
                complete = get_reader(slug).complete(
                    options if isinstance(options, dict) else {"": options}
                )
                declared_units(complete["units"])
            except (ReaderOptionError, UnknownReaderError) as error:
                self.add_error("reader_options", f"{error}.")
        return cleaned


def _item_fields(items: Mapping[str, str]) -> dict[str, forms.Field]:
    """Return a box for each item of the design in words."""
    return {
        ITEM + name: forms.CharField(
            label=label,
            required=False,
            max_length=LONGEST_ITEM,
            initial=items.get(name, ""),
            widget=forms.Textarea(attrs={"rows": 3, "cols": 70}),
        )
        for name, label in DESIGN_ITEMS.items()
    }


OF_TRACK = "track:"  # before slug and date: one box for each date of each track


def amendment_form(
    fields: Sequence[str], *, tracks: Sequence[Track] = (), dates: Sequence[str] = ()
) -> type[RoundModelForm]:
    """Return the form that changes these rules of a published round, with a reason."""

    class AmendmentForm(RoundModelForm):
        reason = forms.CharField(
            max_length=500,
            widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
            help_text="Shown to everyone, with what changed.",
        )

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            reason = self.fields.pop("reason")
            if DESIGN in fields:
                self.fields |= _item_fields(self.instance.design_items)
            self.fields |= {
                f"{OF_TRACK}{track.slug}:{name}": forms.SplitDateTimeField(
                    label=f"{track.title}: {name.replace('_', ' ')}",
                    required=False,
                    initial=getattr(track, name),
                    widget=AdminSplitDateTime,
                    help_text="UTC. Empty: with the round.",
                )
                for track in tracks
                for name in dates
            }
            self.fields["reason"] = reason

        @property
        def of_round(self) -> dict[str, Any]:
            """Return the rules of the round that were changed; of the design in words, all of it.

            An item whose box is emptied is left out.
            """
            found = {name: self.cleaned_data[name] for name in self.changed_data if name in fields}
            if any(name.startswith(ITEM) for name in self.changed_data):
                texts = {name: self.cleaned_data[ITEM + name] for name in DESIGN_ITEMS}
                found[DESIGN] = {name: text for name, text in texts.items() if text}
            return found

        @property
        def of_tracks(self) -> dict[str, dict[str, Any]]:
            """Return the dates of tracks that were changed, by slug."""
            found: dict[str, dict[str, Any]] = {}
            for key in self.changed_data:
                if key.startswith(OF_TRACK):
                    _mark, slug, name = key.split(":")
                    found.setdefault(slug, {})[name] = self.cleaned_data[key]
            return found

        def clean(self) -> dict[str, Any]:
            cleaned = super().clean() or self.cleaned_data
            if not set(self.changed_data) - {"reason"}:
                raise forms.ValidationError("Nothing is changed.")
            return cleaned

    made: type[RoundModelForm] = forms.modelform_factory(
        Round,
        form=AmendmentForm,
        fields=[name for name in fields if name != DESIGN],
        field_classes={name: forms.SplitDateTimeField for name in MOMENTS},
        widgets={name: AdminSplitDateTime for name in MOMENTS},
    )
    return made


class RoundMetricForm(MetricModelForm):
    """One metric of a round, chosen from those that are registered."""

    choice = forms.ChoiceField(label="metric")

    class Meta:
        model = RoundMetric
        fields = ("choice", "key", "label", "parameters", "aggregate", "is_primary", "position")
        help_texts = {"parameters": 'As JSON, like {"layout": "tx"}; {} takes the defaults.'}
        widgets = {"parameters": forms.Textarea(attrs={"rows": 2, "cols": 50})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = ""
        if self.instance.metric:
            current = metric_key(self.instance.metric, self.instance.version)
        choice = self.fields["choice"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = metric_choices(keep=current)
            choice.initial = current
        self.fields["key"].required = False
        self.fields["key"].help_text = "Short and stable; empty: the metric's name."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        slug, _, version = (cleaned.get("choice") or "").partition("/")
        if not version.isdecimal():
            return cleaned
        metric = get_metric(slug, int(version))
        self.instance.metric, self.instance.version = metric.slug, metric.version
        cleaned["key"] = cleaned.get("key") or metric.slug
        try:
            metric.complete(cleaned.get("parameters") or {})
        except (MetricInputError, AttributeError) as error:
            self.add_error("parameters", f"{error}.")
        pooled = cleaned.get("aggregate") == Aggregate.POOLED.value
        if pooled and metric.inputs is not Inputs.SAMPLES:
            self.add_error(
                "aggregate", f"{metric.slug} needs the aggregate one that is not 'Pooled'."
            )
        return cleaned


class TargetForm(TargetModelForm):
    """A target and, never shown again, its answer."""

    answer = forms.FileField(
        required=False,
        widget=forms.FileInput,
        help_text="A .npy file (numpy.save) of the shape that the answer has. It is stored "
        "sealed and is not shown or given out again here.",
    )

    class Meta:
        widgets = {
            "title": forms.TextInput(attrs={"size": 20}),
            "slug": forms.TextInput(attrs={"size": 12}),
            "shape": forms.TextInput(attrs={"size": 12}),
            "reference_shape": forms.TextInput(attrs={"size": 12}),
            "classes": forms.TextInput(attrs={"size": 40}),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        upload = cleaned.get("answer")
        shape = cleaned.get("shape", self.instance.shape)
        other = cleaned.get("reference_shape", self.instance.reference_shape)
        slug = cleaned.get("slug", self.instance.slug)
        if upload and isinstance(shape, list) and slug:
            try:
                with tempfile.TemporaryFile() as nowhere:
                    target = Target(slug=slug, shape=shape, reference_shape=other)
                    write_canonical(upload.file, nowhere, target=target)
            except ReferenceRefused as error:
                self.add_error("answer", str(error))
            upload.seek(0)
        return cleaned


class CorrectedTargetForm(TargetForm):
    """The same with the reason that a correction needs once the round is published."""

    reason = forms.CharField(
        required=False,
        max_length=300,
        help_text="Why the answer changes. Public, and needed once the round is published.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        published = self.instance.pk is not None and self.instance.round.is_frozen
        if cleaned.get("answer") and published and not (cleaned.get("reason") or "").strip():
            self.add_error("reason", "Say why the answer changes; the reason is public.")
        return cleaned


class RoundFileForm(FileModelForm):
    """A public file of a round."""

    upload = forms.FileField(required=False, label="file")

    class Meta:
        model = RoundFile
        fields = ("upload", "description", "target", "released_at")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        upload = cleaned.get("upload")
        if upload is None and self.instance.pk is None:
            self.add_error("upload", "Choose a file.")
        if upload is not None and self.instance.pk is None:
            try:
                check_file_name(upload.name)
            except FileRefused as error:
                self.add_error("upload", str(error))
        return cleaned


class AnswersForm(forms.Form):
    """The answers of all targets in one file."""

    file = forms.FileField(
        help_text="A .npz archive with one array for each target, named like it; or a .csv table "
        "with one row for each target."
    )
    id_column = forms.CharField(initial="target", help_text="Of a table: the target's name.")
    value_column = forms.CharField(initial="value", help_text="Of a table: the answer.")
    delimiter = forms.ChoiceField(
        choices=[(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar")], initial=","
    )
    reason = forms.CharField(
        required=False,
        max_length=300,
        help_text="Needed once the round is published: why answers change. Public.",
    )

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if not upload.name.lower().endswith((".npz", ".csv")):
            raise forms.ValidationError("Upload a .npz archive or a .csv table.")
        return upload

    @property
    def kind(self) -> str:
        return "npz" if self.cleaned_data["file"].name.lower().endswith(".npz") else "csv"

    @property
    def options(self) -> dict[str, Any]:
        """Return the options of the csv reader; an archive has none."""
        if self.kind == "npz":
            return {}
        return {
            "id_column": self.cleaned_data["id_column"],
            "value_columns": [self.cleaned_data["value_column"]],
            "delimiter": self.cleaned_data["delimiter"],
            "extra_columns": "ignore",
        }


class EarlierField(AnnouncementField):
    """One of the earlier announcements, by number and title."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.number}: {obj.title}"


class AnnouncementForm(forms.Form):
    """What everybody is told about a round."""

    title = forms.CharField(max_length=160, widget=forms.TextInput(attrs={"size": 60}))
    text = forms.CharField(
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 10, "cols": 70}),
        help_text="Markdown. It cannot be changed afterwards, only corrected by another one.",
    )
    corrects = EarlierField(
        queryset=Announcement.objects.none(),
        required=False,
        help_text="If it puts an earlier one right, which. That one stays, with a link to this.",
    )

    def __init__(self, *args: Any, earlier: QuerySet[Announcement], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["corrects"].queryset = earlier  # type: ignore[attr-defined]


class ScheduleForm(forms.Form):
    """When targets are released, and for how long."""

    weekday = forms.ChoiceField(
        required=False,
        choices=[("", "Every day"), *((day, day.capitalize()) for day in WEEKDAYS)],
    )
    at = forms.TimeField(initial="00:00", help_text="UTC.")
    per_release = forms.IntegerField(
        min_value=1, initial=1, help_text="So many targets are released together."
    )
    days_open = forms.IntegerField(min_value=1, initial=1, help_text="From release to deadline.")

    @property
    def schedule(self) -> Schedule:
        """Return the calendar that was asked for."""
        return Schedule(**self.cleaned_data)


class ReasonForm(forms.Form):
    """Why something is done, for the people it is done to."""

    reason = forms.CharField(max_length=200, help_text="Public.")
