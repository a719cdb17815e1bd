"""One article laid out for the ranker: its spans, tokens, classes, mentions and cast; judges nothing."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from digestbot.editorial.quotes.cast import Member, gather, mark_places
from digestbot.editorial.quotes.headlines import take_apart
from digestbot.editorial.quotes.lexicon import Lexicon, lexicon
from digestbot.editorial.quotes.links import link
from digestbot.editorial.quotes.mentions import Mention
from digestbot.editorial.quotes.names import find_names
from digestbot.editorial.quotes.nominals import find_framed, find_nominals, mark_inside
from digestbot.editorial.quotes.pronouns import find_pronouns
from digestbot.editorial.quotes.sexes import learn_sexes
from digestbot.editorial.quotes.spans import Marked, find_spans
from digestbot.editorial.quotes.subjects import Subjects
from digestbot.editorial.quotes.surnames import find_surnames
from digestbot.editorial.quotes.syntax import classify
from digestbot.editorial.quotes.tokens import BREAK, QUOTE, Token, narrative


@dataclass(slots=True)
class Scene:
    """``places[n]`` is the token that stands for span ``n``; ``mentions`` are in order of their tokens.

    ``guest`` is who is interviewed where questions and answers take turns, ``fuller`` keeps what was found when the
    full form of a single name was looked for.
    """

    text: str
    spans: list[Marked]
    tokens: list[Token]
    classes: list[str]
    mentions: list[Mention]
    cast: list[Member]
    places: list[int]
    starts: list[int]
    words: Lexicon
    subjects: Subjects
    guest: Mention | None = None
    fuller: dict[str, tuple[str, int, int]] = field(default_factory=dict)


def lay_out(text: str, language: str = "en") -> Scene:
    """Read an article into a scene."""
    words = lexicon(language)
    spans = find_spans(text)
    if not spans:
        return Scene(text, spans, [], [], [], [], [], [], words, Subjects((), (), (), words))
    tokens = narrative(text, spans)
    classes = classify(tokens, words)
    names = take_apart(text, tokens, find_surnames(text, tokens, find_names(text, tokens, words), words))
    cast = gather([name for name in names if name.kind != "D"])
    mark_places(cast, tokens)
    mentions = names + find_pronouns(tokens) + find_nominals(text, tokens, classes, names, words)
    mentions += find_framed(text, tokens, classes, mentions)
    mentions.sort(key=lambda mention: (mention.i, -mention.j))
    mark_inside(mentions, classes)
    link(mentions, tokens, classes, cast, words)
    subjects = Subjects(mentions, tokens, classes, words)
    learn_sexes(mentions, tokens, classes, cast, subjects)
    places = [index for index, token in enumerate(tokens) if token.kind == QUOTE]
    scene = Scene(text, spans, tokens, classes, mentions, cast, places, [m.i for m in mentions], words, subjects)
    scene.guest = _guest(scene)
    return scene


def follows_question(tokens: Sequence[Token], place: int) -> bool:
    """Tell whether the line before ends in a question: then the quote may be its answer."""
    k = place - 1
    while k >= 0 and tokens[k].kind == BREAK:
        k -= 1
    return k >= 0 and tokens[k].text == "?" and k < place - 1


def _guest(scene: Scene) -> Mention | None:
    """Return who is interviewed: the first person said to speak, before at least two answers to questions."""
    answers = [place for place in scene.places if follows_question(scene.tokens, place)]
    if len(answers) < _FEWEST_ANSWERS:
        return None
    people = [m for m in scene.mentions if m.kind == "P" and m.i < answers[0]]
    spoken = [m for m in people if any(t.lower in _TALKS for t in scene.tokens[max(0, m.i - 3) : m.j + _TALK_REACH])]
    return next(iter(spoken or people), None)


_FEWEST_ANSWERS = 2
_TALKS = frozenset(
    ("spoke", "speaks", "talked", "talks", "interview", "interviewed", "met", "sat", "told", "discusses", "discussed")
)
_TALK_REACH = 8
_BEFORE, _AFTER, _LINES = 14, 9, 2
_REACH_BEFORE, _REACH_AFTER = 90, 50


def candidates(scene: Scene, number: int, previous: Mention | None) -> list[Mention]:
    """Return who may have said span ``number``: mentions around it, nearest lines only, and the speaker before."""
    place = scene.places[number]
    line = scene.tokens[place].line
    at = bisect_left(scene.starts, place)
    chosen: list[Mention] = []
    for mention in reversed(scene.mentions[max(0, at - _BEFORE) : at]):
        if place - mention.i > _REACH_BEFORE or line - mention.line > _LINES:
            break
        chosen.append(mention)
    for mention in scene.mentions[at : at + _AFTER]:
        if mention.i - place > _REACH_AFTER or mention.line > line:
            break
        chosen.append(mention)
    guest = scene.guest
    if guest is not None and follows_question(scene.tokens, place) and not any(m is guest for m in chosen):
        chosen.append(guest)
    if previous is not None and not any(mention is previous for mention in chosen):
        chosen.append(previous)
    return chosen
