"""The gate's second tier: a model that tells whether the passages entail a sentence; it only ever refuses more."""

import pytest

from digestbot.domain.errors import ModelMissing
from digestbot.inference import Engine, ExtractiveSummarizer, choose_summarizer
from digestbot.inference.entailment import EntailmentChecker, EntailmentModel
from tests.fakes.inference import FakeEmbedder
from tests.inference import tiny
from tests.inference.standin import PROGRAM
from tests.inference.stories import FERRY, story

PAIR = ("The ferry will close in June, the mayor said.", "The ferry will close.")


@pytest.fixture
async def engine():
    made = Engine(program=PROGRAM)
    yield made
    await made.aclose()


def chosen(engine, model, checker):
    """Return a chat engine with a model and a second tier."""
    return choose_summarizer("chat", engine=engine, embedder=FakeEmbedder(), model=model, checker=checker)


@pytest.mark.parametrize(
    ("model", "checker", "wrote"),
    [
        ("leads", "agrees", "chat:leads+b1+agrees"),
        ("leads", "doubts", "extractive: ungrounded"),
        ("lies", "agrees", "extractive: ungrounded"),
        ("leads", "nowhere", "extractive: model_missing"),
        ("leads", "fails", "extractive: inference"),
    ],
)
async def test_a_sentence_is_posted_only_when_both_tiers_let_it_through(engine, model, checker, wrote):
    """Doubt refuses, agreement saves no lie, and a second tier that cannot be asked lets nothing through."""
    summarizer = chosen(engine, model, checker)
    told = story(FERRY)
    summary = await summarizer.summarize(told)
    assert summary.engine == wrote
    if wrote.startswith("extractive"):
        assert summary.text == (await ExtractiveSummarizer(FakeEmbedder()).summarize(told)).text
    if checker == "doubts":
        assert {reason for refusal in summary.refused for reason in refusal.reasons} == {"entailment"}
        assert summarizer.inner.rejections["entailment"] >= 1


async def test_the_second_tier_is_part_of_the_name(engine):
    """Briefs are kept by the engine's name, so another second tier makes them anew; without one it is not told."""
    assert chosen(engine, "leads", "owner/judge").name == "chat:leads+b1+judge"
    assert chosen(engine, "leads", "").name == "chat:leads+b1"


async def test_nothing_to_ask_is_not_asked(engine):
    """No sentence, no answer, and no process."""
    assert await EntailmentChecker(engine, model="crashes").entailed([]) == []
    assert engine.status.starts == 0


@pytest.mark.model
@pytest.mark.parametrize("labels", [("contradiction", "entailment", "neutral"), ("consistent",)])
def test_a_classifier_gives_the_chance_of_entailment(tmp_path, labels):
    """A random classifier, of three classes or of one score, gives a probability for each pair."""
    scores = EntailmentModel(str(tiny.judge(tmp_path, *labels)))([PAIR, (PAIR[0] * 200, PAIR[1])])
    assert len(scores) == 2
    assert all(0 < score < 1 for score in scores)


@pytest.mark.model
def test_a_classifier_of_something_else_is_refused(tmp_path):
    """A model without a class for entailment is no second tier."""
    with pytest.raises(ModelMissing, match="tells no entailment; choose a natural-language-inference model"):
        EntailmentModel(str(tiny.judge(tmp_path, "positive", "negative")))
