"""`manage.py setup_roles`: the permission group of organizers; running it again mends it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand
from django.db import transaction

GROUP = "Organizers"
EDIT = ("add", "change", "view")
LOOK = ("view",)
# Which acts on which models; on whose rows is decided by the admin (own challenges only).
GRANTS: dict[str, tuple[str, ...]] = {
    "accounts.auditevent": LOOK,
    "accounts.user": LOOK,
    "accounts.team": LOOK,
    "catalog.artifact": EDIT,
    "catalog.artifactfile": EDIT,
    "catalog.contribution": (*EDIT, "delete"),
    "catalog.lineageedge": EDIT,
    "challenges.challenge": (*EDIT, "delete"),
    "challenges.challengerole": (*EDIT, "delete"),
    "challenges.round": (*EDIT, "delete"),
    "challenges.roundmetric": (*EDIT, "delete"),
    "challenges.roundfile": (*EDIT, "delete"),
    "challenges.target": EDIT,
    "challenges.track": (*EDIT, "delete"),
    "challenges.targetwindow": (*EDIT, "delete"),
    "challenges.reference": LOOK,
    "challenges.correction": ("change", "view"),
    "challenges.referenceaccess": LOOK,
    "challenges.dispute": ("change", "view"),
    "submissions.submission": LOOK,
    "submissions.scoringrun": LOOK,
    "submissions.score": LOOK,
    "submissions.quotaentry": LOOK,
    "leaderboards.boardrevision": LOOK,
    "leaderboards.standing": LOOK,
    "leaderboards.creditbook": LOOK,
    "leaderboards.creditentry": LOOK,
    "leaderboards.duplicatesearch": LOOK,
    "leaderboards.nearduplicate": LOOK,
}


@transaction.atomic
def setup_roles() -> Group:
    """Make the group of organizers, or give the one there is exactly these permissions."""
    group, _ = Group.objects.get_or_create(name=GROUP)
    wanted = []
    for label, acts in GRANTS.items():
        app, _, model = label.partition(".")
        names = [f"{act}_{model}" for act in acts]
        found = list(Permission.objects.filter(content_type__app_label=app, codename__in=names))
        if len(found) != len(names):
            raise LookupError(f"permissions of {label} are missing; run migrate first")
        wanted += found
    group.permissions.set(wanted)
    return group


class Command(BaseCommand):
    help = "Make or mend the permission group 'Organizers'. Give it to staff users who organize."

    def handle(self, *args: Any, **options: Any) -> None:
        group = setup_roles()
        self.stdout.write(f"The group {group.name} has {group.permissions.count()} permissions.")
