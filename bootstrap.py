"""Make the environment in .venv: `python3 bootstrap.py server`, `... dev` or `... peers`.

Standard library only: this is the first thing that runs on a fresh machine. It installs the
hash-pinned lock and the project itself, and notes what it did, so that a second call is
instant. Package sources are the ones pip is configured with. It never asks.
"""

from __future__ import annotations

import ast
import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / ".heldout.json"
OLDEST = (3, 11)
# Which locks satisfy a wish; the first is the one to install.
LOCKS = {
    "server": ["server.txt", "dev.txt", "peers.txt"],
    "dev": ["dev.txt", "peers.txt"],
    "peers": ["peers.txt"],
}
# What pip calls a setting, and the variable that tells uv the same.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}


class SetupError(Exception):
    """The environment cannot be made; the message says what to do."""


def say(line: str) -> None:
    """Tell the person what happens now."""
    sys.stdout.write(f"setup | {line}\n")
    sys.stdout.flush()


def refuse_old_python() -> None:
    """Stop with a sentence where Python is too old or lacks its venv module."""
    if sys.version_info < OLDEST:
        have = ".".join(map(str, sys.version_info[:3]))
        raise SetupError(
            f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; {sys.executable} is {have}. "
            "Name a newer one: make PYTHON=/path/to/python3.12 ..."
        )
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise SetupError(
            "Python's venv module is missing. On Debian and Ubuntu: apt install python3-venv"
        )


def digest(*parts: Path) -> str:
    """Return a digest of the files."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in parts)).hexdigest()


def state_of(lock: str) -> dict[str, str]:
    """Return what the stamp says after `lock` was installed."""
    return {
        "lock": lock,
        "digest": digest(ROOT / "requirements" / lock, ROOT / "pyproject.toml"),
        "folder": str(ENVIRONMENT),  # scripts hold absolute paths: a moved checkout starts anew
    }


def is_ready(wanted: str) -> bool:
    """Say whether .venv already holds what is wanted."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return any(stamp == state_of(lock) for lock in LOCKS[wanted]) and python().exists()


def python() -> Path:
    """Return the environment's interpreter."""
    return ENVIRONMENT / "bin" / "python"


def run(command: list[str], *, environ: dict[str, str] | None = None) -> None:
    """Run a command silently; its output is in the error when it fails."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        said = "\n".join(done.stdout.strip().splitlines()[-25:])
        raise SetupError(f"{' '.join(command[:4])} ... failed:\n{said}")


def is_usable() -> bool:
    """Say whether .venv can be kept: its Python runs, is new enough and was made here."""
    test = f"import sys; sys.exit(sys.version_info < {OLDEST} or sys.prefix != sys.argv[1])"
    try:
        run([str(python()), "-c", test, str(ENVIRONMENT)])
    except (SetupError, OSError):
        return False
    return True


def make_environment() -> None:
    """Make .venv unless a usable one is there."""
    if is_usable():
        return
    say(f"making .venv with Python {'.'.join(map(str, sys.version_info[:3]))}")
    run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)])


def pip_settings() -> dict[str, str]:
    """Return pip's settings by name, environment variables before files."""
    done = subprocess.run(
        [str(python()), "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, str] = {}
    # Later entries win, and pip prints files in rising and the environment in no fixed order.
    for line in sorted(done.stdout.splitlines(), key=lambda line: line.startswith(":env:")):
        key, _, value = line.partition("=")
        if "." not in key:
            continue
        section, name = key.rsplit(".", 1)
        if section in {"global", "install", ":env:"}:
            with contextlib.suppress(ValueError, SyntaxError):
                found[name] = str(ast.literal_eval(value))
    return found


def uv_environ(settings: dict[str, str]) -> dict[str, str]:
    """Translate pip's settings for uv; what is set for uv itself wins."""
    made = {
        UV_NAMES[name]: " ".join(value.split())
        for name, value in settings.items()
        if name in UV_NAMES
    }
    if "UV_FIND_LINKS" in made:
        made["UV_FIND_LINKS"] = made["UV_FIND_LINKS"].replace(" ", ",")
    # As pip does: any source may serve any package. The hashes decide what is accepted.
    made["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {name: value for name, value in made.items() if name not in os.environ}


def install_with_uv(lock: Path) -> None:
    """Install the lock and the project with uv, which is itself pinned by hash."""
    uv = ENVIRONMENT / "bin" / "uv"
    pins = ROOT / "requirements" / "uv.txt"
    run([str(python()), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(pins)])
    environ = uv_environ(pip_settings())
    install = [str(uv), "pip", "install", "--quiet", "--python", str(python())]
    run([*install, "--require-hashes", "-r", str(lock)], environ=environ)
    project = ["--no-build-isolation", "--no-deps", "--editable", str(ROOT)]
    run([*install, *project], environ={**environ, "UV_OFFLINE": "1"})


def install_with_pip(lock: Path) -> None:
    """Install the lock and the project with pip alone: slower, works everywhere."""
    install = [str(python()), "-m", "pip", "install", "--quiet"]
    run([*install, "--require-hashes", "-r", str(lock)])
    run([*install, "--no-build-isolation", "--no-deps", "--editable", str(ROOT)])


def install(lock_name: str) -> None:
    """Install everything, with uv where it can be had."""
    lock = ROOT / "requirements" / lock_name
    count = sum(line[:1].isalnum() for line in lock.read_text(encoding="utf-8").splitlines())
    say(f"installing up to {count} pinned packages (requirements/{lock_name})")
    try:
        install_with_uv(lock)
    except SetupError as problem:
        say(f"uv could not do it ({str(problem).splitlines()[-1][:160]}); trying pip")
        install_with_pip(lock)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold off a second call until this one is done."""
    with Path(__file__).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main(arguments: list[str]) -> int:
    """Make .venv hold what is wanted."""
    if len(arguments) != 1 or arguments[0] not in LOCKS:
        sys.stderr.write("usage: python3 bootstrap.py server|dev\n")
        return 2
    wanted = arguments[0]
    started_s = time.monotonic()
    try:
        refuse_old_python()
        with alone():
            if is_ready(wanted):
                return 0
            STAMP.unlink(missing_ok=True)
            make_environment()
            install(LOCKS[wanted][0])
            STAMP.write_text(json.dumps(state_of(LOCKS[wanted][0])), encoding="utf-8")
    except SetupError as problem:
        sys.stderr.write(f"setup | {problem}\n")
        return 1
    say(f"ready in {time.monotonic() - started_s:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
