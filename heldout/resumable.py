"""Send a large file in pieces that go on after a cut: by tus, or in parts to an object store."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from heldout.errors import ApiError, ServerUnreachable
from heldout.upload_notes import UploadNote

Progress = Callable[[int, int], None]
Ask = Callable[..., httpx.Response]

PIECE_BYTES = 8 * 2**20
READ_BYTES = 256 * 1024
PARTS_AT_ONCE = 20  # addresses are good for an hour, so not all are asked for at the beginning
TRIES = 6  # in a row without one byte more
LONGEST_PAUSE_S = 10.0
TUS = {"Tus-Resumable": "1.0.0"}
_PASSING = {409, 423, 460, 500, 502, 503, 504}  # ask where it stands, and go on from there


@dataclass(frozen=True, slots=True)
class Parcel:
    """A file and what the server is told of it before its first byte."""

    path: Path
    size_bytes: int
    sha256: str
    round: str  # challenge/round
    team: str = ""
    entry_kind: str = "participant"

    @property
    def metadata(self) -> str:
        """The header Upload-Metadata."""
        words = {
            "round": self.round,
            "filename": self.path.name,
            "sha256": self.sha256,
            "team": self.team,
            "entry_kind": self.entry_kind,
        }
        return ",".join(
            f"{name} {base64.b64encode(value.encode()).decode()}"
            for name, value in words.items()
            if value
        )


class ResumableUpload:
    """An upload of one file; `send` begins it or goes on with it.

    Parameters
    ----------
    ask : callable
        Makes a request of the API: ``ask(method, path, **options)`` of `httpx`, raising
        `ApiError` and `ServerUnreachable`.
    note : UploadNote
        Where the code is kept between processes.
    progress : callable, optional
        Called with (bytes that the server has, bytes in all).
    """

    def __init__(
        self, ask: Ask, parcel: Parcel, *, note: UploadNote, progress: Progress | None = None
    ) -> None:
        self._ask = ask
        self._parcel = parcel
        self._note = note
        self._tell = progress or (lambda _sent, _size: None)
        self.code = ""

    def send(self) -> str:
        """Send what is missing, and return the upload's code.

        Raises
        ------
        ApiError
            When the server refuses the upload.
        ServerUnreachable
            When several tries in a row brought no byte over; the next call goes on.
        """
        found = self._known() or self._begin()
        self.code = found["code"]
        with self._parcel.path.open("rb") as handle:
            if found["method"] == "parts":
                self._send_parts(handle, found["part_bytes"], count=found["parts"])
            else:
                self._send_pieces(handle)
        return self.code

    def settled(self) -> None:
        """Forget the upload: it has been submitted."""
        self._note.forget()

    def drop(self) -> None:
        """Throw the upload away: the file is at fault, and nothing can come of these bytes."""
        self._note.forget()
        try:
            self._ask("DELETE", self._place, headers=TUS)
        except (ApiError, ServerUnreachable):
            return  # the server deletes it after a day

    @property
    def _place(self) -> str:
        return f"uploads/{self.code}/"

    def _known(self) -> dict[str, Any] | None:
        code = self._note.read()
        if not code:
            return None
        try:
            found: dict[str, Any] = self._ask("GET", f"uploads/{code}/").json()
        except ApiError as error:
            if error.status != 404:
                raise
            return None  # it has expired
        # The note was found by the file's SHA-256; the server's own is empty until all is there.
        same = (found["size_bytes"], found["round"]) == (
            self._parcel.size_bytes,
            self._parcel.round,
        )
        return found if same else None

    def _begin(self) -> dict[str, Any]:
        headers = {
            **TUS,
            "Upload-Length": str(self._parcel.size_bytes),
            "Upload-Metadata": self._parcel.metadata,
        }
        found: dict[str, Any] = self._ask("POST", "uploads/", headers=headers).json()
        self._note.write(found["code"])
        return found

    def _send_pieces(self, handle: BinaryIO) -> None:
        size = self._parcel.size_bytes
        offset, failures = self._offset(), 0
        while offset < size:
            self._tell(offset, size)
            try:
                offset, failures = self._send_piece(handle, offset), 0
            except (ApiError, ServerUnreachable) as error:
                failures += 1
                if not _passes(error) or failures >= TRIES:
                    raise
                _pause(failures)
                reached = self._offset_if_there(offset)
                failures = 0 if reached > offset else failures
                offset = reached
        self._tell(size, size)

    def _send_piece(self, handle: BinaryIO, offset: int) -> int:
        length = min(PIECE_BYTES, self._parcel.size_bytes - offset)
        headers = {
            **TUS,
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(length),
        }
        content = self._stretch(handle, offset, length=length)
        answer = self._ask("PATCH", self._place, headers=headers, content=content)
        return int(answer.headers["Upload-Offset"])

    def _stretch(self, handle: BinaryIO, offset: int, *, length: int) -> Iterator[bytes]:
        handle.seek(offset)
        end = offset + length
        while offset < end and (piece := handle.read(min(READ_BYTES, end - offset))):
            yield piece
            offset += len(piece)
            self._tell(offset, self._parcel.size_bytes)

    def _offset(self) -> int:
        return int(self._ask("HEAD", self._place, headers=TUS).headers["Upload-Offset"])

    def _offset_if_there(self, otherwise: int) -> int:
        try:
            return self._offset()
        except ServerUnreachable:
            return otherwise

    def _send_parts(self, handle: BinaryIO, part_bytes: int, *, count: int) -> None:
        arrived = {part["number"] for part in self._ask("GET", f"{self._place}parts/").json()}
        waiting = [number for number in range(1, count + 1) if number not in arrived]
        size = self._parcel.size_bytes
        self._tell(min(len(arrived) * part_bytes, size), size)
        with httpx.Client(timeout=120) as store:  # the token is not for the store
            for first in range(0, len(waiting), PARTS_AT_ONCE):
                numbers = waiting[first : first + PARTS_AT_ONCE]
                signed = self._ask("POST", f"{self._place}parts/", json={"numbers": numbers})
                for part in signed.json():
                    start = (part["number"] - 1) * part_bytes
                    self._put(store, part, handle=handle, start=start)
        self._ask("POST", f"{self._place}complete/")
        self._tell(size, size)

    def _put(
        self, store: httpx.Client, part: dict[str, Any], *, handle: BinaryIO, start: int
    ) -> None:
        length = part["size_bytes"]
        for tried in range(1, TRIES + 1):
            content = self._stretch(handle, start, length=length)
            try:
                answer = store.put(
                    part["url"], content=content, headers={"Content-Length": str(length)}
                )
            except httpx.TransportError:
                said = "does not answer"
            else:
                if answer.is_success:
                    return
                said = f"answered {answer.status_code}"
                if answer.status_code < 500:
                    break
            if tried < TRIES:
                _pause(tried)
        raise ServerUnreachable(
            f"The store of the server {said} for part {part['number']}. "
            "The same command goes on with the parts that are missing."
        )


def _passes(error: Exception) -> bool:
    return not isinstance(error, ApiError) or error.status in _PASSING


def _pause(failures: int) -> None:
    time.sleep(min(0.3 * 2**failures, LONGEST_PAUSE_S))
