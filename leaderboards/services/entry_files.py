"""The prediction files of a round's entries, opened for the cage."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import BinaryIO, cast

from challenges.models import Round, Target
from challenges.selectors import spec_of
from scoring.contract import TargetSpec
from submissions.models import Submission


def opened(stack: ExitStack, files: Mapping[str, Submission]) -> dict[str, BinaryIO]:
    """Open files by their code; `FileNotFoundError` where one is not in storage."""
    handles = {}
    for code, submission in files.items():
        stored = stack.enter_context(submission.file.open("rb"))
        handles[code] = cast(BinaryIO, stored.file or stored)
    return handles


def also_readable(round_: Round, files: Mapping[str, Submission]) -> dict[str, list[TargetSpec]]:
    """Return the targets cancelled since that each file answers."""
    cancelled = Target.objects.filter(round=round_, cancelled_at__isnull=False)
    gone = {target.slug: spec_of(target) for target in cancelled}
    return {
        code: [gone[slug] for slug in submission.answered if slug in gone]
        for code, submission in files.items()
    }
