"""Talk to a Heldout server from Python: list rounds, download inputs, submit, wait, read boards.

>>> client = Client("http://127.0.0.1:8000", token="hld_...")      # doctest: +SKIP
>>> receipt = client.submit("burgers-1d/2026", "predictions.npz", method="My model",
...                         inputs=["burgers-trajectories"])       # doctest: +SKIP
>>> client.wait(receipt["code"])["state"]                           # doctest: +SKIP
'scored'
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

import httpx

from heldout.errors import ApiError, ServerUnreachable
from heldout.progress import CHUNK_BYTES, Watched
from heldout.resumable import Parcel, ResumableUpload
from heldout.upload_notes import UploadNote

__all__ = ["ApiError", "Client", "ServerUnreachable"]

SMALL_BYTES = 8 * CHUNK_BYTES  # up to here one request with the file in it is simplest
UNFINISHED = {"queued", "running"}


class Client:
    """A connection to one server.

    Parameters
    ----------
    url : str
        The server's address, like ``https://heldout.example.org``.
    token : str
        From :meth:`sign_in` or the account page; empty to read what is public.
    """

    def __init__(self, url: str, *, token: str = "", timeout_s: float = 60.0) -> None:
        self.url = url.rstrip("/")
        self.small_bytes = SMALL_BYTES  # a larger file is sent in pieces that survive a cut
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Token {token}"
        self._http = httpx.Client(
            base_url=f"{self.url}/api/v1/", headers=headers, timeout=timeout_s
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def sign_in(
        self, username: str, password: str, *, name: str = "client", organize: bool = False
    ) -> str:
        """Exchange a password for a token, and use the token from now on.

        With `organize` the token carries an organizer's rights too; without it nobody who finds
        it can use them.
        """
        facts = {"username": username, "password": password, "name": name}
        scopes = ["read", "submit", *(["organize"] if organize else [])]
        answer = self._ask("POST", "auth/token/", json={**facts, "scopes": scopes})
        token: str = answer["token"]
        self.use_token(token)
        return token

    def use_token(self, token: str) -> None:
        """Use a token from now on."""
        self._http.headers["Authorization"] = f"Token {token}"

    def sign_out(self) -> None:
        """Revoke the token."""
        self._request("DELETE", "auth/token/current/")
        self._http.headers.pop("Authorization", None)

    def check_token(self) -> None:
        """Ask the server whether it knows the token.

        Raises
        ------
        ApiError
            With status 401 if it does not.
        """
        self._request("GET", "uploads/")

    def challenges(self) -> list[dict[str, Any]]:
        """List the challenges by name, each with its rounds, newest first."""
        found: dict[str, list[dict[str, Any]]] = {}
        for each in self.rounds():
            found.setdefault(each["challenge"], []).append(each)
        return [{"challenge": slug, "rounds": found[slug]} for slug in sorted(found)]

    def rounds(self) -> list[dict[str, Any]]:
        """List the rounds, newest first."""
        return list(self._pages("rounds/"))

    def round(self, name: str) -> dict[str, Any]:
        """Read the round called ``challenge/round``."""
        return self._object(f"rounds/{_place(name)}/")

    def targets(self, name: str) -> list[dict[str, Any]]:
        """List the targets of a round."""
        targets: list[dict[str, Any]] = self._ask("GET", f"rounds/{_place(name)}/targets/")
        return targets

    def prediction_format(self, name: str) -> dict[str, Any]:
        """Read what a round's prediction files must be, as `heldout validate --format` takes it."""
        found = self.round(name)
        targets = [
            {key: target[key] for key in ("slug", "shape", "low", "high")}
            for target in self.targets(name)
            if target["cancelled_at"] is None
        ]
        return {"reader": found["reader"], "options": found["reader_options"], "targets": targets}

    def leaderboard(self, name: str) -> dict[str, Any]:
        """Read the newest board of a round."""
        return self._object(f"rounds/{_place(name)}/leaderboard/")

    def datasets(self, name: str) -> dict[str, Any]:
        """Read which data made the results of a round possible."""
        return self._object(f"rounds/{_place(name)}/datasets/")

    def artifact(self, name: str) -> dict[str, Any]:
        """Read a dataset or model called ``slug@version``."""
        slug, _, version = name.partition("@")
        return self._object(f"artifacts/{slug}/{version or '1'}/")

    def download(self, file: dict[str, Any], folder: Path) -> Path:
        """Download a file that a round or artifact lists, and verify its SHA-256.

        Raises
        ------
        ApiError
            With code CHECKSUM when what arrived is not what was announced.
        """
        path = folder / Path(file["name"]).name
        digest = hashlib.sha256()
        part = path.with_name(path.name + ".part")
        with self._http.stream("GET", f"{self.url}{file['url']}") as response:
            if response.is_error:
                response.read()
                raise _error(response)
            with part.open("wb") as out:
                for chunk in response.iter_bytes(CHUNK_BYTES):
                    digest.update(chunk)
                    out.write(chunk)
        if digest.hexdigest() != file["sha256"]:
            part.unlink()
            raise ApiError(200, "CHECKSUM", f"{path.name} arrived damaged; download it again.", [])
        return part.replace(path)

    def download_all(self, name: str, folder: Path) -> list[Path]:
        """Download every public file of a round and of the data it offers."""
        folder.mkdir(parents=True, exist_ok=True)
        found = self.round(name)
        files = list(found["files"])
        for each in found["offered_data"]:
            files += self.artifact(f"{each['slug']}@{each['version']}")["files"]
        return [self.download(file, folder) for file in files]

    def validate(self, name: str, path: str | Path) -> dict[str, Any]:
        """Check a prediction file on the server without submitting it; free of quota."""
        file = Path(path)
        return self._upload(f"rounds/{_place(name)}/validate/", file, {"file_name": file.name})

    def submit(
        self,
        name: str,
        path: str | Path,
        *,
        method: str = "",
        model: str = "",
        method_summary: str = "",
        inputs: Sequence[str] = (),
        disclosure: str = "full",
        team: str = "",
        entry_kind: str = "participant",
        track: str = "",
        model_index: int = 1,
        note: str = "",
        progress: Callable[[int, int], None] | None = None,
    ) -> dict[str, Any]:
        """Upload predictions for a round; the file streams and its SHA-256 is checked.

        A file of more than `small_bytes` goes up in pieces. If that is cut off, by a lost
        connection or because this process ends, the same call goes on where it ended.

        Parameters
        ----------
        name : str
            ``challenge/round``.
        method, model : str
            The method's name, or instead a registered model of the team as slug@version; that
            one's lineage is on record already.
        inputs : sequence of str
            Datasets and models the method was built on: slug, slug@version, DOI or URL, with
            ``:train``, ``:pretrain``, ``:finetune``, ``:features``, ``:calibration`` or
            ``:selection`` behind it.
        disclosure : str
            ``full``, ``partial`` or ``undisclosed``: how much of it `inputs` names.
        track : str, optional
            Not needed where the round has one track or none.
        model_index : int, optional
            Which of the team's models it is, where the round takes several.
        progress : callable, optional
            Called with (bytes sent, bytes in all).

        Returns
        -------
        dict
            The submission, queued.

        Raises
        ------
        ApiError
            When the server refuses; `problems` lists everything wrong with the file.
        """
        file = Path(path)
        fields = {
            "method": method,
            "model": model,
            "method_summary": method_summary,
            "inputs": list(inputs),
            "disclosure": disclosure,
            "team": team,
            "entry_kind": entry_kind,
            "track": track,
            "model_index": model_index,
            "note": note,
            "file_name": file.name,
            "sha256": _sha256(file),
        }
        if file.stat().st_size > self.small_bytes:
            return self._submit_in_pieces(_place(name), file, fields, progress=progress)
        key = uuid.uuid4().hex  # a repeated request after a lost answer is not a second entry
        return self._upload(
            f"rounds/{_place(name)}/submissions/",
            file,
            fields,
            headers={"Idempotency-Key": key},
            progress=progress,
        )

    def _submit_in_pieces(
        self,
        place: str,
        file: Path,
        fields: dict[str, Any],
        *,
        progress: Callable[[int, int], None] | None,
    ) -> dict[str, Any]:
        parcel = Parcel(
            path=file,
            size_bytes=file.stat().st_size,
            sha256=fields["sha256"],
            round=place,
            team=fields["team"],
            entry_kind=fields["entry_kind"],
        )
        note = UploadNote(self.url, place, parcel.sha256, parcel.team, parcel.entry_kind)
        upload = ResumableUpload(self._request, parcel, note=note, progress=progress)
        code = upload.send()
        try:
            # The server makes one submission of an upload, however often this is said.
            answer: dict[str, Any] = self._ask(
                "POST", f"rounds/{place}/submissions/", json={**fields, "upload": code}
            )
        except ApiError as error:
            if error.status == 422:
                upload.drop()
            raise
        upload.settled()
        return answer

    def submission(self, code: str) -> dict[str, Any]:
        """Read a submission: its state, and its scores once it has them."""
        return self._object(f"submissions/{code}/")

    def wait(self, code: str, *, timeout_s: float = 600.0) -> dict[str, Any]:
        """Poll a submission until it is finished; unchanged states cost the server a 304.

        Raises
        ------
        TimeoutError
            When it is still unfinished after `timeout_s` seconds; it is not lost.
        """
        deadline = time.monotonic() + timeout_s
        pause_s, etag = 0.2, ""
        latest: dict[str, Any] = {}
        while time.monotonic() < deadline:
            response = self._request(
                "GET", f"submissions/{code}/", headers={"If-None-Match": etag} if etag else {}
            )
            if response.status_code != httpx.codes.NOT_MODIFIED:
                etag, latest = response.headers.get("ETag", ""), response.json()
                if latest["state"] not in UNFINISHED:
                    return latest
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, 5.0)
        raise TimeoutError(f"Submission {code} is still {latest.get('state', 'unknown')}.")

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        url: str | None = path
        while url:
            page = self._ask("GET", url)
            yield from page["results"]
            url = page["next"]

    def _object(self, path: str) -> dict[str, Any]:
        content: dict[str, Any] = self._ask("GET", path)
        return content

    def _upload(
        self,
        path: str,
        file: Path,
        fields: dict[str, Any],
        *,
        headers: dict[str, str] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> dict[str, Any]:
        with file.open("rb") as handle:
            watched = Watched(handle, file.stat().st_size, progress)
            answer: dict[str, Any] = self._ask(
                "POST",
                path,
                data=fields,
                files={"file": (file.name, cast(IO[bytes], watched), "application/octet-stream")},
                headers=headers,
            )
        return answer

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        return self._request(method, path, **options).json()

    def _request(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise ServerUnreachable(
                f"No answer from {self.url} ({error}). Is the address right and the server up?"
            ) from None
        if response.is_error:
            raise _error(response)
        return response


def _place(name: str) -> str:
    challenge, _, round_ = name.strip("/").partition("/")
    if not challenge or not round_ or "/" in round_:
        raise ValueError(
            f"{name!r} is not a round; write challenge/round, as `heldout rounds` does"
        )
    return f"{challenge}/{round_}"


def _error(response: httpx.Response) -> ApiError:
    try:
        body = response.json()
        return ApiError(response.status_code, body["code"], body["message"], body["problems"])
    except (ValueError, KeyError, TypeError):
        return ApiError(
            response.status_code,
            "ERROR",
            f"The server answered {response.status_code} without saying why.",
            [],
        )


def _sha256(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
