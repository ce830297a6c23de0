"""The kinds of visitor, and a site on which each of them has something to look for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts import audit
from accounts.models import ApiToken, User
from accounts.teams import invite
from catalog.models import Artifact, ShareClaim, Statement
from challenges.management.commands.setup_roles import setup_roles
from challenges.models import ChallengeRole, Correction, Dispute, ReferenceAccess, Target
from community.models import Webhook
from community.services.webhooks import add_webhook, send_test
from community.services.wishes import new_feed_secret
from leaderboards.models import BoardRevision, DuplicateSearch
from submissions.models import SubmissionState
from submissions.services.quota import grant
from tests.factories import (
    make_artifact,
    make_challenge,
    make_reference,
    make_submission,
    make_user,
    member_of,
)
from tests.pages.seed import Seed, build


@dataclass(frozen=True)
class World:
    """The site of the seed, its people by kind, and one row of each kind for the admin."""

    seed: Seed
    people: Mapping[str, User | None]
    rows: Mapping[str, Any]  # by "app/model"
    code: str
    token_key: str
    invitation: str
    hook: Webhook
    feed: str


def build_world() -> World:
    """Make a site with one visitor of each kind."""
    seed = build()
    people = _people(seed)
    Artifact.objects.filter(pk=seed.data["unused"].pk).update(is_stub=True)
    Statement.objects.create(
        artifact=seed.data["D1"],
        number=1,
        answers={"purpose": "To learn from."},
        saved_by=seed.data["D1"].registered_by,
        published_at=timezone.now(),
    )
    token, _ = ApiToken.objects.create(user=seed.ann, name="laptop")
    waiting = make_submission(
        seed.open, seed.teams["A"], state=SubmissionState.QUEUED, method=seed.methods["A"]
    )
    invited = invite(seed.teams["A"], by=seed.ann)
    secret = invited.url.rstrip("/").rpartition("/")[2]
    hook, _ = add_webhook(seed.ann, url="https://example.org/", kinds=["round.closed"])
    rows = {**_rows(seed, token), "community/delivery": send_test(hook)}
    feed = new_feed_secret(seed.ann)
    return World(seed, people, rows, waiting.code, token.token_key, secret, hook, feed)


def _people(seed: Seed) -> dict[str, User | None]:
    organizers = setup_roles()
    insider = make_user("insider")
    targets = make_artifact(kind="target-set", slug="inside", people=[insider])
    for round_ in (seed.open, seed.draft):
        round_.target_set = targets
        round_.save()
    staff = make_user("staff", is_staff=True)
    stranger = make_user("stranger", is_staff=True)
    make_challenge(stranger, slug="elsewhere")
    seed.organizer.is_staff = True
    seed.organizer.save()
    owner = make_user("owner", is_staff=True)
    assessor, provider = make_user("assessor"), make_user("provider")
    for person, role in ((owner, "owner"), (assessor, "assessor")):
        ChallengeRole.objects.create(challenge=seed.challenge, user=person, role=role)
    for target in Target.objects.filter(round__challenge=seed.challenge, slug="u01"):
        target.providers.add(provider)
    for person in (staff, stranger, seed.organizer, owner):
        person.groups.add(organizers)
    return {
        "anonymous": None,
        "entrant": member_of(seed.teams["C"]),
        "own team": seed.ann,
        "insider": insider,
        "staff": staff,
        "organizer": seed.organizer,
        "other organizer": stranger,
        "operator": make_user("operator", is_staff=True, is_superuser=True),
        "owner": owner,
        "assessor": assessor,
        "target provider": provider,
    }


def _rows(seed: Seed, token: ApiToken) -> dict[str, Any]:
    reference = make_reference(seed.open.targets.get(slug="u01"), 0.0)
    make_reference(seed.final.targets.get(slug="u01"), 0.0)
    access = ReferenceAccess.objects.create(round=seed.open, purpose="verify")
    entry = grant(
        team=seed.teams["A"], round=seed.open, amount=1, by=seed.organizer, reason="A fault."
    )
    event = audit.record(
        audit.Act.OPEN_REFERENCES, seed.open, by=seed.organizer, challenge=seed.challenge.pk
    )
    revision = BoardRevision.objects.filter(board__round=seed.final).get()
    book = seed.final.credit_books.first()
    run = seed.entries["A"].runs.get()
    return {
        "accounts/apitoken": token,
        "accounts/auditevent": event,
        "accounts/team": seed.teams["A"],
        "accounts/user": seed.ann,
        "auth/group": Group.objects.get(),
        "mfa/authenticator": Authenticator.objects.create(
            user=make_user("forgetful"), type=Authenticator.Type.TOTP, data={"secret": ""}
        ),
        "catalog/artifact": seed.data["D1"],
        "catalog/shareclaim": ShareClaim.objects.create(
            artifact=seed.data["D1"], person=seed.ann, evidence="My name is on the deposit."
        ),
        "challenges/correction": Correction.objects.create(
            round=seed.final, reason="A wrong unit.", made_by=seed.organizer
        ),
        "challenges/challenge": seed.challenge,
        "challenges/dispute": Dispute.objects.create(
            target=seed.open.targets.get(slug="u01"), text="Is it upside down?", opened_by=seed.ann
        ),
        "challenges/reference": reference,
        "challenges/referenceaccess": access,
        "challenges/round": seed.open,
        "challenges/target": seed.open.targets.get(slug="u01"),
        "submissions/quotaentry": entry,
        "submissions/score": run.scores.first(),
        "submissions/scoringrun": run,
        "submissions/submission": seed.entries["A"],
        "leaderboards/boardrevision": revision,
        "leaderboards/creditbook": book,
        "leaderboards/creditentry": book.entries.first(),
        "leaderboards/duplicatesearch": DuplicateSearch.objects.create(
            round=seed.final, percent=1.0, is_current=False
        ),
        "leaderboards/standing": revision.standings.first(),
    }
