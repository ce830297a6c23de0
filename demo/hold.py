"""The participants of the demo: they see what any participant sees, through the public API."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from demo.burgers.arrays import write_npz
from demo.burgers.challenge import read_inputs
from demo.burgers.datasets import AUGMENTED, ORIGINAL, card
from demo.burgers.entries import Entry, Materials, entry, predict
from demo.cast import BURGERS_ENTRIES, DIGITS_ENTRIES, ORGANIZER, ORGANIZERS, TeamOfDemo
from demo.digits import entries as digits
from heldout.client import Client

Say = Callable[[str], None]


class Participants:
    """Everyone who hands something in; each signs in with an own password."""

    def __init__(self, url: str, passwords: Mapping[str, str], folder: Path, say: Say) -> None:
        self._url = url
        self._passwords = passwords
        self._folder = folder
        self._say = say
        folder.mkdir(parents=True, exist_ok=True)

    def client(self, username: str) -> Client:
        """Sign a person in."""
        client = Client(self._url)
        password = self._passwords[username]
        client.sign_in(username, password, name="demo", organize=username == ORGANIZER)
        return client

    def hold_burgers(self, name: str) -> list[str]:
        """Download inputs and data, train, predict and submit for every team; return the codes."""
        with Client(self._url) as anyone:
            handed_in = _entries_of(anyone, name)
            targets, materials = self._materials(anyone, name)
        methods: dict[str, str] = {}
        codes: list[str] = []
        for team, slug in BURGERS_ENTRIES:
            record = entry(slug)
            line = handed_in.get((team.slug, record.title))
            if line is None:
                line = self._submit(name, (team, record), targets, materials, methods)
                codes.append(line["code"])
            methods[slug] = f"{line['method']['slug']}@{line['method']['version']}"
        return codes

    def _materials(self, client: Client, name: str) -> tuple[list[Any], Materials]:
        folder = self._folder / name.replace("/", "-")
        folder.mkdir(exist_ok=True)
        content = client.round(name)
        paths = {
            file["target"]: client.download(file, folder)
            for file in content["files"]
            if file["target"]
        }
        for offered in content["offered_data"]:
            artifact = client.artifact(f"{offered['slug']}@{offered['version']}")
            for file in artifact["files"]:
                client.download(file, folder)
        datasets = {slug: folder / card(slug).filename for slug in (ORIGINAL, AUGMENTED)}
        targets = [read_inputs(path, slug) for slug, path in sorted(paths.items())]
        return targets, Materials(datasets)

    def _submit(
        self,
        name: str,
        entering: tuple[TeamOfDemo, Entry],
        targets: Sequence[Any],
        materials: Materials,
        methods: Mapping[str, str],
    ) -> dict[str, Any]:
        team, record = entering
        made = predict(record, targets, materials=materials)
        path = self._folder / f"{record.slug}.npz"
        write_npz(path, made.arrays)
        with self.client(team.members[0]) as client:
            answer = client.submit(
                name,
                path,
                method=record.title,
                method_summary=f"{record.summary}. {record.description}",
                inputs=[*record.datasets, *(methods[slug] for slug in record.models)],
                team=team.slug,
                entry_kind=_kind_of(team),
                note=f"{made.seconds:.1f} s on the demo's machine, training included",
            )
        self._say(
            f"  {team.name} submitted {record.title} as {answer['code']} "
            f"({path.stat().st_size / 1e6:.1f} MB, computed in {made.seconds:.1f} s)"
        )
        return answer

    def hold_digits(self, name: str) -> list[str]:
        """Compute and submit the entries to the ten problems; return the codes of new ones."""
        with Client(self._url) as anyone:
            handed_in = _entries_of(anyone, name)
        codes: list[str] = []
        for team, slug in DIGITS_ENTRIES:
            record = digits.entry(slug)
            if (team.slug, record.title) in handed_in:
                continue
            made = digits.predict(record)
            path = self._folder / f"{record.slug}.csv"
            path.write_text(digits.csv_text(made.values), encoding="utf-8")
            with self.client(team.members[0]) as client:
                answer = client.submit(
                    name,
                    path,
                    method=record.title,
                    method_summary=f"{record.summary}. {record.description}",
                    team=team.slug,
                    entry_kind=_kind_of(team),
                    note=f"{made.seconds:.1f} s on the demo's machine",
                )
            self._say(
                f"  {team.name} submitted {record.title} as {answer['code']} "
                f"(computed in {made.seconds:.1f} s)"
            )
            codes.append(answer["code"])
        return codes

    def wait(self, username: str, codes: Sequence[str]) -> None:
        """Wait until submissions are finished, telling each as it is."""
        with self.client(username) as client:
            for code in codes:
                found = client.wait(code)
                self._say(f"  {code}: {found['state']} {found['reason']}".rstrip())

    def wait_for_board(self, name: str, *, lines: int, timeout_s: float = 120.0) -> dict[str, Any]:
        """Poll the board until it shows every entry.

        Raises
        ------
        TimeoutError
            If it does not in time.
        """
        return self._poll(
            lambda client: client.leaderboard(name),
            lambda board: len(board["standings"]) >= lines,
            what=f"the board of {name} with {lines} lines",
            timeout_s=timeout_s,
        )

    def wait_for_consensus(self, name: str, *, timeout_s: float = 120.0) -> dict[str, Any]:
        """Poll the board until the median and the mean of the entries stand on it.

        Raises
        ------
        TimeoutError
            If it does not in time.
        """
        return self._poll(
            lambda client: client.leaderboard(name),
            lambda board: sum(line["entry_kind"] == "consensus" for line in board["standings"]) > 1,
            what=f"the consensus of {name}",
            timeout_s=timeout_s,
        )

    def wait_for_credit(self, name: str, *, timeout_s: float = 60.0) -> dict[str, Any]:
        """Poll the credit board until the round's book is posted.

        Raises
        ------
        TimeoutError
            If it is not in time.
        """
        return self._poll(
            lambda client: client.datasets(name),
            lambda board: board["posted"],
            what=f"the credit of {name}",
            timeout_s=timeout_s,
        )

    def _poll(
        self,
        read: Callable[[Client], dict[str, Any]],
        is_there: Callable[[dict[str, Any]], bool],
        *,
        what: str,
        timeout_s: float,
    ) -> dict[str, Any]:
        deadline = time.monotonic() + timeout_s
        with Client(self._url) as client:
            while time.monotonic() < deadline:
                found = read(client)
                if is_there(found):
                    return found
                time.sleep(0.3)
        raise TimeoutError(f"{what} did not come within {timeout_s:.0f} s")


def _kind_of(team: TeamOfDemo) -> str:
    return "baseline" if team is ORGANIZERS else "participant"


def _entries_of(client: Client, name: str) -> dict[tuple[str, str], Any]:
    """Return what is on the board already, by team and method, so that nothing is sent twice."""
    lines = client.leaderboard(name)["standings"]
    return {(line["team"]["slug"], line["method"]["title"]): line for line in lines}
