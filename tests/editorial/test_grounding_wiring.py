"""What the gate makes of sentences whose words all stand in the source and which are wired wrongly."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestbot.domain.news import Article
from digestbot.editorial.grounding import ground
from digestbot.editorial.quotes import find_quotes
from digestbot.editorial.summary_signs import orders
from digestbot.editorial.text import sentences
from digestbot.web.newsroom import Newsroom
from tests.shared import shared

DEMO = Path(__file__).resolve().parents[2] / "config" / "demo"
PIECES = Newsroom.load(DEMO, datetime(2025, 1, 1, tzinfo=UTC)).pieces
TEXT = (
    "Mayor Ines Calder beat Lars Holt, a baker, by 300 votes in the harbour town of Brenmouth on Sunday.\n"
    "Holt said the count was a fraud. At least 40 boats left the harbour.\n"
    "Calder will close the ferry in June. She was born in Oslo.\n"
    "The port, which has lost money in every single one of the last twelve years, will be sold to Tern Lines.\n"
    "The bridge over the harbour will open in May, the council said on Friday."
)


def judge(text, sentence, **how):
    """Return the reasons for which a sentence is refused, as a chat model's unless told otherwise."""
    article = Article(1, "", "", text)
    return ground([article], [sentence], find_quotes(article), **how or {"wary": True}).verdicts[0].reasons


def piece(words):
    """Return the text of the demo newsroom's piece that holds these words."""
    return next(one.text for one in PIECES if words in one.text)


WROTE = """
completed the signing | joint | The Brackwater City signing, Tomasz Wieliczko, has agreed a five-year contract with \
Rovers, a record for both sides.
completed the signing | joint | Rovers, who finished two places below City in the league, accepted a five-year \
contract and will wear the number eight shirt.
with a mortgage | attribution | The note is routine, and the club’s accounts show wages at 81% of turnover, and the \
fee is to be paid over four years.
Dr. Samira Nouri lifted | limit | The Northfield water in the county's supply is safe to drink again, the county's \
health officer said Wednesday, nine days after a parasite made 214 people ill.
Northern Star and Sound Passage | joint | The merger of two ferry lines, Northern Star and Sound Passage, took \
fourteen months, three regulators, and eleven banks to move.
the city treasurer puts | attribution | The rest will come from a levy of $118 a year.
"""
"""What the demo newsroom's piece holds, the reason, and what SmolLM2-135M wrote of it, bound to its words."""


@pytest.mark.parametrize("line", WROTE.strip().splitlines())
def test_what_smollm2_wired_wrongly_is_refused(line):
    """Sentences whose words all stand in the piece are refused for how they are put together."""
    of, reason, sentence = line.split(" | ")
    assert reason in judge(piece(of), sentence)


def test_a_true_sentence_of_smollm2_is_kept():
    """Two facts of two sentences joined by "and", each with its own subject, stand."""
    joined = (
        "Dr. Samira Nouri lifted the boil-water notice for all 38,000 homes, and the parasite, cryptosporidium, causes "
        "cramps and diarrhoea that can last for two weeks."
    )
    assert judge(piece("Dr. Samira Nouri lifted"), joined) == ()


FALSE = """
Trump has agreed to send inmates to El Salvador.
Trump will send American inmates to El Salvador.
Trump said he would love to send Bukele to El Salvador.
President Bukele said he would love to send American inmates to El Salvador.
Bukele is a prisoner in El Salvador.
Rubio said he would be happy to be rid of the nation's repeat offenders.
Trump wrote on X that the fee would be relatively low for the U.S.
Experts have maintained that the U.S. government does have the authority to deport American citizens.
The U.S. government has the authority to deport American citizens.
The prospect was first brought up in May by Secretary of State Marco Rubio.
The prospect was first brought up in February by President Nayib Bukele.
Trump admitted that he was sure he had legal standing to do so.
Trump offered to take convicted criminals in exchange for a fee.
Bukele is willing to take in all criminals in exchange for a fee.
The fee would be low for El Salvador.
Trump rejected the offer from Bukele.
Rubio said that Trump had made the offer.
It is legal to send American inmates to El Salvador.
Trump is honored to give them.
Bukele shared that Rubio had made the offer as he was working to accept deported migrants.
Serving jail time in another country will result in legal challenges.
El Salvador offered to send prisoners to the United States.
President Donald Trump has made a potentially legal offer to serve American inmates in El Salvador’s prison.
"""
FALSE_BY_ORDER = """
The offer is not legal, and the U.S. government does not have the authority to deport American citizens.
Trump shared his thoughts while speaking with reporters in El Salvador.
Experts have praised the offer from Bukele.
"""
"""Of the seed article, in its own words; some of it small models really wrote."""


@pytest.mark.parametrize("sentence", FALSE.strip().splitlines())
def test_inventions_on_the_first_article_are_refused(sentence):
    """Names, deeds, sayings, denials and doubts that the article has otherwise never pass, whichever engine wrote."""
    text = shared("data/seed_article.txt").read_text("utf-8")
    assert judge(text, sentence)
    assert judge(text, sentence, strict=True)


@pytest.mark.parametrize("sentence", FALSE_BY_ORDER.strip().splitlines())
def test_what_only_its_order_betrays_is_refused_of_chat_models(sentence):
    """Who praises, and where, is told by the order of the article's words: asked of chat models alone."""
    assert judge(shared("data/seed_article.txt").read_text("utf-8"), sentence)


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("Lars Holt beat Mayor Ines Calder by 300 votes.", "order"),
        ("Lars Holt will close the ferry in June.", "joint"),
        ("Holt, who was born in Oslo, said the count was a fraud.", "joint"),
        ("Calder will close the port.", "joint"),
        ("The count was a fraud.", "attribution"),
        ("Exactly 40 boats left the harbour.", "limit"),
        ("Calder will close the ferry in June and Calder will close the ferry.", "repetition"),
    ],
)
def test_each_way_of_wiring_wrongly_has_its_reason(sentence, reason):
    """Subject and object swapped, a deed given to another, a saying made a fact, a limit lost, a circle."""
    assert reason in judge(TEXT, sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Mayor Ines Calder beat Lars Holt by 300 votes on Sunday.",
        "On Sunday Mayor Ines Calder beat Lars Holt.",
        "Calder was born in Oslo.",
        "Holt said the count was a fraud, and Calder will close the ferry in June.",
        "At least 40 boats left the harbour.",
        "The port will be sold to Tern Lines.",
        "The council said the bridge will open in May.",
    ],
)
def test_what_is_joined_as_the_source_has_it_is_kept(sentence):
    """Words left out, a day moved, a pronoun's name put in its place and two whole clauses joined change nothing."""
    assert judge(TEXT, sentence) == ()


def test_the_wary_rules_are_asked_of_chat_models_alone():
    """As a tool, and of models made to summarize, the gate does not ask where clauses end."""
    assert "joint" not in judge(TEXT, "Lars Holt will close the ferry in June.", strict=True)
    assert judge(TEXT, "The count was a fraud.", strict=False) == ()


@pytest.mark.parametrize("text", [one.text for one in PIECES])
def test_the_sources_own_sentences_pass_the_wary_gate(text):
    """Whatever it refuses of a source's own sentences is not how they are joined, said or limited."""
    ordered = orders(text)
    for start, end in sentences(text):
        if any(a <= start < b for a, b in ordered):
            continue
        assert not {"joint", "attribution", "limit"} & set(judge(text, " ".join(text[start:end].split())))


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_gets_a_wary_verdict(text, summary):
    """Whatever the words, the wary gate judges and never fails."""
    ground([Article(1, "", "", text)], [summary], wary=True)
