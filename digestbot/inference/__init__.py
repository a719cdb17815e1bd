"""Models: the engine process, the encoder and the summarizers; importing it loads no framework."""

from digestbot.inference.arriving import ArrivingSummarizer, fetch_aside
from digestbot.inference.chat import ChatSummarizer
from digestbot.inference.choosing import Remembering, arriving, choose_summarizer
from digestbot.inference.encoder import EncoderEmbedder
from digestbot.inference.engine import Engine
from digestbot.inference.extractive import ExtractiveSummarizer
from digestbot.inference.remote import RemoteSummarizer
from digestbot.inference.seq2seq import Seq2SeqSummarizer
from digestbot.inference.shelf import VectorShelf

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
