"""The demo's two challenges as bundles: folders with a challenge.yaml, as organizers write."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from demo.burgers.arrays import write_npz
from demo.burgers.challenge import POINTS, TIMES, Target, inputs_bytes, targets
from demo.burgers.datasets import AUGMENTED, ORIGINAL, card, write_augmented, write_original
from demo.cast import ORGANIZER
from demo.digits.problems import PROBLEMS
from demo.kits import write_kit_files

HELD_SEED = 2026  # public: this round is over when anybody reads it
BURGERS = "burgers-1d"
DIGITS = "hundred-digits"

BURGERS_CHARTER = {
    "slug": BURGERS,
    "title": "Burgers flow in one dimension",
    "summary": "How well can a flow that steepens into shocks be predicted from its start?",
    "topics": "fluid dynamics, partial differential equations, surrogate models",
    "words": "front: a place where the velocity falls within a few grid points\n"
    "shock: the front that is left where the viscosity is zero\n"
    "steepening: what happens before a front, as fast fluid catches up with slow fluid",
    "domain_question": (
        "Fronts and shocks form in gases, traffic and the ocean when fast fluid catches up with "
        "slow fluid. The viscous Burgers equation *u_t + u u_x = nu u_xx* is the smallest model "
        "that has them. **How thin may a front get before a cheap method loses it, and "
        "what does a learned method add?** What works here is a candidate for the expensive "
        "solvers upstream of weather, combustion and engineering."
    ),
    "ml_task": (
        "Given the initial field on 256 points and the viscosity, predict the field at 20 later "
        "times: an operator from functions to functions. The ranking metric is the normalized "
        "RMSE, because the amplitudes of the flows differ; Fourier bands, boundary, conserved "
        "quantity and maximum error say *how* a method is wrong."
    ),
    "domain_primer": (
        "Where *u* is large the fluid moves fast and overtakes what lies ahead; viscosity *nu* "
        "spreads what becomes too steep. A front is about *nu* divided by the jump thick, so a "
        "small *nu* makes thin fronts. An error in the **place** of a front matters more in "
        "practice than one in its height."
    ),
    "ml_primer": (
        "A normalized RMSE of 0.1 means errors of a tenth of the flow's own size, on average. It "
        "does not say where they are: a front that is a little late costs as much as a field "
        "that is blurred everywhere. The columns beside it tell the two apart."
    ),
    "data_statement": (
        "Answers are solved with a Fourier method at a resolution chosen per viscosity and "
        "verified against the exact Cole-Hopf solution to 1e-8. Initial fields are random: a mean "
        "flow and five Fourier modes."
    ),
    "ethics": "Simulated fluid; no people, no hazard.",
    "licence": "CC-BY-4.0",
    "people": [{"user": ORGANIZER, "role": "owner"}],
}

BURGERS_TASK = f"""\
For each target predict *u(t, x)* at the {len(TIMES)} times and {POINTS} points given in its
input file: one array of shape ({len(TIMES)}, {POINTS}), time first, in float64.

Hand in one `.npz` file with one array for each target, named like the target.
The inputs hold `x`, `times`, `initial` and `viscosity`. The domain is periodic, 0 to 1.
"""

BURGERS_METRICS = [
    {"metric": "nrmse", "label": "nRMSE", "is_primary": True, "parameters": {"layout": "tx"}},
    {"metric": "vrmse", "label": "VRMSE", "parameters": {"layout": "tx"}},
    {"metric": "max_error", "label": "Max error", "parameters": {"layout": "tx"}},
    {"metric": "crmse", "label": "Conserved RMSE", "parameters": {"layout": "tx"}},
    {"metric": "brmse", "label": "Boundary RMSE", "parameters": {"layout": "tx"}},
    *(
        {
            "key": f"frmse_{band}",
            "metric": "frmse",
            "label": f"Fourier {band}",
            "parameters": {"layout": "tx", "band": band},
        }
        for band in ("low", "mid", "high")
    ),
]


def write_burgers(folder: Path, *, now: datetime) -> Path:
    """Write the Burgers challenge: a round to be held, and one that stays open for visitors.

    The open round's seed is drawn and forgotten, so that nobody can compute its answers.
    """
    datasets = folder / "data"
    datasets.mkdir(parents=True, exist_ok=True)
    original, augmented = (datasets / card(slug).filename for slug in (ORIGINAL, AUGMENTED))
    write_original(original)
    write_augmented(augmented, original)
    rounds = [
        _burgers_round(
            folder,
            slug="2026",
            title="Round 2026",
            held=targets(HELD_SEED),
            dates=(now, now + timedelta(days=1)),
        ),
        _burgers_round(
            folder,
            slug="open",
            title="Open round",
            held=targets(secrets.randbits(63)),
            dates=(now, now + timedelta(days=90)),
        ),
    ]
    document = {
        "bundle": 1,
        "challenge": BURGERS_CHARTER,
        "artifacts": [
            *(_dataset(slug) for slug in (ORIGINAL, AUGMENTED)),
            *(_target_set(each, "Burgers targets", ("organizer", "wei")) for each in rounds),
        ],
        "rounds": rounds,
    }
    return _write(folder, document)


def _burgers_round(
    folder: Path,
    *,
    slug: str,
    title: str,
    held: Sequence[Target],
    dates: tuple[datetime, datetime],
) -> dict[str, Any]:
    inputs, answers = folder / slug / "inputs", folder / slug / "answers"
    inputs.mkdir(parents=True, exist_ok=True)
    answers.mkdir(parents=True, exist_ok=True)
    for target in held:
        (inputs / f"{slug}-{target.slug}.npz").write_bytes(inputs_bytes(target.inputs))
        np.save(answers / f"{target.slug}.npy", target.answer, allow_pickle=False)
    template = {target.slug: np.zeros((len(TIMES), POINTS)) for target in held}
    write_npz(folder / slug / "template.npz", template)
    return {
        "slug": slug,
        "title": title,
        "task": BURGERS_TASK,
        "opens_at": _moment(dates[0]),
        "closes_at": _moment(dates[1]),
        "embargo": "Nothing is held back: teams may publish what they do at any time.",
        "design_items": {
            "mission": "To find which cheap methods deserve a trial in larger solvers.",
            "cohort": "Random smooth periodic flows, from thick to thin fronts; drawn by seed.",
            "annotation": "Computed; no person judged anything.",
            "metrics": "Normalized, because amplitudes differ; bands and boundary say how.",
            "conflicts": "The makers of the targets are named in the target set and not ranked.",
        },
        "reader": "npz",
        "upload_limit_bytes": 20_000_000,
        "submissions_per_day": 10,
        "missing_policy": "incomplete",
        "target_set": f"{BURGERS}-{slug}-targets/1",
        "offered_data": [f"{ORIGINAL}/1", f"{AUGMENTED}/1"],
        "metrics": BURGERS_METRICS,
        "targets": [
            {
                "slug": target.slug,
                "title": target.inputs.title,
                "summary": f"Viscosity {target.inputs.viscosity:.6g}.",
                "shape": [len(TIMES), POINTS],
                "low": -50,
                "high": 50,
                "classes": [target.inputs.label],
                "input": f"{slug}/inputs/{slug}-{target.slug}.npz",
            }
            for target in held
        ],
        "files": [
            {
                "path": f"{slug}/template.npz",
                "name": "template.npz",
                "description": "A file of the right form, filled with zeros.",
            },
            *(
                {"path": f"{slug}/{file['name']}", **file}
                for file in write_kit_files(folder / slug, "burgers")
            ),
        ],
        "references": {"folder": f"{slug}/answers"},
    }


def _dataset(slug: str) -> dict[str, Any]:
    found = card(slug)
    people = {
        ORIGINAL: [("mira", 6000, ["data-curation", "software"]), ("jonas", 4000, ["software"])],
        AUGMENTED: [("lucia", 7000, ["data-curation"]), ("tomas", 3000, ["validation"])],
    }[slug]
    return {
        "kind": "dataset",
        "slug": slug,
        "version": found.version,
        "title": found.title,
        "summary": found.summary,
        "description": found.description,
        "licence": found.licence,
        "origin": "derived" if found.made_from else "original",
        "inputs": [
            {"artifact": f"{parent}/1", "relation": "derived-from", "use": "the flows it moves"}
            for parent in found.made_from
        ],
        "files": [{"path": f"data/{found.filename}"}],
        "contributors": [
            {"user": user, "share_bp": share, "roles": roles} for user, share, roles in people
        ],
    }


def _target_set(round_: Mapping[str, Any], title: str, people: Sequence[str]) -> dict[str, Any]:
    slug, _, version = round_["target_set"].partition("/")
    return {
        "kind": "target-set",
        "slug": slug,
        "version": version,
        "title": f"{title}, {round_['title'].lower()}",
        "summary": "The held-out answers of this round and the work behind them.",
        "licence": "CC-BY-4.0",
        "origin": "original",
        "contributors": [
            {"user": user, "roles": ["conceptualization", "data-curation"]} for user in people
        ],
    }


def write_digits(folder: Path, *, now: datetime) -> Path:
    """Write the challenge of ten numbers: nothing in it is a field."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "answers.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["target", "value"])
        rows.writerows([problem.slug, repr(problem.answer)] for problem in PROBLEMS)
    with (folder / "template.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["target", "value"])
        rows.writerows([problem.slug, "0"] for problem in PROBLEMS)
    round_ = {
        "slug": "2002",
        "title": "The ten problems",
        "task": (
            "Compute each number to ten digits. Hand in a CSV file with the columns `target` and "
            "`value`, one row for each problem. One point for each correct digit, 100 in all."
        ),
        "opens_at": _moment(now - timedelta(days=1)),
        "closes_at": _moment(now + timedelta(days=90)),
        "embargo": "Nothing is held back: the answers are known.",
        "reader": "csv",
        "upload_limit_bytes": 100_000,
        "submissions_per_day": 20,
        "missing_policy": "worst",
        "missing_penalty": 0,
        "target_set": f"{DIGITS}-targets/1",
        "metrics": [
            {
                "key": "digits",
                "metric": "digits_correct",
                "label": "Digits",
                "aggregate": "sum",
                "is_primary": True,
            }
        ],
        "targets": [
            {"slug": problem.slug, "title": problem.title, "summary": problem.statement}
            for problem in PROBLEMS
        ],
        "files": [
            {"path": "template.csv", "description": "A file of the right form."},
            *({"path": file["name"], **file} for file in write_kit_files(folder, "digits")),
        ],
        "references": {"csv": "answers.csv"},
    }
    document = {
        "bundle": 1,
        "challenge": {
            "slug": DIGITS,
            "title": "A hundred digits",
            "summary": "Ten numbers, ten digits each: the challenge of SIAM News, January 2002.",
            "topics": "numerical analysis",
            "domain_question": (
                "Ten numbers that a laptop can compute to ten digits, if one thinks first. "
                "**What does it take to be sure of a digit?** Extrapolation, contour integrals, "
                "exact arithmetic: the craft that every reference answer on this site rests on."
            ),
            "ml_task": (
                "Ten scalars, no training data. One point for each correct digit; the sum ranks."
            ),
            "domain_primer": (
                "A digit counts when it is right, not when it looks stable. Series that converge "
                "slowly, integrals that oscillate and minima among many want a change of the "
                "problem before more computing."
            ),
            "ml_primer": (
                "The score counts correct digits, so it grows with the logarithm of the error: "
                "one digit is a factor of ten."
            ),
            "data_statement": (
                "The answers are known: Bornemann, Laurie, Wagon and Waldvogel, The SIAM "
                "100-Digit Challenge, SIAM 2004. This round is for practice."
            ),
            "ethics": "Arithmetic.",
            "licence": "CC0-1.0",
            "people": [{"user": ORGANIZER, "role": "owner"}],
        },
        "artifacts": [_target_set(round_, "Ten numbers", (ORGANIZER,))],
        "rounds": [round_],
    }
    return _write(folder, document)


class Plain(yaml.SafeDumper):
    """Write what is used twice twice: bundles have no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _write(folder: Path, document: Mapping[str, Any]) -> Path:
    text = yaml.dump(dict(document), Dumper=Plain, sort_keys=False, allow_unicode=True, width=96)
    (folder / "challenge.yaml").write_text(text, encoding="utf-8")
    return folder
