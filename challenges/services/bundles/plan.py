"""What a bundle asks for, after everything that can be judged without the database's state."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from accounts.models import Team, User
from catalog.services import Share
from challenges.services.bundles.fields import Values
from heldout.bundle.answers import AnswersPlan
from heldout.bundle.section import Section

ArtifactKey = tuple[str, str]  # slug and version


@dataclass(frozen=True, slots=True)
class FilePlan:
    """A public file: where it is in the bundle, its name and description here."""

    section: Section
    path: str
    name: str
    description: str = ""
    media_type: str = ""
    target: str = ""
    released_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InputPlan:
    """What an artifact was made from."""

    section: Section
    parent: ArtifactKey
    relation: str
    use: str


@dataclass(frozen=True, slots=True)
class ArtifactPlan:
    """A dataset, model or target set."""

    section: Section
    values: Values
    team: Team | None
    files: tuple[FilePlan, ...]
    inputs: tuple[InputPlan, ...]
    shares: tuple[Share, ...]

    @property
    def key(self) -> ArtifactKey:
        return self.values["slug"], self.values["version"]


@dataclass(frozen=True, slots=True)
class RolePlan:
    """A person's role in the challenge."""

    user: User
    role: str


@dataclass(frozen=True, slots=True)
class ChallengePlan:
    """The charter."""

    section: Section
    values: Values
    roles: tuple[RolePlan, ...]


@dataclass(frozen=True, slots=True)
class TrackPlan:
    section: Section
    values: Values


@dataclass(frozen=True, slots=True)
class TargetPlan:
    """A target, its dates in single tracks, and who provided it."""

    section: Section
    values: Values
    windows: dict[str, Values] = field(default_factory=dict)
    providers: tuple[User, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricPlan:
    section: Section
    values: Values


@dataclass(frozen=True, slots=True)
class RoundPlan:
    section: Section
    values: Values
    tracks: tuple[TrackPlan, ...]
    targets: tuple[TargetPlan, ...]
    metrics: tuple[MetricPlan, ...]
    files: tuple[FilePlan, ...]
    answers: AnswersPlan | None
    target_set: ArtifactKey | None
    offered_data: tuple[ArtifactKey, ...]


@dataclass(frozen=True, slots=True)
class BundlePlan:
    challenge: ChallengePlan
    artifacts: tuple[ArtifactPlan, ...]
    rounds: tuple[RoundPlan, ...]
