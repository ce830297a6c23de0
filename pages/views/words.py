"""Words and topics: the glossary, and what is held on a topic."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from challenges.models import Challenge
from challenges.models.challenge import Topic
from challenges.selectors import visible_challenges
from pages.glossary import TERMS


def glossary(request: HttpRequest) -> HttpResponse:
    terms = sorted(TERMS, key=lambda term: str(term.name).casefold())
    return render(request, "pages/glossary.html", {"terms": terms})


def topic(request: HttpRequest, topic: str) -> HttpResponse:
    topics: dict[str, Topic] = {}
    found: list[Challenge] = []
    for challenge in visible_challenges(request.user).exclude(topics=""):
        own = {each.slug: each for each in challenge.topic_list}
        topics = own | topics
        if topic in own:
            found.append(challenge)
    if topic not in topics:
        raise Http404("no challenge that you may see is on this topic")
    others = sorted((each for each in topics.values() if each.slug != topic), key=_by_name)
    context = {"topic": topics[topic], "challenges": found, "others": others}
    return render(request, "pages/topic.html", context)


def _by_name(topic: Topic) -> str:
    return topic.name.casefold()
