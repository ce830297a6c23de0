"""The cage: every byte that a participant sent is parsed in a limited child process.

`run_caged` hands a job to the zygote, a process with the libraries loaded and nothing else in
it: no environment, no database, no secrets, no network. The zygote always keeps one child forked,
which takes the job, confines itself and answers to whoever asked; that side watches the clock and
has the zygote end the child. The processes are tied together by sockets, so each ends when the
one above it ends, whatever killed that. `layers` tells which walls stand on this machine.
"""

from scoring.cage.calls import (
    CageError,
    check_in_cage,
    combine_in_cage,
    compare_in_cage,
    score_in_cage,
)
from scoring.cage.client import layers, run_caged, start_zygote, stop_zygote
from scoring.cage.records import CagedJob, CageLimits, CageOutcome, CageResult, Layer

__all__ = [
    "CageError",
    "CageLimits",
    "CageOutcome",
    "CageResult",
    "CagedJob",
    "Layer",
    "check_in_cage",
    "combine_in_cage",
    "compare_in_cage",
    "layers",
    "run_caged",
    "score_in_cage",
    "start_zygote",
    "stop_zygote",
]
