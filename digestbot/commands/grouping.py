"""The managers' word on which articles are one story: merge and split; what they decide sticks."""

from digestbot.commands.documents import said
from digestbot.commands.model import Asker, Desk, Options, Reply
from digestbot.commands.stories import article_card, line_of
from digestbot.domain.errors import BadOption


async def merge(desk: Desk, _asker: Asker, options: Options) -> Reply:
    """Join a story to another; its number leads there from now on.

    Raises:
        NotFound: There is no such story.
        BadOption: Both are the same story.

    """
    story = await desk.store.story(options.number("story"))
    into = await desk.store.story(options.number("into"))
    if story.id == into.id:
        raise BadOption("into", f"is the same story as {options.number('story')}")
    number = await desk.store.join_stories([story.id], into.id)
    joined = await desk.store.story(number)
    return Reply((*said(f"Story {story.id} is part of story {number} now.").cards, line_of(joined)))


async def split(desk: Desk, _asker: Asker, options: Options) -> Reply:
    """Take one article out of a story, as a story of its own that is never joined to it again.

    Without ``article`` the articles are listed with their numbers.

    Raises:
        NotFound: There is no such story.
        BadOption: It has no such article, or only one.

    """
    story = await desk.store.story(options.number("story"))
    number = options.number("article", 0)
    if not number:
        lines = said(f"Story {story.id} has {len(story.articles)} articles; say which, by its place in this list.")
        return Reply((*lines.cards, *(article_card(article) for article in story.articles)))
    if len(story.articles) == 1:
        raise BadOption("story", f"{story.id} has one article only")
    if number > len(story.articles):
        raise BadOption("article", f"must be 1 to {len(story.articles)}")
    chosen = story.articles[number - 1]
    made = await desk.store.move_articles([chosen.id], None)
    return Reply((*said(f"That article is story {made} now.").cards, line_of(await desk.store.story(made))))
