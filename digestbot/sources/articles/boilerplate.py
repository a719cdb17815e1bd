"""Which paragraphs of a page are not the article: captions, bylines, "Read more", boxes; knows no HTML.

A paragraph is dropped whole or kept whole, but for a dateline at its start: what is kept stays exactly as published.
"""

import re
from collections.abc import Iterable
from typing import Literal

Kind = Literal["caption", "byline", "read_more", "newsletter", "notice"]

_I = re.IGNORECASE
_AGENCIES = (
    r"AP|AFP|Reuters|Getty(?: Images)?|EPA(?:-EFE)?|dpa|PA(?: Media| Wire)?|ANSA|EFE|Xinhua|TASS|Bloomberg|"
    r"Shutterstock|iStock|Alamy|Zuma|imago(?: images)?|picture alliance|Keystone|NurPhoto|Anadolu|UPI|CP|AAP"
)
_CAPTION_START = re.compile(
    r"^(?:file\s+)?(?:photo|photograph|image|picture|pictured|credit|caption|video|watch|illustration|graphic|"
    r"bild|foto|fotografía|crédito|symbolbild|archivbild|légende|crédit photo|photo d.archives|immagine)"
    r"(?:\s+(?:by|credit|caption|source|courtesy(?: of)?|von|de|di))?\s*[:/|]",
    _I,
)
_FILE = re.compile(r"^(?:FILE(?:\s+PHOTO)?\s*[-–—:]|FILE PHOTO\b|\[?Image (?:source|credit|caption)\b)")
_CREDIT_END = re.compile(
    rf"(?:\((?:[^()]{{0,60}}\b)?(?:photo|photograph|image|picture|foto|bild|{_AGENCIES})\b[^()]{{0,80}}\)|"
    rf"\b(?i:photo(?:graph)?|image|picture|credit|foto|bild)\s*(?:by\b|[:/©])[^.!?]{{1,80}}|"
    rf"[/|©]\s*(?:{_AGENCIES})(?:\s*/[^.]{{1,40}})?|\bvia (?:{_AGENCIES})|\bGetty Images)\.?\s*$",
)
_BYLINE = re.compile(
    r"^(?:by|von|par|por|di|door|av|af|text|story|written by|reported by|reporting by|additional reporting by|"
    r"edited by|editing by|compiled by)\s*:?\s+(?=\S*[A-ZÀ-ÞА-Я])",
    _I,
)
_REPORTING = re.compile(r"^\(?(?:additional )?(?:reporting|writing|editing|compiled) by [^.]{3,200}\.?\)?$", _I)
_STAMP = re.compile(
    r"^(?:first )?(?:published|updated|posted|last (?:updated|modified)|veröffentlicht|aktualisiert|stand|publié|"
    r"mis à jour|publicado|actualizado|pubblicato)(?:\s+(?:on|at|am|vom|le|el|il))?\W{0,3}\s*"
    r"(?:\d|(?:mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\W{0,3}\d|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|today|yesterday)",
    _I,
)
_READ_MORE = re.compile(
    r"^(?:[\W_]{0,3})(?:read (?:more|also|next|the full (?:story|article))|see also|also read|also see|more on this|"
    r"more (?:from|stories|coverage|news)|related(?: (?:stories|articles|content|coverage))?|recommended|"
    r"continue reading|keep reading|click here|editor.s picks|most read|trending|don.t miss|"
    r"weiterlesen|mehr (?:zum thema|dazu)|lesen sie (?:auch|mehr)|lesen sie hier|"
    r"(?:à )?lire (?:aussi|la suite|également)|voir aussi|leer más|lea (?:también|más)|te puede interesar|"
    r"leggi (?:anche|tutto)|lees (?:ook|meer)|leia (?:também|mais)|läs (?:också|mer)|читайте (?:также|ещё))"
    r"(?=$|\W)",
    _I,
)
_MORE_END = re.compile(
    r"(?:\[…\]|\[\.\.\.\]|…|\.\.\.)?\s*(?:read more|continue reading|weiterlesen|lire la suite)\W*$", _I
)
_NEWSLETTER = re.compile(
    r"\b(?:newsletter|sign up (?:for|to|here|now)|subscribe (?:to|now|here|today)|your inbox|"
    r"follow us on|join our (?:whatsapp|telegram|channel|community)|download (?:the|our) app|get the app|"
    r"get (?:the latest|breaking) news|breaking news alerts|support our journalism|become a member|"
    r"abonnieren sie|jetzt abonnieren|inscrivez-vous|abonnez-vous|suscríbase|suscríbete|iscriviti)\b",
    _I,
)
_NOTICE = re.compile(
    r"^(?:advertisement|advertising|sponsored(?: content)?|anzeige|werbung|publicité|publicidad|pubblicità|"
    r"share(?: this)?(?: article| story)?|share on \w+|save|print|comments?|\d+ comments?|leave a comment|"
    r"listen to (?:this )?(?:article|story).*|\d+[- ]min(?:ute)?s?(?: read)?|copyright\b.*|©.*|all rights reserved.*|"
    r"this article (?:was|is) (?:originally )?(?:published|produced|amended)\b.*|"
    r"the associated press contributed to this (?:report|story)\.?|"
    r"skip (?:to|past)\b.*|loading\W*|this video (?:can ?not|is not).*|enable javascript.*|"
    r"your browser does not support.*|follow .{0,40} on (?:twitter|x|facebook|instagram)\b.*)$",
    _I,
)
_DATELINE = re.compile(
    r"^(?=.{4,90}?(?:—|–|-{1,2}|:))"
    r"(?:[A-ZÀ-ÞА-Я][A-ZÀ-ÞА-Я.'’ -]{2,30}(?:,\s*[A-Z][\w.À-ÿ ]{1,25}){0,2}"
    r"(?:,\s*(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)[a-z]*\.?\s+\d{1,2})?"
    rf"(?:\s*(?:\([^()]{{1,40}}\)|/\s*(?:{_AGENCIES}|CNN|BBC)\s*/?))?|"
    rf"[A-ZÀ-Þ][\w.À-ÿ'’ -]{{2,30}}(?:,\s*[A-Z][\w.À-ÿ ]{{1,25}})?\s*\(\s*(?:{_AGENCIES}|CNN|BBC)\s*\))"
    r"\s+(?:—|–|-{1,2})\s+(?=\S)",
)
_QUOTED = re.compile(r"[“\"«„][^”\"»“]{25,}[”\"»“]")
LONGEST_CAPTION = 450
LONGEST_LINE = 220
FEWEST_LETTERS = 2


def kind_of(paragraph: str) -> Kind | None:
    """Return what a paragraph is when it is not the article's own text, else None."""
    text = " ".join(paragraph.split())
    if sum(map(str.isalpha, text[:80])) < FEWEST_LETTERS or _NOTICE.match(text):
        return "notice"
    if len(text) <= LONGEST_CAPTION and (_CAPTION_START.match(text) or _FILE.match(text) or _CREDIT_END.search(text)):
        return "caption"
    if _is_byline(text):
        return "byline"
    if len(text) > LONGEST_LINE or _QUOTED.search(text):
        return None
    if _READ_MORE.match(text) and not _is_sentence(text):
        return "read_more"
    return "newsletter" if _NEWSLETTER.search(text) and _speaks_to_reader(text) else None


def without_furniture(paragraphs: Iterable[str], title: str = "") -> list[str]:
    """Return the paragraphs that are the article's own, the first without its dateline.

    The headline, repeated at the top, and a paragraph that repeats the one before it are left out too.
    """
    kept: list[str] = []
    headline = _bare(title)
    for paragraph in paragraphs:
        text = paragraph.strip()
        if not text or kind_of(text) or (not kept and headline and _bare(text) == headline):
            continue
        if kept and text == kept[-1]:
            continue
        kept.append(text)
    if kept:
        kept[0] = without_dateline(kept[0])
    return kept


def without_dateline(paragraph: str) -> str:
    """Return a paragraph without "PARIS (AP) — " at its start."""
    found = _DATELINE.match(paragraph)
    return paragraph[found.end() :] if found else paragraph


def is_cut_short(text: str) -> bool:
    """Tell whether a feed's text breaks off: it ends in an ellipsis or in "Read more"."""
    return bool(re.search(r"(?:\[?(?:…|\.\.\.|&hellip;)\]?|\[\+\d+ chars\])\s*$", text)) or bool(_MORE_END.search(text))


def _is_byline(text: str) -> bool:
    """Tell whether a line names who wrote it and when, and says nothing else."""
    if _REPORTING.match(text) or (_STAMP.match(text) and len(text) < 90):  # noqa: PLR2004 - a date and a time
        return True
    words = text.split()
    if not _BYLINE.match(text) or len(words) > 14 or text.endswith((".", "!", "?", ":")):  # noqa: PLR2004 - names and titles
        return False
    named = [word for word in words[1:] if word[:1].isupper()]
    return len(named) * 2 >= len(words) - 1


def _is_sentence(text: str) -> bool:
    """Tell whether a "Related …" line goes on as a sentence of its own."""
    return text.endswith(".") and ":" not in text and len(text.split()) > 8  # noqa: PLR2004 - longer than a link


def _speaks_to_reader(text: str) -> bool:
    """Tell whether a paragraph is addressed to the reader rather than about newsletters."""
    return bool(
        re.match(
            r"^\W*(?:sign|subscribe|get|follow|join|download|support|become|want|enjoy|like this|stay|for more|"
            r"receive|click|tap|our|the best|abonn|inscri|suscr|iscriv|jetzt)",
            text,
            _I,
        )
        or re.search(r"\b(?:your inbox|our (?:\w+ ){0,3}newsletter|here)\b", text, _I)
    )


def _bare(text: str) -> str:
    """Return a line's letters and digits, for comparing."""
    return "".join(char for char in text.casefold() if char.isalnum())
