"""Models: the engine process, the encoder and the summarizers; importing it loads no framework."""

from digestbot.inference.encoder import EncoderEmbedder
from digestbot.inference.engine import Engine
from digestbot.inference.extractive import ExtractiveSummarizer

__all__ = ["EncoderEmbedder", "Engine", "ExtractiveSummarizer"]
