"""Source-bound decoding: a model may only write words of its sources and function words; runs in the engine process.

A name or a number that is not in the sources cannot be written at all. The words are kept as a tree of token ids,
so that pieces of two words never make a third.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from transformers import LogitsProcessor

_WORDS = re.compile(r"\w+(?:[.,’'\-]\w+)*")
_MARKS = (".", ",", ";", ":", "'", "’", '"', "“", "”", "‘", "(", ")", "-", "–", "—", "%", "!", "?")
_OWN = (
    "a an the and or but of to in on at by for with from as into over under after before during since until about "
    "against between among through than that this these those it its he him his she her they them their who whom "
    "whose which what when where how is are was were be been being has have had will would can could may might should "
    "must not no if while because so also there said says told"
)
"""The function words a summary may always use: closed classes, and verbs of saying."""

Tree = dict[int, Any]
_END = -1


class SourceBound(LogitsProcessor):  # type: ignore[misc]  # transformers is untyped here
    """Lets through only tokens that begin or go on with a word of the sources or a function word."""

    def __init__(self, tokenizer: Any, sources: str, prompt_length: int) -> None:
        """Build the tree of allowed words; what comes after ``prompt_length`` tokens is bound."""
        self._start = prompt_length
        self._end = tokenizer.eos_token_id
        own = [form for word in _OWN.split() for form in (word, word.capitalize())]
        self._tree = _tree(tokenizer, {*_WORDS.findall(sources), *own})
        marks = [ids for mark in _MARKS for form in (mark, f" {mark}") if len(ids := _ids(tokenizer, form)) == 1]
        self._marks = sorted({ids[0] for ids in marks})

    def __call__(self, input_ids: "torch.LongTensor", scores: "torch.FloatTensor") -> "torch.FloatTensor":
        """Set the score of every token that may not follow to minus infinity."""
        mask = torch.full_like(scores, float("-inf"))
        for row, ids in enumerate(input_ids.tolist()):
            allowed = torch.tensor(self.allowed(ids[self._start :]), device=scores.device)
            mask[row, allowed] = 0.0
        return scores + mask

    def allowed(self, written: Sequence[int]) -> list[int]:
        """Return the tokens that may follow what was written."""
        node = self._tree
        for token in written:
            node = self._step(node, token)
        following = [token for token in node if token != _END]
        if node is self._tree or _END in node:
            following += [*(token for token in self._tree if token != _END), *self._marks, self._end]
        return following

    def _step(self, node: Tree, token: int) -> Tree:
        """Return where a token leads: on in its word, or to the start of the next."""
        step: Tree
        if token in node:
            step = node[token]
            return step
        # The word before has ended here: the token starts another, or is a mark.
        step = self._tree.get(token, self._tree)
        return step


def _tree(tokenizer: Any, words: Iterable[str]) -> Tree:
    """Return the words as a tree of token ids, each both at a text's start and after a blank."""
    root: Tree = {}
    for word in words:
        for form in (word, f" {word}"):
            node = root
            for token in _ids(tokenizer, form):
                node = node.setdefault(token, {})
            node[_END] = {}
    return root


def _ids(tokenizer: Any, text: str) -> list[int]:
    """Return the token ids of a text."""
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])
