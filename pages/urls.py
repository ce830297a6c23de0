"""Addresses of the site's pages."""

from __future__ import annotations

from allauth.account.views import login, signup
from django.contrib.auth.views import LogoutView
from django.urls import path

from pages.views import (
    account,
    boards,
    catalog,
    challenges,
    files,
    home,
    metrics,
    people,
    schemas,
    submissions,
    submit,
)

app_name = "pages"

ROUND = "challenges/<slug:challenge>/<slug:round>/"

urlpatterns = [
    path("", home.home, name="home"),
    path("help/", home.guide, name="help"),
    path("search/", home.search_page, name="search"),
    path("login/", login, name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("signup/", signup, name="signup"),
    path("account/", account.profile, name="account"),
    path("account/tokens/", account.tokens, name="tokens"),
    path("account/tokens/<str:key>/revoke/", account.revoke_token, name="token-revoke"),
    path("challenges/<slug:challenge>/", challenges.challenge, name="challenge"),
    path(ROUND, challenges.round_page, name="round"),
    path(ROUND + "board.csv", boards.board_csv, name="round-board-csv"),
    path(ROUND + "scores/", boards.breakdown, name="round-scores"),
    path(ROUND + "datasets/", catalog.round_datasets, name="round-datasets"),
    path(ROUND + "targets/<str:target>/", challenges.target, name="target"),
    path(ROUND + "targets/<str:target>/dispute/", challenges.dispute, name="dispute"),
    path(ROUND + "files/<str:name>", files.round_file, name="round-file"),
    path(ROUND + "submit/", submit.submit_page, name="submit"),
    path(ROUND + "submit/check/", submit.check_page, name="submit-check"),
    path("submissions/", submissions.mine, name="submissions"),
    path("submissions/<slug:code>/", submissions.submission, name="submission"),
    path("submissions/<slug:code>/state/", submissions.state, name="submission-state"),
    path(
        "submissions/<slug:code>/withdraw/",
        submissions.withdraw_submission,
        name="submission-withdraw",
    ),
    path("datasets/", catalog.datasets, name="datasets"),
    path("datasets/<slug:slug>/<str:version>/", catalog.dataset, name="dataset"),
    path("models/<slug:slug>/<str:version>/", catalog.model, name="model"),
    path("artifacts/<slug:slug>/<str:version>/files/<str:name>", files.artifact_file,
         name="artifact-file"),
    path("artifacts/<slug:slug>/<str:version>/confirm-share/", people.confirm,
         name="confirm-share"),
    path("metrics/", metrics.metrics, name="metrics"),
    path("metrics/<slug:slug>/", metrics.metric, name="metric"),
    path("metrics/<slug:slug>/<int:version>/", metrics.metric, name="metric-version"),
    path("schemas/challenge.json", schemas.challenge_schema, name="challenge-schema"),
    path("people/<str:username>/", people.person, name="person"),
    path("teams/<slug:slug>/", people.team, name="team"),
]  # fmt: skip
