"""The cage: every byte that a participant sent is parsed in a limited child process.

`run_caged` hands a job to the zygote, a process with the libraries loaded and nothing else in
it: no environment, no database, no secrets. The zygote forks a guard for the job, the guard
forks the child, limits it, watches the clock and reports how it ended. The processes are tied
together by sockets, so each ends when the one above it ends, whatever killed that.
"""

from scoring.cage.calls import CageError, check_in_cage, score_in_cage
from scoring.cage.client import run_caged, start_zygote, stop_zygote
from scoring.cage.records import CagedJob, CageLimits, CageOutcome, CageResult

__all__ = [
    "CageError",
    "CageLimits",
    "CageOutcome",
    "CageResult",
    "CagedJob",
    "check_in_cage",
    "run_caged",
    "score_in_cage",
    "start_zygote",
    "stop_zygote",
]
