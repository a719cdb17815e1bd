"""The pages in a real Chromium: opened, searched, clicked, by mouse and by keyboard, in both colour schemes.

axe-core finds nothing serious on any of them; none scrolls sideways on a phone; the policy lets everything of ours run.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from digestbot.web.access import Guard
from digestbot.web.server import serving
from tests.web import chromium
from tests.web.world import World, world

pytestmark = pytest.mark.asyncio(loop_scope="module")
# A shared machine may be slow: what is waited for comes, or the claim is wrong.
expect.set_options(timeout=30_000)
TOKEN = "correct horse battery staple"
PAGES = {
    "archive": "/",
    "subscription": "/?subscription=2",
    "edition": "/edition/1/20261123T065500Z",
    "story": "/story/{barrier}",
    "refused story": "/story/{grain}",
    "search": "/search?q=corrigan",
    "nothing found": "/search?q=zzzz",
    "people": "/people",
    "speaker": "/speaker?name=Oona+Corrigan",
    "preview": "/preview/3",
    "status": "/status",
    "fault": "/nothing",
}
LAID_OUT_ANEW = {"archive", "preview", "status"}
"""Pages that look otherwise on a phone, not only narrower."""


@dataclass(frozen=True)
class Site:
    """The world being served, and a browser to look at it."""

    base: str
    browser: Browser
    axe: str
    world: World


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[Site]:
    """Serve a small world to a Chromium."""
    path, axe = chromium.require()
    made = await world()
    async with serving(made.desk, Guard(), "127.0.0.1", 0) as base, async_playwright() as playwright:
        browser = await chromium.launch(playwright, path)
        yield Site(base, browser, axe, made)
        await browser.close()


@asynccontextmanager
async def opened(site: Site, path: str, **options) -> AsyncIterator[Page]:
    """Open a page; fail when the browser has anything to complain of."""
    context = await site.browser.new_context(
        base_url=site.base, viewport=options.pop("viewport", chromium.DESK), **options
    )
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    await page.goto(path)
    yield page
    await context.close()
    assert [fault for fault in faults if "status of 404" not in fault] == []


@pytest.mark.parametrize("name", PAGES)
async def test_each_page_in_both_schemes_and_on_a_phone(site: Site, name):
    """Each page opens without a complaint, bright or dark as the reader wishes, fits a phone, and passes axe-core."""
    path = PAGES[name].format(**site.world.stories)
    async with opened(site, path, color_scheme="light") as page:
        await expect(page.locator("h1")).to_have_count(1)
        await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        assert await chromium.brightness(page) > 0.9
        assert await chromium.findings(page, site.axe) == []
        await page.emulate_media(color_scheme="dark")
        assert await chromium.brightness(page) < 0.15
        assert await chromium.findings(page, site.axe) == []
        await page.set_viewport_size(chromium.PHONE)
        assert await chromium.overflow(page) == []
        if name in LAID_OUT_ANEW:
            assert await chromium.findings(page, site.axe) == []


@pytest.mark.parametrize("name", ["archive", "edition", "story", "search", "speaker", "people", "status"])
async def test_words_without_end_fit_a_phone(site: Site, name):
    """A headline, a name or an address of three hundred letters breaks its line and no page scrolls sideways."""
    path = PAGES[name].format(**site.world.stories)
    async with opened(site, path, viewport=chromium.PHONE) as page:
        await page.evaluate("""() => {
            const ours = ":not(.number, .short, .feeds a)";
            for (const one of document.querySelectorAll(`main :is(h1, h2, h3, h4, p, li, a, td, th, dd)${ours}`))
                for (const node of one.childNodes)
                    if (node.nodeType === 3 && node.data.trim()) node.data = "Donaudampfschiff".repeat(18);
        }""")
        assert await chromium.overflow(page) == []


async def test_searching_leads_to_a_person_and_a_story(site: Site):
    """Words typed into the search box find people, quotes and stories; a click leads to each."""
    async with opened(site, "/") as page:
        await page.get_by_role("searchbox").fill("Corrigan")
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(f"{site.base}/search?q=Corrigan")
        results = page.get_by_role("region", name="Results")
        await expect(results.locator("mark").first).to_have_text("Corrigan")
        await results.locator("ol.person a.person").first.click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Oona Corrigan")
        await expect(page.locator(".context mark.quote").first).to_contain_text("We have buried two of our neighbours")
        await page.locator(".sayings a[href^='/story/']").first.click()
        await expect(page.locator("article.source:target")).to_be_visible()


async def test_a_summarys_number_leads_to_what_it_rests_on(site: Site):
    """A click on the number after a sentence brings the passage it rests on into view."""
    async with opened(site, f"/story/{site.world.stories['barrier']}") as page:
        await page.locator("a.rest").first.click()
        await expect(page.locator(".anchor:target + .rests")).to_be_in_viewport()
        note = page.locator(".prose a.rest").first
        await note.click()
        await expect(page.locator(".quotes li:target")).to_be_in_viewport()


async def test_the_archive_is_walked_by_subscription_day_and_edition(site: Site):
    """Clicks lead from the archive to a subscription, a day, an edition, a story."""
    async with opened(site, "/") as page:
        margin = page.get_by_role("complementary")
        await margin.get_by_role("link", name="Harbour watch", exact=True).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Harbour watch")
        await margin.get_by_role("link", name="All", exact=True).click()
        await margin.get_by_label("Day").fill("2026-11-21")
        await margin.get_by_role("button", name="Show").click()
        await expect(page.locator(".edition")).to_have_count(1)
        await page.locator(".edition h3 a").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Saturday 21 November 2026")
        await page.locator(".card h2 a").first.click()
        await expect(page.get_by_role("heading", name="Sources, side by side")).to_be_visible()


async def test_a_preview_is_made_anew_at_once(site: Site):
    """Another style or length shows at once, without loading the page again; the address keeps the choice."""
    async with opened(site, "/preview/3") as page:
        await page.evaluate("window.same = true")
        posts = page.locator(".proof.light .slack .post")
        before = await posts.count()
        await page.get_by_label("Compact: one message").check()
        await expect(page.get_by_role("status")).to_have_text("Made anew.")
        assert await posts.count() < before
        words = len((await page.locator(".proof.light .discord").inner_text()).split())
        await page.get_by_label("Short").check()
        await expect(page).to_have_url(f"{site.base}/preview/3?style=compact&length=short&stories=5&quotes=2")
        assert len((await page.locator(".proof.light .discord").inner_text()).split()) < words
        await page.get_by_label("quotes a story").fill("0")
        await expect(page.locator(".proof.light blockquote")).to_have_count(0)
        assert await page.evaluate("window.same")
        await page.reload()
        await expect(page.get_by_label("Compact: one message")).to_be_checked()


async def test_light_and_dark_are_shown_side_by_side(site: Site):
    """Both schemes can be seen together or each alone, whatever the reader's own is."""
    async with opened(site, "/preview/3", color_scheme="light") as page:
        light, dark = page.locator(".proof.light"), page.locator(".proof.dark")
        await expect(dark).to_be_hidden()
        await page.get_by_label("Light and dark").check()
        await expect(light).to_be_visible()
        await expect(dark).to_be_visible()
        colours = [
            await one.locator(".slack").evaluate("(one) => getComputedStyle(one).backgroundColor")
            for one in (light, dark)
        ]
        assert colours == ["rgb(255, 255, 255)", "rgb(26, 29, 33)"]
        assert await chromium.findings(page, site.axe) == []
        await page.get_by_label("Dark", exact=True).check()
        await expect(light).to_be_hidden()


async def test_without_script_the_forms_button_does_the_same(site: Site):
    """A browser that runs no script gets the same preview by the button."""
    async with opened(site, "/preview/3", java_script_enabled=False) as page:
        before = await page.locator(".proof.light .slack .post").count()
        await page.get_by_label("Compact: one message").check()
        await page.get_by_role("button", name="Show").click()
        assert await page.locator(".proof.light .slack .post").count() < before


async def test_everything_is_reached_by_keyboard(site: Site):
    """The first tab offers to skip to the page; tabs lead on through the rooms, each visibly focused."""
    async with opened(site, "/status") as page:
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("main")).to_be_focused()
        await page.keyboard.press("Tab")
        focused = page.locator(":focus")
        await expect(focused).to_have_text("The numbers")
        assert "solid" in await focused.evaluate("(one) => getComputedStyle(one).outline")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("region", name="Articles read an hour, the numbers")).to_be_visible()
        await page.goto("/preview/3")
        await page.get_by_label("Full: a card a story").focus()
        await page.keyboard.press("ArrowRight")
        await expect(page.get_by_role("status")).to_have_text("Made anew.")


async def test_feeds_are_looked_at_by_health(site: Site):
    """A click on a health shows the feeds of it alone."""
    async with opened(site, "/status") as page:
        await page.get_by_role("link", name="Failing 1").click()
        feeds = page.locator("section[aria-labelledby='feeds'] tbody tr")
        await expect(feeds).to_have_count(1)
        await expect(feeds).to_contain_text("The Coastal Echo")


@pytest.mark.parametrize("host", ["127.0.0.1", chromium.NAMED])
async def test_logging_in_and_out(site: Site, host):
    """A reader is asked for the token, told when it is wrong, led on where they wanted to go, and out again.

    A browser tells less of where a form comes from when it does not trust the host: the form is taken all the same.
    """
    async with serving(site.world.desk, Guard(TOKEN), "127.0.0.1", 0) as served:
        base = served.replace("127.0.0.1", host)
        context = await site.browser.new_context(base_url=base, color_scheme="dark")
        page = await context.new_page()
        await page.goto("/status")
        assert await chromium.findings(page, site.axe) == []
        await page.get_by_label("Token").fill("wrong")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("That is not the token")
        await page.get_by_label("Token").fill(TOKEN)
        await page.get_by_role("button", name="Log in").click()
        await expect(page).to_have_url(f"{base}/status")
        await page.get_by_role("button", name="Log out").click()
        await expect(page).to_have_url(f"{base}/login")
        await context.close()
