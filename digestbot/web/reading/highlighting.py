"""Where what somebody looks for stands in a line, so that it can be marked; pure computing."""

from collections.abc import Callable, Iterator

from digestbot.editorial.searching import terms


def finder(query: str) -> Callable[[str], Iterator[tuple[int, int]]]:
    """Return what yields the spans of a line that a query looks for, in order, none within another."""
    wanted = terms(query)

    def find(line: str) -> Iterator[tuple[int, int]]:
        at = 0
        for start, end in sorted({span for term in wanted for span in term.spans(line)}):
            if start >= at:
                yield start, end
                at = end

    return find
