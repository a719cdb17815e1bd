"""What holds of subjects, of sexes learnt from pronouns, and of names in headlines."""

import pytest

from digestbot.domain.news import Article
from digestbot.editorial.quotes import find_quotes
from digestbot.editorial.quotes.scene import Scene, lay_out

QUOTED = "\n\n“We go,” said Ann Lee."


def sexes(scene: Scene) -> dict[str, str]:
    return {member.name: member.sex for member in scene.cast}


@pytest.mark.parametrize(
    ("sentence", "sayer"),
    [
        ("Brian Murphy, the chairman of the harbor, said Otto Lind had left.", "Brian Murphy"),
        ("Ann Berg of the Harbor Board told Otto Lind that it was late.", "Ann Berg"),
        ("The pier was closed, said Otto Lind, a baker.", "Otto Lind"),
        ("Anger grew at the pier, Otto Lind said, after Ann Berg left.", "Otto Lind"),
    ],
)
def test_who_speaks_in_a_sentence(sentence: str, sayer: str) -> None:
    """The subject of the verb of saying leads its sentence, over appositions and places, before or behind the verb."""
    scene = lay_out(sentence + QUOTED)
    leaders = [m.text for m in scene.mentions if m.i in scene.subjects.leaders and m.line == 0]
    assert leaders == [sayer]


def test_a_name_before_a_name_only_describes() -> None:
    """In "Berg adviser Otto Lind" it is Lind who leads."""
    scene = lay_out("Berg adviser Otto Lind came late. Ann Berg did not come." + QUOTED)
    leaders = [m.text for m in scene.mentions if m.i in scene.subjects.leaders]
    assert leaders[:2] == ["Otto Lind", "Ann Berg"]


@pytest.mark.parametrize(
    ("text", "name", "sex"),
    [
        ("Naureen Zadar said that her boat was ready.", "Naureen Zadar", "f"),
        ("Gwilymo Pask left the hall. He was late.", "Gwilymo Pask", "m"),
        ("Zadar met Pask at the pier. He was late.", "Zadar", ""),
        ("Marty Walz took her seat. She said her train was late.", "Marty Walz", "f"),
    ],
)
def test_pronouns_tell_the_sex_of_the_one_they_can_mean(text: str, name: str, sex: str) -> None:
    """A pronoun tells it where one person alone is named before it; two of them outweigh a given name."""
    assert sexes(lay_out(text + QUOTED))[name] == sex


def test_a_title_outweighs_pronouns() -> None:
    """Whom a title calls a man is one, whatever pronoun follows him."""
    assert sexes(lay_out("Mr. Zadar said that her boat was his. Her oars were too." + QUOTED))["Zadar"] == "m"


def speakers(text: str) -> list[str | None]:
    quotes = find_quotes(Article(id=1, url="", title="", text=text))
    return [quote.speaker.name if quote.speaker else None for quote in quotes]


def test_a_possessive_is_bound_to_the_subject_of_its_sentence() -> None:
    """Who shakes his head is the one named before it, and so the one who speaks next."""
    text = "Otto Lind led them out. “We were slow,” Lind said. Coach Dragan Petrov shook his head. “And late,” he said."
    assert speakers(text) == ["Otto Lind", "Dragan Petrov"]


def test_what_stands_in_apposition_is_nobody_else() -> None:
    """A pronoun after "the printer, a family firm in Leeds," means the printer."""
    text = "The printer, a family firm in Leeds, answered on Sunday. “We print what we are sent to print,” it wrote."
    assert speakers(text) == ["The printer"]


def test_officials_at_a_ministry_speak_and_not_the_ministry() -> None:
    """The subject of "officials at the ministry said" is the officials."""
    scene = lay_out("Officials at the ministry said that it was late." + QUOTED)
    assert next(m.text for m in scene.mentions if m.i in scene.subjects.sayers) == "Officials at the ministry"


def test_a_headline_is_cut_into_the_names_the_article_has() -> None:
    """Words with a capital for the headline's sake are no part of a name."""
    text = (
        "Carla Fioretti Endorses Otto Lind Before Crucial Vote\n\n"
        "Carla Fioretti said on Monday that Otto Lind was ready."
    )
    scene = lay_out(text + QUOTED)
    assert [m.text for m in scene.mentions if m.line == 0 and m.kind != "D"] == ["Carla Fioretti", "Otto Lind"]
    assert {member.name for member in scene.cast} == {"Carla Fioretti", "Otto Lind", "Ann Lee"}


def test_blank_lines_count_for_nothing() -> None:
    """An article gives the same lines and sentences with one line's end between paragraphs as with two."""
    text = "Ann Lee came.\nOtto Lind left.\n“We go,” she said."
    one, two = lay_out(text), lay_out(text.replace("\n", "\n\n"))
    assert [(m.text, m.line, m.sentence) for m in one.mentions] == [(m.text, m.line, m.sentence) for m in two.mentions]
