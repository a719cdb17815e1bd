"""Models: the engine process, the encoder and the summarizers; importing it loads no framework."""

from digestbot.inference.chat import ChatSummarizer
from digestbot.inference.downloading import ArrivingSummarizer, fetch_aside
from digestbot.inference.encoder import EncoderEmbedder
from digestbot.inference.engine import Engine
from digestbot.inference.extractive import ExtractiveSummarizer
from digestbot.inference.factory import Remembering, arriving, choose_summarizer
from digestbot.inference.remote import RemoteSummarizer
from digestbot.inference.seq2seq import Seq2SeqSummarizer
from digestbot.inference.vector_cache import VectorShelf

__all__ = [
    "ArrivingSummarizer",
    "ChatSummarizer",
    "EncoderEmbedder",
    "Engine",
    "ExtractiveSummarizer",
    "Remembering",
    "RemoteSummarizer",
    "Seq2SeqSummarizer",
    "VectorShelf",
    "arriving",
    "choose_summarizer",
    "fetch_aside",
]
