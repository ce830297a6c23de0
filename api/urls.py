"""Addresses of the API."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView

from api.v1 import (
    announcements,
    artifacts,
    boards,
    challenges,
    curation,
    entrants,
    metrics,
    notifications,
    organize,
    receipts,
    rounds,
    submissions,
    teams,
    tokens,
    uploads,
    webhooks,
)

app_name = "api"

_round = "rounds/<slug:challenge>/<slug:round_slug>/"
_submission = "submissions/<slug:code>/"
_team = "teams/<slug:slug>/"
_webhook = "webhooks/<slug:code>/"
_artifact = "artifacts/<slug:slug>/<str:version>/"

v1 = [
    path("auth/token/", tokens.TokenCreate.as_view(), name="token"),
    path("auth/token/current/", tokens.TokenRevoke.as_view(), name="token-revoke"),
    path("challenges/", challenges.ChallengeList.as_view(), name="challenges"),
    path("challenges/<slug:slug>/", challenges.ChallengeDetail.as_view(), name="challenge"),
    path("rounds/", rounds.RoundList.as_view(), name="rounds"),
    path(_round, rounds.RoundDetail.as_view(), name="round"),
    path(f"{_round}targets/", rounds.TargetList.as_view(), name="targets"),
    path(f"{_round}files/<str:name>", rounds.RoundFileDownload.as_view(), name="round-file"),
    path(f"{_round}design/", rounds.Design.as_view(), name="design"),
    path(f"{_round}amendments/", rounds.AmendmentList.as_view(), name="amendments"),
    path(f"{_round}announcements/", announcements.AnnouncementList.as_view(), name="announcements"),
    path(f"{_round}answers/<slug:target>.npy", rounds.AnswerDownload.as_view(), name="answer"),
    path(f"{_round}validate/", submissions.RoundValidate.as_view(), name="validate"),
    path(f"{_round}submissions/", submissions.RoundSubmissions.as_view(), name="submissions"),
    path(f"{_round}assessment/", rounds.Assessment.as_view(), name="assessment"),
    path(f"{_round}leaderboard/", boards.Leaderboard.as_view(), name="leaderboard"),
    path(f"{_round}leaderboard/revisions/", boards.BoardRevisions.as_view(), name="revisions"),
    path(f"{_round}leaderboard/scores/", boards.BoardScores.as_view(), name="board-scores"),
    path(f"{_round}quota/", entrants.RoundQuota.as_view(), name="quota"),
    path(
        f"{_round}targets/<slug:target>/disputes/", entrants.DisputeList.as_view(), name="disputes"
    ),
    path(f"{_round}publish/", organize.RoundPublish.as_view(), name="round-publish"),
    path(f"{_round}close/", organize.RoundClose.as_view(), name="round-close"),
    path(f"{_round}reveal/", organize.RoundReveal.as_view(), name="round-reveal"),
    path(f"{_round}finalize/", organize.RoundFinalize.as_view(), name="round-finalize"),
    path(f"{_round}corrections/", organize.CorrectionList.as_view(), name="corrections"),
    path(f"{_round}grants/", organize.QuotaGrant.as_view(), name="grants"),
    path(f"{_round}datasets/", rounds.RoundDatasets.as_view(), name="round-datasets"),
    path("datasets/", rounds.Datasets.as_view(), name="datasets"),
    path("submissions/", entrants.MySubmissions.as_view(), name="my-submissions"),
    path(_submission, submissions.SubmissionDetail.as_view(), name="submission"),
    path(f"{_submission}receipt/", receipts.SubmissionReceipt.as_view(), name="receipt"),
    path(f"{_submission}withdraw/", entrants.SubmissionWithdraw.as_view(), name="withdraw"),
    path(f"{_submission}refund/", organize.SubmissionRefund.as_view(), name="refund"),
    path("keys/", receipts.KeyList.as_view(), name="keys"),
    path("bundles/", organize.BundleImport.as_view(), name="bundles"),
    path("teams/", teams.TeamList.as_view(), name="teams"),
    path("invitations/", teams.TeamJoin.as_view(), name="invitations"),
    path(_team, teams.TeamDetail.as_view(), name="team"),
    path(f"{_team}invitations/", teams.TeamInvite.as_view(), name="team-invitations"),
    path(
        f"{_team}invitations/<int:number>/",
        teams.TeamInvitationDetail.as_view(),
        name="team-invitation",
    ),
    path(f"{_team}leave/", teams.TeamLeave.as_view(), name="team-leave"),
    path(f"{_team}captain/", teams.TeamCaptain.as_view(), name="team-captain"),
    path("notifications/", notifications.NotificationList.as_view(), name="notifications"),
    path("webhooks/", webhooks.WebhookList.as_view(), name="webhooks"),
    path(_webhook, webhooks.WebhookDetail.as_view(), name="webhook"),
    path(f"{_webhook}test/", webhooks.WebhookTest.as_view(), name="webhook-test"),
    path(f"{_webhook}secret/", webhooks.WebhookSecret.as_view(), name="webhook-secret"),
    path(f"{_webhook}deliveries/", webhooks.WebhookDeliveries.as_view(), name="deliveries"),
    path(
        f"{_webhook}deliveries/<uuid:delivery>/again/",
        webhooks.WebhookRedeliver.as_view(),
        name="delivery-again",
    ),
    path("uploads/", uploads.UploadList.as_view(), name="uploads"),
    path("uploads/<slug:code>/", uploads.UploadDetail.as_view(), name="upload"),
    path("uploads/<slug:code>/parts/", uploads.UploadParts.as_view(), name="upload-parts"),
    path("uploads/<slug:code>/complete/", uploads.UploadComplete.as_view(), name="upload-complete"),
    path("artifacts/", artifacts.ArtifactList.as_view(), name="artifacts"),
    path(_artifact, artifacts.ArtifactDetail.as_view(), name="artifact"),
    path(
        f"{_artifact}files/<str:name>",
        artifacts.ArtifactFileDownload.as_view(),
        name="artifact-file",
    ),
    path(f"{_artifact}versions/", curation.ArtifactVersions.as_view(), name="artifact-versions"),
    path(f"{_artifact}files/", curation.ArtifactFiles.as_view(), name="artifact-files"),
    path(f"{_artifact}contributors/", curation.ArtifactPeople.as_view(), name="artifact-people"),
    path(f"{_artifact}lineage/", curation.ArtifactLineage.as_view(), name="artifact-lineage"),
    path(f"{_artifact}claims/", curation.ArtifactClaims.as_view(), name="artifact-claims"),
    path(f"{_artifact}statement/", curation.ArtifactStatement.as_view(), name="statement"),
    path(
        f"{_artifact}statement/publish/",
        curation.StatementPublish.as_view(),
        name="statement-publish",
    ),
    path(f"{_artifact}statements/", curation.StatementHistory.as_view(), name="statements"),
    path(
        f"{_artifact}export/<str:name>", curation.ArtifactExport.as_view(), name="artifact-export"
    ),
    path("descriptions/", curation.DescriptionImport.as_view(), name="descriptions"),
    path("metrics/", metrics.MetricList.as_view(), name="metrics"),
    path("metrics/<slug:slug>/", metrics.MetricDetail.as_view(), name="metric"),
    path("schema/", SpectacularJSONAPIView.as_view(), name="schema"),
]

urlpatterns = [path("v1/", include(v1))]
