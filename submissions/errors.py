"""What submitting can be refused for, with facts a person can act on.

None of these carries a value of a reference, a path of the host or a storage key.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scoring.contract import Mending, Problem


class SubmissionError(Exception):
    """Base of the refusals: a stable code, what is wrong, how to mend it, and every problem."""

    def __init__(
        self, code: str, message: str, remedy: str = "", problems: Sequence[Problem] = ()
    ) -> None:
        self.code = code
        self.message = message
        self.remedy = remedy
        self.problems = tuple(problems)
        super().__init__(f"{message} {remedy}".strip())


class GateClosed(SubmissionError):
    """The round takes no such submission at this moment."""


class NotAllowed(SubmissionError):
    """The person or the team may not do this."""


class PredictionRefused(SubmissionError):
    """The file is not a prediction for this round; `problems` lists everything found."""

    def __init__(
        self,
        problems: Sequence[Problem],
        left_out: int = 0,
        *,
        suggestions: Sequence[Mending] = (),
    ) -> None:
        self.left_out = left_out
        self.suggestions = tuple(suggestions)
        count = len(problems) + left_out
        message = ngettext("The file has a problem.", "The file has %(count)s problems.", count) % {
            "count": count
        }
        if left_out:
            message += " " + _("The first %(listed)s are listed.") % {"listed": len(problems)}
        super().__init__(
            "PREDICTION_REFUSED",
            message,
            _("Mend the file and upload it again; this try costs nothing."),
            problems,
        )


class QuotaExhausted(SubmissionError):
    """The team has no submission left today."""

    def __init__(self, limit: int, used: int, resets_at: datetime) -> None:
        self.limit = limit
        self.used = used
        self.resets_at = resets_at
        super().__init__(
            "QUOTA_EXHAUSTED",
            _(
                "The team has used %(used)s of %(limit)s submissions of today: %(left)s of "
                "%(limit)s left."
            )
            % {"used": used, "limit": limit, "left": max(0, limit - used)},
            _("The count starts again at %(resets_at)s UTC.")
            % {"resets_at": f"{resets_at:%Y-%m-%d %H:%M}"},
        )


class UploadTooLarge(SubmissionError):
    """The file is larger than the round takes."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        super().__init__(
            "UPLOAD_TOO_LARGE",
            _("The file is larger than the %(limit_bytes)s bytes this round takes.")
            % {"limit_bytes": f"{limit_bytes:,}"},
            _("Write it smaller: a binary or compressed format, or fewer digits."),
        )


class TooManyUploads(SubmissionError):
    """The team has as many uploads on their way as it may have at once."""

    retry_after_s = 30

    def __init__(self, limit: int) -> None:
        super().__init__(
            "TOO_MANY_UPLOADS",
            _("The team has %(limit)s uploads on their way, the most there may be at once.")
            % {"limit": limit},
            _("Wait until one of them has arrived, then send this one again."),
        )


class ChecksumMismatch(SubmissionError):
    """What arrived is not what was announced."""


class StorageFull(SubmissionError):
    """There is no room for the file."""

    retry_after_s = 600

    def __init__(self) -> None:
        super().__init__(
            "STORAGE_FULL",
            _("The server has no room for the file at the moment."),
            _("Nothing was stored. Try again later; the organizers can see why."),
        )


class NoSuchUpload(SubmissionError):
    """The upload is not there, or no longer."""

    def __init__(self) -> None:
        super().__init__(
            "NO_SUCH_UPLOAD",
            _("There is no such upload, or it has expired."),
            _("Begin the upload again."),
        )


class OffsetConflict(SubmissionError):
    """The bytes do not go on where the upload stands."""

    def __init__(self, offset: int, received_bytes: int) -> None:
        self.received_bytes = received_bytes
        super().__init__(
            "OFFSET_CONFLICT",
            _("The bytes begin at %(offset)s, but the upload stands at %(received_bytes)s.")
            % {"offset": f"{offset:,}", "received_bytes": f"{received_bytes:,}"},
            _("Ask with HEAD where it stands and go on from there."),
        )


class UploadBusy(SubmissionError):
    """Another request writes to the upload at this moment."""

    retry_after_s = 1

    def __init__(self) -> None:
        super().__init__(
            "UPLOAD_BUSY",
            _("Another request writes to this upload at the moment."),
            _(
                "Wait until it has ended, ask with HEAD where the upload stands, "
                "and go on from there."
            ),
        )


class ChunkRefused(SubmissionError):
    """A piece of an upload is not what its own checksum says."""

    def __init__(self) -> None:
        super().__init__(
            "CHUNK_CHECKSUM_MISMATCH",
            _("The checksum of the piece that arrived is not the one sent with it."),
            _("The piece was thrown away. Send it again."),
        )


class UploadRefused(SubmissionError):
    """The upload cannot be begun, or not be used, in this way."""
