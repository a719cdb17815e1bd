"""What every test shares: no hub is ever asked, and no setting leaks in from the environment."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

# Shared machines are slow at times: how long one example takes says nothing about the code.
settings.register_profile("shared-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared-machine")
os.environ["HF_HUB_OFFLINE"] = "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where processes run files side by side, let those that take longest begin first.

    A file stays in one process: one of a minute that begins last leaves all the others idle.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    items.sort(key=lambda item: _haste(files[item.path]), reverse=True)


def _haste(file: list[pytest.Item]) -> tuple[float, int, int]:
    """Return how early a file's tests should begin: by how long the slowest may take, then by how many are slow."""
    slow = [item for item in file if item.get_closest_marker("slow")]
    given = [marker.args[0] for item in slow if (marker := item.get_closest_marker("timeout"))]
    return max(given, default=0.0), len(slow), len(file)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take settings out of the environment, so that a developer's own bot changes no test."""
    for name in list(os.environ):
        if name.startswith("DIGESTBOT_"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """Put the log back as it was: a command that a test runs in this process sets how loud it is for all after it."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
