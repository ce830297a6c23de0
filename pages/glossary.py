"""Words that mean one thing to a domain scientist and another to a machine-learning person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Term:
    """A word with its two meanings, and what it stands for on this site."""

    slug: str
    name: Text
    science: Text
    learning: Text
    here: Text
    spellings: tuple[str, ...]  # as it stands in texts, in small letters; empty: never linked


def _term(slug: str, name: Text, *meanings: Text, also: tuple[str, ...] = ()) -> Term:
    science, learning, here = meanings
    return Term(slug, name, science, learning, here, also)


TERMS = (
    _term(
        "baseline",
        _("Baseline"),
        _("The state before an intervention, or the level that a signal returns to."),
        _("A simple method that every serious one must beat."),
        _("An entry of the organizers. It is shown in its place and not ranked; skill is measured "
          "from it."),
        also=("baseline", "baselines"),
    ),
    _term(
        "benchmark",
        _("Benchmark"),
        _("A case with a known solution by which codes and instruments are checked."),
        _("A fixed task, data and metric by which methods are compared."),
        _("A round is one: its answers are sealed until it is revealed."),
        also=("benchmark", "benchmarks"),
    ),
    _term(
        "bias",
        _("Bias"),
        _("A systematic difference between a measurement or a model and the truth."),
        _("An additive constant of a layer; or unfairness that a model took over from its data; "
          "or the part of the error that more data does not remove."),
        _("In metrics, the mean signed error. Pages that mean anything else say so."),
        also=("bias",),
    ),
    _term(
        "blind",
        _("Blind, held out"),
        _("Of a trial: who judges or predicts does not know the outcome."),
        _("Of a test set: labels that took no part in training or in choosing a model."),
        _("The answers are measured and sealed by hash before the round opens; no entrant, page "
          "or file shows them before the reveal."),
        also=("held-out", "held out"),
    ),
    _term(
        "calibration",
        _("Calibration"),
        _("Fitting an instrument, or the free constants of a model, to a standard."),
        _("That events predicted with probability 0.7 happen in 70 % of the cases."),
        _("Metrics use the second meaning."),
        also=("calibration", "calibrated"),
    ),
    _term(
        "confidence-interval",
        _("Interval (95 %)"),
        _("The range in which a measured quantity lies, from its known errors."),
        _("The spread of a score over seeds, folds or resampled test cases."),
        _("From drawing the targets again and again, the same draws for all entries: what another "
          "choice of equally many targets could have shown."),
        also=("confidence interval", "confidence intervals"),
    ),
    _term(
        "credit",
        _("Credit"),
        _("Authorship, citation, acknowledgement."),
        _("Credit assignment: which input or step an outcome is due to."),
        _("Points that a round gives to the people behind models, data and targets, by a rule "
          "fixed before it opens."),
    ),
    _term(
        "dataset",
        _("Dataset"),
        _("What an experiment, a survey or a simulation left, with its protocol."),
        _("Examples ready to train on, mostly with splits."),
        _("A version of such files in the catalog, with its people, licence and origin."),
    ),
    _term(
        "entry",
        _("Entry"),
        _("A record in a database or a table."),
        _("A competitor's final submission."),
        _("The submission of a team that counts on the board; the round's rule says which."),
        also=("entries",),
    ),
    _term(
        "error",
        _("Error"),
        _("The difference from the truth, or its expected size (an error bar)."),
        _("The loss, or the share of wrong answers."),
        _("What a metric measures for one target. That a file cannot be read is a problem, "
          "never an error value."),
    ),
    _term(
        "feature",
        _("Feature"),
        _("Something seen in the data: a peak, a front, a fold."),
        _("An input variable of a model."),
        _("Input variable, unless a charter says otherwise."),
        also=("feature", "features"),
    ),
    _term(
        "generalization",
        _("Generalization"),
        _("That a law holds beyond the cases from which it was found."),
        _("That the error on unseen examples is near the one on the training examples."),
        _("What a blind round measures, within the range of its targets and no farther."),
        also=("generalization", "generalize", "generalizes"),
    ),
    _term(
        "ground-truth",
        _("Ground truth, reference"),
        _("A measurement made on site to check a remote one; it has an error of its own."),
        _("The label, taken as right."),
        _("We say reference: the held-out answer of a target, in versions, with a note on how "
          "good it is."),
        also=("ground truth", "reference", "references"),
    ),
    _term(
        "inference",
        _("Inference"),
        _("From data to the parameters or causes behind them."),
        _("Running a trained model to get predictions."),
        _("The second meaning."),
        also=("inference",),
    ),
    _term(
        "leakage",
        _("Leakage"),
        _("Matter, charge or signal that gets where it should not."),
        _("Knowledge of the test answers that got into training."),
        _("The second meaning. Dates, hashes and the lineage of data make it visible."),
        also=("leakage",),
    ),
    _term(
        "lineage",
        _("Lineage, upstream"),
        _("Where a sample or a record comes from (provenance)."),
        _("Which data and weights a model was made from."),
        _("The declared chain from a method to the data and models it was built on; credit flows "
          "along it, upstream."),
        also=("lineage",),
    ),
    _term(
        "metric",
        _("Metric"),
        _("A distance that obeys the triangle inequality."),
        _("Any number that says how good predictions are."),
        _("A function with definition, unit, direction and source that compares a prediction "
          "with a reference."),
    ),
    _term(
        "model",
        _("Model"),
        _("A theory in equations, or a simulation code that solves them."),
        _("A function with fitted parameters; often its architecture or its weights."),
        _("The described method with which a team makes a submission: equations, network or "
          "both."),
        also=("model", "models"),
    ),
    _term(
        "outlier",
        _("Outlier"),
        _("A measurement that does not belong to the population; perhaps a discovery."),
        _("An example far from the training data."),
        _("Not removed here: each target counts as the round's rule says."),
        also=("outlier", "outliers"),
    ),
    _term(
        "parameter",
        _("Parameter"),
        _("A physical constant or condition that describes a case, such as viscosity."),
        _("A weight that training adjusts; what is set by hand is a hyperparameter."),
        _("In charters the first; on a page of a model the second."),
        also=("parameter", "parameters"),
    ),
    _term(
        "precision",
        _("Precision"),
        _("How near repeated measurements are to each other, right or not."),
        _("The share of reported positives that are true."),
        _("As a metric, the second meaning."),
        also=("precision",),
    ),
    _term(
        "prediction",
        _("Prediction"),
        _("What a theory says of an observation not made yet."),
        _("The output of a model for an input."),
        _("The values that a submitted file gives for a target. Whether the measurement was made "
          "before or after does not matter; that you have not seen it does."),
        also=("prediction", "predictions"),
    ),
    _term(
        "regression",
        _("Regression"),
        _("Return to an earlier state; or a fitted line through observations."),
        _("Predicting a continuous value; or software that got worse."),
        _("Predicting a continuous value."),
        also=("regression",),
    ),
    _term(
        "resolution",
        _("Resolution"),
        _("The smallest difference that an instrument tells apart."),
        _("The number of pixels or grid points of an input."),
        _("Charters say which. A format's shape is the number of grid points."),
        also=("resolution",),
    ),
    _term(
        "round",
        _("Round"),
        _("A ring test or intercomparison that several laboratories take part in."),
        _("One edition of a competition; or one pass of boosting."),
        _("One edition of a challenge with dates, targets and rules that are frozen under a "
          "hash when it is published."),
    ),
    _term(
        "sample",
        _("Sample"),
        _("A piece of material or a subject taken from a population."),
        _("One example of a dataset; or one draw from a distribution."),
        _("We avoid the word: a case to predict is a target, a draw is a draw."),
        also=("sample", "samples"),
    ),
    _term(
        "sensitivity",
        _("Sensitivity"),
        _("How much an output changes with an input; or the faintest signal still seen."),
        _("The share of true positives that are found (recall)."),
        _("As a metric, recall."),
        also=("sensitivity",),
    ),
    _term(
        "significance",
        _("Significance"),
        _("That an effect is larger than chance explains; five sigma in some fields."),
        _("Often: that one number is larger than another, which is not enough."),
        _("Entries that cannot be told apart share a group on the board."),
        also=("significance", "significant"),
    ),
    _term(
        "skill",
        _("Skill"),
        _("In forecasting: the improvement over climatology or persistence."),
        _("What an agent can do."),
        _("The way from the baseline to a perfect score, in percent; below zero is worse than "
          "the baseline."),
        also=("skill",),
    ),
    _term(
        "surrogate",
        _("Surrogate, emulator"),
        _("A cheap stand-in for a costly simulation or for an end point of a trial."),
        _("A model trained on the output of another model."),
        _("Both at once: a model that replaces a solver, and is judged against it."),
        also=("surrogate", "surrogates", "emulator"),
    ),
    _term(
        "target",
        _("Target"),
        _("What a beam, a drug or a telescope is pointed at."),
        _("The variable to predict."),
        _("One case that is predicted and scored; a round has several."),
        also=("target", "targets"),
    ),
    _term(
        "test-set",
        _("Test set"),
        _("Specimens that are tested, often until they break."),
        _("Examples kept apart to measure the final error once."),
        _("The targets of a round: inputs public, answers sealed."),
        also=("test set", "test sets"),
    ),
    _term(
        "uncertainty",
        _("Uncertainty"),
        _("Of a measurement, from known sources, statistical and systematic."),
        _("Of a prediction: from noise in the data (aleatoric) or from lack of it (epistemic)."),
        _("On boards, that of the rank, from resampling targets. Uncertainty that you predict is "
          "scored where a round asks for it."),
        also=("uncertainty", "uncertainties"),
    ),
    _term(
        "validation",
        _("Validation"),
        _("Showing that a model describes reality; verification is that the code solves its "
          "equations."),
        _("Choosing a model or its settings on data apart from training and test."),
        _("Checking the form of a file before it is scored. It says nothing of how good the "
          "prediction is."),
        also=("validation", "validated"),
    ),
)  # fmt: skip

_UNTOUCHED = {"a", "code", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "math", "th", "abbr"}
_PIECES = re.compile(r"(<[^>]*>)")
_NAME = re.compile(r"</?\s*([\w-]+)")
MOST_OWN = 100


@dataclass(frozen=True, slots=True)
class OwnTerm:
    """A word of one challenge as its organizers explain it."""

    slug: str
    name: str
    meaning: str


def own_terms(text: str) -> list[OwnTerm]:
    """Read the words of a challenge: a line each, the word, a colon and what it means."""
    found: dict[str, OwnTerm] = {}
    for line in text.splitlines()[:MOST_OWN]:
        name, colon, meaning = (part.strip() for part in line.partition(":"))
        if name and colon and meaning:
            slug = f"word-{slugify(name) or len(found)}"
            found.setdefault(slug, OwnTerm(slug, name, meaning))
    return list(found.values())


def link_terms(html: SafeString, own: list[OwnTerm], *, at: str = "") -> SafeString:
    """Lead from the first place of each word in cleaned HTML to what it means.

    Words of the challenge go first: there a word may mean a third thing. They stand `at` its
    page.
    """
    page = reverse("pages:glossary")
    places = {spelling: f"{page}#{slug}" for spelling, slug in _spellings().items()}
    places |= {each.name.lower(): f"{at}#{each.slug}" for each in own}
    pattern = _pattern(tuple(places))
    met: set[str] = set()

    def linked(found: re.Match[str]) -> str:
        place = places[found[0].lower()]
        if place in met:
            return found[0]
        met.add(place)
        return f'<a class="term" href="{place}">{found[0]}</a>'

    inside, written = 0, []
    for piece in _PIECES.split(html):
        is_tag = piece.startswith("<")
        name = _NAME.match(piece) if is_tag else None
        if name and name[1].lower() in _UNTOUCHED:
            inside += -1 if piece.startswith("</") else 1
        written.append(piece if is_tag or inside else pattern.sub(linked, piece))
    return mark_safe("".join(written))  # noqa: S308 - what was clean, and links of ours


@cache
def _spellings() -> dict[str, str]:
    return {spelling: term.slug for term in TERMS for spelling in term.spellings}


@lru_cache(maxsize=64)
def _pattern(spellings: tuple[str, ...]) -> re.Pattern[str]:
    # In cleaned HTML a word may stand beside an entity: the letters of "&lt;" are no word.
    longest = sorted(spellings, key=len, reverse=True)
    words = "|".join(re.escape(each) for each in longest)
    return re.compile(rf"(?<![\w&#-])(?:{words})(?![\w;-])", re.IGNORECASE)
