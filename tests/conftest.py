"""What every test shares: no hub is ever asked, and no setting leaks in from the environment."""

import os

import pytest
from hypothesis import HealthCheck, settings

# Shared machines are slow at times: how long one example takes says nothing about the code.
settings.register_profile("shared-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared-machine")
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take settings out of the environment, so that a developer's own bot changes no test."""
    for name in list(os.environ):
        if name.startswith("DIGESTBOT_"):
            monkeypatch.delenv(name)
