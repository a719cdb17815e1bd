"""The summarizer on a causal chat model, a GGUF file among them; the model runs in the engine process."""

from typing import Any

from digestbot.domain.subscription import LENGTH_WORDS, Length
from digestbot.inference.engine import BATCH, INTERACTIVE, Engine
from digestbot.inference.extractive import ExtractiveSummarizer
from digestbot.inference.gated import FindQuotes, ModelSummarizer
from digestbot.inference.generation import Backend
from digestbot.inference.prompt import messages, read_answer, unfinished_cut
from digestbot.inference.seq2seq import revised
from digestbot.ports import Embedder

_TOGETHER = 2
_TOKENS_A_WORD = 1.6


class ChatSummarizer(ModelSummarizer):
    """Summarizes with a chat model behind the gate.

    With ``bound`` the model can only write words of the sources and function words; that runs on transformers,
    as CTranslate2 takes no rule of ours into its decoding.
    """

    composes = True

    def __init__(
        self,
        engine: Engine,
        fallback: ExtractiveSummarizer,
        embedder: Embedder,
        *,
        model: str,
        backend: Backend = "auto",
        beam: int = 1,
        bound: bool = False,
        deadline: float | None = 180.0,
        languages: tuple[str, ...] = ("en",),
        find_quotes: FindQuotes | None = None,
    ) -> None:
        """Use ``model`` with ``beam`` beams (1: greedy); a draft later than ``deadline`` seconds is given up."""
        super().__init__(fallback, embedder, languages=languages, find_quotes=find_quotes)
        self._engine = engine
        self._model = model
        self._backend: Backend = "transformers" if bound else backend
        self._beam = beam
        self._bound = bound
        self._deadline = deadline

    @property
    def name(self) -> str:
        """The engine with its model, revision and decoding."""
        return f"chat:{revised(self._model)}+b{self._beam}{'+bound' if self._bound else ''}{self.tier_two}"

    async def _write(self, material: str, length: Length, *, interactive: bool) -> str:
        """Return the model's draft."""
        options = {"max_tokens": round(LENGTH_WORDS[length][1] * _TOKENS_A_WORD), "beam": self._beam}
        item: dict[str, Any] = {"messages": messages(material, length), "bound": material if self._bound else None}
        answers = await self._engine.run(
            "chat",
            {"model": self._model, "backend": self._backend, "options": options},
            [item],
            rank=INTERACTIVE if interactive else BATCH,
            most=_TOGETHER,
            deadline=self._deadline,
        )
        return unfinished_cut(read_answer(str(answers[0])))
