"""compose.yaml shows the scaled set-up, and every command and variable in it is one that the bot knows."""

from pathlib import Path

import pytest
import yaml

from digestbot.app.roles import ROLES
from digestbot.config import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
KEYS = {
    "image", "build", "restart", "read_only", "tmpfs", "environment", "volumes", "depends_on", "stop_signal",
    "stop_grace_period", "command", "healthcheck", "profiles", "deploy", "ports",
}  # fmt: skip
"""The keys of a service that the Compose specification knows and this file uses."""


@pytest.fixture(scope="module")
def compose():
    """Return the file as Compose reads it, anchors and merges resolved."""
    return yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))


def test_every_role_has_its_service_and_workers_are_many(compose):
    """There is a database, one service a role with that role alone, and more than one worker."""
    services = compose["services"]
    for role in ROLES:
        assert services[role]["command"] == ["run", "--role", role]
    assert services["worker"]["deploy"]["replicas"] > 1
    assert "replicas" not in services["scheduler"].get("deploy", {})
    assert services["migrate"]["command"] == ["migrate"]


def test_every_service_is_sound(compose):
    """Only known keys, named volumes that exist, and everything waits for a healthy database."""
    for name, service in compose["services"].items():
        assert set(service) <= KEYS, name
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source.startswith("./") or source in compose["volumes"], volume
        if name != "database":
            assert service["depends_on"]["database"]["condition"] == "service_healthy"
            assert "models:/var/lib/digestbot/models" in service["volumes"]
    assert compose["services"]["database"]["healthcheck"]["test"][1] == "pg_isready"


def test_every_variable_is_a_setting(compose):
    """Each DIGESTBOT_ variable names a setting's section and key; no token's value stands in the file."""
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if not name.startswith("DIGESTBOT_"):
                continue
            section, _, key = name.removeprefix("DIGESTBOT_").lower().partition("__")
            assert key in Settings.model_fields[section].annotation.model_fields, name
            assert "TOKEN" not in name or value.startswith("${")
