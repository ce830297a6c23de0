"""In which language an address answers.

Pages speak the reader's language. Programs, files and the admin get English: a message of the API
or the head of a CSV may not change with the settings of a browser, and of the admin only the pages
that we add to it are translated, not the fields of its forms.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language

from accounts.languages import keep_language

ENGLISH = ("/api/", "/admin/")


# All that another site could do with it is to change the language, and pages need no token of
# their own for it, so that what visitors without an account get stays the same for all.
@csrf_exempt
def choose(request: HttpRequest) -> HttpResponse:
    """Keep the language chosen at the foot of a page: for the browser, and for mail to come."""
    if request.method == "POST" and request.user.is_authenticated:
        keep_language(request.user, request.POST.get("language", ""))
    return set_language(request)


class LanguageMiddleware(LocaleMiddleware):
    """Choose the language of an answer: the visitor's choice, else what the browser asks for."""

    def process_request(self, request: HttpRequest) -> None:
        path = request.path_info
        if path.startswith(ENGLISH) or "." in path.rpartition("/")[2]:
            translation.activate(settings.LANGUAGE_CODE)
            request.LANGUAGE_CODE = settings.LANGUAGE_CODE
        else:
            super().process_request(request)

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Leave the thread without a language: what else it does is nobody's page."""
        answer = super().process_response(request, response)
        translation.deactivate()
        return answer
