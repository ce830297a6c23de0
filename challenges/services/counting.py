"""Whether windows and the rule of which answers count leave every team a way to be complete."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import prefetch_related_objects

from challenges.models import Round, Target, window_of
from challenges.models.disclosure import BoardPolicy
from challenges.selectors import NO_TRACKS
from scoring.contract import Aggregate


def unmet_windows(round: Round, targets: list[Target]) -> list[str]:
    """Return what is wrong with the windows of tracks, and of targets in them."""
    unmet = []
    tracks = list(round.tracks.all())
    for track in tracks:
        window = track.window
        if window.opens_at >= window.closes_at:
            unmet.append(f"The track {track.slug} closes before it opens.")
        elif window.opens_at < round.opens_at or window.closes_at > round.closes_at:
            unmet.append(f"The dates of the track {track.slug} reach beyond those of the round.")
    if unmet:
        return unmet
    windowed = list(_with_windows(round, targets))
    for target in windowed:
        for track in tracks:
            window = window_of(target, track)
            if window.opens_at >= window.closes_at:
                unmet.append(f"Target {target.slug} is never open in the track {track.slug}.")
        for row in target.windows.all():
            around = row.track.window
            early = row.opens_at is not None and row.opens_at < around.opens_at
            if early or (row.closes_at is not None and row.closes_at > around.closes_at):
                unmet.append(
                    f"The dates of target {target.slug} in the track {row.track.slug} reach "
                    "beyond those of the track."
                )
    return unmet


def _with_windows(round: Round, targets: list[Target]) -> Iterator[Target]:
    """Return the targets with their windows looked up, and this round as theirs."""
    prefetch_related_objects(targets, "windows__track")
    for target in targets:
        target.round = round
        for row in target.windows.all():
            row.track.round = round
        yield target


def unmet_counting(round: Round, targets: list[Target]) -> list[str]:
    """Return what is wrong with which answers count."""
    unmet = []
    if round.upload_replaces == Round.UploadReplaces.ENTRY:
        for track in list(round.tracks.all()) or NO_TRACKS:
            windows = [window_of(each, track) for each in _with_windows(round, targets)]
            opens = max((each.opens_at for each in windows), default=round.opens_at)
            if opens >= min((each.closes_at for each in windows), default=round.closes_at):
                where = f" in the track {track.slug}" if track else ""
                unmet.append(
                    f"The targets are never all open at one moment{where}, so no file can hold "
                    "all answers: let a file replace the answers it holds, not the whole entry."
                )
    several = round.upload_replaces == Round.UploadReplaces.ANSWERS or round.models_per_target > 1
    if round.board_policy == BoardPolicy.LADDER and (several or round.tracks.exists()):
        unmet.append(
            "The Ladder answers whole files of one model: it goes together with neither tracks "
            "nor several models, nor files that replace single answers."
        )
    pooled = [row.key for row in round.metrics.all() if row.aggregate == Aggregate.POOLED]
    is_best = round.models_per_target > 1 and round.model_basis == Round.ModelBasis.BEST
    if pooled and (is_best or round.upload_replaces == Round.UploadReplaces.ANSWERS):
        unmet.append(
            f"The metric {pooled[0]} is pooled: it has a value for one whole file alone, but here "
            "an entry may be made of several. Choose a metric per target, or let a file replace "
            "the whole entry and rank by model 1."
        )
    return unmet
