"""What holds of paragraphs, sentences and words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestbot.editorial.text import paragraphs, sentences, word_spans, words


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["Mr. Smith went to Washington, D.C.", "He met Sen. J. R. Jones of the U.S. Senate at 5 p.m. on Jan. 5."],
        ['"Really?" Smith said.', "“I do!” he said."],
        ["“I like it,” she said.", "“You should too.”", "Nobody spoke."],
        ["It cost $3.5 million.", "In 2019 it was No. 1.", "The end…", "Is it?", "Yes!", "U.S. Steel rose."],
        ["He works at Acme Inc.", "The firm is big.", "Donald J. Trump met Apple Inc. Chief Executive Tim Cook."],
        ["“We won.”", "“We lost.”"],
        ["„Wir gehen.“", "«On part.»"],
    ],
)
def test_sentences_are_cut_where_a_reader_would(parts: list[str]) -> None:
    """Abbreviations, initials, numbers and '"Really?" Smith said' end no sentence; closing marks belong to theirs."""
    assert cut(" ".join(parts)) == parts


def test_no_sentence_crosses_a_line() -> None:
    """A line's end is a paragraph's end, with a full stop or without."""
    assert cut("A headline\nThe first sentence.\n\n  The second. ") == [
        "A headline",
        "The first sentence.",
        "The second.",
    ]


def test_words_keep_their_inner_marks() -> None:
    """Apostrophes, hyphens and the stops of acronyms stay inside a word."""
    assert words("Don’t use 20-time U.S. guys, o'clock.") == ["Don’t", "use", "20-time", "U.S", "guys", "o'clock"]


@given(st.text(alphabet=st.sampled_from("aB .!?…\"“”'’\n\r\u2028\u00ad(1,")) | st.text())
def test_spans_are_ordered_slices_without_blank_ends(text: str) -> None:
    """Whatever the text, spans are in order, not empty, apart, stripped, and hold every visible character."""
    for find in (paragraphs, sentences):
        previous, seen = 0, 0
        for start, end in find(text):
            assert previous <= start < end
            assert text[start:end] == text[start:end].strip()
            seen += sum(not c.isspace() for c in text[start:end])
            previous = end
        assert seen == sum(not c.isspace() for c in text)


@given(st.text())
def test_words_and_their_spans_agree(text: str) -> None:
    """``word_spans`` says where the words of ``words`` stand."""
    assert words(text) == [text[start:end] for start, end in word_spans(text)]


@pytest.mark.parametrize("text", ["A" * 200_000 + "." * 100_000, 'a. "B ' * 50_000, "? " * 100_000])
def test_cost_is_linear(text: str) -> None:
    """Hostile text of hundreds of kilobytes is cut in well under two seconds."""
    began = time.perf_counter()
    sentences(text)
    words(text)
    assert time.perf_counter() - began < 2
