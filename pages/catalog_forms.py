"""Forms of the catalog: what a curator fills in, checked before a service is called."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.translation import gettext_lazy as _

from accounts.identifiers import validate_orcid, validate_ror
from accounts.models import Team, User
from accounts.selectors import active_teams_of
from catalog.errors import ArtifactRefused, CatalogError, StatementRefused
from catalog.licences import validate_licence
from catalog.models import Artifact, Contribution, LineageEdge
from catalog.roles import CREDIT_ROLES
from catalog.services import Share
from catalog.statements.document import TEXT_MOST

PEOPLE_MOST = 60
LICENCES = ["CC-BY-4.0", "CC0-1.0", "CC-BY-SA-4.0", "MIT", "Apache-2.0", "ODbL-1.0"]


def show_refusal(form: forms.BaseForm, error: CatalogError) -> None:
    """Show what a service refused at the fields it names, or above the form."""
    if not isinstance(error, ArtifactRefused | StatementRefused):
        form.add_error(None, str(error))
        return
    for name, told in error.fields.items():
        place = name if name in form.fields and name != NON_FIELD_ERRORS else None
        for reason in told if isinstance(told, list) else [told]:
            form.add_error(place, reason)


class FactsForm(forms.Form):
    """What the catalog itself keeps of an artifact."""

    title = forms.CharField(max_length=200, label=_("Title"))
    summary = forms.CharField(
        max_length=600,
        label=_("Summary"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Two sentences: what it is and what it is good for."),
    )
    licence = forms.CharField(
        required=False,
        max_length=100,
        label=_("Licence"),
        validators=[validate_licence],
        widget=forms.TextInput(attrs={"list": "licences"}),
        help_text=_("An SPDX expression, like CC-BY-4.0 or MIT OR Apache-2.0."),
    )
    doi = forms.CharField(
        required=False, max_length=200, label="DOI", help_text=_("Like 10.5281/zenodo.1234567.")
    )
    url = forms.URLField(
        required=False,
        assume_scheme="https",
        label=_("Address"),
        help_text=_("Where it is kept, if not here."),
    )
    description = forms.CharField(
        required=False,
        max_length=20_000,
        label=_("Description"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Markdown."),
    )
    disclosure = forms.ChoiceField(
        choices=Artifact.Disclosure.choices,
        initial=Artifact.Disclosure.FULL,
        widget=forms.RadioSelect,
        label=_("Is all that it was built on declared?"),
        help_text=_("“Not disclosed” is allowed, and shown."),
    )


class CreateForm(FactsForm):
    """A new dataset or model."""

    kind = forms.ChoiceField(
        choices=[("dataset", _("Dataset")), ("model", _("Model"))],
        widget=forms.RadioSelect,
        initial="dataset",
        label=_("What is it?"),
    )
    origin = forms.ChoiceField(
        choices=Artifact.Origin.choices,
        widget=forms.RadioSelect,
        initial=Artifact.Origin.ORIGINAL,
        label=_("How did it come to be?"),
        help_text=_("It decides what part of the credit stays here."),
    )
    is_stub = forms.BooleanField(
        required=False,
        label=_("It is kept elsewhere and made by others"),
        help_text=_("Give its DOI or address; its makers can claim their shares later."),
    )
    team = forms.ModelChoiceField(
        queryset=Team.objects.none(),
        required=False,
        label=_("Team"),
        empty_label=_("None: mine alone"),
        help_text=_("Of a model: whose method it is."),
    )
    field_order = ("kind", "is_stub", "origin", "title", "summary", "licence", "doi", "url", "team")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        team = self.fields["team"]
        assert isinstance(team, forms.ModelChoiceField)  # noqa: S101  # tells the type checker
        team.queryset = active_teams_of(by)


class FileForm(forms.Form):
    """A file of an artifact."""

    file = forms.FileField(label=_("File"), allow_empty_file=True)
    description = forms.CharField(required=False, max_length=300, label=_("What is in it"))


class PersonForm(forms.Form):
    """One contributor; a row without account and name is left out."""

    username = forms.CharField(required=False, max_length=150, label=_("Account here"))
    name = forms.CharField(required=False, max_length=120, label=_("Or name"))
    orcid = forms.CharField(
        required=False, max_length=19, label="ORCID iD", validators=[validate_orcid]
    )
    affiliation = forms.CharField(required=False, max_length=200, label=_("Affiliation"))
    ror = forms.CharField(required=False, max_length=25, label="ROR", validators=[validate_ror])
    share = forms.DecimalField(
        required=False,
        min_value=Decimal("0.01"),
        max_value=100,
        decimal_places=2,
        label=_("Share in %"),
    )
    roles = forms.MultipleChoiceField(
        required=False,
        choices=list(CREDIT_ROLES.items()),
        widget=forms.CheckboxSelectMultiple,
        label=_("Roles (CRediT)"),
    )

    def clean_username(self) -> User | None:
        username = self.cleaned_data["username"].strip()
        person = User.objects.filter(username=username, is_active=True).first()
        if username and person is None:
            raise forms.ValidationError(_("Nobody here has this username."))
        return person


PeopleFormSet = forms.formset_factory(
    PersonForm, extra=2, max_num=PEOPLE_MOST, validate_max=True, absolute_max=PEOPLE_MOST
)


def people_of(rows: Any) -> list[dict[str, Any]]:
    """Return contributions as the rows of the form show them."""
    return [
        {
            "username": row.person.username if row.person else "",
            "name": "" if row.person else row.name,
            "orcid": row.orcid,
            "affiliation": row.affiliation or "",
            "ror": row.ror or "",
            "share": Decimal(row.share_bp) / 100,
            "roles": row.roles,
        }
        for row in rows
    ]


def shares_of(formset: Any, by: User) -> list[Share]:
    """Return the filled-in rows as shares; who saves confirms their own."""
    shares = []
    for form in formset.forms:
        facts = form.cleaned_data
        if not (facts.get("username") or facts.get("name")):
            continue
        share, person = facts.get("share"), facts.get("username")
        shares.append(
            Share(
                person=person,
                name="" if person else facts["name"],
                orcid=facts["orcid"],
                affiliation=facts["affiliation"],
                ror=facts["ror"],
                share_bp=None if share is None else int(share * 100),
                roles=tuple(facts["roles"]),
                confirmed=person == by,
            )
        )
    return shares


class InputForm(forms.Form):
    """One input of an artifact, chosen from a search or named."""

    parent = forms.CharField(
        max_length=220,
        label=_("Dataset or model"),
        help_text=_(
            "slug, slug@version, DOI or URL. An unknown DOI or URL gets a page of its own."
        ),
    )
    title = forms.CharField(
        required=False,
        max_length=200,
        label=_("Its title, if it is not in the catalog yet"),
    )
    relation = forms.ChoiceField(choices=LineageEdge.Relation.choices, label=_("Relation"))
    use = forms.ChoiceField(
        required=False, choices=[("", _("not said")), *LineageEdge.Use.choices], label=_("Used for")
    )


class VersionForm(forms.Form):
    """What changed decides the number of the next version."""

    change = forms.ChoiceField(
        widget=forms.RadioSelect,
        label=_("What changed?"),
        choices=[
            ("patch", _("Only the packaging: the same content in other files (1.0.0 → 1.0.1)")),
            ("minor", _("Something was added, nothing changed or taken away (1.0.0 → 1.1.0)")),
            ("major", _("Something was changed or taken away (1.0.0 → 2.0.0)")),
        ],
    )
    changes = forms.CharField(
        max_length=TEXT_MOST,
        label=_("In words"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For those who used the version before."),
    )


class ClaimForm(forms.Form):
    """That one is among the makers of outside data."""

    name = forms.ChoiceField(required=False, label=_("You are"))
    roles = forms.MultipleChoiceField(
        required=False,
        choices=list(CREDIT_ROLES.items()),
        widget=forms.CheckboxSelectMultiple,
        label=_("Your roles (CRediT)"),
    )
    evidence = forms.CharField(
        max_length=TEXT_MOST,
        label=_("How can a steward tell?"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Like your name on the deposit, with your ORCID iD and a link."),
    )

    def __init__(self, *args: Any, artifact: Artifact, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Contribution.objects.filter(artifact=artifact, person=None)
        names = [(row.name, row.name) for row in rows]
        self.fields["name"] = forms.ChoiceField(
            required=False,
            label=_("You are"),
            choices=[*names, ("", _("somebody who is not named yet"))],
        )


class ImportForm(forms.Form):
    """A description to read."""

    file = forms.FileField(
        label=_("Description"),
        help_text=_("croissant.json, or README.md of a dataset or model on the Hub."),
    )
    kind = forms.ChoiceField(
        required=False,
        choices=[("", _("as the file says")), ("dataset", _("Dataset")), ("model", _("Model"))],
        label=_("It describes a"),
    )
