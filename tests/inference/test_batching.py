"""Batches of like length."""

from hypothesis import given
from hypothesis import strategies as st

from digestbot.inference.batching import PADDING, batches, padding_share


@given(st.lists(st.integers(1, 512), max_size=200), st.integers(512, 4096), st.integers(1, 64))
def test_every_text_once_within_limits(lengths, cells, most):
    """Every text is in exactly one batch, within the cells and the count, with at most a fifth of padding."""
    groups = batches(lengths, cells=cells, most=most)
    assert sorted(i for group in groups for i in group) == list(range(len(lengths)))
    for group in groups:
        assert len(group) <= most
        assert len(group) == 1 or len(group) * max(lengths[i] for i in group) <= cells
    assert padding_share(lengths, groups) <= PADDING + 1e-9


def test_longest_first():
    """The longest texts come first: what does not fit fails early."""
    assert batches([1, 9, 5], cells=9)[0] == [1]
