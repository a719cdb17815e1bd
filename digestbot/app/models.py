"""What ``digestbot models`` does: which models there are, fetching one, and measuring the ones in use."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from digestbot.app.compose import open_engine, read_settings
from digestbot.config import Settings
from digestbot.domain.errors import InferenceError
from digestbot.inference.catalogue import KNOWN, RECOMMENDED, KnownModel, known
from digestbot.inference.engine import Engine
from digestbot.inference.hub import Plan, Told, audit, fetch, is_here, kind_of, plan, prepare
from digestbot.inference.models import ENCODER, KNOWN_HASHES, locate, verify

Rows = dict[str, Any]
SAMPLE = (
    "The harbour town of Brenmouth will close its last ferry line in June, Mayor Ines Calder said on Tuesday, ending "
    "a service that has run since 1891. The line lost 2.4 million pounds last year and carried 310 passengers a day, "
    "fewer than half of what it needs to pay its way, according to the port authority. However, the islanders' council "
    "said the closure may breach a 1974 agreement and that it would go to court unless the town offers a replacement. "
    "A bus over the new bridge could start in May if the county agrees to pay for half of it. "
) * 5
"""What a model is measured on: some 600 tokens of plain news."""
WRITES = 56
"""Tokens a model writes to be measured: about forty words."""


def list_rows(config: Path | None) -> list[Rows]:
    """Return the models we know and the one the settings name, each with whether it is on this machine."""
    settings = read_settings(config)
    used = used_models(settings)
    names = dict.fromkeys([*(model.name for model in KNOWN), *used])
    return [_row(name, known(name), used=name in used) for name in names]


def used_models(settings: Settings) -> list[str]:
    """Return the models the settings ask for: the encoder, and what writes."""
    wanted = settings.model
    match wanted.engine:
        case "extractive" | "remote":
            writer = ""
        case "auto" | "seq2seq":
            writer = wanted.name or RECOMMENDED
        case "chat":
            writer = wanted.name
    return [ENCODER, *filter(None, (writer, wanted.checker))]


def _row(name: str, model: KnownModel | None, *, used: bool) -> Rows:
    here, size = is_here(name), model.download if model else 0
    if here:
        files = locate(name)
        size = files.size()
    return {
        "name": name,
        "kind": model.kind if model else kind_of(files) if here else None,
        "here": here,
        "used": used,
        "licence": model.licence if model else None,
        "bytes": size or None,
        "memory_bytes": model.memory if model else None,
        "languages": list(model.languages) if model else [],
        "note": model.note if model else "named in the settings",
    }


# ── pull ─────────────────────────────────────────────────────────────────────


def pull(name: str | None, config: Path | None, say: Callable[[str], None], progress: Told) -> Rows:
    """Fetch a model, the settings' own when none is named, and convert it; what is here is checked instead.

    Raises:
        ModelMissing: There is no such model, its files are damaged, or there is no room.
        RemoteFailed: The hub cannot be reached.

    """
    settings = read_settings(config)
    name = name or settings.model.name or RECOMMENDED
    if ":" in name or Path(name).expanduser().exists():
        files = locate(name)
        verify(files)
    else:
        files = fetch(_announced(name, say), progress)
    say("converting it for this machine's processor …")
    folder = prepare(files, Path(settings.model.cache))
    say(f"ready, {'converted to int8' if folder else 'run by transformers'}: {files.folder}")
    return {"name": name, "revision": files.revision(), "folder": str(files.folder), "converted": folder is not None}


def _announced(name: str, say: Callable[[str], None]) -> Plan:
    """Ask what a fetch will take and say it."""
    wanted = plan(name)
    model = known(name)
    licence = f", {model.licence}" if model else ""
    say(f"{name}{licence}: {wanted.size / 1e6:,.0f} MB in {len(wanted.files)} files, revision {wanted.revision[:12]}")
    return wanted


def pull_if_wanted(settings: Settings, say: Callable[[str], None], progress: Told) -> None:
    """Fetch the model of ``auto`` where the settings allow it and it is not here; say why when that fails."""
    name = settings.model.name or RECOMMENDED
    if settings.model.engine != "auto" or not settings.model.download or is_here(name):
        return
    try:
        prepare(fetch(_announced(name, say), progress), Path(settings.model.cache))
    except InferenceError as error:
        say(f"{error}; the article's own sentences are used")


# ── check ────────────────────────────────────────────────────────────────────


async def check_rows(config: Path | None) -> list[Rows]:
    """Check the files of the models in use, load each, and measure it.

    A model that cannot be used has an ``error`` instead of figures.
    """
    settings = read_settings(config)
    rows = []
    for name in used_models(settings):
        async with _opened(settings) as engine:
            rows.append(await _checked(engine, name, settings))
    return rows


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Engine]:
    """Open an engine for one model, so that its memory is its own."""
    engine = open_engine(settings)
    try:
        yield engine
    finally:
        await engine.aclose()


async def _checked(engine: Engine, name: str, settings: Settings) -> Rows:
    """Return one model's figures, or what is wrong with it."""
    try:
        files = locate(name)
        verify(files)
        checked = audit(files) + len(KNOWN_HASHES.get(name, ()))
        kind = kind_of(files)
        measured = await engine.run("measure", {}, [_asked(name, kind, settings)])
    except InferenceError as error:
        return {"name": name, "error": error.code, "message": str(error)}
    figures = measured[0]
    return {
        "name": name,
        "revision": files.revision(),
        "files_checked": checked,
        "backend": figures["backend"],
        "load_seconds": round(figures["load_seconds"], 2),
        "tokens_a_second": round(figures["tokens"] / max(figures["seconds"], 1e-6), 1),
        "resident_bytes": figures["resident"],
    }


def _asked(name: str, kind: str, settings: Settings) -> Rows:
    """Return what the engine process is asked to measure."""
    from digestbot.inference.prompt import messages

    # An encoder gets sentences that differ: it never sees the same one twice in life either.
    items: Sequence[Any] = [f"{n}: {s}." for n, s in enumerate(SAMPLE.split(". ")) if s]
    op, options = "embed", {}
    if name == settings.model.checker:
        op, items = "entail", [[SAMPLE, sentence] for sentence in SAMPLE.split(". ")[:4]]
    elif kind == "seq2seq":
        op, items, options = kind, [SAMPLE], {"max_tokens": WRITES, "min_tokens": WRITES, "beam": 4}
    elif kind == "chat":
        op, items = kind, [{"messages": messages(SAMPLE, "medium"), "bound": None}]
        options = {"max_tokens": WRITES, "beam": 1}
    backend = "transformers" if kind == "chat" and settings.model.source_bound else "auto"
    return {"op": op, "settings": {"model": name, "backend": backend, "options": options}, "items": items}
