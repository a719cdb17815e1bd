"""A real Chromium for tests, and axe-core to look at its pages; without one these are skipped, but never in CI."""

import os
import shutil
from importlib.resources import files
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
NAMED = "news.example"
"""A name that leads to this machine, which no browser trusts as it does localhost."""
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}


def require() -> tuple[str, str]:
    """Return Chromium's path and axe-core's source; without a Chromium skip the test, and in CI fail it."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None and os.environ.get("CI"):
        pytest.fail("CI must have a Chromium: see .ci/run")
    if path is None:
        pytest.skip("needs a Chromium (Debian: apt-get install chromium)")
    return path, files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


async def launch(playwright: Playwright, path: str) -> Browser:
    """Start Chromium; root, and containers of CI, have to do without its sandbox and without much shared memory."""
    bare = os.geteuid() == 0 or bool(os.environ.get("CI"))
    arguments = [f"--host-resolver-rules=MAP {NAMED} 127.0.0.1"]
    arguments += ["--no-sandbox", "--disable-dev-shm-usage"] if bare else []
    return await playwright.chromium.launch(executable_path=path, args=arguments, timeout=60_000)


async def findings(page: Page, axe: str) -> list[str]:
    """Return what axe-core finds serious or critical on a page, a line each."""
    await page.evaluate(axe)
    result: dict[str, Any] = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{found['impact']} {found['id']}: {node['html'][:160]} {node['failureSummary'][:240]}"
        for found in result["violations"]
        if found["impact"] in {"serious", "critical"}
        for node in found["nodes"]
    ]


async def overflow(page: Page) -> list[str]:
    """Return what is wider than the window, where the page can be scrolled sideways."""
    script = """() => {
        const wide = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth <= wide) return [];
        return [...document.querySelectorAll("body *")]
            .filter((one) => one.getBoundingClientRect().right > wide + 1)
            .map((one) => `${one.tagName}.${one.className}`).slice(0, 9);
    }"""
    found: list[str] = await page.evaluate(script)
    return found


async def brightness(page: Page) -> float:
    """Return how bright the page's ground is, 0 (black) to 1 (white)."""
    colour: str = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    numbers = [float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    return sum(numbers) / 3 / 255
