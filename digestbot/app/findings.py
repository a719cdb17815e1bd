"""What the doctor writes down: one finding a thing looked at, with its fix."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from digestbot.domain.errors import DigestbotError


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; ``fix`` says what to do when it is not well."""

    name: str
    ok: bool
    what: str
    fix: str = ""


def finding_rows(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return findings for JSON."""
    return [{"name": f.name, "ok": f.ok, "what": f.what, "fix": f.fix or None} for f in findings]


def fault(name: str, error: DigestbotError) -> Finding:
    """Return the finding of an error."""
    return Finding(name, ok=False, what=error.what, fix=error.hint)
