"""Pages go compressed to who takes it; files and short answers as they are."""

from __future__ import annotations

import gzip

from django.http import FileResponse, HttpResponse
from django.test import RequestFactory

from config.compression import PageCompressionMiddleware

PAGE = "<p>words</p>" * 200


def answer(response: HttpResponse | FileResponse, **headers: str) -> HttpResponse:
    request = RequestFactory().get("/", headers=headers)
    return PageCompressionMiddleware(lambda _: response)(request)


def test_a_page_is_compressed_for_those_who_take_it_and_its_tag_stays_comparable() -> None:
    page = HttpResponse(PAGE, headers={"ETag": '"a"'})
    sent = answer(page, **{"Accept-Encoding": "gzip"})
    assert gzip.decompress(sent.content).decode() == PAGE
    assert (sent["ETag"], sent["Vary"]) == ('W/"a"', "Accept-Encoding")
    assert len(sent.content) < len(PAGE) / 2
    assert answer(HttpResponse(PAGE)).content.decode() == PAGE


def test_data_is_sent_as_it_is() -> None:
    data = HttpResponse(PAGE, content_type="text/csv")
    assert "Content-Encoding" not in answer(data, **{"Accept-Encoding": "gzip"})
