"""From the files of a bundle to a plan, with everything that is wrong told at once."""

from __future__ import annotations

from accounts.models import User
from challenges.models import Challenge, ChallengeRole
from challenges.services.bundles.fields import read_fields
from challenges.services.bundles.plan import BundlePlan, ChallengePlan, RolePlan
from challenges.services.bundles.read_artifacts import read_artifacts, read_user
from challenges.services.bundles.read_rounds import read_rounds
from heldout.bundle.section import BundleLog, Section, root_section
from heldout.bundle.source import BUNDLE_FORMAT, ROOT_FILE, BundleSource, refusal

CHALLENGE_FIELDS = (
    "slug",
    "title",
    "summary",
    "topics",
    "domain_question",
    "domain_primer",
    "ml_task",
    "ml_primer",
    "data_statement",
    "ethics",
    "words",
    "licence",
)


def read_bundle(source: BundleSource, *, by: User) -> BundlePlan:
    """Read challenge.yaml and what it names.

    Raises
    ------
    BundleError
        With every problem found, each with its file and line.
    """
    log = BundleLog()
    root = root_section(ROOT_FILE, log, source=source)
    plan = _plan(root, by=by) if root is not None else None
    log.raise_if_any()
    if plan is None:
        raise refusal(ROOT_FILE, "it describes no challenge")
    return plan


def _plan(root: Section, *, by: User) -> BundlePlan | None:
    root.require("bundle", "challenge")
    version = root.whole("bundle")
    if version not in (None, BUNDLE_FORMAT):
        root.fault("bundle", f"this is format {version}; this server reads {BUNDLE_FORMAT}.")
    challenge = _challenge(root)
    artifacts = read_artifacts(root, by=by)
    rounds = read_rounds(root, known={plan.key for plan in artifacts})
    root.close()
    return None if challenge is None else BundlePlan(challenge, artifacts, rounds)


def _challenge(root: Section) -> ChallengePlan | None:
    section = root.section("challenge")
    if section is None:
        return None
    values = read_fields(section, Challenge, CHALLENGE_FIELDS)
    roles = []
    for item in section.sections("people", each="a person"):
        item.require("user")
        user = read_user(item)
        role = read_fields(item, ChallengeRole, ["role"])["role"]
        item.close()
        if user is not None:
            roles.append(RolePlan(user, role))
    section.close()
    return ChallengePlan(section, values, tuple(roles))
