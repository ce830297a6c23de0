"""The cage from the outside: each limit, each way to die, and that nothing else is hurt."""

import contextlib
import io
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

from scoring import engine
from scoring.cage import (
    CagedJob,
    CageError,
    CageLimits,
    CageOutcome,
    calls,
    check_in_cage,
    client,
    codec,
    run_caged,
    score_in_cage,
    stop_zygote,
)
from scoring.contract import MetricChoice, PredictionFormat, ScoreStatus, TargetSpec

LIMITS = CageLimits(memory_bytes=512 * 2**20, wall_s=30)
JOBS = "tests.scoring.hostile_jobs"


def job(name, *, limits=LIMITS, files=None, **request):
    return CagedJob(f"{JOBS}:{name}", limits, request, files or {})


def works():
    return run_caged(job("echo", word="still here")).answer["request"] == {"word": "still here"}


def test_job_gets_its_request_and_files_and_answers():
    result = run_caged(job("echo", files={"a": io.BytesIO(b"alpha")}, number=3))
    assert result.outcome is CageOutcome.DONE
    assert result.answer == {"request": {"number": 3}, "files": {"a": "alpha"}}
    assert result.peak_bytes > 2**20


def test_file_with_a_descriptor_is_read_from_its_start_without_moving_it(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        file.seek(4)
        result = run_caged(job("read_twice", files={"a": file}))
        assert result.answer == ["012", "89", 10]
        assert file.read() == b"456789"


def test_hundreds_of_files_cross_the_border():
    files = {f"f{i}": io.BytesIO(f"content {i}".encode()) for i in range(300)}
    result = run_caged(job("echo", files=files))
    assert result.answer["files"] == {f"f{i}": f"content {i}" for i in range(300)}


def test_many_real_files_cross_the_border(tmp_path):
    opened = {}
    for i in range(70):
        (tmp_path / str(i)).write_text(f"content {i}")
        opened[str(i)] = (tmp_path / str(i)).open("rb")
    result = run_caged(job("echo", files=opened))
    for file in opened.values():
        file.close()
    assert result.answer["files"] == {str(i): f"content {i}" for i in range(70)}


def test_child_sees_no_environment_and_no_foreign_descriptor(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_KEY", "do-not-leak")
    monkeypatch.setenv("DATABASE_URL", "postgres://user:do-not-leak@db/heldout")
    stop_zygote()
    with (tmp_path / "open.txt").open("w"):
        seen = run_caged(job("surroundings")).answer
    assert set(seen["environment"]) <= {
        *("LC_ALL", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"),
        *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LC_CTYPE", "__CF_USER_TEXT_ENCODING"),
    }
    assert "do-not-leak" not in str(seen)
    assert seen["descriptors"] <= 4  # the standard three and the answer
    assert seen["session"]
    assert seen["folder"] is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds an address-space limit")
def test_job_over_its_memory_ends_as_memory():
    result = run_caged(job("eat_memory", bytes=2**30))
    assert result.outcome is CageOutcome.MEMORY
    assert works()


def test_job_within_its_memory_is_not_charged_for_the_libraries():
    assert run_caged(job("eat_memory", bytes=256 * 2**20)).outcome is CageOutcome.DONE


@pytest.mark.parametrize("name", ["spin", "sleep"])
def test_job_over_its_time_ends_as_time(name):
    result = run_caged(job(name, limits=CageLimits(memory_bytes=2**28, wall_s=0.3)))
    assert result.outcome is CageOutcome.TIME
    assert works()


def test_crash_is_named_by_its_signal():
    result = run_caged(job("crash"))
    assert (result.outcome, result.detail) == (CageOutcome.CRASHED, "signal SIGSEGV")
    assert works()


def test_child_that_leaves_without_an_answer_has_crashed():
    result = run_caged(job("leave"))
    assert (result.outcome, result.detail) == (CageOutcome.CRASHED, "exit code 7")


def test_answer_over_its_limit_is_cut():
    limits = CageLimits(memory_bytes=2**28, wall_s=30, answer_bytes=1000)
    assert run_caged(job("flood", bytes=10**7, limits=limits)).outcome is CageOutcome.OUTPUT
    assert works()


def test_answer_that_is_not_a_number_is_a_fault():
    assert run_caged(job("not_a_number")).outcome is CageOutcome.FAULT


def test_exception_names_its_place_but_not_its_text():
    result = run_caged(job("raise_with_a_secret", files={"reference": io.BytesIO(b"0.8421")}))
    assert result.outcome is CageOutcome.FAULT
    assert "RuntimeError" in result.detail
    assert "raise_with_a_secret" in result.detail
    assert "0.8421" not in result.detail


def test_unknown_function_is_a_fault():
    assert run_caged(CagedJob("nowhere.to.be:found", LIMITS)).outcome is CageOutcome.FAULT


def test_child_cannot_write_a_file(tmp_path):
    result = run_caged(job("write_a_file", path=str(tmp_path / "out")))
    assert result.outcome is CageOutcome.FAULT
    assert not (tmp_path / "out").exists() or (tmp_path / "out").stat().st_size == 0


def test_child_cannot_open_many_files():
    assert run_caged(job("open_many_files")).outcome is CageOutcome.FAULT


def test_child_leaves_no_core_and_no_file():
    assert run_caged(job("core_limit")).answer == {"core": [0, 0], "size": [0, 0]}


def test_child_starts_no_other_process():
    started = run_caged(job("leave_a_grandchild", limits=CageLimits(2**28, 5)))
    assert started.outcome is CageOutcome.FAULT
    assert works()


def test_killed_zygote_is_replaced():
    assert works()
    os.kill(client._running_zygote().pid, signal.SIGKILL)
    assert works()


def test_zygote_that_hangs_is_ended_and_replaced(monkeypatch):
    assert works()
    hung = client._running_zygote().pid
    os.kill(hung, signal.SIGSTOP)
    with monkeypatch.context() as patched:
        patched.setattr(client, "START_S", 0.5)
        hanging = run_caged(job("echo"))
    assert hanging.outcome in {CageOutcome.DONE, CageOutcome.BROKEN}  # a busy machine starts slowly
    assert _all_gone([hung])
    assert works()


@pytest.mark.skipif(sys.platform != "linux", reason="finds the waiting child in /proc")
def test_child_killed_while_it_waits_is_replaced():
    assert works()
    for pid in _children_of(client._running_zygote().pid):
        with contextlib.suppress(ProcessLookupError):  # that of the job before, just ended
            os.kill(pid, signal.SIGKILL)
    assert run_caged(job("echo")).outcome in {CageOutcome.DONE, CageOutcome.MEMORY}
    assert works()


def test_job_begun_again_and_again_ends_broken_and_blames_nobody():
    ended = []
    thread = threading.Thread(target=lambda: ended.append(run_caged(job("sleep"))))
    thread.start()
    until = time.monotonic() + 120
    while thread.is_alive() and time.monotonic() < until:
        os.kill(client._running_zygote().pid, signal.SIGKILL)
        thread.join(0.2)
    assert ended[0].outcome is CageOutcome.BROKEN
    assert works()


def test_jobs_of_several_threads_run_side_by_side_and_are_begun_again_without_the_zygote(tmp_path):
    outcomes = []
    (tmp_path / "gate").write_bytes(b"0")
    with (tmp_path / "gate").open("r+b", buffering=0) as gate:
        waiting = job("wait_for_gate", files={"gate": gate})
        thread = threading.Thread(target=lambda: outcomes.append(run_caged(waiting).answer))
        thread.start()
        assert works()
        assert works()
        os.kill(client._running_zygote().pid, signal.SIGKILL)
        assert works()
        gate.write(b"1")
        thread.join()
    assert outcomes == ["open"]


def _ask_from_a_forked_process(queue):
    queue.put((works(), client._running_zygote().pid))


def test_forked_process_gets_a_zygote_of_its_own():
    assert works()
    ours = client._running_zygote().pid
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    process = context.Process(target=_ask_from_a_forked_process, args=(queue,))
    process.start()
    worked, theirs = queue.get()
    process.join()
    assert worked
    assert theirs != ours
    assert client._running_zygote().pid == ours
    assert works()


def test_killed_process_leaves_no_zygote_and_no_child_behind():
    script = textwrap.dedent(f"""
        import threading, time
        from scoring.cage import CagedJob, CageLimits, client, run_caged
        job = CagedJob("{JOBS}:sleep", CageLimits(memory_bytes=2**28, wall_s=600))
        threading.Thread(target=run_caged, args=(job,), daemon=True).start()
        run_caged(CagedJob("{JOBS}:echo", CageLimits(memory_bytes=2**28, wall_s=600)))
        print(client._running_zygote().pid, flush=True)
        time.sleep(600)
    """)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    zygote = int(process.stdout.readline())
    family = _children_of(zygote)
    process.kill()
    process.wait()
    process.stdout.close()
    assert _all_gone([zygote, *family])


def _children_of(zygote):
    """Return the children of a zygote, by /proc; nothing where there is none."""
    parents = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
            except OSError:
                continue
    return [pid for pid, parent in parents.items() if parent == zygote]


def _all_gone(pids):
    for _ in range(500):
        if not any(_is_running(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


def _is_running(pid):
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _scoring_inputs():
    targets = [TargetSpec("a", (8,)), TargetSpec("b", (8,))]
    rng = np.random.default_rng(7)
    truth = {target.slug: rng.normal(size=8) for target in targets}
    references = {}
    for slug, values in truth.items():
        references[slug] = io.BytesIO()
        np.save(references[slug], values)
    prediction = io.BytesIO()
    np.savez(prediction, a=truth["a"] + 0.5)
    metrics = [MetricChoice("error", "rmse_field", parameters={"layout": "x"})]
    return prediction, PredictionFormat("npz"), targets, references, metrics


def test_score_in_the_cage_equals_score_outside():
    inputs = _scoring_inputs()
    caged = score_in_cage(*inputs, limits=LIMITS)
    for handle in (inputs[0], *inputs[3].values()):
        handle.seek(0)
    assert caged == engine.score(*inputs)
    assert [row.status for row in caged.rows] == [ScoreStatus.OK, ScoreStatus.MISSING]


def test_check_in_the_cage_equals_check_outside():
    prediction, *rest, _, _ = _scoring_inputs()
    for content in (prediction.getvalue(), b"not a zip"):
        caged = check_in_cage(io.BytesIO(content), *rest, limits=LIMITS)
        assert caged == engine.check(io.BytesIO(content), *rest)


def test_target_cancelled_since_the_upload_is_read_but_not_scored():
    prediction, prediction_format, targets, references, metrics = _scoring_inputs()
    report = score_in_cage(
        *(prediction, prediction_format, targets[1:], {"b": references["b"]}, metrics),
        limits=LIMITS,
        also_readable=targets[:1],
    )
    assert report.check.ok
    assert [(row.target, row.status) for row in report.rows] == [("b", ScoreStatus.MISSING)]


def test_wrong_choice_of_the_round_is_told_as_set_up():
    prediction, _, targets, _, _ = _scoring_inputs()
    with pytest.raises(CageError, match="nonsense") as caught:
        check_in_cage(prediction, PredictionFormat("nonsense"), targets, limits=LIMITS)
    assert caught.value.outcome is CageOutcome.SETUP


def test_answer_that_is_no_report_is_refused():
    strange = CagedJob(f"{JOBS}:talk", LIMITS)
    with pytest.raises(CageError) as caught:
        calls._report(strange, codec.score_from_json)
    assert caught.value.outcome is CageOutcome.OUTPUT
