"""Reading the artifacts of a bundle: datasets, models and target sets."""

from __future__ import annotations

from accounts.models import Team, User
from catalog.errors import FileRefused
from catalog.models import SHARES_TOTAL_BP, Artifact, ArtifactFile, Contribution, LineageEdge
from catalog.services import MAX_INPUTS, Share, check_file_name
from challenges.services.bundles.fields import read_fields
from challenges.services.bundles.plan import ArtifactKey, ArtifactPlan, FilePlan, InputPlan
from heldout.bundle.section import Section, note_repeats

ARTIFACT_FIELDS = (
    "kind",
    "slug",
    "version",
    "title",
    "summary",
    "description",
    "origin",
    "licence",
    "disclosure",
    "doi",
    "url",
    "is_stub",
)
CONTRIBUTION_FIELDS = ("name", "orcid", "share_bp", "roles")
LINEAGE_FIELDS = ("relation", "use")


def read_artifacts(root: Section, *, by: User) -> tuple[ArtifactPlan, ...]:
    """Read all artifacts; an input must be listed above what was made from it."""
    sections = root.sections("artifacts", each="an artifact")
    plans: list[ArtifactPlan] = []
    for section in sections:
        known = {plan.key for plan in plans}
        plans.append(_artifact(section, known=known, by=by))
    note_repeats(sections, ["/".join(plan.key) for plan in plans], key="slug")
    return tuple(plans)


def read_key(section: Section, key: str, *, known: set[ArtifactKey]) -> ArtifactKey | None:
    """Read `slug/version` of an artifact of the bundle or of one registered here."""
    return find_key(section, key, section.text(key), known=known)


def find_key(
    section: Section, key: str, text: str, *, known: set[ArtifactKey]
) -> ArtifactKey | None:
    """Return the slug and version that `text` names, or None after noting why not."""
    if not text:
        return None
    slug, slash, version = text.partition("/")
    if not slash or not version:
        section.fault(key, f"{text!r} must name slug and version.", "Write it like waves/1.")
        return None
    there = (slug, version) in known
    if not there and not Artifact.objects.filter(slug=slug, version=version).exists():
        section.fault(
            key,
            f"there is no artifact {text}, neither in this bundle before here nor registered.",
            "List an artifact above those that are made from it.",
        )
        return None
    return slug, version


def read_file(section: Section, *, with_media_type: bool = False) -> FilePlan:
    """Read a public file; it is named like the file in the bundle unless told otherwise."""
    section.require("path")
    path = section.file("path")
    name = section.text("name") or path.rsplit("/", 1)[-1]
    plan = FilePlan(
        section=section,
        path=path,
        name=name,
        description=section.text("description"),
        media_type=section.text("media_type") if with_media_type else "",
        target="" if with_media_type else section.text("target"),
        released_at=None if with_media_type else section.moment("released_at"),
    )
    section.close()
    check_public_file(section, plan)
    return plan


def check_public_file(section: Section, plan: FilePlan) -> None:
    """Note a name or description that cannot be shown."""
    limit = ArtifactFile._meta.get_field("description").max_length or 0
    if len(plan.description) > limit:
        section.fault("description", f"'description' is longer than {limit} characters.")
    if plan.path:
        try:
            check_file_name(plan.name)
        except FileRefused as error:
            section.fault("name", error.message, error.remedy)


def _artifact(section: Section, *, known: set[ArtifactKey], by: User) -> ArtifactPlan:
    values = read_fields(section, Artifact, ARTIFACT_FIELDS)
    team = _team(section)
    file_sections = section.sections("files", each="a file")
    files = tuple(read_file(item, with_media_type=True) for item in file_sections)
    note_repeats(file_sections, [file.name for file in files], key="name")
    inputs = _inputs(section, known=known)
    if inputs and values["kind"] != Artifact.Kind.MODEL and values["origin"] == "original":
        section.fault("inputs", "an original has no inputs.", "Write origin: derived.")
    shares = read_shares(section, by=by)
    section.close()
    return ArtifactPlan(section, values, team, files, inputs, shares)


def _team(section: Section) -> Team | None:
    slug = section.text("team")
    team = Team.objects.filter(slug=slug).first() if slug else None
    if slug and team is None:
        section.fault("team", f"there is no team {slug} here.")
    return team


def _inputs(section: Section, *, known: set[ArtifactKey]) -> tuple[InputPlan, ...]:
    found = []
    sections = section.sections("inputs", each="an input")
    for item in sections:
        item.require("artifact")
        parent = read_key(item, "artifact", known=known)
        values = read_fields(item, LineageEdge, LINEAGE_FIELDS)
        item.close()
        if parent is not None:
            found.append(InputPlan(item, parent, values["relation"], values["use"]))
    if len(sections) > MAX_INPUTS:
        section.fault("inputs", f"there are {len(sections)} inputs, the most is {MAX_INPUTS}.")
    return tuple(found)


def read_shares(section: Section, *, by: User) -> tuple[Share, ...]:
    """Read contributors; the person who imports confirms their own share, nobody else's."""
    shares = []
    sections = section.sections("contributors", each="a contributor")
    for item in sections:
        values = read_fields(
            item,
            Contribution,
            CONTRIBUTION_FIELDS,
            json_kinds={"roles": "words"},
            fallback={"share_bp": 1},
        )
        person = read_user(item)
        if person is None and not values["name"]:
            item.fault("user", "a contributor has a 'user' or a 'name'.")
        share_bp = values["share_bp"] if item.has("share_bp") else None
        item.close()
        shares.append(
            Share(
                person=person,
                name="" if person else values["name"],
                orcid=values["orcid"],
                share_bp=share_bp,
                roles=tuple(values["roles"]),
                confirmed=person == by,
            )
        )
    names = [str(share.person.pk) if share.person else f"name {share.name}" for share in shares]
    note_repeats(sections, names, key="user")
    _check_sum(section, shares)
    return tuple(shares)


def read_user(section: Section) -> User | None:
    """Read the username of a person with an account here."""
    return find_user(
        section,
        "user",
        section.text("user"),
        remedy="Let them sign up first, or give a contributor by 'name' and 'orcid'.",
    )


def find_user(
    section: Section, key: str, username: str, *, remedy: str = "Let them sign up first."
) -> User | None:
    """Return the person of this username, after noting where there is none."""
    user = User.objects.filter(username=username).first() if username else None
    if username and user is None:
        section.fault(key, f"nobody here has the username {username}.", remedy)
    return user


def _check_sum(section: Section, shares: list[Share]) -> None:
    given = [share.share_bp for share in shares if share.share_bp is not None]
    if not given:
        return
    if len(given) != len(shares):
        section.fault("contributors", "give every contributor a share_bp, or none (all equal).")
    elif sum(given) != SHARES_TOTAL_BP:
        section.fault(
            "contributors",
            f"the shares sum to {sum(given)}, not to {SHARES_TOTAL_BP} basis points.",
            "Correct them, or leave all of them out for equal shares.",
        )
