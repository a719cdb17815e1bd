"""What the doctor sees of the machine: secrets in the file, memory for the models, room on the disk, the clock."""

import shutil
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from digestbot.app.findings import Finding
from digestbot.config import SECRET_KEYS, Settings

FAR_APART = timedelta(seconds=60)
"""How far the clock may stand from others'. Slack refuses what was signed five minutes from its own time."""
ROOM = 500_000_000
"""Bytes that should be free: a database of some hundred feeds grows by less in a year."""
_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")


def secrets(config: Path | None) -> list[Finding]:
    """Name each secret that stands in the settings file, where it is copied with it; its value is never said."""
    if config is None:
        return []
    try:
        table: Mapping[str, Any] = tomllib.loads(config.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return []  # the settings have a finding of their own
    return [
        Finding(
            "secrets",
            ok=False,
            what=f"{section}.{key} stands in {config}",
            fix=f"take it out and set DIGESTBOT_{section.upper()}__{key.upper()}, or a file {section}_{key} in the "
            "secrets folder (DIGESTBOT_SECRETS_DIR)",
        )
        for section, key in SECRET_KEYS
        if table.get(section, {}).get(key)
    ]


def memory(settings: Settings, free: int | None = None) -> Finding:
    """Tell whether the models fit into the memory that is free, and into the limit that is set for them.

    Args:
        settings: Which models are wanted, and the limit.
        free: Bytes that are free; looked up when None.

    """
    from digestbot.app.models import used_models
    from digestbot.inference.catalogue import LIBRARIES, known

    names = used_models(settings)
    found = [model for name in names if (model := known(name))]
    needed = LIBRARIES + sum(model.memory - LIBRARIES for model in found)
    unknown = [name for name in names if known(name) is None]
    more = f" and {', '.join(unknown)} (“digestbot models check” measures it)" if unknown else ""
    wants = f"the models want about {_size(needed)}{more}"
    limit = settings.model.memory_mb * 1_000_000
    if limit and limit < needed:
        fix = f"set model.memory_mb to {needed // 1_000_000:,} or more, or to 0 for no limit".replace(",", "")
        return Finding("memory", ok=False, what=f"{wants}; model.memory_mb allows {_size(limit)}", fix=fix)
    free = free_memory() if free is None else free
    if free is None:
        return Finding("memory", ok=True, what=f"{wants}; how much is free cannot be told on this system")
    if free < needed:
        fix = "free some memory, or choose a smaller model (docs/guides/models.md)"
        return Finding("memory", ok=False, what=f"{wants}; {_size(free)} is free", fix=fix)
    return Finding("memory", ok=True, what=f"{wants}; {_size(free)} is free")


def free_memory(meminfo: Path = _MEMINFO, cgroup: Path = _CGROUP) -> int | None:
    """Return the bytes that a new process may take: the machine's, or what the container's limit leaves of them."""
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text(encoding="ascii").splitlines())
        free = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError, IndexError):
        return None
    try:
        limit = (cgroup / "memory.max").read_text(encoding="ascii").strip()
        taken = int((cgroup / "memory.current").read_text(encoding="ascii"))
        return free if limit == "max" else max(0, min(free, int(limit) - taken))
    except (OSError, ValueError):
        return free


def disk(settings: Settings) -> list[Finding]:
    """Tell how much room there is where the database and the models lie."""
    from digestbot.store import database_file

    file = database_file(settings.database.url)
    places = {"database.url": file.parent if file else None, "model.cache": Path(settings.model.cache)}
    findings: dict[int, Finding] = {}
    for key, folder in places.items():
        if folder is None:
            continue
        there = next(one for one in (folder.resolve(), *folder.resolve().parents) if one.exists())
        free = shutil.disk_usage(there).free
        fix = f"free some room there, or let {key} lie elsewhere" if free < ROOM else ""
        finding = Finding("disk", ok=free >= ROOM, what=f"{_size(free)} is free at {there}", fix=fix)
        # One disk is told of once.
        findings.setdefault(there.stat().st_dev, finding)
    return list(findings.values())


def clock(apart: timedelta | None) -> Finding:
    """Tell whether this machine's clock goes with those of the servers that answered.

    Args:
        apart: How far it is ahead of the nearest of them; None when none said its time.

    """
    if apart is None:
        return Finding("clock", ok=True, what="not compared: no feed's server said its time")
    seconds = apart.total_seconds()
    if abs(apart) < FAR_APART:
        return Finding("clock", ok=True, what=f"within {max(1, round(abs(seconds)))} s of the feeds' servers")
    side = "ahead of" if seconds > 0 else "behind"
    return Finding(
        "clock",
        ok=False,
        what=f"{abs(seconds):,.0f} s {side} the feeds' servers: digests come at the wrong time, Slack may refuse us",
        fix="let the system keep the time, such as with “timedatectl set-ntp true”",
    )


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"  # noqa: PLR2004 - a gigabyte
