"""Feeds and articles on demand, from addresses of the sample newsroom and from files of every kind."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from digestbot.app.ask import feed_rows, quotes_source, read_source
from digestbot.domain.errors import BlockedAddress, NotFound, NothingToRead, TooLarge
from digestbot.web.newsroom import Newsroom, serve

ROOT = Path(__file__).resolve().parent.parent.parent
WORDS = "“We will open the bridge on Monday,” said Nora Lind, the harbour master, at the quay."


@pytest.fixture
async def newsroom():
    """Serve the sample newsroom; yield it with its base URL."""
    room = Newsroom.load(ROOT / "config" / "demo", datetime.now(UTC))
    runner, base = await serve(room)
    yield room, base
    await runner.cleanup()


@pytest.fixture
def config(tmp_path, newsroom):
    """Return a settings file that may read the newsroom's host."""
    path = tmp_path / "digestbot.toml"
    host = newsroom[1].removeprefix("http://")
    path.write_text(
        f'[database]\nurl = "sqlite:///{tmp_path}/d.sqlite3"\n[sources]\nmin_gap = 0\n'
        f'max_bytes = 100000\nallow_private_hosts = ["{host}"]\n',
        encoding="utf-8",
    )
    return path


async def test_a_feed_is_shown_from_its_address_and_from_its_sites_page(newsroom, config):
    """An address of a feed and the front page that names it give the same entries."""
    room, base = newsroom
    outlet = room.outlets[0]
    feed = next(url for url in room.feed_urls(base) if outlet.slug in url)
    rows = await feed_rows(feed, config)
    assert rows["entries"]
    assert rows["entries"] == (await feed_rows(f"{base}/{outlet.slug}/", config))["entries"]


async def test_an_article_is_read_from_its_address(newsroom, config):
    """The page's text comes without its furniture, and its quotes with their speakers."""
    room, base = newsroom
    piece = room.published_by("meridian")[0]
    article = await read_source(base + piece.path, config)
    assert article.title == piece.title
    assert "Read more" not in article.text
    assert any(quote["key"] for quote in (await quotes_source(base + piece.path, config))["quotes"])


async def test_a_private_address_is_refused(config):
    """An address inside the network that the settings do not name is not asked."""
    with pytest.raises(BlockedAddress):
        await read_source("http://127.0.0.1:1/secret", config)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.txt", WORDS.encode()),
        ("bom.txt", WORDS.encode("utf-8-sig")),
        ("wide.txt", WORDS.encode("utf-16")),
        ("windows.txt", WORDS.encode("cp1252")),
        ("page.html", f"<html><body><article><p>{WORDS}</p><p>{'It is a long bridge. ' * 20}</p></article>".encode()),
    ],
)
async def test_files_are_read_in_any_encoding(tmp_path, config, name, data):
    """Text in UTF-8, with a mark, UTF-16 and Windows-1252, and HTML, all keep their quotation marks."""
    path = tmp_path / name
    path.write_bytes(data)
    assert WORDS in (await read_source(str(path), config)).text


@pytest.mark.parametrize(
    ("data", "error"),
    [(None, NotFound), (b"  \n", NothingToRead), (b"x" * 100_001, TooLarge)],
    ids=["none", "empty", "big"],
)
async def test_what_cannot_be_read_is_a_typed_error(tmp_path, config, data, error):
    """A missing, an empty and an over-large file each say so."""
    path = tmp_path / "a.txt"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(error):
        await read_source(str(path), config)
