"""A small believable site: one round that is final, one open, one upcoming and one draft.

The lineage is the one of the credit rule's worked example (docs/credit.md): teams A, B and C,
base model M0, datasets D1 (harmonised, from D3), D2 and D3 (original). Boards and books are made
by the services that make them on a real site.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import Team, User
from catalog.models import Artifact, ArtifactFile, LineageEdge
from challenges.models import Challenge, Round, RoundFile
from leaderboards.services.ledger import post_book
from leaderboards.services.refresh import refresh_board
from submissions.models import Score, Submission, SubmissionState
from tests.factories import (
    make_artifact,
    make_challenge,
    make_method,
    make_metric,
    make_round,
    make_scored,
    make_submission,
    make_target,
    make_team,
    make_user,
    member_of,
)

REGIMES = ["smooth", "shock", "shock", "two shocks"]
TASK = """
Each target gives you one **initial field** `u(x, 0)` on 256 points and a viscosity. Predict
`u(x, t)` at 21 times up to `t = 2`.

* Domain `[0, 1)`, periodic.
* Viscosities from `1e-3` to `1e-1`; half of the targets form a shock.

| array | shape | meaning |
|---|---|---|
| `u01` … `u12` | 21 x 256 | velocity, time first |
"""


@dataclass(frozen=True)
class Seed:
    """What tests name."""

    organizer: User
    ann: User
    challenge: Challenge
    final: Round
    open: Round
    upcoming: Round
    draft: Round
    teams: dict[str, Team]
    data: dict[str, Artifact]
    methods: dict[str, Artifact]
    entries: dict[str, Submission]
    target_set: Artifact


def build() -> Seed:
    """Make all rows of the site; everyone's password is "correct horse"."""
    now = timezone.now()
    organizer = make_user("noether", display_name="Emmy Noether", affiliation="Göttingen")
    challenge = _challenge(organizer)
    data = _datasets(now)
    target_set = _artifact(
        "Burgers initial fields, autumn", now, kind="target-set", people=[organizer]
    )
    final = _round(challenge, now, "Autumn 2026", offset=-40, target_set=target_set)
    final.revealed_at = final.closes_at + timedelta(days=1)
    final.finalized_at = final.closes_at + timedelta(days=4)
    final.save()
    open_ = _round(challenge, now, "Winter 2026", offset=-3)
    open_.offered_data.set([data["D1"], data["D2"]])
    open_.target_set = target_set
    open_.save()
    teams = _teams(data["D2"])
    methods = _methods(teams, data, now)
    entries = _entries(final, teams, methods)
    refresh_board(final)
    post_book(final, reason="The round became final.")
    _entries(open_, {"base": teams["base"], "C": teams["C"]}, methods)
    refresh_board(open_)
    upcoming = _round(challenge, now, "Spring 2027", offset=60)
    draft = _round(challenge, now, "Summer 2027", offset=150, published=False)
    return Seed(
        organizer, member_of(teams["A"]), challenge, final, open_, upcoming, draft, teams, data,
        methods, entries, target_set,
    )  # fmt: skip


def _challenge(organizer: User) -> Challenge:
    return make_challenge(
        organizer,
        slug="burgers-1d",
        title="Shocks before they form",
        topics="fluid dynamics, surrogate models",
        summary="Predict how a viscous fluid steepens, breaks and smooths out, from its first "
        "moment alone.",
        domain_question="When does a surrogate stop being physics? The Burgers equation is the "
        "smallest model in which waves **steepen into shocks**; a method that blurs a shock "
        "here will blur it in a jet engine or a supernova.\n\nWe want to know *which regimes* "
        "are predictable from the initial field, and what fails first.",
        ml_task="Input: one initial field and a viscosity. Output: the field at 21 times.\n\n"
        "Optimise **nRMSE**, averaged over targets. Boundary, conservation and Fourier-band "
        "errors are shown beside it and do not rank.",
        data_statement="References come from a spectral solver checked against the exact "
        "Cole-Hopf solution to `1e-8`.",
        ethics="No people are concerned.",
    )


def _artifact(title: str, now: datetime, **fields: object) -> Artifact:
    return make_artifact(
        title=title,
        registered_at=now - timedelta(days=400),
        summary="Velocity fields on a periodic line, with the code that made them.",
        licence="CC-BY-4.0",
        **fields,
    )


def _datasets(now: datetime) -> dict[str, Artifact]:
    curator = make_user("germain", display_name="Sophie Germain", affiliation="Paris")
    lab = make_user("stokes", display_name="George Stokes", affiliation="Cambridge")
    both = make_user("meitner", display_name="Lise Meitner", affiliation="Berlin")
    data = {
        "D3": _artifact("Raw Burgers runs", now, people=[lab], slug="raw-burgers"),
        "D2": _artifact("Wave tank velocities", now, people=[both], slug="wave-tank"),
    }
    data["D1"] = _artifact(
        "Harmonised Burgers fields", now, people=[curator, lab], slug="harmonised", origin="derived"
    )
    data["unused"] = _artifact("Pipe flow profiles", now, people=[lab], slug="pipe-flow")
    _edge(data["D1"], data["D3"], "derived-from", use="resampled to one grid, units unified")
    content = b"fields\n" * 40
    file = ArtifactFile(
        artifact=data["D1"],
        name="fields.csv",
        description="All runs, one row per time",
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    file.file.save("fields", ContentFile(content))
    return data


def _round(
    challenge: Challenge, now: datetime, title: str, *, offset: int, **fields: object
) -> Round:
    opens = now + timedelta(days=offset)
    published = fields.pop("published", True)
    if published:
        fields |= {"published_at": opens - timedelta(days=2), "design_sha256": "5e" * 32}
    round_ = make_round(
        challenge,
        targets=(),
        published=False,
        title=title,
        slug=title.lower().replace(" ", "-"),
        task=TASK,
        opens_at=opens,
        closes_at=opens + timedelta(days=20),
        bootstrap_resamples=200,
        **fields,
    )
    round_.metrics.all().delete()
    make_metric(round_, "nrmse", label="nRMSE", metric="nrmse", is_primary=True)
    make_metric(round_, "max_error", label="Max error", metric="max_error")
    for place in range(1, 13):
        target = make_target(
            round_,
            f"u{place:02}",
            title=f"{REGIMES[place % 4].capitalize()} at nu = {10 ** -(1 + place % 3):g}",
            summary="A random sum of **eight** waves.",
            position=place,
            shape=[21, 256],
            low=-10.0,
            high=10.0,
            classes=[REGIMES[place % 4]],
        )
        if place < 4:
            _file(round_, f"u{place:02}.csv", target=target)
    _file(round_, "template.npz")
    return round_


def _file(round_: Round, name: str, **fields: object) -> None:
    content = name.encode() * 50
    file = RoundFile(
        round=round_,
        name=name,
        description="Initial field and viscosity" if fields else "Shape of a prediction file",
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        **fields,
    )
    file.file.save(name, ContentFile(content))


def _teams(own_data: Artifact) -> dict[str, Team]:
    ann = make_user("curie", display_name="Marie Curie", affiliation="Warsaw")
    return {
        "A": make_team(ann, name="Radium Street"),
        "B": make_team(own_data.contributions.get().person, make_user(), name="Gegenwelle"),
        "C": make_team(name="One Laptop"),
        "D": make_team(name="Late Nights"),
        "base": make_team(name="Baselines of the organizers", slug="baselines"),
    }


def _methods(
    teams: dict[str, Team], data: dict[str, Artifact], now: datetime
) -> dict[str, Artifact]:
    def method(team: str, title: str, **fields: object) -> Artifact:
        return make_method(
            teams[team],
            title=title,
            registered_at=now - timedelta(days=60),
            licence="MIT",
            summary="Learns a low-rank map from the initial field to later ones, and corrects "
            "it where gradients are steep.",
            **fields,
        )

    methods = {
        "M0": method("D", "Pre-trained wave kernel"),
        "A": method("A", "Fourier kernel regression"),
        "B": method("B", "POD with ridge", disclosure="partial"),
        "C": method("C", "Coarse spectral solver", disclosure="undisclosed"),
        "D": method("D", "Upwind, first order"),
        "base": method("base", "Persistence"),
    }
    _edge(methods["M0"], data["D2"], "trained-on")
    _edge(methods["A"], data["D1"], "trained-on")
    _edge(methods["A"], methods["M0"], "fine-tuned-from")
    _edge(methods["B"], data["D1"], "trained-on")
    _edge(methods["B"], data["D2"], "trained-on")
    return methods


def _edge(child: Artifact, parent: Artifact, relation: str, *, use: str = "") -> None:
    LineageEdge.objects.create(
        child=child, parent=parent, relation=relation, use=use, declared_by=child.registered_by
    )


SCORES = {"A": 0.0312, "B": 0.0358, "C": 0.0593, "D": 0.0821, "base": 0.0804}


def _entries(
    round_: Round, teams: dict[str, Team], methods: dict[str, Artifact]
) -> dict[str, Submission]:
    draw = random.Random(7)
    entries = {}
    slugs = list(round_.targets.values_list("slug", flat=True))
    for name in teams:
        mean = SCORES[name]
        values: dict[str, float | None] = {
            slug: mean * draw.uniform(0.5, 1.6) * (3 if slug > "u08" else 1) for slug in slugs
        }
        if name == "D":
            values["u12"] = None
        kind = "baseline" if name == "base" else "participant"
        entries[name] = make_scored(
            round_,
            values,
            team=teams[name],
            method=methods[name],
            entry_kind=kind,
            content=name.encode(),
            received_at=round_.opens_at + timedelta(days=1),
        )
        _score_max_error(entries[name])
    return entries


def _score_max_error(submission: Submission) -> None:
    run, metric = submission.runs.get(), submission.round.metrics.get(key="max_error")
    Score.objects.bulk_create(
        Score(
            run=run,
            target_id=score.target_id,
            metric=metric,
            status=score.status,
            value=None if score.value is None else 9 * score.value,
        )
        for score in run.scores.all()
    )


def rejected(seed: Seed) -> Submission:
    """Make a submission whose file was refused."""
    return make_submission(
        seed.open,
        seed.teams["A"],
        state=SubmissionState.REJECTED,
        method=seed.methods["A"],
        content=b"x",
        problems=[
            {
                "code": "BAD_SHAPE",
                "message": "array u03 has the shape 21 x 128, expected 21 x 256",
                "where": "array u03",
                "remedy": "write the field on all 256 grid points",
            }
        ],
    )
