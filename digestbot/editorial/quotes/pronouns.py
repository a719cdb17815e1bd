"""Finds the pronouns of the narrative that can stand for a speaker; resolves none of them."""

from collections.abc import Sequence

from digestbot.editorial.quotes.mentions import PRONOUNS, Mention
from digestbot.editorial.quotes.tokens import WORD, Token


def find_pronouns(tokens: Sequence[Token]) -> list[Mention]:
    """Return the pronouns that can stand for a speaker."""
    found = []
    for index, token in enumerate(tokens):
        if token.kind != WORD:
            continue
        sex = PRONOUNS.get(token.lower)
        if sex is None and token.lower[:2] in ("he", "sh", "th", "it"):
            base = token.lower.replace("’", "'").split("'")
            sex = PRONOUNS.get(base[0]) if len(base) > 1 else None
        if sex is not None and not (token.lower == "it" and _is_empty(tokens, index)):
            found.append(
                Mention(
                    index,
                    index + 1,
                    token.start,
                    token.end,
                    token.text,
                    "R",
                    sex,
                    token.sentence,
                    token.line,
                    head=index,
                )
            )
    return found


def _is_empty(tokens: Sequence[Token], index: int) -> bool:
    """Tell whether an "it" stands for nothing: "it is", "it's" at least half of the time."""
    return index + 1 < len(tokens) and tokens[index + 1].lower in ("is", "was", "'s", "would", "will")
