"""docker-compose.yml: pinned, healthy, without secrets, and the same site as everywhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from config import environment
from tests.production import compose, substitute

SITE = ("migrate", "web", "worker", "beat")
LASTING = {"postgres", "redis", "web", "worker", "beat"}


def test_services_are_those_of_the_architecture() -> None:
    assert set(compose()["services"]) == LASTING | {"migrate"}


@pytest.mark.parametrize("name", sorted(LASTING | {"migrate"}))
def test_image_is_pinned_to_a_version(name: str) -> None:
    image = compose()["services"][name]["image"]
    assert re.fullmatch(r"[a-z]+:\d+\.\d+(\.\d+)?(-bookworm)?", image)


@pytest.mark.parametrize("name", sorted(LASTING))
def test_lasting_service_is_checked_and_started_again(name: str) -> None:
    service = compose()["services"][name]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["restart"] == "unless-stopped"


def test_migration_runs_once_before_the_others() -> None:
    services = compose()["services"]
    assert services["migrate"]["restart"] == "no"
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"] == {
            "postgres": {"condition": "service_healthy"},
            "redis": {"condition": "service_healthy"},
            "migrate": {"condition": "service_completed_successfully"},
        }


def test_everything_that_lasts_is_in_a_named_volume() -> None:
    description = compose()
    used = {
        volume.split(":")[0]
        for service in description["services"].values()
        for volume in service["volumes"]
    }
    assert used == set(description["volumes"]) == {"postgres", "redis", "site"}


def test_secrets_have_no_default() -> None:
    text = (environment.BASE_DIR / "docker-compose.yml").read_text(encoding="utf-8")
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "ALLOWED_HOSTS"):
        uses = re.findall(r"\$\{" + name + r"\b([^}]*)\}", text)
        assert uses
        assert all(use.startswith(":?") for use in uses)
    for name in ("S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"):
        assert re.findall(r"\$\{" + name + r"([^}]*)\}", text) == [":-"]


@pytest.mark.parametrize("name", SITE)
def test_parts_of_the_site_share_one_environment_and_run_without_rights(name: str) -> None:
    services = compose()["services"]
    service: dict[str, Any] = services[name]
    assert service["environment"] == services["web"]["environment"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


def test_only_the_web_server_is_published_and_only_to_this_machine() -> None:
    services = compose()["services"]
    assert [name for name in services if services[name].get("ports")] == ["web"]
    assert services["web"]["ports"] == ["127.0.0.1:${PORT:-8000}:8000"]


def test_variable_without_value_stops_the_start_and_a_default_is_taken() -> None:
    with pytest.raises(KeyError, match="set it"):
        substitute("${NAME:?set it}", {"NAME": ""})
    assert substitute("a/${NAME:-b}/${OTHER:-}", {"OTHER": "c"}) == "a/b/c"


def test_image_is_built_from_the_lock_and_does_not_run_as_root() -> None:
    lines = (environment.BASE_DIR / "Dockerfile").read_text(encoding="utf-8").splitlines()
    bases = {line.split()[1] for line in lines if line.startswith("FROM ")}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-bookworm", bases.pop())
    assert "RUN pip install --require-hashes -r requirements/production.txt" in lines
    assert lines.index("USER heldout") < next(
        number for number, line in enumerate(lines) if line.startswith("CMD ")
    )


def test_locks_agree_and_name_no_address() -> None:
    folder = environment.BASE_DIR / "requirements"
    pins: dict[str, dict[str, str]] = {}
    for path in folder.glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        assert "index-url" not in text
        found = re.findall(r"^([a-z0-9][^=\s]*)==(\S+)( ;[^\\\n]*)?", text, re.MULTILINE)
        pins[path.stem] = {name + marker.strip(): version for name, version, marker in found}
        assert len(re.findall(r"^[a-z0-9]\S*==", text, re.MULTILINE)) <= text.count(
            "--hash=sha256:"
        )
    assert set(pins) == {"server", "production", "dev", "peers", "uv"}
    for name in ("server", "production", "peers"):
        shared = pins[name].keys() & pins["dev"].keys()
        assert len(shared) >= 50
        assert {key: pins[name][key] for key in shared} == {key: pins["dev"][key] for key in shared}


def test_pre_commit_hooks_are_local() -> None:
    text = (environment.BASE_DIR / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    repositories = yaml.safe_load(text)["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    assert all(hook["language"] == "system" for hook in repositories[0]["hooks"])
