"""Picks the summarizer the settings ask for, and remembers what it wrote; takes plain arguments, never Settings."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal

from digestbot.domain.errors import ModelMissing, Ungrounded, WrongLanguage
from digestbot.domain.news import Story, Summary
from digestbot.domain.subscription import Length
from digestbot.inference.catalogue import RECOMMENDED, languages_of
from digestbot.inference.chat import ChatSummarizer
from digestbot.inference.downloading import ArrivingSummarizer, Fetch
from digestbot.inference.engine import Engine
from digestbot.inference.entailment import EntailmentChecker
from digestbot.inference.extractive import ExtractiveSummarizer
from digestbot.inference.gated import FindQuotes, ModelSummarizer
from digestbot.inference.hub import is_here
from digestbot.inference.remote import RemoteSummarizer
from digestbot.inference.seq2seq import Seq2SeqSummarizer
from digestbot.ports import Embedder, Summarizer

Choice = Literal["auto", "extractive", "seq2seq", "chat", "remote"]


def choose_summarizer(
    choice: Choice,
    *,
    engine: Engine,
    embedder: Embedder,
    model: str = "",
    url: str = "",
    key: str = "",
    bound: bool = False,
    languages: Sequence[str] = (),
    checker: str = "",
    find_quotes: FindQuotes | None = None,
    fetch: Fetch | None = None,
) -> Summarizer:
    """Return the summarizer for a choice of engine, remembering its summaries.

    ``auto`` is seq2seq when its model is on this machine; when it is not, ``fetch`` may fetch it (see
    :func:`arriving`) and extractive serves until then, or for good without ``fetch``. The model of ``seq2seq``
    defaults to the recommended one; ``chat`` and ``remote`` need one named. ``languages`` are those the model
    writes in, by default those that are known of it. ``checker`` names a model for the gate's second tier.

    Raises:
        ModelMissing: ``chat`` or ``remote`` without a model, or ``remote`` without an address.

    """
    plain = ExtractiveSummarizer(embedder)
    name = model or RECOMMENDED
    writes = tuple(languages) or languages_of(name)

    def seq2seq() -> Summarizer:
        return checked(
            Seq2SeqSummarizer(engine, plain, embedder, model=name, languages=writes, find_quotes=find_quotes)
        )

    def checked(summarizer: ModelSummarizer) -> ModelSummarizer:
        summarizer.checker = EntailmentChecker(engine, model=checker) if checker else None
        return summarizer

    match choice:
        case "extractive":
            return Remembering(plain)
        case "auto":
            if is_here(name):
                return Remembering(seq2seq())
            return Remembering(ArrivingSummarizer(plain, seq2seq, fetch) if fetch else plain)
        case "seq2seq":
            return Remembering(seq2seq())
        case "chat":
            if not model:
                raise ModelMissing("of the chat engine", "is not named", hint="set model.name")
            chat = ChatSummarizer(
                engine, plain, embedder, model=model, bound=bound, languages=writes, find_quotes=find_quotes
            )
            return Remembering(checked(chat))
        case "remote":
            if not model or not url:
                raise ModelMissing("of the remote engine", "is not named", hint="set model.name and model.remote_url")
            spoken = tuple(languages)
            remote = RemoteSummarizer(
                plain, embedder, url=url, model=model, key=key, languages=spoken, find_quotes=find_quotes
            )
            return Remembering(checked(remote))


def arriving(summarizer: Summarizer) -> ArrivingSummarizer | None:
    """Return the part of a chosen summarizer whose model is still to be fetched, None when there is none."""
    inner = summarizer.inner if isinstance(summarizer, Remembering) else summarizer
    return inner if isinstance(inner, ArrivingSummarizer) else None


_LASTING = frozenset({"", Ungrounded.code, WrongLanguage.code})
"""Reasons for a fall-back that asking again would not change; the others (a crash, a full queue) pass."""


class Remembering:
    """Keeps the last summaries, by sources, engine and length: asked twice at once, a story is summarized once."""

    def __init__(self, inner: Summarizer, *, most: int = 512) -> None:
        """Remember the last ``most`` summaries of ``inner``."""
        self._inner = inner
        self._most = most
        self._kept: OrderedDict[tuple[str, str, Length], Summary] = OrderedDict()
        self._making: dict[tuple[str, str, Length], asyncio.Task[Summary]] = {}

    @property
    def name(self) -> str:
        """The inner engine's name."""
        return self._inner.name

    @property
    def inner(self) -> Summarizer:
        """The engine that writes."""
        return self._inner

    async def summarize(self, story: Story, length: Length = "medium", *, interactive: bool = False) -> Summary:
        """Return the kept summary, or have one made; one that fell back for want of an engine is not kept.

        Raises:
            InferenceError: Not even the extractive engine could serve.

        """
        key = (story.sources_hash, self.name, length)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        # An interactive request does not wait for the batch's turn: it asks again, ahead of it.
        if interactive or key not in self._making:
            task = asyncio.ensure_future(self._inner.summarize(story, length, interactive=interactive))
            self._making[key] = task
            task.add_done_callback(lambda _: self._making.pop(key, None))
        else:
            task = self._making[key]
        summary = await asyncio.shield(task)
        if summary.engine.partition(": ")[2] in _LASTING:
            self._kept[key] = summary
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return summary
