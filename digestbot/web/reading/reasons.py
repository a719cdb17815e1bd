"""What the machine's names for reasons mean, in words for readers; knows the names alone."""

from collections.abc import Mapping

from digestbot.domain.news import Brief

REASONS: Mapping[str, str] = {
    "unfinished": "it is not a whole sentence",
    "boilerplate": "it speaks of something else than the news",
    "name": "it has a name that the sources do not have",
    "number": "it has a number that the sources do not have",
    "quotation": "it alters a quotation",
    "speaker": "it gives words to somebody who did not say them",
    "negation": "it turns what the sources say into its opposite",
    "hedge": "it states as certain what the sources leave open",
    "wiring": "it joins things that the sources keep apart",
    "unsupported": "no passage of the sources supports it",
    "new word": "it has a word that the sources do not have",
    "attribution": "it states as a fact what somebody said",
    "limit": "it leaves out an “at least” or “only”, or adds an “all”",
    "order": "it turns who did a thing to whom",
    "subject": "it tells of somebody what the sources tell of another",
    "sayer": "it gives to somebody what another said",
    "joint": "it joins words of two passages where no clause ends",
    "repetition": "it says a thing twice",
}
"""The grounding gate's rules (``editorial.grounding_rules.RULES``), as reasons for a refusal."""
DROPS: Mapping[str, str] = {
    "no_speaker": "without a speaker who is sure",
    "unsure": "with a speaker who is likely, not sure",
    "not_a_person": "by somebody who is not named",
    "same_speaker": "by somebody who is quoted already",
    "repeated": "with words that are shown already",
    "too_short": "too short to say something",
    "too_long": "too long to be shown whole",
    "shortened": "left out of a quotation that is shown in part",
    "not_key": "less telling than the quotes shown",
    "not_speech": "of a title, a term or a sign, not speech",
    "too_many_marks": "in a text with more quotation marks than an article has",
    "rendered": "not shown word for word by the platform",
    "bounds": "no longer within its article",
    "opening": "without an opening quotation mark",
    "closing": "without a closing quotation mark",
    "empty": "without words",
    "speaker": "with a speaker who no longer stands in the article",
    "venue": "with a venue that no longer stands in the article",
}
"""Why a quotation is not shown: "2 by somebody …", "Not shown, as by somebody …"."""
FALL_BACKS: Mapping[str, str] = {
    "ungrounded": "nothing that the model wrote stands in the sources",
    "busy": "the model had too much to do",
    "deadline": "the model did not answer in time",
    "crashed": "the model’s process ended in the middle",
    "out_of_memory": "the model needed more memory than it may take",
    "model_missing": "the model is not on this machine",
    "language": "the model does not write this language",
    "remote": "the remote model could not be reached",
    "inference": "the model could not do its work",
    "input_too_long": "the text is longer than the model takes",
}
"""Why the articles’ own sentences stand in for a model’s (``Summary.engine`` after the colon)."""


def gate_sentence(brief: Brief) -> str:
    """Return one sentence on what the gate did where it refused nothing."""
    engine, _, why = brief.summary.engine.partition(": ")
    if engine.startswith("extractive"):
        if why:
            return f"The articles’ own sentences stand in: {FALL_BACKS.get(why, why)}."
        return "Nothing: these are the articles’ own sentences, chosen and not rewritten."
    return "Nothing: every sentence that the model wrote stands in the sources."


def engine_named(engine: str) -> str:
    """Return who wrote, and why the articles' own sentences stand in where they do: for a count of briefs."""
    name, _, why = engine.partition(": ")
    if not name.startswith("extractive"):
        return engine
    return f"the articles’ own sentences, as {FALL_BACKS.get(why, why)}" if why else "the articles’ own sentences"


def written_by(brief: Brief) -> str:
    """Return who wrote a brief's summary: a model by name, or the articles themselves."""
    engine = brief.summary.engine
    is_own = engine.partition(":")[0].startswith("extractive")
    return "Sentences of the articles, chosen and not rewritten" if is_own else f"Written by {engine}"
