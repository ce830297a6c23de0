"""What `heldout.connect` returns: a site, its rounds and submissions, for scripts and notebooks.

Everything an object says of itself comes from one answer of the server, kept as `facts`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from heldout.client import Client
from heldout.display import Listing, html_table
from heldout.tables import board_table, score_text, submission_text, table

Progress = Callable[[int, int], None]


class Site:
    """A connection to one server; close it, or use it in a ``with`` block."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Site({self.client.url!r})"

    @property
    def url(self) -> str:
        """The server's address."""
        return self.client.url

    def close(self) -> None:
        """End the connection."""
        self.client.close()

    def rounds(self, challenge: str = "") -> Listing[Round]:
        """List the rounds, newest first; those of one challenge if it is named."""
        found = [
            Round(self.client, each)
            for each in self.client.rounds()
            if challenge in ("", each["challenge"])
        ]
        rows = [[each.name, each.state, each.facts["closes_at"], each.title] for each in found]
        return Listing(found, heads=["round", "state", "closes (UTC)", "title"], rows=rows)

    def challenges(self) -> Listing[str]:
        """List the names of the challenges, with the number of their rounds and of open ones."""
        found = self.client.challenges()
        rows = []
        for each in found:
            states = [one["state"] for one in each["rounds"]]
            rows.append([each["challenge"], str(len(states)), str(states.count("open"))])
        names = [each["challenge"] for each in found]
        return Listing(names, heads=["challenge", "rounds", "open"], rows=rows)

    def round(self, name: str) -> Round:
        """Read the round called ``challenge/round``."""
        return Round(self.client, self.client.round(name))

    def submission(self, code: str) -> Submission:
        """Read a submission by its code."""
        return Submission(self.client, self.client.submission(code))


class Round:
    """A round: what to predict, its files, and the door for predictions."""

    def __init__(self, client: Client, facts: Mapping[str, Any]) -> None:
        self._client = client
        self.facts = dict(facts)
        self.name = f"{facts['challenge']}/{facts['slug']}"
        self.title: str = facts["title"]
        self.state: str = facts["state"]

    def __repr__(self) -> str:
        return f"Round({self.name!r}, {self.state}, closes {self.facts['closes_at']})"

    def _repr_html_(self) -> str:
        about = f"{self.name}, {self.state}, closes {self.facts['closes_at']}"
        task = escape(str(self.facts.get("task", "")))
        return (
            f"<h4>{escape(self.title)}</h4><p>{escape(about)}</p>"
            f'<p style="white-space: pre-wrap">{task}</p>'
        )

    @property
    def targets(self) -> Listing[dict[str, Any]]:
        """The targets: dictionaries with slug, shape, bounds, classes and input files."""
        found = self._client.targets(self.name)
        rows = [
            [
                each["slug"],
                " x ".join("any" if n is None else str(n) for n in each["shape"]) or "one number",
                ", ".join(each["classes"]),
                ", ".join(each["files"]),
            ]
            for each in found
        ]
        return Listing(found, heads=["target", "shape", "classes", "inputs"], rows=rows)

    @property
    def format(self) -> dict[str, Any]:
        """What a prediction file must be: reader, options, targets."""
        return self._client.prediction_format(self.name)

    def download(self, folder: str | Path = ".") -> list[Path]:
        """Download the inputs and the offered data; each file's SHA-256 is checked."""
        return self._client.download_all(self.name, Path(folder))

    def kit(self, folder: str | Path = "") -> Path:
        """Make the starter kit, as ``heldout init`` does; return its folder."""
        from heldout.kit import default_folder, write_kit

        place = Path(folder) if folder else default_folder(self.name)
        return write_kit(self._client, self.name, place).folder

    def write(self, path: str | Path, values: Mapping[str, Any]) -> Path:
        """Write predictions, a number or array for each target, in the round's format."""
        from heldout.prediction_files import write_predictions

        return write_predictions(path, values, self.format)

    def validate(self, path: str | Path) -> Check:
        """Check a file here, as the server would; nothing is sent, nothing is counted."""
        return check_file(path, self.format)

    def submit(
        self,
        path: str | Path,
        *,
        method: str,
        inputs: Sequence[str] = (),
        progress: Progress | None = None,
        **more: Any,
    ) -> Submission:
        """Hand a file in; a large one goes on where it was cut off.

        `more` goes to `heldout.client.Client.submit`: method_summary, disclosure, team, note.
        """
        facts = self._client.submit(
            self.name, path, method=method, inputs=inputs, progress=progress, **more
        )
        return Submission(self._client, facts)

    def leaderboard(self) -> Board:
        """Read the newest board."""
        return Board(self._client.leaderboard(self.name))


class Submission:
    """A submission: where it stands, and its scores."""

    def __init__(self, client: Client, facts: Mapping[str, Any]) -> None:
        self._client = client
        self.facts = dict(facts)

    def __repr__(self) -> str:
        return submission_text(self._client.url, self.facts)

    def _repr_html_(self) -> str:
        reason = f"<p>{escape(str(self.reason))}</p>" if self.reason else ""
        head = f"<p>Submission {escape(self.code)}: <strong>{escape(self.state)}</strong></p>"
        return head + reason + (self.scores._repr_html_() if self.scores else "")

    @property
    def code(self) -> str:
        """The name of the submission."""
        return str(self.facts["code"])

    @property
    def state(self) -> str:
        """One of queued, running, scored, rejected, failed, withdrawn."""
        return str(self.facts["state"])

    @property
    def reason(self) -> str:
        """Why it has no score, if it has none."""
        return str(self.facts.get("reason") or "")

    @property
    def scores(self) -> Listing[dict[str, Any]]:
        """The scores that are shown: target, metric, status, and a value exactly when it is ok."""
        found = list(self.facts.get("scores") or ())
        rows = [[s["target"] or "all targets", s["metric"], score_text(s)] for s in found]
        return Listing(found, heads=["target", "metric", "score"], rows=rows)

    def refresh(self) -> Submission:
        """Ask the server anew."""
        self.facts |= self._client.submission(self.code)
        return self

    def wait(self, timeout_s: float = 600.0) -> Submission:
        """Wait until it is finished.

        Raises
        ------
        TimeoutError
            If it is unfinished after `timeout_s` seconds; it is not lost.
        """
        self.facts |= self._client.wait(self.code, timeout_s=timeout_s)
        return self


class Board:
    """A round's board as it stands: `standings` are its lines."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.facts = dict(facts)
        self.standings: list[dict[str, Any]] = list(facts["standings"])

    def __len__(self) -> int:
        return len(self.standings)

    def __repr__(self) -> str:
        return board_table(self.facts)

    def _repr_html_(self) -> str:
        rows = [
            [
                str(line["rank"] or "-"),
                line["team"]["name"],
                line["method"]["title"],
                "" if line["value"] is None else f"{line['value']:.5g}",
                f"{line['answered']}/{line['offered']}",
            ]
            for line in self.standings
        ]
        columns = self.facts["columns"]
        primary = columns[0]["label"] if columns else "value"
        return html_table(["rank", "team", "method", primary, "cover"], rows)


@dataclass(frozen=True, slots=True)
class Check:
    """What a check found; true if the file is in order."""

    ok: bool
    answered: tuple[str, ...]
    targets: int
    problems: tuple[dict[str, str], ...] = ()

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        if self.ok:
            return f"In order: {len(self.answered)} of {self.targets} targets answered."
        rows = [[each["message"], each["remedy"]] for each in self.problems]
        return table(["problem", "remedy"], rows)

    def _repr_html_(self) -> str:
        if self.ok:
            return f"<p>{escape(repr(self))}</p>"
        rows = [[each["message"], each["remedy"]] for each in self.problems]
        return html_table(["problem", "remedy"], rows)


def check_file(path: str | Path, declared: Mapping[str, Any]) -> Check:
    """Check a prediction file with the engine that the server uses.

    Examples
    --------
    >>> import tempfile
    >>> declared = {"reader": "csv", "targets": [{"slug": "t1", "shape": []}]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "mine.csv")
    ...     _ = path.write_text("target,value\\nt1,nan\\n")
    ...     print(check_file(path, declared).problems[0]["message"])
    row 2, column value: 'nan' holds no value (nan)
    """
    from dataclasses import asdict

    from heldout.round_files import format_of
    from scoring.engine import check

    prediction_format, targets = format_of(declared)
    with Path(path).open("rb") as handle:
        report = check(handle, prediction_format, targets)
    problems = tuple(asdict(problem) for problem in report.problems)
    return Check(report.ok, tuple(report.answered), len(targets), problems)
