"""Gathers what the article calls people, by title, before their names or in apposition, so "the governor" finds one."""

from collections.abc import Sequence

from digestbot.editorial.quotes.cast import Member
from digestbot.editorial.quotes.lexicon import Lexicon, is_trade
from digestbot.editorial.quotes.mentions import Mention, first_token
from digestbot.editorial.quotes.tokens import WORD, Token


def gather_roles(mentions: Sequence[Mention], cast: Sequence[Member], tokens: Sequence[Token], words: Lexicon) -> None:
    """Give the members of the cast the words that may take them up: "Gov. Lund" is "the governor"."""
    others = _others(words)
    for mention in mentions:
        if mention.entity < 0 or mention.kind not in "PNOD":
            continue
        called: list[str] = []
        if mention.kind == "D":
            called.append(tokens[mention.head].lower)
        elif mention.kind == "O":
            called.append(cast[mention.entity].last)
        else:
            first = first_token(tokens, mention)
            called.extend(token.lower for token in tokens[first : mention.i] if token.kind == WORD)
            if first and is_trade(tokens[first - 1].lower, words):
                called.append(tokens[first - 1].lower)
        for word in called:
            if word in words["titles"] or word in words["heads"] or is_trade(word, words):
                cast[mention.entity].roles.update((word, *others.get(word, ())))


def take_up(mentions: Sequence[Mention], cast: Sequence[Member], tokens: Sequence[Token], words: Lexicon) -> None:
    """Tell of the definite noun phrases that only one member's role fits whom they mean."""
    bearers: dict[str, list[int]] = {}
    for number, member in enumerate(cast):
        for role in member.roles:
            bearers.setdefault(role, []).append(number)
    for mention in mentions:
        if mention.kind != "D" or mention.entity >= 0 or not is_definite(mention, tokens):
            continue
        head = tokens[mention.head].lower
        fitting = bearers.get(head, ())
        if len(fitting) == 1 and head not in words["documents"] and cast[fitting[0]].start < mention.start:
            mention.alias = fitting[0]


def is_definite(phrase: Mention, tokens: Sequence[Token]) -> bool:
    """Tell whether a noun phrase has "the" before it or begins with it."""
    return "the" in (tokens[phrase.i].lower, tokens[phrase.i - 1].lower if phrase.i else "")


def _others(words: Lexicon) -> dict[str, list[str]]:
    """Return by title what else its bearer is called."""
    found: dict[str, list[str]] = {}
    for entry in words["same_role"]:
        title, *rest = entry.split("/")
        found.setdefault(title, []).extend(rest)
    return found
