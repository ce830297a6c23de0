"""Which revision of a board everybody may see now: what open pages ask again and again.

The answer is made for nobody in particular, from the cache, without session or database, so that
a thousand watchers cost what one does. Only when it changes does a page load its board anew.
"""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.cache import cache_control

from challenges.selectors import visible_rounds
from leaderboards.visible import visible_board

KEPT_S = 3
NOTHING = "-"


@cache_control(public=True, max_age=KEPT_S)
def now(request: HttpRequest, challenge: str, round: str) -> HttpResponseBase:
    """Answer the number of the revision, a dash where no board is shown."""
    key = f"board-now/{challenge}/{round}"
    number = cache.get(key)
    if number is None:
        number = _number(challenge, round)
        cache.set(key, number, KEPT_S)
    if not number:
        raise Http404("no such round")
    etag = f'"{number}"'
    answer = get_conditional_response(request, etag=etag) or HttpResponse(
        number, content_type="text/plain"
    )
    answer["ETag"] = etag
    return answer


def _number(challenge: str, round: str) -> str:
    nobody = AnonymousUser()
    found = visible_rounds(nobody).filter(challenge__slug=challenge, slug=round).first()
    if found is None:
        return ""
    revision = visible_board(found, nobody, timezone.now()).revision
    return str(revision.number) if revision else NOTHING
