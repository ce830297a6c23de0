"""People, teams and artifacts that a bundle names and the site would have already."""

from __future__ import annotations

from collections.abc import Iterator

from accounts.models import Team, User
from accounts.services import create_person, create_team
from catalog.models import Artifact, Contribution
from catalog.services import Share, confirm_share, register_artifact, set_shares
from heldout.bundle.located import Entries, Items, Node, Scalar, Unreadable, parse_yaml
from heldout.bundle.source import ROOT_FILE, BundleSource

_LARGEST_BYTES = 8 * 2**20


def make_standins(source: BundleSource, *, by: User) -> list[str]:
    """Make everybody and everything that the bundle takes for granted; tell what.

    What is wrong with the file is the import's to tell.
    """
    root = _root(source)
    if root is None:
        return []
    told = [_person(name) for name in _texts(root, "user")]
    members = [by]
    for slug in _texts(root, "team"):
        if not Team.objects.filter(slug=slug).exists():
            create_team(name=slug.replace("-", " ").title(), slug=slug, members=members)
            told.append(f"a team {slug}")
    own = {
        (item.get("slug", ""), item.get("version", "1")): item for item in _items(root, "artifacts")
    }
    for item in _items(root, "rounds"):
        told += [_artifact(name, "target-set", by=by) for name in _named(item, own, "target_set")]
    for name in _listed(root, "offered_data"):
        if tuple(name.partition("/")[::2]) not in own:
            told.append(_artifact(name, "dataset", by=by))
    for name in _texts(root, "artifact"):
        if tuple(name.partition("/")[::2]) not in own:
            told.append(_artifact(name, "dataset", by=by))
    return [each for each in dict.fromkeys(told) if each]


def confirm_shares() -> None:
    """Let everybody confirm their shares, as they would on their own page."""
    waiting = Contribution.objects.filter(person__isnull=False, confirmed_at__isnull=True)
    for row in waiting.select_related("person", "artifact"):
        if row.person is not None:
            confirm_share(row, by=row.person)


def _root(source: BundleSource) -> Entries | None:
    if not source.has(ROOT_FILE):
        return None
    with source.open(ROOT_FILE) as handle:
        text = handle.read(_LARGEST_BYTES).decode("utf-8-sig", errors="replace")
    try:
        node = parse_yaml(text, file=ROOT_FILE)
    except Unreadable:
        return None
    return node if isinstance(node, Entries) else None


def _walk(node: Node) -> Iterator[Entries]:
    if isinstance(node, Entries):
        yield node
        for child in node.nodes.values():
            yield from _walk(child)
    elif isinstance(node, Items):
        for child in node.nodes:
            yield from _walk(child)


def _texts(root: Entries, key: str) -> list[str]:
    found = (each.nodes.get(key) for each in _walk(root))
    return list(dict.fromkeys(node.text for node in found if isinstance(node, Scalar)))


def _listed(root: Entries, key: str) -> list[str]:
    lists = (each.nodes.get(key) for each in _walk(root))
    nodes = [node for each in lists if isinstance(each, Items) for node in each.nodes]
    return list(dict.fromkeys(node.text for node in nodes if isinstance(node, Scalar)))


def _items(root: Entries, key: str) -> list[dict[str, str]]:
    """Return the plain values of each mapping in a list of the top level."""
    found = root.nodes.get(key)
    entries = (
        [each for each in found.nodes if isinstance(each, Entries)]
        if isinstance(found, Items)
        else []
    )
    return [
        {name: node.text for name, node in each.nodes.items() if isinstance(node, Scalar)}
        for each in entries
    ]


def _named(item: dict[str, str], own: dict[tuple[str, str], dict[str, str]], key: str) -> list[str]:
    name = item.get(key, "")
    return [name] if name and tuple(name.partition("/")[::2]) not in own else []


def _person(username: str) -> str:
    if not username or User.objects.filter(username__iexact=username).exists():
        return ""
    create_person(username=username, password="rehearsal")  # noqa: S106 - gone in a minute
    return f"a person {username}"


def _artifact(name: str, kind: str, *, by: User) -> str:
    slug, _, version = name.partition("/")
    if not version or Artifact.objects.filter(slug=slug, version=version).exists():
        return ""
    made = register_artifact(
        kind=kind,
        slug=slug,
        version=version,
        title=slug,
        summary="Stands for what the site has.",
        by=by,
        origin=Artifact.Origin.ORIGINAL,
        licence="CC-BY-4.0",
    )
    set_shares(made, [Share(name="Its contributors", share_bp=10_000, roles=())])
    return f"an artifact {name}"
