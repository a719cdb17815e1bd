"""Marks over a text: whatever is marked, no character is lost and each mark covers what it should."""

from hypothesis import given
from hypothesis import strategies as st

from digestbot.web.reading.marks import Mark, Note, groups, pieces, sentence_around

TEXT = "One says “yes”. Two\nThree “no” four.\n\nFive\nSix\nSeven “maybe”."
KINDS = st.sampled_from(["quote", "shown", "cue", "named", "rests"])


@st.composite
def texts_with_marks(draw):
    """Draw a text and marks within it."""
    text = draw(st.text(alphabet="ab “”\n", max_size=80))
    places = st.integers(0, len(text))
    spans = draw(st.lists(st.tuples(places, places, KINDS), max_size=8))
    return text, [Mark(min(a, b), max(a, b), kind) for a, b, kind in spans if a != b]


@given(texts_with_marks())
def test_nothing_is_lost(drawn):
    """Joined, the pieces are the text; each character has exactly the kinds of the marks over it."""
    text, marks = drawn
    made = pieces(text, marks, 0, len(text))
    assert "".join(piece.text for piece in made) == text
    at = 0
    for piece in made:
        for offset in range(len(piece.text)):
            here = at + offset
            assert piece.kinds == {mark.kind for mark in marks if mark.start <= here < mark.end}
        at += len(piece.text)


@given(texts_with_marks())
def test_paragraphs_are_kept_in_order(drawn):
    """Every paragraph with words is there once, folded or not."""
    text, marks = drawn
    made = ["".join(p.text for p in row) for group in groups(text, marks, {}) for row in group.paragraphs]
    assert made == [line for line in text.split("\n") if line.strip()]


def test_paragraphs_without_marks_are_folded():
    """Two or more paragraphs without any mark, after the first, are folded; a single one is not."""
    marks = [Mark(9, 14, "quote"), Mark(TEXT.index("“maybe"), len(TEXT) - 1, "quote")]
    assert [(len(g.paragraphs), g.folded) for g in groups(TEXT, marks, {})] == [(1, False), (3, True), (1, False)]
    marks.append(Mark(TEXT.index("“no"), TEXT.index("“no") + 4, "quote"))
    assert [g.folded for g in groups(TEXT, marks, {})] == [False, False, True, False]


def test_a_note_follows_its_quotation():
    """The number of a quotation stands right after its last mark."""
    (first, *_), note = groups(TEXT, [Mark(9, 14, "quote")], {14: Note(1, "said-1")}), Note(1, "said-1")
    (row,) = first.paragraphs
    assert [(piece.text, piece.note) for piece in row] == [("One says ", None), ("“yes”", note), (". Two", None)]


def test_the_sentences_around_a_quotation():
    """The stretch shown is whole sentences, all those that the quotation touches."""
    assert sentence_around(TEXT, [(0, 15), (16, 19)], [(9, 14)]) == (0, 15)
    assert sentence_around(TEXT, [(0, 15), (16, 19)], [(9, 14), (16, 18)]) == (0, 19)
    assert sentence_around(TEXT, [], [(9, 14)]) == (9, 14)
