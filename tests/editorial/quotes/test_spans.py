"""What holds of quotation marks and what stands between them."""

import time

import pytest

from digestbot.editorial.quotes.spans import MAX_SPANS, find_spans


def inside(text: str) -> list[str]:
    return [text[span.start : span.end] for span in find_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('He said “one two” and "three four".', ["one two", "three four"]),
        ("Il dit « un deux » ; elle dit ‹trois quatre›.", ["un deux", "trois quatre"]),
        ("Sie sagte: „Eins zwei“, er: »drei vier«.", ["Eins zwei", "drei vier"]),
        ("彼は「一二三」と『四五六』と言った。", ["一二三", "四五六"]),
        ("‘It’s the workers’ hut,’ he said. ‘Don’t.’", ["It’s the workers’ hut,", "Don’t."]),
        ("“He said ‘no’ and “never” to me,” she said.", ["He said ‘no’ and “never” to me,"]),
        ('“He said "no" to me,” she said. “And "yes" to him.”', ['He said "no" to me,', 'And "yes" to him.']),
        ('"He told me "no" and left," she said. "So did I."', ['He told me "no" and left,', "So did I."]),
        ('"Our so-called "ally" and "friend" is neither," he said.', ['Our so-called "ally" and "friend" is neither,']),
        ('"Never closed. He said "two" and "three".', ["two", "three"]),
        ("“Like this,“ he said.", ["Like this,"]),
        ("It isn't the '90s, and rock 'n' roll won't die.", []),
        ('A 5\'10" man with a 12" pipe said "hello there" once.', ["hello there"]),
        ('He said " with blanks inside " and "none here" too.', ["with blanks inside", "none here"]),
        ("“\u200bSoft\u00adly said,\u200b” he said.", ["Soft\u00adly said,"]),
        ("“[Sic] we was robbed [sic],” he said.", ["[Sic] we was robbed [sic],"]),
        ("“never closed. He left.\nThe next “is closed” well.", ["never closed. He left.", "is closed"]),
        ("He said “never closed. He left.\nThe next “is closed” well.", ["is closed"]),
        ("“One.\n“Two.\n“Three,” he said.", ["One.", "Two.", "Three,"]),
        ("“One\ntwo,” he said. “Three.”", ["One\ntwo,", "Three."]),
        ('“” “ ” ""', []),
    ],
)
def test_marks_are_paired_as_a_reader_pairs_them(text: str, expected: list[str]) -> None:
    """Every house style is read, nested marks stay inside, apostrophes are no marks, a slip spoils one paragraph."""
    assert inside(text) == expected


def test_a_paragraph_that_opens_again_continues_the_quotation() -> None:
    """Of a quotation over paragraphs the later ones know that they go on with it."""
    assert [span.continues for span in find_spans("“One.\n“Two,” he said. “Three.”")] == [False, True, False]


def test_a_label_in_capitals_signs_what_follows_it() -> None:
    """Between a transcript's marks the name before the colon is the speaker's, where the article knows a bearer."""
    spans = find_spans('The host asked Ruth Okafor about it.\n"WHITCOMB: When?\n"OKAFOR: In May."')
    assert [span.labelled for span in spans] == [True, True]
    warning = find_spans('The city said "WARNING: thin ice" on its sign.')
    assert [span.labelled for span in warning] == [False]


@pytest.mark.parametrize(
    "unit",
    [
        "“a b ",
        '" a b',
        "‘a ’b ",
        '"a\n',
        "“a\n",
        '“a\n"',
        "‘a\n",
        "it's 'a' ",
        "«a ",
        "„",
        "”x “",
        '"a "b" ',
        'to Lee "LEE: a"\n',
    ],
)
def test_unbalanced_marks_cost_little(unit: str) -> None:
    """200 KB of unbalanced marks cost a fraction of a second of one core and give a bounded number of spans."""
    text = unit * (200_000 // len(unit))
    began = time.process_time()
    assert len(find_spans(text)) <= MAX_SPANS
    assert time.process_time() - began < 0.3
