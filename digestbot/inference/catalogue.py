"""The models we know: what each is for, under which licence, how large, in which languages; looks at no disk.

Sizes and parameters are those of the models' own cards. Memory is what the engine process holds while it writes,
measured for what we could run, else reckoned as one byte a parameter (int8) and 0.35 GB for the libraries.
"""

from dataclasses import dataclass
from typing import Literal

from digestbot.inference.models import ENCODER

Kind = Literal["encoder", "seq2seq", "chat"]
RECOMMENDED = "sshleifer/distilbart-cnn-12-6"
"""What ``seq2seq`` and ``auto`` use unless another is named."""
LIBRARIES = 350_000_000
"""Bytes the engine process holds without a model: Python, tokenizers and CTranslate2."""


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model as its card tells: ``parameters`` counted, ``download`` and ``memory`` in bytes.

    ``languages`` are the two-letter codes it writes in; empty for an encoder, which writes nothing.
    """

    name: str
    kind: Kind
    licence: str
    parameters: int
    download: int
    memory: int
    languages: tuple[str, ...]
    note: str


KNOWN: tuple[KnownModel, ...] = (
    KnownModel(
        ENCODER, "encoder", "Apache-2.0", 22_700_000, 91_000_000, 420_000_000, (),
        "comes with the package; ranks sentences and gathers stories",
    ),
    KnownModel(
        RECOMMENDED, "seq2seq", "Apache-2.0", 306_000_000, 1_220_000_000, 900_000_000, ("en",),
        "recommended: English news, two to three seconds an article on two cores",
    ),
    KnownModel(
        "facebook/bart-large-cnn", "seq2seq", "MIT", 406_000_000, 1_630_000_000, 406_000_000 + LIBRARIES, ("en",),
        "English news; larger and slower than the recommended one",
    ),
    KnownModel(
        "csebuetnlp/mT5_multilingual_XLSum", "seq2seq", "CC-BY-NC-SA-4.0", 582_000_000, 2_330_000_000,
        582_000_000 + LIBRARIES,
        ("ar", "az", "bn", "cy", "en", "es", "fa", "fr", "gu", "ha", "hi", "id", "ig", "ja", "ko", "ky", "mr", "my",
         "ne", "pa", "ps", "pt", "ru", "si", "so", "sr", "sw", "ta", "te", "th", "tr", "uk", "ur", "uz", "vi", "yo",
         "zh"),
        "one sentence an article in many languages; not for commercial use",
    ),
    KnownModel(
        "Qwen/Qwen2.5-1.5B-Instruct", "chat", "Apache-2.0", 1_540_000_000, 3_090_000_000, 1_540_000_000 + LIBRARIES,
        ("ar", "de", "en", "es", "fr", "it", "ja", "ko", "pt", "ru", "th", "vi", "zh"),
        "recommended beyond English",
    ),
    KnownModel(
        "HuggingFaceTB/SmolLM2-1.7B-Instruct", "chat", "Apache-2.0", 1_710_000_000, 3_420_000_000,
        1_710_000_000 + LIBRARIES, ("en",),
        "English chat model",
    ),
)  # fmt: skip


def known(name: str) -> KnownModel | None:
    """Return what is known of a model, None for one we do not know."""
    return next((model for model in KNOWN if model.name == name), None)


def languages_of(name: str) -> tuple[str, ...]:
    """Return the languages a model writes in; English for one we do not know."""
    found = known(name)
    return found.languages if found and found.languages else ("en",)
