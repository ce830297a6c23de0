"""The fields of a statement under the seven headings of Datasheets for Datasets.

What the catalog knows already (title, version, people, licence, files, lineage) is not asked
again: a statement holds the rest. Keys are stable for ever; exports and imports name them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Label = str | Promise
BOTH = ("dataset", "model", "target-set")
DATA = ("dataset", "target-set")
MODEL = ("model",)


class Shape(StrEnum):
    """What an answer is, in JSON and in a form."""

    TEXT = "text"
    LINE = "line"
    DATE = "date"
    NUMBER = "number"
    COUNT = "count"
    YES_NO = "yes-no"
    CHOICE = "choice"
    CHOICES = "choices"
    LINES = "lines"
    COLUMNS = "columns"


@dataclass(frozen=True, slots=True)
class Field:
    """One question of the statement."""

    key: str
    label: Label
    help: Label = ""
    shape: Shape = Shape.TEXT
    needed: bool = False  # to publish
    kinds: tuple[str, ...] = BOTH
    choices: tuple[tuple[str, Label], ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """One heading with its questions; a form saves one section at a time."""

    key: str
    title: Label
    lead: Label
    fields: tuple[Field, ...]


MODALITIES = (
    ("text", _("Text")),
    ("image", _("Images")),
    ("audio", _("Audio")),
    ("video", _("Video")),
    ("tabular", _("Tables")),
    ("time-series", _("Time series")),
    ("field", _("Fields on grids or meshes")),
    ("structure", _("Molecules, crystals, structures")),
    ("graph", _("Graphs")),
    ("other", _("Other")),
)
SOURCES = (
    ("public", _("Public datasets")),
    ("licensed", _("Licensed commercially")),
    ("private", _("Private data of third parties")),
    ("crawled", _("Crawled from the web")),
    ("user", _("Data of users")),
    ("synthetic", _("Synthetic: made by a model")),
    ("measured", _("Measured")),
    ("simulated", _("Simulated")),
)
SAW_TARGETS = (
    ("no", _("No: nothing in the training data is among the targets or younger than they are")),
    ("possibly", _("Possibly: it cannot be ruled out")),
    ("yes", _("Yes: some of the training data is among the targets or younger")),
)
RIGHTS = (
    ("respected", _("Reservations of rights are looked for and respected")),
    ("none-found", _("None apply: the sources reserve no rights")),
    ("not-checked", _("Not checked")),
)

MOTIVATION = Section(
    "motivation",
    _("Motivation"),
    _("Why it was made, and who answers questions about it."),
    (
        Field("purpose", _("What was it made for?"), _("The question behind it."), needed=True),
        Field("funding", _("Who paid for it?"), _("Funders and grant numbers."), Shape.LINE),
        Field(
            "contact", _("Contact"), _("A public address: e-mail or URL."), Shape.LINE, needed=True
        ),
    ),
)

COMPOSITION = Section(
    "composition",
    _("Composition"),
    _("What is in it."),
    (
        Field("modalities", _("Kinds of data"), "", Shape.CHOICES, True, BOTH, MODALITIES),
        Field(
            "size_range",
            _("How much of it"),
            _("With its unit, like “607,684 crystal structures” or “1e9 to 1e13 tokens”."),
            Shape.LINE,
            needed=True,
        ),
        Field("row_count", _("Number of rows or items"), "", Shape.COUNT, True, DATA),
        Field(
            "columns",
            _("Columns"),
            _(
                "One per line: name | type | unit | meaning | split. "
                "Types: text, integer, number, boolean, date, array. The last three may be empty."
            ),
            Shape.COLUMNS,
            True,
            DATA,
        ),
        Field(
            "languages",
            _("Languages"),
            _("One language tag per line, like en or de-CH; empty where there is no language."),
            Shape.LINES,
        ),
        Field("missing_data", _("What is missing, and how is that marked?"), "", kinds=DATA),
        Field(
            "noise",
            _("Noise of measurement, agreement of replicates"),
            _("It sets the best skill that anyone can reach."),
            kinds=DATA,
        ),
        Field(
            "sensitive",
            _("Personal or sensitive data"),
            _("What there is, or “none”."),
            needed=True,
        ),
        Field("parameters", _("Number of parameters"), "", Shape.COUNT, kinds=MODEL),
    ),
)

COLLECTION = Section(
    "collection",
    _("Collection"),
    _("Where it comes from, how and when."),
    (
        Field("sources", _("Where the data comes from"), "", Shape.CHOICES, True, BOTH, SOURCES),
        Field("collection_method", _("How was it collected or generated?"), needed=True),
        Field("time_from", _("Oldest data"), "", Shape.DATE, needed=True, kinds=DATA),
        Field("time_to", _("Newest data"), "", Shape.DATE, needed=True, kinds=DATA),
        Field("instrument", _("Instrument, site or code"), "", Shape.LINE),
        Field("place", _("Place"), _("Where it was measured."), Shape.LINE, kinds=DATA),
        Field("ethics", _("Ethics approval"), _("Board and number, or “not needed”."), Shape.LINE),
        Field(
            "training_cutoff",
            _("Training cut-off"),
            _("The date of the youngest data it was trained on."),
            Shape.DATE,
            True,
            MODEL,
        ),
        Field(
            "saw_targets",
            _("Did any training data include the targets, or is any younger than they are?"),
            _("With the cut-off, this is what makes a blind round auditable."),
            Shape.CHOICE,
            True,
            MODEL,
            SAW_TARGETS,
        ),
        Field("continues", _("Does training go on with new data?"), "", Shape.YES_NO, kinds=MODEL),
        Field(
            "licensed_sources",
            _("Data licensed commercially, or had privately from third parties"),
            kinds=MODEL,
        ),
        Field(
            "crawlers",
            _("Crawled data"),
            _("Names of the crawlers, their purpose and behaviour, period, main domains."),
            kinds=MODEL,
        ),
        Field("user_data", _("Data of users"), _("Of the model and other products."), kinds=MODEL),
        Field("synthetic_from", _("Synthetic data"), _("Which models made it."), kinds=MODEL),
        Field(
            "device_hours",
            _("Device-hours of training"),
            _("A number. Boards draw the error of an entry against it."),
            Shape.NUMBER,
            kinds=MODEL,
        ),
        Field(
            "compute",
            _("Compute"),
            _("Device-hours of training, with the device."),
            Shape.LINE,
            kinds=MODEL,
        ),
    ),
)

PREPROCESSING = Section(
    "preprocessing",
    _("Preprocessing, cleaning, labelling"),
    _("What was done to it before it became this."),
    (
        Field("preprocessing", _("Preprocessing and cleaning")),
        Field("harmonisation", _("Harmonisation"), _("What had to be made alike, and how.")),
        Field("harmonisation_hours", _("Hours spent on harmonisation"), "", Shape.NUMBER),
        Field("imputation", _("Imputation"), _("How gaps were filled."), kinds=DATA),
        Field("annotation_protocol", _("How was it annotated?"), kinds=DATA),
        Field("annotation_platform", _("Platform of annotation"), "", Shape.LINE, kinds=DATA),
        Field("annotations_per_item", _("Annotations per item"), "", Shape.NUMBER, kinds=DATA),
        Field("annotators", _("Annotators"), _("Who they are, and how many."), kinds=DATA),
        Field("annotation_tools", _("Tools of machine annotation"), "", Shape.LINE, kinds=DATA),
        Field("agreement", _("Agreement of annotators"), _("Statistic and value."), kinds=DATA),
        Field(
            "rights_reserved",
            _("Reservations of rights for text and data mining"),
            "",
            Shape.CHOICE,
            choices=RIGHTS,
        ),
        Field("opt_out", _("How is an opt-out respected?")),
        Field("illegal_content", _("How is illegal content kept out?")),
    ),
)

USES = Section(
    "uses",
    _("Uses"),
    _("What it is good for, and what it is not."),
    (
        Field("intended_uses", _("Intended uses")),
        Field("limits", _("Limits"), _("What it must not be used or trusted for."), needed=True),
        Field("biases", _("Known biases")),
        Field("social_impact", _("Social impact")),
        Field(
            "use_limits",
            _("Limits of use"),
            _("Beside the licence: a DUO code, an embargo, a contract."),
            Shape.LINE,
        ),
    ),
)

DISTRIBUTION = Section(
    "distribution",
    _("Distribution"),
    _("How to get it and how to cite it."),
    (
        Field("released", _("Date of release"), "", Shape.DATE, needed=True),
        Field("citation", _("How to cite it"), _("As in a list of references."), needed=True),
        Field("related", _("Related works"), _("One DOI or URL per line."), Shape.LINES),
        Field("keywords", _("Keywords"), _("One per line."), Shape.LINES),
        Field("code_url", _("Code"), _("The URL of the code that made it."), Shape.LINE),
        Field(
            "library",
            _("Library"),
            _("That loads it, like pytorch."),
            Shape.LINE,
            kinds=MODEL,
        ),
        Field(
            "eu_representative",
            _("Provider or representative in the EU"),
            _("Name and contact; for the public summary of training content."),
            Shape.LINE,
            kinds=MODEL,
        ),
        Field("eu_market", _("On the EU market since"), "", Shape.DATE, kinds=MODEL),
    ),
)

MAINTENANCE = Section(
    "maintenance",
    _("Maintenance"),
    _("Who keeps it, and what changes."),
    (
        Field("changes", _("What changed since the version before")),
        Field(
            "maintenance", _("Plan of maintenance"), _("Who, how often, where to report errors.")
        ),
        Field("is_live", _("Is it updated continuously?"), "", Shape.YES_NO),
        Field("retention", _("Retention"), _("How long it is kept."), Shape.LINE),
    ),
)

SECTIONS = (
    MOTIVATION,
    COMPOSITION,
    COLLECTION,
    PREPROCESSING,
    USES,
    DISTRIBUTION,
    MAINTENANCE,
)


def fields_of(kind: str, section: str = "") -> tuple[Field, ...]:
    """Return the questions that are asked of this kind of artifact, in their order."""
    return tuple(
        each
        for group in SECTIONS
        if section in ("", group.key)
        for each in group.fields
        if kind in each.kinds
    )
