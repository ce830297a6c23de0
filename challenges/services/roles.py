"""Who organizes a challenge goes into the audit trail, by whatever way a role is given."""

from __future__ import annotations

from accounts import audit
from challenges.models import ChallengeRole


def role_given(sender: object, instance: ChallengeRole, **kwargs: object) -> None:
    """Write down a role that is new or has changed."""
    audit.record(
        audit.Act.ROLE, instance.user, challenge=instance.challenge_id, after=instance.role,
        reason=f"{instance.role} of the challenge",
    )  # fmt: skip


def role_taken(sender: object, instance: ChallengeRole, **kwargs: object) -> None:
    """Write down a role that ended."""
    audit.record(
        audit.Act.ROLE, instance.user, challenge=instance.challenge_id, before=instance.role,
        reason=f"{instance.role} of the challenge no more",
    )  # fmt: skip
