"""One run: teams submit, faults happen, a judge looks at what is left."""

from __future__ import annotations

import json
import os
import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.plan import Plan
from tests.chaos.senders import Post
from tests.chaos.site import (
    ServerSite,
    Site,
    ask,
    freeze_child,
    kill_child,
    scored_so_far,
    workers_at_work,
)
from tests.servers import wait_until

# What is left unfinished, lost, doubled or wrong makes a run fail. A file that no row names does
# not: it stays when the database was lost between the file's arrival and the row's.
HARMLESS = {"files_without_row"}
# Between two faults so many are scored, or so long is waited for it.
SCORED_BETWEEN = 3
MOST_AWAITED_S = 20.0


@dataclass
class Outcome:
    """What a run did and what the judge found."""

    faults: Counter[str]
    answers: dict[int, int]
    found: dict[str, list[str]]
    figures: dict[str, Any]
    seconds: float

    @property
    def wrong(self) -> dict[str, list[str]]:
        """Return what must not be: by kind, empty if all is well."""
        return {k: rows for k, rows in self.found.items() if rows and k not in HARMLESS}


@dataclass
class Nemesis:
    """Does the faults of a plan to a site, one after another, from the thread that calls it."""

    site: Site
    draw: random.Random
    post: Post
    done: Counter[str] = field(default_factory=Counter)
    full: list[float] = field(default_factory=list)
    timers: list[threading.Timer] = field(default_factory=list)
    scored: int = 0

    def do(self, fault: str) -> None:
        """Do one fault."""
        self.site.look_after()
        acts: dict[str, Callable[[], object]] = {
            "worker": self._kill_worker,
            "child": lambda: kill_child(self.site, self.draw),
            "freeze": lambda: self.timers.append(freeze_child(self.site, self.draw)),
            "flush": lambda: self.site.broker().flushall(),
            "redis": lambda: self._servers().restart_redis(),
            "postgres": lambda: self._servers().restart_postgres(),
            "disk": self._fill_disk,
        }
        acts[fault]()
        self.done[fault] += 1

    def await_work(self) -> None:
        """Wait until something was scored since the last fault, so that faults hit work."""
        until = time.monotonic() + MOST_AWAITED_S
        while scored_so_far(self.site) < self.scored + SCORED_BETWEEN:
            self.site.look_after()
            if time.monotonic() > until:
                break
            time.sleep(0.1)
        self.scored = scored_so_far(self.site)

    def rest(self) -> None:
        """Let all that is frozen go on."""
        for timer in self.timers:
            timer.join()

    def _servers(self) -> ServerSite:
        assert isinstance(self.site, ServerSite), "this site has no servers of its own"
        return self.site

    def _kill_worker(self) -> None:
        self.site.kill_worker(self.draw.choice(workers_at_work(self.site)))

    def _fill_disk(self) -> None:
        """Take what is free above the watermark, see an upload refused, and give it back."""
        home = Path(self.site.environ["HELDOUT_HOME"])
        watermark = int(self.site.environ["STORAGE_FREE_BYTES_MIN"])
        workers_at_work(self.site)
        self.post.progress += 0.1  # let some more in, so that there is work meanwhile
        time.sleep(1)
        room = shutil.disk_usage(home).free - watermark
        ballast = home / "ballast"
        refused = self.post.answers[507]
        began = time.time()
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, room + 2**28))
            self.post.progress += 0.1  # and have more come than the disk takes
            wait_until(lambda: self.post.answers[507] > refused + 3, what="an upload refused")
            time.sleep(3)
        ballast.unlink()
        self.full = [began, time.time()]


def settle_in(site: Site, plan: Plan, *, per_day: int) -> dict[str, Any]:
    """Make the site's challenges and teams; return how to reach them."""
    names: dict[str, Any] = ask(site, "seed", str(plan.challenges), str(plan.teams), str(per_day))
    return names


def judge(
    site: Site, post: Post, *, patience_s: float, full: Sequence[float] = (), whole: bool = True
) -> dict[str, Any]:
    """Return what the judge found, and figures; with `whole` all of the site is looked at."""
    asked = {
        "letters": [asdict(letter) for letter in post.letters],
        "names": post.names,
        "patience_s": patience_s,
        "full": list(full),
        "whole": whole,
    }
    judged: dict[str, Any] = ask(site, "verdict", text=json.dumps(asked))
    return judged


def run(site: Site, plan: Plan, *, pause_s: tuple[float, float], patience_s: float) -> Outcome:
    """Seed the site, send and hurt at the same time, then judge."""
    began = time.monotonic()
    per_day = -(-plan.submissions // (plan.challenges * plan.teams)) + 1
    post = Post(site.url, settle_in(site, plan, per_day=per_day), plan.letters())
    draw = random.Random(plan.seed + 2)
    nemesis = Nemesis(site, draw, post)
    post.start()
    faults = plan.faults()
    try:
        for place, fault in enumerate(faults):
            nemesis.await_work()
            time.sleep(draw.uniform(*pause_s))
            nemesis.do(fault)
            post.progress = (place + 1) / len(faults)
        post.finish(within_s=patience_s)
        nemesis.rest()
    finally:
        post.stop.set()
    judged = judge(site, post, patience_s=patience_s, full=nemesis.full)
    seconds = time.monotonic() - began
    return Outcome(nemesis.done, dict(post.answers), judged["found"], judged["figures"], seconds)
