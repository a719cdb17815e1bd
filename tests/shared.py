"""Finds the measuring data that may lie beside the project; tests that need it skip without it."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def shared(name: str) -> Path:
    """Return ``../shared/<name>``, or skip the test when it is not there."""
    path = ROOT.parent / "shared" / name
    if not path.exists():
        pytest.skip(f"needs ../shared/{name}")
    return path
