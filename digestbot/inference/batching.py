"""Groups texts of like length into batches, so that little of a batch is padding; knows no model."""

from collections.abc import Sequence

PADDING = 0.2
"""The greatest share of a batch's cells that may be padding."""


def batches(lengths: Sequence[int], *, cells: int, most: int = 64) -> list[list[int]]:
    """Return the positions of ``lengths`` in batches of like length, the longest first.

    A batch holds at most ``most`` texts and ``cells`` tokens, padding counted (one text may be longer alone),
    and at most ``PADDING`` of its cells are padding.
    """
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    groups: list[list[int]] = []
    widest = filled = 0
    for i in order:
        group = groups[-1] if groups else []
        room = widest * (len(group) + 1)
        fits = group and len(group) < most and room <= cells and (filled + lengths[i]) >= (1 - PADDING) * room
        if fits:
            group.append(i)
            filled += lengths[i]
        else:
            groups.append([i])
            widest, filled = max(1, lengths[i]), lengths[i]
    return groups


def padding_share(lengths: Sequence[int], groups: Sequence[Sequence[int]]) -> float:
    """Return the share of all cells that is padding when ``groups`` are run one by one, 0 to 1."""
    cells = sum(max(lengths[i] for i in group) * len(group) for group in groups)
    return 1 - sum(lengths[i] for group in groups for i in group) / cells if cells else 0.0
