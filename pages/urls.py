"""Addresses of the site's pages."""

from __future__ import annotations

from allauth.account.views import login, signup
from django.contrib.auth.views import LogoutView
from django.urls import path

from pages.views import (
    account,
    board_analysis,
    board_files,
    board_pictures,
    boards,
    catalog,
    challenges,
    feeds,
    files,
    home,
    metrics,
    people,
    schemas,
    submissions,
    submit,
    teams,
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
    path(
        "challenges/<slug:challenge>/feed.atom", feeds.challenge_feed, name="challenge-feed"
    ),
    path(
        "challenges/<slug:challenge>/rounds.ics",
        feeds.challenge_calendar,
        name="challenge-calendar",
    ),
    path(ROUND, challenges.round_page, name="round"),
    path(ROUND + "board/", boards.board, name="board"),
    path(ROUND + "board/entries/<slug:code>/", boards.entry, name="board-entry"),
    path(ROUND + "board/stability/", board_analysis.stability_page, name="board-stability"),
    path(ROUND + "board/duels/", board_analysis.duels_page, name="board-duels"),
    path(ROUND + "board/targets/", board_analysis.targets_page, name="board-targets"),
    path(ROUND + "board/changes/", board_analysis.changes_page, name="board-changes"),
    path(ROUND + "board/progress/", board_analysis.progress_page, name="board-progress"),
    path(ROUND + "board/pictures/<slug:name>.svg", board_pictures.svg, name="board-svg"),
    path(ROUND + "board/pictures/<slug:name>.csv", board_pictures.data, name="board-picture-csv"),
    path(ROUND + "board/scores.csv", board_files.scores_csv, name="board-scores-csv"),
    path(ROUND + "board/rule.json", board_files.rule, name="board-rule"),
    path(ROUND + "board.csv", board_files.board_csv, name="round-board-csv"),
    path(ROUND + "board.json", board_files.board_json, name="board-json"),
    path(ROUND + "board.tex", board_files.board_tex, name="board-tex"),
    path(ROUND + "board.atom", board_files.board_atom, name="board-atom"),
    path(ROUND + "scores/", boards.breakdown, name="round-scores"),
    path(ROUND + "datasets/", catalog.round_datasets, name="round-datasets"),
    path(ROUND + "preview/", challenges.preview, name="round-preview"),
    path(ROUND + "targets/<str:target>/", challenges.target, name="target"),
    path(ROUND + "targets/<str:target>/dispute/", challenges.dispute, name="dispute"),
    path(ROUND + "targets/<str:target>/fields/<slug:code>.png", board_pictures.fields,
         name="target-field"),
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
    path("teams/<slug:slug>/manage/", teams.manage, name="team-manage"),
    path("account/teams/", teams.mine, name="teams"),
    path("invitations/<str:secret>/", teams.invitation, name="invitation"),
]  # fmt: skip
