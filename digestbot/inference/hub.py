"""Fetches models from the hub into its cache and checks every file by its hash; loads none of them.

The size is known before the first byte is asked for, an interrupted fetch goes on where it stopped, and what
arrived damaged is taken away again. The hub is the one that ``HF_ENDPOINT`` names; ``HF_HUB_OFFLINE`` is obeyed.
Run as ``python -m digestbot.inference.hub NAME CACHE``: fetches and converts, for a bot that goes on meanwhile.
"""

import importlib.util
import json
import logging
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha1, sha256
from importlib import import_module
from pathlib import Path
from typing import Any

from digestbot.domain.errors import DigestbotError, ModelMissing, RemoteFailed
from digestbot.inference.catalogue import Kind
from digestbot.inference.child import stand_back
from digestbot.inference.convert import converted
from digestbot.inference.models import ModelFiles, hub_cache, locate

_SMALL = re.compile(r"[^/]+\.(?:json|txt|model|jinja)|LICENSE[^/]*")
_WEIGHTS = (re.compile(r"[^/]+\.safetensors"), re.compile(r"pytorch_model[^/]*\.bin"), re.compile(r"[^/]+\.gguf"))
_POLL = 0.2
_CHUNK = 1 << 20
_TIMEOUT = 20.0

Told = Callable[[int, int], None]
"""Takes the bytes that have arrived so far, and how many there will be."""


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file as the hub lists it: its size in bytes, and its digest (SHA-256 of large files, Git's SHA-1 of others)."""

    path: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a model's fetch will take."""

    name: str
    revision: str
    files: tuple[HubFile, ...]

    @property
    def size(self) -> int:
        """Return the bytes to fetch."""
        return sum(file.size for file in self.files)


def plan(name: str) -> Plan:
    """Ask the hub what a model consists of.

    Raises:
        ModelMissing: The hub does not have it or does not give it to us, or it holds no weights.
        RemoteFailed: The hub cannot be asked.

    """
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise ModelMissing(name, "has no name of the hub", hint="give it as owner/name")
    _quiet()
    with _Translating(name):
        from huggingface_hub import HfApi

        info = HfApi(endpoint=_endpoint()).model_info(name, files_metadata=True, timeout=_TIMEOUT)
    listed = {file.rfilename: file for file in info.siblings or ()}
    weights = next((found for pattern in _WEIGHTS if (found := [n for n in listed if pattern.fullmatch(n)])), [])
    if not weights:
        raise ModelMissing(name, "has no weights on the hub that we can read", hint="choose another model")
    wanted = sorted([*weights, *(n for n in listed if _SMALL.fullmatch(n))])
    return Plan(name, str(info.sha), tuple(_hub_file(listed[n]) for n in wanted))


def _quiet() -> None:
    """Keep the hub's library from telling its makers and our log what it does."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    for name in ("httpx", "httpx2", "huggingface_hub"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _hub_file(listed: Any) -> HubFile:
    """Return a file of the hub's answer."""
    return HubFile(listed.rfilename, int(listed.size or 0), listed.lfs.sha256 if listed.lfs else listed.blob_id or "")


def fetch(wanted: Plan, told: Told = lambda _done, _total: None) -> ModelFiles:
    """Fetch a model into the hub's cache and check it; ``told`` hears of the progress.

    Raises:
        ModelMissing: A file arrived damaged, or there is no room for it.
        RemoteFailed: The hub broke off; what has arrived is kept for the next time.

    """
    cache = hub_cache()
    _require_room(wanted, cache)
    _quiet()
    blobs = cache / f"models--{wanted.name.replace('/', '--')}" / "blobs"
    with ThreadPoolExecutor(1, "digestbot-hub") as pool:
        fetched = pool.submit(_fetch, wanted, cache)
        _watch(fetched, lambda: told(min(wanted.size, _arrived(wanted, blobs)), wanted.size))
        with _Translating(wanted.name):
            folder = Path(fetched.result())
    told(wanted.size, wanted.size)
    files = ModelFiles(wanted.name, folder)
    audit(files, {file.path: file.digest for file in wanted.files})
    return files


def _require_room(wanted: Plan, cache: Path) -> None:
    """See that the disk has room for a model, twice over: it is also converted."""
    there = next(p for p in (cache, *cache.parents) if p.exists())
    free = shutil.disk_usage(there).free
    if free < wanted.size * 1.5:
        raise ModelMissing(
            wanted.name, f"needs {wanted.size * 1.5 / 1e9:.1f} GB and {there} has {free / 1e9:.1f} GB", hint="make room"
        )


def _fetch(wanted: Plan, cache: Path) -> str:
    """Have huggingface_hub fetch the files; return their folder."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    paths = [file.path for file in wanted.files]
    return str(snapshot_download(wanted.name, cache_dir=cache, endpoint=_endpoint(), allow_patterns=paths))


def _watch(fetched: "Future[str]", tell: Callable[[], None]) -> None:
    """Tell of the progress until the fetch is over."""
    while not fetched.done():
        try:
            fetched.exception(timeout=_POLL)
        except TimeoutError:
            tell()


def _arrived(wanted: Plan, blobs: Path) -> int:
    """Return the bytes of a plan that lie in the cache, those of unfinished files counted."""
    digests = [file.digest for file in wanted.files if file.digest]
    sizes: dict[str, int] = {}
    try:
        for path in blobs.iterdir():
            if digest := next((d for d in digests if d in path.name), None):
                state = path.stat()
                sizes[digest] = max(sizes.get(digest, 0), min(state.st_size, state.st_blocks * 512))
    except OSError:
        return sum(sizes.values())  # A file was renamed under our eyes: the next look counts it.
    return sum(sizes.values())


# ── integrity ────────────────────────────────────────────────────────────────


def audit(files: ModelFiles, digests: Mapping[str, str] | None = None) -> int:
    """Check a model's files by their digests and return how many were checked; a damaged one is taken away.

    The hub's cache names each file's content by its digest, so a fetched model needs no list.

    Raises:
        ModelMissing: A file is missing or differs.

    """
    expected = dict(digests) if digests is not None else _digests_in_cache(files)
    for path, digest in expected.items():
        file = files.folder / path
        if not file.is_file():
            raise ModelMissing(files.name, f"lacks its file {path}", hint="run “digestbot models pull” again")
        if digest and _digest(file, digest) != digest:
            file.resolve().unlink()
            file.unlink(missing_ok=True)
            raise ModelMissing(files.name, f"has a damaged file {path}", hint="run “digestbot models pull” again")
    return len(expected)


def _digests_in_cache(files: ModelFiles) -> dict[str, str]:
    """Return the digests of files that are links into a hub cache, by name."""
    links = {p.name: p.resolve().name for p in files.folder.iterdir() if p.is_symlink()}
    return {name: digest for name, digest in links.items() if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", digest)}


def _digest(path: Path, like: str) -> str:
    """Return a file's digest of the kind that ``like`` is: SHA-256, or Git's SHA-1 of a blob."""
    git = len(like) == 40  # noqa: PLR2004  # hex digits of SHA-1
    state = sha1(usedforsecurity=False) if git else sha256()
    if git:
        state.update(f"blob {path.stat().st_size}\0".encode())
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            state.update(chunk)
    return state.hexdigest()


# ── after the fetch ──────────────────────────────────────────────────────────


def kind_of(files: ModelFiles) -> Kind:
    """Return what a model is for, from its configuration."""
    try:
        config = json.loads((files.folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return "chat"  # a GGUF file alone
    if config.get("is_encoder_decoder"):
        return "seq2seq"
    causal = any(a.endswith(("ForCausalLM", "LMHeadModel")) for a in config.get("architectures") or ())
    return "chat" if causal or files.path.suffix == ".gguf" else "encoder"


def prepare(files: ModelFiles, cache_dir: Path) -> Path | None:
    """Convert a model for CTranslate2, once; None where that is impossible and transformers will run it."""
    return converted(files, cache_dir, kind=kind_of(files))


def is_here(name: str) -> bool:
    """Tell whether a model is on this machine."""
    try:
        locate(name)
    except ModelMissing:
        return False
    return True


# ── errors at the edge ───────────────────────────────────────────────────────


def _endpoint() -> str | None:
    return os.environ.get("HF_ENDPOINT") or None


class _Translating:
    """Turns what huggingface_hub and its client raise into errors of ours."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is None or isinstance(error, DigestbotError) or not isinstance(error, _faults()):
            return
        raise _translated(self._name, error) from error


def _faults() -> tuple[type[Exception], ...]:
    """Return what a fetch may raise: the hub's errors, its client's (httpx, under either name), the disk's."""
    clients = tuple(import_module(m).HTTPError for m in ("httpx", "httpx2") if importlib.util.find_spec(m))
    return (OSError, ValueError, *clients)


def _translated(name: str, error: BaseException) -> DigestbotError:
    """Return our error for one of a fetch."""
    from huggingface_hub.errors import GatedRepoError, OfflineModeIsEnabled, RepositoryNotFoundError

    causes = (error, error.__cause__, error.__context__)
    if any(isinstance(e, OfflineModeIsEnabled) for e in causes):
        hint = "unset it, or copy the model's folder here and name the folder"
        return RemoteFailed(f"model {name} cannot be fetched while HF_HUB_OFFLINE is set", hint=hint)
    if isinstance(error, GatedRepoError):
        return ModelMissing(name, "is given only to who accepted its terms", hint="accept them and set HF_TOKEN")
    if isinstance(error, RepositoryNotFoundError):
        return ModelMissing(name, "is not on the hub", hint="see how it is spelled; for a private one set HF_TOKEN")
    if isinstance(error, OSError) and error.errno:
        return ModelMissing(name, f"cannot be kept ({error.strerror})", hint=f"see to {hub_cache()}")
    where = _endpoint() or "the hub"
    return RemoteFailed(
        f"model {name} cannot be fetched: {where} does not serve it ({type(error).__name__})",
        hint="see whether this machine reaches it, then try again: what has arrived is kept",
    )


def main(arguments: list[str]) -> int:
    """Fetch and convert one model: a child process's whole life; its last line says what went wrong."""
    name, cache_dir = arguments
    stand_back()
    try:
        files = fetch(plan(name))
        prepare(files, Path(cache_dir))
    except DigestbotError as error:
        print(error)  # noqa: T201  # the line its parent reads
        return 75 if error.transient else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
