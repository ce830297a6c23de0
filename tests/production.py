"""The topology of docker-compose.yml as plain processes, with the compose file's own words.

Commands, environment variables and health checks are read from the file; only what names
another machine or folder is replaced.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from config import environment
from config.children import Child
from tests.servers import (
    free_port,
    postgres_running,
    redis_running,
    running,
    s3_running,
    wait_until,
)

BUCKET = "heldout-files"
VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")


@functools.cache
def compose() -> dict[str, Any]:
    """Return docker-compose.yml as parsed."""
    text = (environment.BASE_DIR / "docker-compose.yml").read_text(encoding="utf-8")
    description: dict[str, Any] = yaml.safe_load(text)
    return description


def substitute(text: str, variables: Mapping[str, str]) -> str:
    """Fill in `${NAME:-default}` and `${NAME:?message}` as docker compose does.

    Raises
    ------
    KeyError
        When a variable without default has no value; it carries the message.
    """

    def fill(match: re.Match[str]) -> str:
        name, kind, rest = match.groups()
        value = variables.get(name, "")
        if not value and kind == "?":
            raise KeyError(f"{name}: {rest}")
        return value or (rest if kind == "-" else "")

    return VARIABLE.sub(fill, text)


@dataclass(frozen=True)
class ProductionSite:
    """A running production site.

    Attributes
    ----------
    url : str
        Address of the web server.
    environ : dict of str to str
        Environment of its processes; give it to a process that shall see the same site.
    children : dict of str to Child
        web, worker and beat.
    """

    url: str
    environ: dict[str, str]
    children: dict[str, Child]

    def manage(self, *arguments: str) -> str:
        """Run a management command on the site and return what it printed."""
        return run(["python", "manage.py", *arguments], self.environ)

    def check_health(self, service: str) -> str:
        """Run the health check of a service as its container would."""
        return run(compose()["services"][service]["healthcheck"]["test"][1:], self.environ)


def resolve(command: list[str]) -> list[str]:
    """Name the environment's own programs by their path."""
    program = Path(sys.executable).with_name(command[0])
    return [str(program), *command[1:]]


def run(command: list[str], environ: Mapping[str, str]) -> str:
    """Run a command of the site and return its output; a failure shows what it said.

    Raises
    ------
    RuntimeError
        When the command fails.
    """
    done = subprocess.run(
        resolve(command),
        cwd=environment.BASE_DIR,
        env=dict(environ),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def make_environ(folder: Path, *, database: str, redis: str, s3: str, port: int) -> dict[str, str]:
    """Return the environment of the compose file, with addresses of this machine."""
    query = f"endpoint={s3}&region=us-east-1"
    variables = {
        "POSTGRES_PASSWORD": "unused",
        "STORAGE_URL": f"s3://{BUCKET}/site?{query}",
        "S3_ACCESS_KEY_ID": "test",
        "S3_SECRET_ACCESS_KEY": "test",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "127.0.0.1",
        "HTTPS": "0",
    }
    described = compose()["services"]["web"]["environment"]
    made = {name: substitute(str(value), variables) for name, value in described.items()}
    replaced = {
        "HELDOUT_HOME": str(folder / "home"),
        "STATIC_ROOT": str(folder / "static"),
        "DATABASE_URL": database,
        "REDIS_URL": redis,
    }
    assert replaced.keys() <= made.keys()
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    return {**kept, **made, **replaced, "PORT": str(port), "PYTHONUNBUFFERED": "1"}


@contextlib.contextmanager
def production_running(folder: Path) -> Iterator[ProductionSite]:
    """Run PostgreSQL, Redis, an S3 server, and migrate, web, worker and beat as described.

    Raises
    ------
    Missing
        When this machine lacks one of the servers.
    """
    services = compose()["services"]
    port = free_port()
    (folder / "home").mkdir(mode=0o700)  # the volume
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(postgres_running())
        redis = stack.enter_context(redis_running(folder, command=services["redis"]["command"]))
        s3 = stack.enter_context(s3_running(folder))
        make_bucket(s3)
        environ = make_environ(folder, database=database, redis=redis, s3=s3, port=port)
        run(["python", "manage.py", "collectstatic", "--no-input"], environ)
        run(services["migrate"]["command"], environ)
        children = {}
        for name in ("web", "worker", "beat"):
            described = " ".join(services[name]["command"])
            command = described.replace("0.0.0.0:8000", f"127.0.0.1:{port}").split()
            child = Child(name, resolve(command), environ, folder)
            children[name] = stack.enter_context(running(child))
        site = ProductionSite(f"http://127.0.0.1:{port}", environ, children)
        for name, child in children.items():
            wait_until(lambda name=name: is_healthy(site, name), what=name, child=child)
        yield site


def is_healthy(site: ProductionSite, service: str) -> bool:
    """Say whether the service's own health check passes."""
    try:
        return site.check_health(service).strip() == "ok"
    except RuntimeError:
        return False


def make_bucket(s3: str) -> None:
    """Make the bucket that the operator would have made."""
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=s3,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    client.create_bucket(Bucket=BUCKET)
    client.close()
