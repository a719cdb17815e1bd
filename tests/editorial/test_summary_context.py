"""What a sentence needs from those before it, and what that does to a summary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestbot.domain.news import Article
from digestbot.editorial.summary import candidates, choose, word_vectors
from digestbot.editorial.summary_context import contexts
from digestbot.editorial.summary_signs import dateline, leans, leans_on_topic
from digestbot.editorial.text import sentences


def of(text):
    """Return the contexts of a text's sentences."""
    return contexts(text, sentences(text))


def summarize(text, title="", budget=(35, 60)):
    """Return a summary's sentences."""
    found = candidates([Article(1, "", title, text)])
    return [c.text for c in choose(found, word_vectors([c.text for c in found]), budget, [title])]


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        ("BRENMOUTH, England (Reuters) — The town closes its ferry.", "The town closes its ferry."),
        ("BRENMOUTH, June 3 — The town closes its ferry.", "The town closes its ferry."),
        ("PORT ELLERY - The town closes its ferry.", "The town closes its ferry."),
        ("SANTA INÉS, Chile — The mine has reopened.", "The mine has reopened."),
        ("Brenmouth (AP) -- “It is over,” Calder said.", "“It is over,” Calder said."),
        ("(CNN)The town closes its ferry.", "The town closes its ferry."),
        ("AC-DC played in the harbour on Sunday.", "AC-DC played in the harbour on Sunday."),
        ("The CIA–FBI Agreement was signed on Sunday.", "The CIA–FBI Agreement was signed on Sunday."),
        ("US - led forces left the town.", "US - led forces left the town."),
        ("Calder (Labour) said no.", "Calder (Labour) said no."),
    ],
)
def test_a_dateline_is_left_out(line, rest):
    """Where and through whom a report came is no part of its first sentence; what only looks so stays."""
    assert line[dateline(line) :] == rest


def test_a_summary_begins_after_the_dateline_and_still_rests_on_its_article():
    """The chosen sentence is the slice behind the dateline."""
    text = "BRENMOUTH (Meridian) — The harbour town will close its last ferry line in June, the mayor said."
    (chosen,) = candidates([Article(1, "", "", text)])
    assert chosen.text.startswith("The harbour town")
    assert text[chosen.start : chosen.end] == chosen.text


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("When she did, a clerk told her that no such rule existed.", True),
        ("One of them had brought his own chair.", True),
        ("Two days later the ferry sank.", True),
        ("The second official put it differently.", True),
        ("When the mayor rose, she was cheered.", False),
        ("Calder said her plan would stand.", False),
    ],
)
def test_a_pronoun_before_anybody_it_could_mean_leans(line, answer):
    """A "she" leans on the sentence before it when nobody has been named in its own."""
    assert leans(line) is answer


def test_what_the_article_is_about_may_be_named_by_its_first_sentence():
    """To say “the company” needs the article's first sentence or one just before it."""
    assert leans_on_topic("The company denied it.")
    assert not leans_on_topic("The company, Tern Air, denied it.")
    assert not leans_on_topic("The school in the harbour burnt down.")
    text = "Tern Air fired its pilots.\nOne wept.\nRain fell.\nSnow fell too.\nThe company denied that it broke a law."
    assert of(text)[4].after == {0, 2, 3}


def test_a_pronoun_is_followed_back_to_a_name_and_no_further():
    """A chain of sentences that lean ends at the one that names somebody."""
    text = "Rain fell. Mayor Ines Calder spoke to Lars Holt. She was tired. She had not slept."
    assert of(text)[3].after == {-1, 2, 1}
    assert of("She had not slept.")[0].after == {-1}


def test_a_surname_needs_the_full_name_before_it():
    """Who was named in full before is not named in full by the surname; an office says enough."""
    text = "Ines Calder spoke. Rain fell. Calder, a baker, left. Mayor Calder spoke. In March Calder’s shop closed."
    assert [sorted(c.surnames) for c in of(text)] == [[], [], ["Calder"], [], ["Calder"]]
    assert of(text)[0].introduces == {"Calder"}


def test_a_piece_of_a_long_quotation_is_marked():
    """A sentence in the middle of a quotation, or one that opens or closes it, is not its reporter's."""
    text = "Calder wept. “It is over. We lost the ferry. I am sorry,” she said. The “last ferry” left."
    assert [c.quoted for c in of(text)] == [False, True, True, True, False]
    british = "He was firm: ‘I threw it away. That’s a reason, it’s not an excuse.’ The town’s ferry left."
    assert [c.quoted for c in of(british)] == [True, True, False]


def test_announcements_and_fillers_are_told_from_short_news():
    """A short sentence before a quotation announces it, unless it holds news of its own."""
    text = (
        "Her rival, Lars Holt, was careful. “No,” Holt said. The vote was 5 to 2. “Good,” said Calder. Markets slept."
    )
    assert [c.announces for c in of(text)] == [True, False, False, False, False]
    assert [c.bare for c in of(text)] == [False, False, False, False, True]


LEAD = "The harbour town of Brenmouth will close its last ferry line in June because it loses money every year."
OTHER = "The islanders’ council said on Monday that it may go to court over the ferry line and its last boats."


def test_no_pronoun_dangles_in_a_summary():
    """A sentence about a "she" whom no chosen sentence names loses to one that stands alone."""
    said = (
        "“We had no choice,” said Mayor Ines Calder.\nShe said the ferry line lost money and may go to court in June."
    )
    text = f"{LEAD}\n{said}\n{OTHER}"
    assert summarize(text) == [LEAD, OTHER]


def test_no_announcement_stands_in_a_summary():
    """A sentence that only leads up to a quotation is not worth its words."""
    text = f"{LEAD}\nThe ferry council disagreed about June.\n“No,” said Lars Holt.\n{OTHER}"
    assert summarize(text) == [LEAD, OTHER]


def test_the_headline_says_what_a_story_is_about():
    """Of two sentences that say equally much, the one that tells of the headline is chosen."""
    one = "The museum of the town bought a painting of a heron by an unknown master for its new wing."
    two = "The school of the town built a library of cedar wood with an open gallery for its new hall."
    text = f"{one}\n{two}"
    assert summarize(text, "A library of cedar", (10, 20)) == [two]
    assert summarize(text, "A heron by an unknown master", (10, 20)) == [one]


@given(st.text(alphabet="Ab .“”‘’'\"\nC—(),5hes", max_size=200))
def test_every_sentence_has_a_context(text):
    """Whatever the text, each sentence gets one, and needs only sentences before it."""
    spans = sentences(text)
    found = contexts(text, spans)
    assert len(found) == len(spans)
    assert all(before < number for number, c in enumerate(found) for before in c.after)
