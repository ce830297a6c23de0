"""The whole site as one command: broker, database, web server, worker and scheduler.

`python -m config.embedded` or `manage.py serve`. Everything it keeps is in one folder.

One thread starts all processes, watches them and stops them; the caller's thread only waits.
That is not taste: the kernel ties the life of a child to the *thread* that started it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from config import environment
from config.broker import Broker, choose_broker
from config.children import Child
from config.claims import SOCKETS_PREFIX, EmbeddedError, FolderLock, Listener

READY_WITHIN_S = 120.0
LOOK_EVERY_S = 0.2
WEB_THREADS = 4
WORKER_PROCESSES = 2
STOPPING = (signal.SIGTERM, signal.SIGHUP)


class Embedded:
    """The running site, as a context manager.

    Parameters
    ----------
    home : Path, optional
        The folder with all data; `HELDOUT_HOME` or `var/` unless given.
    port : int
        Port of the web server; 0 lets the system choose a free one.
    quiet : bool
        Say nothing on the console (the logs are written all the same).

    Raises
    ------
    EmbeddedError
        When the folder is in use by another site, the port is taken, or a part does not start.

    Examples
    --------
    >>> with Embedded(home, port=8000) as site:  # doctest: +SKIP
    ...     print(site.url)
    ...     site.wait()
    """

    def __init__(
        self,
        home: Path | None = None,
        port: int = 8000,
        *,
        host: str = "127.0.0.1",
        quiet: bool = False,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.home = (home or environment.home()).resolve()
        self.port = port
        self.host = host
        self.logs = self.home / "logs"
        self.url = ""
        self.redis_url = ""
        self.environ: dict[str, str] = {}
        self.failure: EmbeddedError | None = None
        self._say = (lambda _line: None) if quiet else say or _print_line
        self._children: list[Child] = []
        self._ready = threading.Event()
        self._stop = threading.Event()
        self._hurry = threading.Event()
        self._ended = threading.Event()
        self._old_handlers: dict[int, Any] = {}

    @property
    def pids(self) -> dict[str, int]:
        """Return the process id of each part now running."""
        return {child.name: child.pid for child in self._children}

    def __enter__(self) -> Self:
        self._catch_signals()
        thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        thread.start()
        try:
            self._ready.wait()
        except BaseException:
            self.stop()
            raise
        if self.failure:
            self._release_signals()
            raise self.failure
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop worker, web server and broker in this order; a second Ctrl-C hurries."""
        if not self._ended.is_set():
            self._say("stopping")
        self._stop.set()
        while not self._ended.is_set():
            try:
                self._ended.wait()
            except KeyboardInterrupt:
                self._hurry.set()
        self._release_signals()

    def wait(self) -> int:
        """Wait for Ctrl-C or a termination signal; return the exit code.

        0 after a signal, 1 when a part failed for good.
        """
        try:
            self._ended.wait()
        except KeyboardInterrupt:
            return 0
        if self.failure:
            self._say(str(self.failure))
            return 1
        return 0

    def manage(self, *arguments: str) -> None:
        """Run a management command against this site; its output goes to `manage.log`."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / "manage.log"
        with log.open("ab") as output:
            start = output.tell()
            code = subprocess.run(
                [sys.executable, str(environment.BASE_DIR / "manage.py"), *arguments],
                cwd=environment.BASE_DIR,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        if code:
            said = log.read_bytes()[start:].decode("utf-8", "replace").strip()
            raise EmbeddedError(f"manage.py {arguments[0]} failed:\n{said[-2000:]}")

    def _run(self) -> None:
        """Live the whole life of the site; the one thread that starts processes."""
        # Each step has undone itself when the next one fails.
        try:
            with FolderLock(self.home) as lock, Listener(self.host, self.port) as listener:
                lock.clear_leftovers()
                sockets = Path(tempfile.mkdtemp(prefix=SOCKETS_PREFIX))
                try:
                    self._start(lock, listener, sockets)
                    self._ready.set()
                    self._watch()
                finally:
                    self._stop_children()
                    shutil.rmtree(sockets, ignore_errors=True)
        except EmbeddedError as error:
            self.failure = error
        except Exception as error:  # noqa: BLE001 - the waiting thread must learn of it
            self.failure = EmbeddedError(f"The site could not start: {error!r}")
        finally:
            self._ended.set()
            self._ready.set()

    def _start(self, lock: FolderLock, listener: Listener, sockets: Path) -> None:
        self.url = listener.url
        broker = choose_broker(
            redis_url=os.environ.get("REDIS_URL", "").strip(),
            data=self.home / "broker",
            sockets=sockets,
        )
        self.redis_url = broker.redis_url
        self.environ = self._make_environ(broker)
        if broker.notice:
            self._say(broker.notice)
        self._start_broker(broker, lock)
        lock.write(
            pid=str(os.getpid()),
            url=self.url,
            redis_url=broker.redis_url,
            sockets=str(sockets),
        )
        (self.home / "static").mkdir(exist_ok=True)  # its absence is a warning
        self.manage("migrate", "--no-input")
        if self._stop.is_set():
            return
        for child in (self._web(listener), self._worker(), self._beat()):
            self._children.append(child)
            child.start()
        self._await_web()
        self._say(f"{self.url} (logs in {self.logs})")

    def _make_environ(self, broker: Broker) -> dict[str, str]:
        made = dict(os.environ)
        made.update(
            HELDOUT_HOME=str(self.home),
            DJANGO_SETTINGS_MODULE=os.environ.get("DJANGO_SETTINGS_MODULE", "config.settings"),
            PYTHONUNBUFFERED="1",
        )
        if broker.redis_url:
            made["REDIS_URL"] = broker.redis_url
        if broker.celery_url:
            made["BROKER_URL"] = broker.celery_url
        return made

    def _child(self, name: str, command: list[str], **options: Any) -> Child:
        return Child(name, command, self.environ, self.logs, **options)

    def _start_broker(self, broker: Broker, lock: FolderLock) -> None:
        if broker.command is None:
            if not broker.answers():
                raise EmbeddedError("The Redis server of REDIS_URL does not answer.")
            return
        # It holds the folder's lock too, so that no second server opens its files while it ends.
        child = self._child(
            "broker",
            broker.command,
            death_signal=signal.SIGTERM,
            files=(lock.descriptor,),
        )
        self._children.append(child)
        child.start()
        self._await(broker.answers, child)

    def _web(self, listener: Listener) -> Child:
        # The socket is ours: while a web server that died is started again, requests wait.
        command = [
            *(sys.executable, "-m", "gunicorn", "config.wsgi:application"),
            *("--bind", f"fd://{listener.descriptor}", "--workers", "1", "--timeout", "120"),
            *("--worker-class", "gthread", "--threads", str(WEB_THREADS)),
            *("--graceful-timeout", "5", "--no-control-socket", "--log-level", "warning"),
        ]
        return self._child(
            "web", command, death_signal=signal.SIGQUIT, files=(listener.descriptor,)
        )

    def _worker(self) -> Child:
        command = [
            *(sys.executable, "-m", "celery", "-A", "config", "--quiet", "worker"),
            *("--pool", "prefork", "--concurrency", str(WORKER_PROCESSES)),
            *("--hostname", "embedded@%h", "--without-mingle", "--without-gossip"),
        ]
        return self._child("worker", command)

    def _beat(self) -> Child:
        command = [
            *(sys.executable, "-m", "celery", "-A", "config", "--quiet", "beat"),
            *("--schedule", str(self.home / "celerybeat-schedule"), "--pidfile", ""),
        ]
        return self._child("beat", command, death_signal=signal.SIGTERM, grace_s=5.0)

    def _await_web(self) -> None:
        web = next(child for child in self._children if child.name == "web")
        self._await(lambda: _answers(f"{self.url}/healthz"), web)

    def _await(self, is_up: Callable[[], bool], child: Child) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._stop.is_set():
            if is_up():
                return
            if not child.pid or time.monotonic() > deadline:
                raise EmbeddedError(
                    f"{child.name} did not start; the end of {child.log}:\n{child.last_words()}"
                )
            time.sleep(0.05)

    def _watch(self) -> None:
        """Start again what dies, until asked to stop."""
        while not self._stop.wait(LOOK_EVERY_S):
            for child in self._children:
                news = child.look()
                if news:
                    self._say(news)
                if child.is_hopeless:
                    raise EmbeddedError(
                        f"{child.name} ended {child.restarts} times in a row, the site stops; "
                        f"the end of {child.log}:\n{child.last_words()}"
                    )

    def _stop_children(self) -> None:
        order = {"beat": 0, "worker": 1, "web": 2, "broker": 3}
        for child in sorted(self._children, key=lambda child: order[child.name]):
            child.ask_to_stop()
            deadline = time.monotonic() + child.grace_s
            while child.pid and time.monotonic() < deadline and not self._hurry.is_set():
                time.sleep(0.02)
            if not child.wait_until_stopped(0.0):
                self._say(f"{child.name} did not end in time and was killed")
        self._children.clear()

    def _catch_signals(self) -> None:
        """Make a termination signal mean what Ctrl-C means."""
        if threading.current_thread() is threading.main_thread():
            for number in STOPPING:
                self._old_handlers[number] = signal.signal(number, _interrupt)

    def _release_signals(self) -> None:
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)
        self._old_handlers.clear()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own http address
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _print_line(line: str) -> None:
    sys.stdout.write(f"heldout | {line}\n")
    sys.stdout.flush()


def serve(*, port: int, host: str) -> int:
    """Run the site until it is stopped; return the exit code."""
    try:
        with Embedded(port=port, host=host) as site:
            return site.wait()
    except EmbeddedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(
        serve(
            port=environment.integer("PORT", default=8000),
            host=os.environ.get("HOST", "").strip() or "127.0.0.1",
        )
    )
