"""Tells which mentions are subjects, and which of them speak: the nearest thing to a parse; resolves nobody.

A mention's noun phrase begins before its name ("Republican Rep. Lee Zeldin") and goes on behind it ("of New York, a
Trump supporter,"), so what stands before and behind it is read at the edges of the whole phrase.
"""

from bisect import bisect_right
from collections.abc import Sequence

from digestbot.editorial.quotes.grammar import subject_left
from digestbot.editorial.quotes.lexicon import Lexicon
from digestbot.editorial.quotes.mentions import Mention
from digestbot.editorial.quotes.tokens import Token

_INNER = "uxdmsna"
_LEFT_REACH = 8
_WITHIN = 6
"""Mentions looked at for the noun phrase around one."""
_BRACKETS = 8
"""Tokens that brackets behind a name hold at most."""
_DEEPEST = 2
"""Prepositions between the end of a noun phrase and its head."""
_VERBS = "CRbvax,w"


class Subjects:
    """The grammatical roles of one article's mentions, each worked out once.

    ``sayers`` are the first tokens of the mentions that are subjects of a verb of saying, ``leaders`` those of whom
    each sentence is about: who speaks in it, else the first that nothing governs. ``modifiers`` are those of names
    that only describe what follows them: "Obama consultant Cornell Belcher", "the Clinton approach".
    """

    def __init__(
        self, mentions: Sequence[Mention], tokens: Sequence[Token], classes: Sequence[str], words: Lexicon
    ) -> None:
        self._mentions, self._tokens, self._classes, self._words = mentions, tokens, classes, words
        self._starts = [mention.i for mention in mentions]
        self._edges: dict[int, int] = {}
        self._ends = {mention.j: mention for mention in mentions if mention.kind != "R"}
        self.modifiers = self._find_modifiers()
        self.sayers = self._find_sayers()
        self.leaders = self._find_leaders()

    def before(self, mention: Mention) -> str:
        """Return the class of what stands before a mention's noun phrase, ``|`` at the beginning."""
        edge = self.edge(mention)
        return self._classes[edge - 1] if edge else "|"

    def after(self, mention: Mention) -> str:
        """Return the class of what stands behind a mention's noun phrase, ``|`` at the end."""
        classes, tokens, j = self._classes, self._tokens, mention.j
        if j + 1 < len(classes) and tokens[j].lower == "of":
            j += 1
            while j < len(classes) and classes[j] in "du":
                j += 1
        if classes[j : j + 1] == ["("] and ")" in classes[j : j + _BRACKETS]:
            j = classes.index(")", j) + 1  # "Chris Shays (R-Conn.) was"
        return classes[j] if j < len(classes) else "|"

    def edge(self, mention: Mention) -> int:
        """Return the token where a mention's noun phrase begins, its titles and what describes it taken in."""
        if mention.i not in self._edges:
            first, classes, tokens = mention.i, self._classes, self._tokens
            floor = max(0, first - _LEFT_REACH)
            while (
                mention.kind in "PNO"
                and first > floor
                and (classes[first - 1] in _INNER or tokens[first - 1].text in ".-")
                and tokens[first - 1].sentence == mention.sentence
                and classes[first] != "d"
                and tokens[first - 1].lower not in _OPENERS
            ):
                first -= 1
            self._edges[mention.i] = first
        return self._edges[mention.i]

    def head(self, token: int) -> int:
        """Return the token of the noun that a token's phrase hangs on: Lee's in "Ann Lee of the Harbor Board said"."""
        for _ in range(_DEEPEST):
            held = self._holding(token)
            edge = self.edge(held) if held is not None else 0
            edge -= edge > 1 and self._classes[edge - 1] == "d"
            above = self._ends.get(edge - 1) if edge > 1 and self._classes[edge - 1] == "p" else None
            if above is None:
                break
            token = above.j - 1
        return token

    def is_subject(self, mention: Mention) -> bool:
        """Tell whether a mention looks like the subject of its clause."""
        if mention.text.lower() in OWNED:
            return False
        before, after = self.before(mention), self.after(mention)
        embedded = before == "C" and after in "CRb"  # "Israel said Clinton called on members"
        free = (embedded or before not in "piCRs") and mention.i not in self.modifiers
        return free and after in _VERBS

    def _find_modifiers(self) -> frozenset[int]:
        """Return the names that stand within another's noun phrase, or between a determiner and a noun."""
        found = set()
        classes = self._classes
        for place, mention in enumerate(self._mentions):
            if mention.kind not in "PNO":
                continue
            following = self._mentions[place + 1] if place + 1 < len(self._mentions) else None
            within = following is not None and following.i >= mention.j and self.edge(following) <= mention.i
            if within or (
                mention.kind == "N" and classes[mention.j : mention.j + 1] == ["x"] and self._is_owned(mention)
            ):
                found.add(mention.i)
        return frozenset(found)

    def _is_owned(self, mention: Mention) -> bool:
        """Tell whether a name's phrase begins with a determiner or a possessive, and is no "her sister Augusta"."""
        before = self._tokens[mention.i - 1].lower
        return self._classes[self.edge(mention)] in "dm" and before not in self._words["person_heads"]

    def _find_sayers(self) -> frozenset[int]:
        """Return the mentions that are subjects of a verb of saying, before or behind it."""
        found = set()
        classes = self._classes
        for verb, kind in enumerate(classes):
            if kind == "A" and (source := self._holding_from(verb + 2)) is not None:
                found.add(source.i)  # "according to Lee"
            if kind != "C":
                continue
            held = self._inverted(verb) or self._holding(self.head(subject_left(classes, verb)))
            if held is None and verb and classes[verb - 1] in "Q,":
                held = self._holding_from(verb + 1)
            whole = self._around(held) if held is not None and held.inside else None
            if held is not None:
                found.add((whole or held).i)
        return frozenset(found)

    def _inverted(self, verb: int) -> Mention | None:
        """Return who stands behind a verb that a comma stands before, and ends there: "it rose, said Lee."."""
        if not verb or self._classes[verb - 1] not in "Q,":
            return None
        held = self._holding_from(verb + 1)
        return held if held is not None and self.after(held) in ".,|-(w" else None

    def _find_leaders(self) -> frozenset[int]:
        """Return of each sentence who speaks in it, else the first mention that hangs on nothing and owns nothing."""
        speaks = {m.sentence: m.i for m in reversed(self._mentions) if m.i in self.sayers}
        found, done = set(speaks.values()), set(speaks)
        for mention in self._mentions:
            if mention.sentence in done or mention.kind == "L" or mention.inside or mention.i in self.modifiers:
                continue
            owns = mention.j < len(self._classes) and self._classes[mention.j] == "s"
            if (
                (self.before(mention) not in "piR" or self.is_topic(mention))
                and not owns
                and mention.text.lower() not in OWNED
            ):
                found.add(mention.i)
                done.add(mention.sentence)
        return frozenset(found)

    def is_topic(self, mention: Mention) -> bool:
        """Tell whether a sentence opens with whom it is about: "As for Lee, he", "For Major, a retiree,"."""
        first = self.edge(mention) - 1
        if first < 0 or self._tokens[first].lower != "for":
            return False
        first -= first > 0 and self._tokens[first - 1].lower == "as"
        opens = first == 0 or self._tokens[first - 1].sentence < mention.sentence or self._classes[first - 1] == "|"
        return opens and self.after(mention) == ","

    def _holding(self, token: int) -> Mention | None:
        """Return the mention that a token is part of."""
        at = bisect_right(self._starts, token)
        for mention in reversed(self._mentions[max(0, at - 3) : at]):
            if mention.i <= token < mention.j:
                return mention
        return None

    def _around(self, held: Mention) -> Mention | None:
        """Return the noun phrase that a mention is part of: "officials at the ministry" of the ministry."""
        at = bisect_right(self._starts, held.i)
        for mention in reversed(self._mentions[max(0, at - _WITHIN) : at]):
            if mention.kind == "D" and mention.i < held.i and mention.j >= held.j:
                return mention
        return None

    def _holding_from(self, token: int) -> Mention | None:
        """Return the first mention whose noun phrase begins at a token."""
        at = bisect_right(self._starts, token - 1)
        for mention in self._mentions[at : at + 2]:
            if self.edge(mention) <= token:
                return mention
        return None


OWNED = frozenset(("his", "her", "him"))
_OPENERS = frozenset(("but", "and", "then", "also", "now", "so", "yet", "still", "later", "meanwhile"))
