"""Whom pronouns and noun phrases take up, and what the article itself tells of that."""

from itertools import product
from time import process_time

import pytest

from digestbot.domain.news import Article
from digestbot.editorial.quotes import find_quotes
from digestbot.editorial.quotes.scene import Scene, lay_out

QUOTED = " “It rained on the whole of it,” he said."


def scene(text: str) -> Scene:
    return lay_out(text + QUOTED)


def speakers(text: str) -> list[str | None]:
    quotes = find_quotes(Article(id=1, url="", title="", text=text))
    return [quote.speaker.name if quote.speaker else None for quote in quotes]


@pytest.mark.parametrize(
    ("introduced", "phrase"),
    [
        ("Gov. Petra Lund", "The governor"),
        ("Rep. Petra Lund", "The congresswoman"),
        ("Majority leader Petra Lund", "The leader"),
        ("Petra Lund, a surgeon,", "The surgeon"),
        ("Petra Lund is a vet. Lund", "The vet"),
    ],
)
def test_a_role_that_one_person_bears_means_that_person(introduced: str, phrase: str) -> None:
    """“The governor” is the one governor that the article names."""
    laid = scene(f"{introduced} arrived late with Jonas Abernathy. {phrase} left early.")
    [taken_up] = [m for m in laid.mentions if m.text == phrase]
    assert laid.cast[taken_up.alias].name == "Petra Lund"


def test_a_role_that_two_people_bear_means_neither_for_certain() -> None:
    """With two governors in the article, “the governor” is left to the sentences around it."""
    laid = scene("Gov. Petra Lund met Gov. Jonas Abernathy. The governor left early.")
    assert [m.alias for m in laid.mentions if m.text == "The governor"] == [-1]


def test_a_role_that_nobody_is_given_goes_to_whom_the_story_is_about() -> None:
    """“The billionaire” of one named man is that man, and so is “he” after it; the role itself stays the speaker's."""
    text = (
        "Jonas Abernathy wants to buy the bridge. “I have crossed it for years,” Abernathy said. "
        "“It is a good bridge,” the billionaire said. “I would paint it on the first day,” he added."
    )
    assert speakers(text)[-1] == "Jonas Abernathy"


def test_the_first_bearer_of_a_surname_is_meant_by_it_alone() -> None:
    """Whoever comes later under a surname keeps the full name, however often."""
    laid = scene(
        "Rep. Douglas Farr denied it. Farr has a house by the lake. Cheryl Farr found the letters, and Cheryl Farr "
        "kept them. Farr left."
    )
    assert {laid.cast[m.entity].name for m in laid.mentions if m.text == "Farr"} == {"Douglas Farr"}


def test_names_that_only_stand_after_in_are_places() -> None:
    """“A candidate in Oban” names nobody."""
    laid = scene("A candidate in Oban found it, near Tarnbrook. Dresden thanked her, and people in Dresden cheered.")
    assert {m.text: m.kind for m in laid.mentions if m.text in ("Oban", "Tarnbrook", "Dresden")} == {
        "Oban": "L",
        "Tarnbrook": "L",
        "Dresden": "N",
    }


def test_what_follows_a_name_and_acts_is_somebody_else() -> None:
    """A comma before a noun phrase with a verb of its own is no apposition."""
    laid = scene("Asked about a letter from Dale Bright, the governor paused. Ann Stokes, the governor's wife, left.")
    assert [m.entity for m in laid.mentions if m.text == "the governor"] == [-1, -1]


def test_doubt_about_a_pronoun_passes_to_those_that_follow_it() -> None:
    """A chain of pronouns is no surer than its first link."""
    text = "Jonas Abernathy thanked Karl Drummond. He waved. “It is a good bridge,” he said. “It will stand,” he said."
    first, second = (quote.confidence for quote in find_quotes(Article(id=1, url="", title="", text=text)))
    assert second <= first + 0.01


def test_whoever_asks_does_not_answer() -> None:
    """“Pressed by Lee, a host, he said”: the answer is not the host's."""
    text = (
        "Howard Kerrigan came back on Monday. “I never left,” Kerrigan said. Pressed about the returns by Don Everly, "
        "a host on the radio, he sighed. “I know where the loopholes are,” he said."
    )
    assert speakers(text) == ["Howard Kerrigan"] * 2


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("By Ingrid Mallory\n", ""),
        ("", "\nIngrid Mallory is editor of the page."),
        ("", "\nIngrid Mallory"),
    ],
)
def test_the_narrator_is_whom_the_page_names_as_its_author(first: str, last: str) -> None:
    """“I said” is the author's where a byline, a note or a signature tells who that is."""
    text = f"{first}Two men came to mend the roof. “It is the wrong roof,” I told them.\nThey mended it.{last}"
    assert speakers(text) == ["Ingrid Mallory"]


def test_a_narrator_whom_the_page_does_not_name_stays_nobody() -> None:
    """Without an author's name “I” is resolved to nobody, least of all to somebody the page is about."""
    text = "Ingrid Mallory came to mend the roof. “It is the wrong roof,” I told her.\nShe mended it all the same."
    assert speakers(text) == [None]


@pytest.mark.parametrize("last", ["Ingrid Mallory is expected to speak on Monday.", "Ingrid Mallory\nRead on."])
def test_a_name_at_the_end_that_is_no_note_is_no_author(last: str) -> None:
    """A last paragraph of news begins with a name too, and so does a link to more."""
    text = f"Two men came to mend the roof. “It is the wrong roof,” I told them.\nThey mended it.\n{last}"
    assert speakers(text) == [None]


def test_a_page_of_namesakes_costs_little() -> None:
    """Ten thousand people of one surname are each looked at, not each held against all others."""
    first = [
        "".join(letters).capitalize() for letters in product("bdfgklmnprst", "aeiou", "bdfgklmnprst", "aeiou", "nrs")
    ]
    began = process_time()
    speakers(" ".join(f"{name} Smith met him." for name in first) + " “It was all quite true,” Smith said.")
    assert process_time() - began < 4
