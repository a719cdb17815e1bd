"""Tells which articles report the same event: a few rules, from exact copies to shared names; no clock, no I/O.

``event_text`` is what an article's vector is made from; ``StoryIndex`` gives one new article its story;
``group`` clusters a whole batch at once; ``regroup`` looks an edition's stories over before they are posted.
"""

from digestbot.editorial.cluster.batch import group, regroup
from digestbot.editorial.cluster.evidence import event_text
from digestbot.editorial.cluster.index import StoryIndex
from digestbot.editorial.cluster.minhash import resemblance, signature

__all__ = ["StoryIndex", "event_text", "group", "regroup", "resemblance", "signature"]
