"""What the world of chaos finds in the end, and the tracebacks in a log."""

import json
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Verdict:
    """What was found in the end; everything but the first line of figures must be zero."""

    digests: int = 0
    messages: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    within: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    unposted: int = 0
    told_twice: int = 0
    twice: Counter[str] = field(default_factory=Counter)
    briefs: int = 0
    half: int = 0
    wrong: list[str] = field(default_factory=list)
    tracebacks: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing was lost, doubled or broken."""
        return not (self.lost or self.unposted or self.told_twice or self.twice.total() or self.half or self.troubles)

    @property
    def troubles(self) -> list[str]:
        """What is wrong in words."""
        return [*self.wrong, *self.tracebacks]


def tracebacks(said: str) -> list[str]:
    """Return the tracebacks in a log: what was logged with each, and how it ends."""
    found = []
    for line in said.splitlines():
        if '"exception": ' in line or "Traceback (most recent call last)" in line:
            try:
                told = json.loads(line)
            except json.JSONDecodeError:
                told = {"event": said[said.index(line) :][:2000]}
            end = str(told.get("exception", "")).strip()[-400:]
            found.append(f"{told.get('logger', told.get('room', ''))} {told.get('event')}: {end}")
    return found
