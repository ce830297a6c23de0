"""Teams that submit over HTTP and insist: the same key again until there is a clear answer."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.chaos.plan import Letter

AGAIN_S = 0.3


@dataclass
class Post:
    """Sends letters in the order of each team, never far ahead of `progress`.

    Attributes
    ----------
    progress : float
        The share of the faults that have happened; sending keeps step, so that there is work
        at every fault.
    """

    url: str
    names: dict[str, Any]
    letters: list[Letter]
    progress: float = 0.0
    ahead: float = 0.05
    answers: Counter[int] = field(default_factory=Counter)
    sent: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Start one sender for each team."""
        for team in sorted({letter.team for letter in self.letters}):
            mine = [letter for letter in self.letters if letter.team == team]
            thread = threading.Thread(target=self._send_all, args=(mine,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def finish(self, *, within_s: float) -> None:
        """Send what is left and wait for the last answer."""
        self.progress = 1.0
        until = time.monotonic() + within_s
        for thread in self.threads:
            thread.join(max(0.0, until - time.monotonic()))
        self.stop.set()

    def _send_all(self, letters: list[Letter]) -> None:
        with httpx.Client(timeout=30, trust_env=False) as client:
            for place, letter in enumerate(letters):
                while place / len(letters) > self.progress + self.ahead:
                    if self.stop.wait(0.05):
                        return
                self._send(client, letter)
                self.sent += 1

    def _send(self, client: httpx.Client, letter: Letter) -> None:
        person = self.names["people"][letter.team]
        address = f"{self.url}/api/v1/rounds/{self.names['rounds'][letter.challenge]}/submissions/"
        while not self.stop.is_set():
            try:
                answer = client.post(
                    address,
                    params={"method": "Guess", "team": person["team"], "file_name": "p.npz"},
                    headers={
                        "Authorization": f"Token {person['token']}",
                        "Content-Type": "application/octet-stream",
                        "Idempotency-Key": letter.key,
                    },
                    content=letter.file(),
                )
            except httpx.HTTPError:
                self._note(letter, 0)
                self.stop.wait(AGAIN_S)
                continue
            self._note(letter, answer.status_code)
            if answer.status_code == 201:
                letter.code = answer.json()["code"]
            if answer.status_code < 500:
                return
            self.stop.wait(AGAIN_S)

    def _note(self, letter: Letter, status: int) -> None:
        self.answers[status] += 1
        letter.answers.append(status)
