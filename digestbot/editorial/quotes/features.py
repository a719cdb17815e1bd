"""Describes a candidate speaker of a quote in words the ranker has weights for; decides nothing."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from digestbot.editorial.quotes.grammar import nearest_subject, subject_after, subject_before
from digestbot.editorial.quotes.mentions import Mention
from digestbot.editorial.quotes.scene import Scene, follows_question

_NEAR_LINES = 1
_HALF = 6
_WINDOW = 40
_APPOSED = 10
"""Words that can stand between a noun phrase and the name in apposition to it."""
_CARRIED = 9
"""Words before a quote in which the thing that carries it stands: "a banner across the bridge read"."""
_HEADLINE = 24
"""Words and marks a headline has at most."""
_BUCKETS = (0, 1, 2, 3, 4, 6, 8, 12, 18, 30, 60)


@dataclass(slots=True)
class Context:
    """What all candidates of one quote share.

    ``left``/``right`` are the classes next to the quote, ``shape`` says how it starts and ends, ``alone``/``first``/
    ``last`` its place in its line, ``gap`` the classes between the quote before and this one.
    """

    number: int
    place: int
    line: int
    sentence: int
    left: str
    right: str
    shape: str
    length: int
    alone: bool
    first: bool
    last: bool
    relation: str
    gap: str
    said: str
    subject: int
    verb: str
    near: int
    reporting: str
    inverse: int
    manner: str
    asked: bool


def context(scene: Scene, number: int) -> Context:
    """Return what is common to the candidates of span ``number``."""
    place, span, classes, tokens = scene.places[number], scene.spans[number], scene.classes, scene.tokens
    text = scene.text
    left = "".join(classes[max(0, place - 2) : place]) or "|"
    right = "".join(classes[place + 1 : place + 4])
    first = place == 0 or classes[place - 1] == "|"
    last = place + 1 >= len(classes) or classes[place + 1] == "|"
    opening = text[span.start]
    start = "U" if opening.isupper() else "l" if opening.islower() else "?"
    ending = text[span.end - 1]
    head = scene.subjects.head
    relation, gap = "0", ""
    subject, verb = subject_before(classes, place)
    near, reporting = nearest_subject(classes, place)
    inverse, manner = subject_after(classes, place)
    if number:
        before = scene.places[number - 1]
        distance = tokens[place].line - tokens[before].line
        same = tokens[place].sentence == tokens[before].sentence
        relation = "s" if same else "l" if distance == 0 else "p" if distance <= _NEAR_LINES else "f"
        gap = collapse(classes, before + 1, place)
    return Context(
        number=number,
        place=place,
        line=tokens[place].line,
        sentence=tokens[place].sentence,
        left=left,
        right=right,
        shape=start + (ending if ending in ",.?!…" else "x"),
        length=min(text.count(" ", span.start, span.end) + 1, 30),
        alone=first and last,
        first=first,
        last=last,
        relation=relation,
        gap=gap,
        said=text[span.start : min(span.end, span.start + 600)].lower(),
        subject=head(subject),
        verb=verb,
        near=head(near),
        reporting=reporting,
        inverse=inverse,
        manner=manner,
        asked=first and follows_question(tokens, place),
    )


def bucket(value: int) -> int:
    """Return the number of the bucket a distance falls into."""
    for index, limit in enumerate(_BUCKETS):
        if value <= limit:
            return index
    return len(_BUCKETS)


def collapse(classes: list[str], begin: int, end: int) -> str:
    """Return the classes between two tokens, runs of plain words as one, at most twelve."""
    out: list[str] = []
    previous = ""
    for kind in classes[begin : min(end, begin + 40)]:
        symbol = "x" if kind in "xuodnmav" else kind
        if symbol != previous or symbol not in "xsp":
            out.append(symbol)
        previous = symbol
    return "".join(out[:_HALF] + out[-_HALF:]) if len(out) > 2 * _HALF else "".join(out)


def describe(scene: Scene, ctx: Context, mention: Mention, rank: int, previous: Mention | None) -> list[str]:
    """Return the features of one candidate; ``rank`` counts the candidates nearer to the quote on its side."""
    classes = scene.classes
    after = mention.i > ctx.place
    side = "A" if after else "B"
    lines = ctx.line - mention.line
    sentences = min(abs(ctx.sentence - mention.sentence), 4)
    left = "".join(classes[max(0, mention.i - 2) : mention.i]) or "|"
    right = "".join(classes[mention.j : mention.j + 2])
    where = f"{side}{sentences}" if lines == 0 else f"B^{min(lines, 5)}"
    kind = mention.kind
    out = [
        where,
        f"{where}{kind}",
        f"k{kind}{mention.sex}",
        f"r{where}{min(rank, 5)}",
        f"L{where}{left[-1:]}",
        f"R{where}{right[:1]}",
        f"L2{side}{left}",
        f"R2{side}{right}",
        f"LR{kind}{left[-1:]}{right[:1]}",
        f"q{ctx.shape}{where}",
        f"ql{ctx.left[-1:]}{where}{min(rank, 1)}",
        f"qr{ctx.right[:1]}{where}{min(rank, 1)}",
        f"qlr{ctx.left[-1:]}{ctx.right[:2]}{where}",
    ]
    if mention.inside:
        out.append(f"in{side}{kind}")
    if ctx.verb:
        tie = _tie(scene, mention, ctx.subject)
        out.append(f"S{tie}{ctx.verb}{side}")
        out.append(f"S{tie}{ctx.verb}{side}{ctx.manner}{ctx.left[-1:]}")
    if ctx.near != ctx.subject and ctx.near >= 0:
        tie = _tie(scene, mention, ctx.near)
        out.append(f"T{tie}{ctx.reporting}{ctx.verb}{side}")
        out.append(f"T{tie}{ctx.reporting}{kind}{side}{ctx.left[-1:]}")
    if ctx.asked:
        out.append(f"ask{where}{kind}{ctx.right[:1]}")
        if scene.guest is not None:
            out.append(f"guest{int(_is_one(mention, scene.guest))}{ctx.right[:1]}{int(ctx.last)}")
    if ctx.manner:
        tie = _tie(scene, mention, ctx.inverse)
        out.append(f"I{tie}{ctx.manner}{side}")
        out.append(f"I{tie}{ctx.manner}{side}{ctx.verb}{ctx.shape[1]}")
    if kind in "PNO" and mention.key in ctx.said:
        out.append(f"self{kind}")
    _describe_path(scene, ctx, mention, out, where)
    _describe_chain(ctx, mention, out, previous, where)
    return out


def _is_one(mention: Mention, other: Mention) -> bool:
    """Tell whether two mentions name one person."""
    return mention is other or (mention.entity >= 0 and mention.entity == other.entity)


def _tie(scene: Scene, mention: Mention, subject: int) -> str:
    """Tell how a candidate stands to the subject found: it holds it ("^": as a part), bears its name, or not."""
    if subject < 0:
        return "?"
    if mention.i <= subject < mention.j:
        return "^" if mention.inside else ""
    if mention.entity >= 0 and abs(mention.i - subject) <= _APPOSED:
        at = bisect_right(scene.starts, subject)
        for other in scene.mentions[max(0, at - 2) : at]:
            if other.i <= subject < other.j and other.entity == mention.entity:
                return "~" if mention.kind in "PN" else "!"
    return "!"


def _describe_path(scene: Scene, ctx: Context, mention: Mention, out: list[str], where: str) -> None:
    """Add what lies between candidate and quote."""
    classes, side = scene.classes, where[0]
    left, right = "".join(classes[max(0, mention.i - 2) : mention.i]), "".join(classes[mention.j : mention.j + 2])
    lo, hi = (ctx.place + 1, mention.i) if side == "A" else (mention.j, ctx.place)
    distance = hi - lo
    out.append(f"d{where}{bucket(distance)}")
    if where[1] == "^":
        return
    path = collapse(classes, lo, hi)
    out.append(f"p{side}{path}")
    if side == "A":
        out.append(f"pA{path[:4]}>{right}")
        out.append(f"pa{path[:3]}>{mention.kind}{right[:1]}{ctx.shape[1]}")
    else:
        out.append(f"p<{left[-1:]}{path}" if len(path) <= _HALF else f"p<{left[-1:]}{path[:3]}*{path[-3:]}")
        out.append(f"pb{mention.kind}{path[:2]}*{path[-2:]}{ctx.shape[0]}")
    near = classes[lo : min(hi, lo + _WINDOW)]
    cues = sum(kind in "CGA" for kind in near)
    quotes = sum(kind == "Q" for kind in near)
    out.append(f"c{where}{min(cues, 2)}{min(quotes, 2)}{right[:1]}")
    stops = sum(kind == "." for kind in near)
    out.append(f"st{side}{min(stops, 2)}{min(cues, 1)}")
    for kind in near:
        if kind in "wkG":
            out.append(f"has{side}{kind}{right[:1]}")
            break
    _describe_words(scene, ctx, mention, out, cues=cues)


def _describe_words(scene: Scene, ctx: Context, mention: Mention, out: list[str], *, cues: int) -> None:
    """Add the verbs and prepositions beside candidate and quote."""
    classes = scene.classes
    side = "A" if mention.i > ctx.place else "B"
    left = classes[mention.i - 1] if mention.i else ""
    nearest = scene.tokens[mention.j].lower if mention.j < len(classes) and classes[mention.j] in "CRGb" else ""
    if nearest:
        out.append(f"v{side}{nearest}")
    if side == "B" and classes[ctx.place - 1] in "CRGx":
        out.append(f"vq{scene.tokens[ctx.place - 1].lower}{min(cues, 1)}")
    if left and left in "pi":
        out.append(f"prep{side}{scene.tokens[mention.i - 1].lower}")
    elif left and left in "CGR":
        out.append(f"obj{side}{scene.tokens[mention.i - 1].lower}")


def _describe_chain(ctx: Context, mention: Mention, out: list[str], previous: Mention | None, where: str) -> None:
    """Add how the candidate relates to the speaker of the quote before."""
    if previous is None:
        out.append(f"nochain{where}{int(ctx.first)}{int(ctx.last)}")
        return
    same = mention is previous
    like = same or (mention.entity >= 0 and mention.entity == previous.entity)
    tie = "=" if same else "~" if like else "!"
    out.append(f"ch{tie}{ctx.relation}{where}")
    out.append(f"ch{tie}{ctx.relation}{ctx.gap[:6]}")
    out.append(f"ch{tie}{ctx.relation}{ctx.left[-1:]}{ctx.right[:2]}")
    out.append(f"ch{tie}{ctx.relation}{ctx.shape}{int(ctx.alone)}{int(ctx.first)}{int(ctx.last)}")


def describe_none(scene: Scene, ctx: Context) -> list[str]:
    """Return the features of the answer "nobody: a title, a term, scare quotes"."""
    classes, tokens, place = scene.classes, scene.tokens, ctx.place
    span = scene.spans[ctx.number]
    words = scene.text[span.start : span.end].split()
    share = _title_share(words[:20], scene.words["common"])
    size = bucket(len(words))
    sentence = [
        k for k in range(max(0, place - 30), min(len(classes), place + 30)) if tokens[k].sentence == ctx.sentence
    ]
    cue = any(classes[k] in "CGA" for k in sentence)
    before = tokens[place - 1].lower if place and classes[place - 1] in "xCRGbpdmskt" else ""
    out = [
        "0",
        f"0n{min(len(words), 12)}",
        f"0{share}{min(len(words), 6)}",
        f"0l{ctx.left[-1:]}{share}",
        f"0r{ctx.right[:1]}",
        f"0lr{ctx.left[-1:]}{ctx.right[:1]}{ctx.shape}",
        f"0cue{int(cue)}{min(len(words), 5)}",
        f"0{ctx.shape}{int(ctx.first)}{int(ctx.last)}",
        f"0line{int(ctx.line == 0)}",
        f"0ch{ctx.relation}{ctx.gap[:3]}",
        f"0sz{size}{ctx.shape[0]}{share}",
        f"0S{ctx.verb}{min(ctx.subject, 0)}{size}{ctx.shape[0]}",
        f"0T{ctx.reporting}{min(ctx.near, 0)}{size}",
        f"0I{ctx.manner}{min(ctx.inverse, 0)}{ctx.shape[1]}",
        f"0ask{int(ctx.asked)}",
    ]
    if ctx.line == 0:
        out.append(f"0head{int(scene.text[span.opened - 1] in '‘’' + chr(39))}{_headline(scene, ctx)}")
    near = [tokens[k].lower for k in range(max(0, place - _CARRIED), place) if tokens[k].sentence == ctx.sentence]
    if any(word.removesuffix("s") in scene.words["carriers"] for word in near):
        out.append(f"0sign{ctx.verb}{share}")
    if place + 1 < len(classes) and tokens[place + 1].lower == "by":
        out.append(f"0by{ctx.shape[1]}{int(ctx.left[-1:] in '-|:')}")
    if place + 1 < len(classes) and classes[place + 1] in "xups":
        out.append(f"0next{tokens[place + 1].lower}")
        out.append(f"0mod{ctx.left[-1:]}{classes[place + 1]}{ctx.shape}")
    if before:
        out.append(f"0w{before}")
        out.append(f"0w{before}{share}")
        if before in scene.words["titled"]:
            out.append("0titled")
    return out


def _headline(scene: Scene, ctx: Context) -> str:
    """Tell whether the first line is a headline: one short line before the others, without a second sentence."""
    line = [token for token in scene.tokens[: _HEADLINE + 1] if token.line == ctx.line]
    return "h" if len(line) <= _HEADLINE and line[-1].sentence == line[0].sentence else "-"


def _title_share(words: Sequence[str], common: frozenset[str]) -> str:
    """Tell how much of a quote is written like a title: ``T`` all words that matter, ``t`` half, ``-`` fewer."""
    bare = [word.strip("\"'“”‘’.,:;!?()") for word in words]
    matter = [word for word in bare if word and (word[0].isupper() or word.lower() not in common)]
    capitals = sum(word[0].isupper() for word in matter)
    if len(matter) > 1 and capitals == len(matter):
        return "T"
    return "t" if capitals * 2 > len(matter) else "-"
