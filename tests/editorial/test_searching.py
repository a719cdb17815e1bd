"""What somebody looks for: words, phrases, beginnings, scripts without spaces; and where it stands in a text."""

from hypothesis import given
from hypothesis import strategies as st

from digestbot.editorial.searching import EXCERPT, Term, excerpt, terms

TEXT = "The Council met. Ana Müller, the mayor, said the café on the quay would close.\n\nNobody objected. " * 9


def found(query: str, text: str) -> list[str]:
    """Return what a query of one term finds in a text."""
    (term,) = terms(query)
    return [text[start:end] for start, end in term.spans(text)]


def test_words_phrases_and_beginnings():
    """Case and accents do not count; a phrase stands side by side; a star lets the last word go on."""
    assert found("muller", "Müller and Mullers, MÜLLER") == ["Müller", "MÜLLER"]
    assert found('"the cafe"', "the café; a café") == ["the café"]
    assert found("mull*", "Müller and Mullers") == ["Müller", "Mullers"]
    assert found('"ana mull*"', "Ana Müllers Ana") == ["Ana Müllers"]
    assert found("½", "1⁄2 or ½ or 12") == ["1⁄2", "½"]
    assert terms('" " * AND -- ;') == [Term("AND", ("and",))]


def test_scripts_without_spaces_are_found_anywhere():
    """Japanese, Chinese, Thai and Korean words are found within a run of letters."""
    assert found("堤防", "新しい堤防を建設") == ["堤防"]
    assert found("น้ำ", "ระดับน้ำสูง") == ["น้ำ"]
    assert found("정부", "정부는 오늘") == ["정부"]


def test_an_excerpt_is_short_and_cut_between_words():
    """The stretch around the first find is short, ends with whole words, and says where it was cut."""
    shown = excerpt(TEXT, terms("objected"))
    assert "Nobody objected." in shown
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert len(shown) < EXCERPT * 2
    assert set(shown.strip("… ").split()) <= set(TEXT.split())
    assert excerpt(TEXT, terms("zebra")) == ""
    assert excerpt(TEXT, terms("zebra mayor")).find("mayor") > 0


@given(st.text(max_size=200), st.text(max_size=40))
def test_nothing_typed_breaks_it(text, query):
    """Whatever is typed and wherever it is looked for, spans lie within the text and an excerpt is of its words."""
    wanted = terms(query)
    for term in wanted:
        assert all(0 <= start < end <= len(text) for start, end in term.spans(text))
    assert excerpt(text, wanted).strip("… ") in " ".join(text.split()) or not wanted
