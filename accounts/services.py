"""Writes of people and teams."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts import audit
from accounts.errors import FieldsRefused, TeamNameTaken, UsernameTaken
from accounts.models import ApiToken, Membership, Team, User
from accounts.names import skeleton
from accounts.selectors import team_of_one

SLUG_LENGTH = 60
NAME_LENGTH = 80


@transaction.atomic
def create_person(
    *,
    username: str,
    password: str,
    email: str = "",
    display_name: str = "",
    affiliation: str = "",
    orcid: str = "",
    is_staff: bool = False,
) -> User:
    """Create an account and the person's team of one.

    The password is taken as it is: a form that lets people choose one checks it first with
    `django.contrib.auth.password_validation`.

    Raises
    ------
    UsernameTaken
        If somebody else has this username, whatever its case.
    FieldsRefused
        If a field holds what its model does not allow; the error names each.
    """
    if User.objects.filter(username__iexact=username).exists():
        raise UsernameTaken(
            _("The username %(username)s is taken.") % {"username": username}, _("Choose another.")
        )
    person = User(
        username=username,
        email=email,
        display_name=display_name,
        affiliation=affiliation,
        orcid=orcid,
        is_staff=is_staff,
    )
    person.set_password(password)
    try:
        person.full_clean()
    except ValidationError as error:
        raise FieldsRefused(error.message_dict) from None
    person.save()
    ensure_team_of_one(person)
    return person


@transaction.atomic
def ensure_team_of_one(user: User) -> Team:
    """Return the team the person is in alone, made now if there is none."""
    User.objects.select_for_update().get(pk=user.pk)
    found = team_of_one(user)
    if found is not None:
        return found
    team = Team.objects.create(
        slug=_free("slug", slugify(user.username) or f"person-{user.pk}", limit=SLUG_LENGTH),
        name=_free("name", user.public_name, limit=NAME_LENGTH),
        affiliation=user.affiliation,
    )
    Membership.objects.create(team=team, user=user, role=Membership.Role.CAPTAIN)
    return team


@transaction.atomic
def create_team(*, name: str, slug: str, members: Sequence[User]) -> Team:
    """Create a team; the first member is its captain.

    Raises
    ------
    TeamNameTaken
        If another team has this name or slug.
    FieldsRefused
        If the name or slug is not allowed, or there is no member or one twice.
    """
    if not members or len({member.pk for member in members}) != len(members):
        raise FieldsRefused({"members": [_("A team has members, each named once.")]})
    if Team.objects.filter(name=name).exists():
        raise TeamNameTaken(
            _("There is a team named %(name)s already.") % {"name": name}, _("Choose another name.")
        )
    if Team.objects.filter(slug=slug).exists():
        raise TeamNameTaken(
            _("There is a team at the address %(slug)s already.") % {"slug": slug},
            _("Choose another."),
        )
    team = Team(name=name, slug=slug)
    try:
        team.full_clean()
    except ValidationError as error:
        raise FieldsRefused(error.message_dict) from None
    team.save()
    for member in members:
        role = Membership.Role.CAPTAIN if member == members[0] else Membership.Role.MEMBER
        Membership.objects.create(team=team, user=member, role=role)
    return team


def create_named_team(name: str, *, by: User) -> Team:
    """Create a team whose captain is the person, at an address made from its name.

    Raises
    ------
    TeamNameTaken, FieldsRefused
        As `create_team` does.
    """
    slug = _free("slug", slugify(name) or "team", limit=SLUG_LENGTH)
    return create_team(name=name, slug=slug, members=[by])


@transaction.atomic
def create_token(user: User, *, name: str, scopes: Sequence[str]) -> tuple[ApiToken, str]:
    """Make a token; its text is returned once and kept nowhere.

    Raises
    ------
    FieldsRefused
        If there is no scope, or one that does not exist.
    """
    known = [scope for scope in ApiToken.Scope.values if scope in scopes]
    if not known or len(known) != len(set(scopes)):
        raise FieldsRefused({"scopes": ["Choose from " + ", ".join(ApiToken.Scope.values) + "."]})
    token, text = ApiToken.objects.create(user=user, name=name, scopes=" ".join(known))
    if token.allows(ApiToken.Scope.ORGANIZE):
        audit.record(
            audit.Act.TOKEN, f"accounts.ApiToken:{token.token_key}", by=user, after=token.scopes
        )
    return token, text


def _free(field: str, wanted: str, *, limit: int) -> str:
    """Return `wanted`, or with a number behind it if another team has it, within `limit`."""
    for number in range(1, 10_000):
        suffix = "" if number == 1 else f"-{number}"
        candidate = wanted[: limit - len(suffix)] + suffix
        taken = Q(**{field: candidate})
        if field == "name":
            taken |= Q(name_key=skeleton(candidate))
        if not Team.objects.filter(taken).exists():
            return candidate
    raise TeamNameTaken(
        _("Every name like %(wanted)s is taken.") % {"wanted": wanted},
        _("Choose another username."),
    )
