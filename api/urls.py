"""Addresses of the API."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView

from api.v1 import (
    announcements,
    artifacts,
    curation,
    metrics,
    rounds,
    submissions,
    tokens,
    uploads,
)

app_name = "api"

_round = "rounds/<slug:challenge>/<slug:round_slug>/"
_artifact = "artifacts/<slug:slug>/<str:version>/"

v1 = [
    path("auth/token/", tokens.TokenCreate.as_view(), name="token"),
    path("auth/token/current/", tokens.TokenRevoke.as_view(), name="token-revoke"),
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
    path(f"{_round}leaderboard/", rounds.Leaderboard.as_view(), name="leaderboard"),
    path(f"{_round}datasets/", rounds.RoundDatasets.as_view(), name="round-datasets"),
    path("submissions/<slug:code>/", submissions.SubmissionDetail.as_view(), name="submission"),
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
