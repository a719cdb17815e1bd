"""What start-up made is left out of the garbage collector's rounds, and given back to it at the end."""

import gc
import weakref

import pytest

from digestbot.runtime.garbage import startup_frozen


class Ring:
    """Refers to itself, so that only the collector can throw it away."""

    def __init__(self) -> None:
        self.me = self


def test_what_is_made_later_is_collected():
    """Start-up's objects are set aside; garbage made since is found."""
    with startup_frozen():
        assert gc.get_freeze_count() > 10_000
        seen = weakref.ref(Ring())
        gc.collect()
        assert seen() is None
    assert gc.get_freeze_count() == 0


def test_an_error_gives_it_all_back():
    """The collector sees everything again, however the block ended."""
    with pytest.raises(ValueError, match="an error"), startup_frozen():
        raise ValueError("an error")
    assert gc.get_freeze_count() == 0
