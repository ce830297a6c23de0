"""Forms: what a person fills in, checked before a service is called."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from allauth.account.forms import LoginForm, SignupForm
from allauth.socialaccount.forms import SignupForm as SocialSignupForm
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiToken, Team, User
from catalog.errors import LineageRefused
from catalog.models import Artifact
from catalog.services import MAX_INPUTS, NamedInput, read_inputs
from challenges.models import Round
from challenges.selectors import visible_artifacts
from leaderboards.identity import artifact_id
from leaderboards.last_winners import missing_winners_of
from submissions.models import Submission


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth ships no types
    """A name or an address, and the password; other ways in are links beside it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("remember", None)
        self.fields["login"].label = _("Username or e-mail address")
        self.fields["password"].help_text = ""
        _without_placeholders(self)

    def add_prefix(self, field_name: str) -> str:
        # The name it always had on this page, which browsers and scripts remember.
        name = "username" if field_name == "login" else field_name
        return str(super().add_prefix(name))


class SignUpForm(SignupForm):  # type: ignore[misc]  # allauth ships no types
    """A new account; the adapter also makes the person's team of one."""

    field_order = ["username", "display_name", "email", "affiliation", "password1", "password2"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _describe_account(self)


class ConnectedSignUpForm(SocialSignupForm):  # type: ignore[misc]  # allauth ships no types
    """The rest of an account whose owner signs in elsewhere."""

    field_order = ["username", "display_name", "email", "affiliation"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _describe_account(self)


def _describe_account(form: forms.Form) -> None:
    _without_placeholders(form)
    form.fields["username"].help_text = _(
        "Public: it is the address of your page. Letters, digits and @.+-_"
    )
    email = form.fields["email"]
    email.label = _("E-mail address")
    email.help_text = _("Never shown. For news about your submissions, and for a lost password.")


def _without_placeholders(form: forms.Form) -> None:
    """Take away what repeats the label in pale letters."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """How a person is shown. An iD that ORCID authenticated is not typed over."""

    class Meta:
        model = User
        fields = ["display_name", "affiliation", "orcid"]
        labels = {"display_name": _("Display name"), "affiliation": _("Affiliation")}
        help_texts = {
            "display_name": _("As shown on boards. Empty: your username."),
            "orcid": _("Like 0000-0002-1825-0097. Typed, it is shown as not verified."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.orcid_verified_at is not None:
            del self.fields["orcid"]


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A name for a new API token, and what it may do."""

    scopes = forms.MultipleChoiceField(
        choices=ApiToken.Scope.choices,
        initial=["read", "submit"],
        widget=forms.CheckboxSelectMultiple,
        label=_("It may"),
        help_text=_("As little as it needs: who finds the token can do no more."),
    )

    class Meta:
        model = ApiToken
        fields = ["name"]
        help_texts = {"name": _("What will use it, like “laptop” or “cluster”.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("name", "")


class WithdrawForm(forms.Form):
    """Why a submission is withdrawn; it stays on record."""

    reason = forms.CharField(max_length=300, label=_("Reason"))


class ArtifactChoices(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # as above
    """Artifacts to tick, each with its version."""

    def label_from_instance(self, obj: Artifact) -> str:
        maker = f", {obj.team.name}" if obj.team else ""
        return f"{obj.title} ({obj.version}{maker})"


class ArtifactChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # as above
    """One artifact to choose, with its version."""

    def label_from_instance(self, obj: Artifact) -> str:
        return f"{obj.title} ({obj.version})"


class SubmitForm(forms.Form):
    """A prediction file, the method that made it, and what the method was built on."""

    team = forms.ModelChoiceField(queryset=Team.objects.none(), empty_label=None, label=_("Team"))
    file = forms.FileField(label=_("Prediction file"), allow_empty_file=True, required=False)
    registered = ArtifactChoice(
        queryset=Artifact.objects.none(),
        required=False,
        label=_("A model that is registered"),
        empty_label=_("None: a new method, named below"),
        help_text=_("Its name and lineage are on record: leave the rest of the method empty."),
    )
    method_title = forms.CharField(
        label=_("Name of the method"),
        max_length=200,
        help_text=_("As it will stand on the board. The same name again means the same method."),
    )
    method_summary = forms.CharField(
        label=_("What it does"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Two or three sentences that a reader from another field understands."),
    )
    offered = ArtifactChoices(
        queryset=Artifact.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=_("Datasets offered with this round"),
        help_text=_("Untick what you did not use."),
    )
    other_data = ArtifactChoices(
        queryset=Artifact.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=_("Other datasets"),
    )
    base_models = ArtifactChoices(
        queryset=Artifact.objects.none(),
        required=False,
        label=_("Models it starts from"),
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text=_("Pre-trained or reused ones. Hold Ctrl or ⌘ to choose several."),
    )
    elsewhere = forms.CharField(
        required=False,
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "10.5281/zenodo.1234567:pretrain"}),
        label=_("Others, one per line"),
        help_text=_(
            "As slug@version, DOI or URL. What was ticked counts as training data; for another use "
            "write it behind: slug@version:pretrain, :finetune, :features, :calibration, "
            ":selection."
        ),
    )
    disclosure = forms.ChoiceField(
        choices=Artifact.Disclosure.choices,
        initial=Artifact.Disclosure.FULL,
        widget=forms.RadioSelect,
        label=_("Is this all it was built on?"),
        help_text=_("Your own credit is the same whatever you declare."),
    )
    note = forms.CharField(
        required=False, max_length=300, label=_("Note"), help_text=_("For your team only.")
    )
    track = forms.ChoiceField(label=_("Track"), widget=forms.RadioSelect)
    model_index = forms.TypedChoiceField(
        coerce=int,
        required=False,
        label=_("Model"),
        help_text=_("Model 1 is your first choice. A file replaces the one of the same model."),
    )
    entry_kind = forms.ChoiceField(
        choices=[kind for kind in Submission.EntryKind.by_people() if kind[0] != "late"],
        label=_("Kind of entry"),
        help_text=_("Only participants are ranked; the other kinds are shown between them."),
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=80)
    # The file, where it was sent before the form was; one that is chosen all the same wins.
    upload = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)

    def __init__(
        self,
        *args: Any,
        round_: Round,
        teams: QuerySet[Team],
        by: User,
        organizes: bool,
        baseline: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        catalog = Artifact.objects.select_related("team").order_by("title", "version")
        offered = round_.offered_data.select_related("team").order_by("title", "version")
        rest = catalog.filter(kind=Artifact.Kind.DATASET).exclude(pk__in=offered.values("pk"))
        models = catalog.filter(kind=Artifact.Kind.MODEL)
        self._choose("team", teams, initial=teams.first())
        self._choose("offered", offered, initial=list(offered))
        self._choose("other_data", rest)
        self._choose("base_models", models)
        mine = models.filter(team__in=teams).order_by("-registered_at", "-pk")
        if organizes:
            lacking = [each.method for each in missing_winners_of(round_)]
            mine |= models.filter(pk__in=[each.pk for each in lacking])
            self._begin_with(baseline, lacking)
        self._choose("registered", mine)
        self.among = visible_artifacts(by)
        if mine.exists():
            self.fields["method_title"].required = False
            self.fields["method_summary"].required = False
        self.initial["key"] = uuid4().hex  # a second press of the button is the same submission
        tracks = list(round_.tracks.all())
        if len(tracks) > 1:
            choices = [(track.slug, track.title) for track in tracks]
            self.fields["track"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["track"]
        if round_.models_per_target > 1:
            numbers = [(number, str(number)) for number in range(1, round_.models_per_target + 1)]
            self.fields["model_index"].choices = numbers  # type: ignore[attr-defined]
        else:
            del self.fields["model_index"]
        if not organizes:
            del self.fields["entry_kind"]

    def _begin_with(self, name: str, lacking: list[Artifact]) -> None:
        """Fill in a baseline that the round lacks, where a link asks for it."""
        for method in lacking:
            if name == artifact_id(method):
                self.initial["registered"] = method
                self.initial["entry_kind"] = Submission.EntryKind.BASELINE
                self.initial["offered"] = []  # its lineage is on record

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not (cleaned.get("file") or cleaned.get("upload") or "file" in self.errors):
            self.add_error("file", self.fields["file"].error_messages["required"])
        for name in ("method_title", "method_summary"):
            if not cleaned.get("registered") and not cleaned.get(name) and name not in self.errors:
                self.add_error(name, _("Say it for a new method, or choose a registered model."))
        inputs = [*self.inputs(cleaned), *cleaned.get("base_models", [])]
        inputs += cleaned.get("elsewhere") or []
        if len(inputs) > MAX_INPUTS:
            self.add_error(
                "other_data",
                _(
                    "These are %(count)d inputs, and at most %(most)d can be declared. "
                    "Name the datasets it was built on directly; theirs are followed from there."
                )
                % {"count": len(inputs), "most": MAX_INPUTS},
            )
        return cleaned

    def clean_elsewhere(self) -> list[NamedInput]:
        """Look the inputs up; unknown outside data is registered once the file is taken."""
        try:
            return read_inputs(self.cleaned_data["elsewhere"].splitlines(), self.among)
        except LineageRefused as error:
            raise forms.ValidationError(str(error)) from None

    def _choose(self, name: str, among: QuerySet[Any], *, initial: object = None) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  # tells the type checker
        field.queryset = among
        if initial is not None:
            self.initial.setdefault(name, initial)

    @staticmethod
    def inputs(cleaned: dict[str, Any]) -> list[Artifact]:
        """Return the datasets that were ticked or chosen."""
        return [*cleaned.get("offered", []), *cleaned.get("other_data", [])]


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A new team; its address is made from its name."""

    class Meta:
        model = Team
        fields = ["name"]
        help_texts = {"name": _("As shown on boards.")}


class InviteForm(forms.Form):
    """Whom an invitation is for."""

    email = forms.EmailField(
        required=False,
        label=_("E-mail address"),
        help_text=_("Where to send it. Empty: only the link is made, for you to pass on."),
    )
    merges = forms.BooleanField(
        required=False,
        label=_("For a whole team, which is merged into this one"),
        help_text=_("Its captain opens the link. Both together must be within the daily quota."),
    )
