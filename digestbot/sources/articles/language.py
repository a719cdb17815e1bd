"""Which language a text is in; knows no source."""

from functools import cache
from typing import Any

from py3langid.langid import MODEL_FILE, LanguageIdentifier

FEWEST = 40
"""Characters: a shorter text tells too little."""
SURE = 0.8
SAMPLE = 3000


@cache
def _identifier() -> Any:
    """Load the model once a process: it is 5 MB and takes a tenth of a second."""
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def warm() -> None:
    """Load the model now: its library unpacks it through a temporary file, which a confined worker may not write."""
    _identifier()


def language_of(text: str, claimed: str = "") -> str:
    """Return the ISO 639-1 code of a text's language.

    Args:
        text: The text; the first 3,000 characters are looked at.
        claimed: What the page or feed says; it stands where the text is too short or the guess unsure.

    """
    claim = claimed.strip().replace("_", "-").partition("-")[0].lower()
    claim = claim if len(claim) in {2, 3} and claim.isalpha() else ""
    if len(text) < FEWEST:
        return claim
    code, probability = _identifier().classify(text[:SAMPLE])
    return str(code) if probability >= SURE or not claim else claim
