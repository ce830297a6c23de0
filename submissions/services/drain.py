"""What a hint sets off: claim and score until nothing is left to claim."""

from __future__ import annotations

import os
import socket
import time

from submissions import enqueue
from submissions.services import stopping
from submissions.services.claim import claim_next, claimable
from submissions.services.score import score_claimed
from submissions.services.shadow import claim_shadow, score_shadow

# After this long the worker lets go between two jobs, so that it can be stopped or recycled.
BUDGET_S = 60.0


def drain(*, budget_s: float = BUDGET_S) -> int:
    """Score what waits, unless the worker is to stop, and return how many attempts were made."""
    worker = f"{socket.gethostname()}:{os.getpid()}"
    until = time.monotonic() + budget_s
    attempts = 0
    while stopping.stopping_s() is None and (claim := claim_next(worker=worker)) is not None:
        score_claimed(claim)
        attempts += 1
        if time.monotonic() >= until:
            enqueue.scoring()
            return attempts
    if stopping.stopping_s() is not None:
        enqueue.scoring()  # another worker shall not wait for the sweep
        return attempts
    return attempts + _drain_shadows(worker, until=until)


def _drain_shadows(worker: str, *, until: float) -> int:
    """Score aside what corrections wait for; entries that participants wait for come first."""
    attempts = 0
    while stopping.stopping_s() is None and not claimable().exists():
        shadow = claim_shadow()
        if shadow is None:
            break
        score_shadow(shadow, worker=worker)
        attempts += 1
        if time.monotonic() >= until:
            break
    if attempts:
        enqueue.scoring()  # for what came in meanwhile, and for the shadows that are left
    return attempts
