"""The summarizer on an OpenAI-compatible endpoint, behind the same gate; for those who outgrow one machine.

vLLM, Ollama, llama.cpp and ``transformers serve`` are such endpoints.
The protocol is ``POST {base}/chat/completions`` as OpenAI documents it; only what every server offers is used.
"""

import asyncio
import json
from typing import Any

import aiohttp

from digestbot.domain.errors import Busy, DeadlinePassed, RemoteFailed
from digestbot.domain.subscription import LENGTH_WORDS, Length
from digestbot.inference.extractive import ExtractiveSummarizer
from digestbot.inference.gated import FindQuotes, ModelSummarizer
from digestbot.inference.prompt import messages, read_answer, unfinished_cut
from digestbot.ports import Embedder

_MOST_BYTES = 1_000_000
_TOKENS_A_WORD = 1.6
_OK, _TOO_MANY, _OVERLOADED = 200, 429, 503


class RemoteSummarizer(ModelSummarizer):
    """Summarizes with a model on another machine."""

    composes = True

    def __init__(
        self,
        fallback: ExtractiveSummarizer,
        embedder: Embedder,
        *,
        url: str,
        model: str,
        key: str = "",
        deadline: float = 60.0,
        at_once: int = 4,
        languages: tuple[str, ...] = (),
        find_quotes: FindQuotes | None = None,
    ) -> None:
        """Ask ``model`` at ``url`` (its base, ``…/v1``), at most ``at_once`` requests together."""
        super().__init__(fallback, embedder, languages=languages, find_quotes=find_quotes)
        self._url = f"{url.rstrip('/')}/chat/completions"
        self._model = model
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._deadline = deadline
        self._places = asyncio.Semaphore(at_once)

    @property
    def name(self) -> str:
        """The engine with its model; the endpoint does not tell a revision."""
        return f"remote:{self._model}{self.tier_two}"

    async def _write(self, material: str, length: Length, *, interactive: bool) -> str:  # noqa: ARG002  # the server queues
        """Return the model's draft."""
        body = {
            "model": self._model,
            "messages": messages(material, length),
            "temperature": 0,
            "max_tokens": round(LENGTH_WORDS[length][1] * _TOKENS_A_WORD),
        }
        try:
            async with self._places, asyncio.timeout(self._deadline):
                answer = await self._ask(body)
        except TimeoutError as error:
            raise DeadlinePassed(f"{self._url} did not answer within {self._deadline:g} seconds") from error
        except (aiohttp.ClientError, OSError) as error:
            raise RemoteFailed(f"{self._url} cannot be reached ({type(error).__name__})") from error
        return unfinished_cut(read_answer(answer))

    async def _ask(self, body: dict[str, Any]) -> str:
        """Send one request and return the answer's text.

        Raises:
            Busy: The server has too much to do.
            RemoteFailed: It answered with an error, or with something else.

        """
        # A redirect is not followed: the articles go to the address that the operator named, and nowhere else.
        async with (
            aiohttp.ClientSession(headers=self._headers) as session,
            session.post(self._url, json=body, allow_redirects=False) as reply,
        ):
            if reply.status in {_TOO_MANY, _OVERLOADED}:
                after = reply.headers.get("Retry-After", "")
                raise Busy(f"{self._url} is busy", retry_after=float(after) if after.isdigit() else None)
            if reply.status != _OK:
                raise RemoteFailed(f"{self._url} answered {reply.status}")
            raw = await self._read(reply)
        try:
            return str(json.loads(raw)["choices"][0]["message"]["content"] or "")
        except (ValueError, LookupError, TypeError) as error:
            raise RemoteFailed(f"{self._url} answered something that is no completion") from error

    async def _read(self, reply: aiohttp.ClientResponse) -> bytes:
        """Return an answer's body, in however many pieces it comes.

        Raises:
            RemoteFailed: It is longer than any summary.

        """
        raw = bytearray()
        async for piece in reply.content.iter_any():
            raw += piece
            if len(raw) > _MOST_BYTES:
                raise RemoteFailed(f"{self._url} answered with more than {_MOST_BYTES:,} bytes")
        return bytes(raw)
