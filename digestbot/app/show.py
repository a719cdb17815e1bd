"""Shows answers to people in a terminal; takes plain rows, decides nothing."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import wraps
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from digestbot.chat.characters import clean, clip, one_line
from digestbot.domain.addresses import shown

if TYPE_CHECKING:
    from digestbot.app.doctor import Finding

Rows = dict[str, Any]
LONGEST_ENTRY = 400
"""Characters of an entry's summary that a listing shows."""
LONGEST_TITLE = 200
"""Characters of a title or name that a listing shows."""


def _console() -> Console:
    # What others wrote is shown as it is: no [markup], no :emoji: of the terminal library's own.
    return Console(highlight=False, soft_wrap=False, markup=False, emoji=False)


def harmless(value: Any) -> Any:
    """Return rows with every text cleaned of what a terminal obeys: escapes, controls, half surrogates, overrides."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {key: harmless(one) for key, one in value.items()}
    return [harmless(one) for one in value] if isinstance(value, list) else value


def _of_harmless_rows(show: Callable[[Rows], None]) -> Callable[[Rows], None]:
    @wraps(show)
    def shown_harmless(rows: Rows) -> None:
        show(harmless(rows))

    return shown_harmless


def _title(text: str, otherwise: str = "(no title)") -> str:
    return clip(one_line(text), LONGEST_TITLE) or otherwise


def _table(*columns: str, title: str | None = None) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap="(UTC)" in column)
    return table


def _when(iso: str | None) -> str:
    """Return a time for a table, in UTC: "29 Nov 11:27"."""
    return f"{datetime.fromisoformat(iso).astimezone(UTC):%d %b %H:%M}" if iso else "–"


def _counted(number: int, name: str) -> str:
    """Return a number with its name, which is a plural: "1 feed", "2 stories", "3 failing"."""
    name = name.replace("_", " ")
    if number == 1:
        first, *rest = name.split(" ")
        first = f"{first[:-3]}y" if first.endswith("ies") else first.removesuffix("s")
        name = " ".join([first, *rest])
    return f"{number:,} {name}"


def show_findings(findings: "Sequence[Finding]") -> None:
    """Print one line a finding, and the fix under each that is not well; a link in it stays whole."""
    console = _console()
    for finding in findings:
        mark = Text("ok   ", style="green") if finding.ok else Text("FIX  ", style="bold red")
        console.print(mark + Text(one_line(f"{finding.name}: {finding.what}")), soft_wrap=True)
        if finding.fix and not finding.ok:
            console.print(Padding(Text(f"→ {one_line(finding.fix)}"), (0, 0, 0, 5)))


@_of_harmless_rows
def show_status(rows: Rows) -> None:
    """Print the counts, then what is failing or paused, the subscriptions, and what could not be delivered."""
    console = _console()
    counts = rows["counts"]
    console.print(Text(" · ".join(_counted(value, key) for key, value in counts.items())))
    if rows["failing"]:
        table = _table("feed", "failed", "since (UTC)", "next try (UTC)", "why", title="Feeds that need a look")
        for feed in rows["failing"]:
            table.add_row(
                _title(feed["title"], feed["url"]),
                str(feed["failures"]),
                _when(feed["failing_since"]),
                "–" if feed["paused"] else _when(feed["next_check_at"]),
                (feed["paused"] or feed["last_error"] or "").removeprefix(f"{feed['url']} "),
            )
        console.print(table)
    _show_news_of_feeds(rows)
    if rows["subscriptions"]:
        table = _table("subscription", "channel", "next edition (UTC)", "paused", title="Subscriptions")
        for row in rows["subscriptions"]:
            table.add_row(_title(row["name"]), row["channel"], _when(row["next_edition_at"]), row["paused"] or "")
        console.print(table)
    if rows["undeliverable"]:
        table = _table("delivery", "channel", "why", title="Could not be delivered")
        for row in rows["undeliverable"]:
            table.add_row(str(row["id"]), row["channel"], row["error"])
        console.print(table)


def _show_news_of_feeds(rows: Rows) -> None:
    """Print what the operators were told last, and the quotations shown that publishers have taken out since."""
    console = _console()
    if rows["notices"]:
        table = _table("at (UTC)", "what", title="Notices")
        for notice in rows["notices"]:
            table.add_row(_when(notice["at"]), notice["text"])
        console.print(table)
    if rows["lost_quotes"]:
        columns = ("story", "quotation", "speaker", "missing since (UTC)")
        table = _table(*columns, title="Shown, and since gone from the article")
        for lost in rows["lost_quotes"]:
            table.add_row(str(lost["story"]), lost["text"], lost["speaker"], _when(lost["at"]))
        console.print(table)


@_of_harmless_rows
def show_explanation(rows: Rows) -> None:
    """Print why each story is in an edition, then why each other one is not."""
    console = _console()
    table = _table("story", "headline", "score", title="In the edition")
    for row in rows["chosen"]:
        table.add_row(str(row["story"]), _title(row["headline"]), row["because"])
    if rows["chosen"]:
        console.print(table)
    table = _table("story", "headline", "left out because it", title="Left out")
    for row in rows["left_out"]:
        table.add_row(str(row["story"]), _title(row["headline"]), row["because"])
    if rows["left_out"]:
        console.print(table)


@_of_harmless_rows
def show_feed(rows: Rows) -> None:
    """Print a feed's facts and its entries, newest as the feed has them."""
    console = _console()
    console.print(Text(_title(rows["title"]), style="bold"))
    entries = _counted(len(rows["entries"]), "entries")
    console.print(Text(" · ".join(filter(None, [rows["link"], rows["language"], entries]))))
    if state := rows.get("state"):
        for line in _state_lines(state):
            console.print(Text(line, style="dim"))
    for entry in rows["entries"]:
        console.print()
        console.print(Text(_title(entry["title"]), style="bold"))
        authors = _title(", ".join(entry["authors"]), "")
        line = " · ".join(filter(None, [entry["published"], authors, entry["link"]]))
        console.print(Text(line, style="dim"))
        if entry["summary"]:
            console.print(Text(shorten(entry["summary"], LONGEST_ENTRY, placeholder=" …")))


def _state_lines(state: Rows) -> list[str]:
    """Return when a feed is asked, why then, and what of its last answer is kept."""
    cached = state["cached"]
    kept = [f"ETag {cached['etag']}" if cached["etag"] else "", cached["last_modified"] or ""]
    kept += [f"body {cached['body_hash'][:12]}…" if cached["body_hash"] else "", f"{cached['items']} items"]
    lines = [
        f"checked {state['checked_at'] or 'never'}, next {state['next_check_at']}: {state['why'] or 'not asked yet'}",
        f"cached: {', '.join(filter(None, kept))}; "
        + (
            "only new items are parsed" if cached["parsed_in_parts"] else "parsed whole: its items cannot be told apart"
        ),
    ]
    if state["failures"]:
        failed = _counted(state["failures"], "times")
        lines.append(f"failed {failed} since {state['failing_since']}: {state['last_error']}")
    lines += [f"paused: {state['paused']}"] if state["paused"] else []
    lines += [f"hub: {state['hub']}"] if state["hub"] else []
    return lines + ([f"moving to {state['moving_to']}"] if state["moving_to"] else [])


@_of_harmless_rows
def show_summary(rows: Rows) -> None:
    """Print a summary and what wrote it."""
    console = _console()
    if rows.get("title"):
        console.print(Text(_title(rows["title"]), style="bold"))
    console.print(Text(rows["summary"] or "(nothing to summarize)"))
    console.print(Text(f"engine: {rows['engine']}", style="dim"))


@_of_harmless_rows
def show_grounding(rows: Rows) -> None:
    """Print each sentence of a summary with the gate's word on it."""
    console = _console()
    for sentence in rows["sentences"]:
        mark = Text("stands   ", style="green") if sentence["ok"] else Text("refused  ", style="bold red")
        console.print(mark + Text(sentence["text"]))
        if sentence["reasons"]:
            console.print(Padding(Text(", ".join(sentence["reasons"]), style="dim"), (0, 0, 0, 9)))


@_of_harmless_rows
def show_quotes(rows: Rows) -> None:
    """Print every quote with its speaker; key ones stand out."""
    console = _console()
    if not rows["quotes"]:
        console.print(Text("no quotations of anybody's words"))
        return
    for quote in rows["quotes"]:
        speaker = quote["speaker"] or "speaker not known"
        # Never rounded up: nobody is surer than the figure.
        sure = f" ({int(quote['confidence'] * 100)}% sure)" if quote["speaker"] else ""
        console.print(Text("★ " if quote["key"] else "  ", style="yellow") + Text(f"“{quote['text']}”"))
        console.print(Padding(Text(f"— {speaker}{sure}", style="bold" if quote["key"] else "dim"), (0, 0, 1, 2)))
    console.print(Text("★ would be shown in a digest", style="dim"))


@_of_harmless_rows
def show_import(rows: Rows) -> None:
    """Print what an OPML file adds."""
    console = _console()
    for feed in rows["feeds"]:
        title = Text(_title(feed["title"], feed["url"]), style="bold" if feed["new"] else "dim")
        console.print(title + Text("" if feed["new"] else "  already here", style="not bold"))
        line = " · ".join(filter(None, [", ".join(feed["topics"]), feed["url"]]))
        console.print(Padding(Text(line, style="dim"), (0, 0, 0, 2)), soft_wrap=True)
    console.print()
    verb = "would be added" if rows["dry_run"] else "added"
    console.print(Text(f"{rows['added']} of {len(rows['feeds'])} feeds {verb}"))
    if rows["repeated"]:
        again = "1 more line names" if rows["repeated"] == 1 else f"{rows['repeated']} more lines name"
        console.print(Text(f"{again} a feed a second time"))
    for url in rows["unusable"]:
        console.print(Text(f"left out, for it is no http(s) address: {shown(url)}"))
