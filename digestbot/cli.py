"""The command line: typer commands that read arguments and print answers; no logic, and nothing heavy at import."""

import asyncio
import errno
import io
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from digestbot import __version__, cli_ascode, cli_plan, cli_upkeep
from digestbot.app.json_text import json_text
from digestbot.cli_models import models
from digestbot.domain.errors import ConfigError, DigestbotError
from digestbot.domain.subscription import Length

EXIT_CODES = {
    0: "done",
    1: "it could not be done; the message says what to do",
    2: "the command line is wrong",
    75: "it may work later unchanged (a server is down, a limit is reached)",
    78: "the configuration is wrong; every fault is named",
    130: "stopped by Ctrl-C",
}
"""What an exit code says (75 and 78 are EX_TEMPFAIL and EX_CONFIG of sysexits.h)."""

UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
"""What ends a write to standard output, which is somebody's file or disk."""

EPILOG = "Exit codes: " + " · ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items())

cli = typer.Typer(
    name="digestbot",
    help="Faithful news digests for Slack and Discord: verbatim quotes, true speakers, grounded summaries.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

T = TypeVar("T")

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="DIGESTBOT_CONFIG", help="The settings file (TOML).", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
JsonlOption = Annotated[bool, typer.Option("--jsonl", help="Read one JSON object a line, answer one a line.")]
LengthOption = Annotated[str, typer.Option("--length", help="short, medium or long.")]
SourceArgument = Annotated[
    str | None, typer.Argument(metavar="SOURCE", help="A URL, a file (.html, .txt) or - for standard input.")
]


def main() -> None:
    """Run the command line; an error of ours becomes one sentence on standard error and an exit code."""
    _take_every_character()
    try:
        cli()
    except ConfigError as error:
        for fault in (*error.faults, error.hint):
            _say(fault)
        sys.exit(78)
    except DigestbotError as error:
        _print_error(error)
        sys.exit(75 if error.transient else 1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output has left (`digestbot … | head`): nothing to say, and nobody to say it to.
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        _say(f"the output cannot be written ({error.strerror}); make room there, or write elsewhere")
        sys.stdout = None  # Python would try once more at its end, and say so
        sys.exit(1)


def _take_every_character() -> None:
    """Let no character of a feed or file end a command: what a stream cannot encode is written as its number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")


def _say(sentence: str) -> None:
    from digestbot.chat.characters import one_line

    print(f"digestbot: {one_line(sentence)}", file=sys.stderr)


def _print_error(error: DigestbotError) -> None:
    if "--json" in sys.argv:
        print(json_text({"error": error.code, "message": str(error)}))
    _say(str(error))


def _run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def _print_json(value: object) -> None:
    print(json_text(value, indent=None if isinstance(value, dict) and "id" in value else 2))


def _print_line(value: object) -> None:
    print(json_text(value), flush=True)


def _length(value: str) -> Length:
    if value not in ("short", "medium", "long"):
        raise typer.BadParameter("must be short, medium or long", param_hint="--length")
    return value  # type: ignore[return-value]  # narrowed by the test above, which mypy does not follow


def _source_or_lines(source: str | None, *, jsonl: bool) -> None:
    if not jsonl and source is None:
        raise typer.BadParameter("give a URL, a file or -", param_hint="SOURCE")


def _version(value: bool) -> None:
    if value:
        print(f"digestbot {__version__}")
        raise typer.Exit


@cli.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Faithful news digests for Slack and Discord."""


@cli.command(epilog="Example: digestbot demo --out my-digest.html")
def demo(
    newsroom: Annotated[Path | None, typer.Option(help="Another newsroom folder than the sample one.")] = None,
    out: Annotated[Path, typer.Option(help="Where the page goes.")] = Path("var/demo/digest.html"),
) -> None:
    """Make a digest from a small newsroom served on this machine; show it here and as a page."""
    from digestbot.app.demo import run_demo

    _run(run_demo(newsroom, out))


@cli.command(epilog="Example: digestbot run --config config/digestbot.toml --role worker")
def run(
    config: ConfigOption = None,
    role: Annotated[
        list[str] | None,
        typer.Option("--role", help="On PostgreSQL: all, scheduler, worker, chat, web; again or with commas for more."),
    ] = None,
) -> None:
    """Run the bot, or some of its roles: scheduler, pipeline and every enabled adapter, until Ctrl-C."""
    from digestbot.app.bot import run_bot
    from digestbot.runtime.loops import loop_factory

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(run_bot(config, roles=role or ()))


@cli.command(epilog="Example: digestbot check --config config/digestbot.toml")
def check(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check settings, database, disk, models, memory, feeds, clock and tokens; name the fix for each finding."""
    from digestbot.app.doctor import examine, finding_rows
    from digestbot.app.show import show_findings

    findings = _run(examine(config))
    _print_json(finding_rows(findings)) if as_json else show_findings(findings)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@cli.command(epilog="Example: digestbot status --json")
def status(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show what is here: feeds and their health, stories, subscriptions, deliveries."""
    from digestbot.app.show import show_status
    from digestbot.app.state import status_rows

    rows = _run(status_rows(config))
    _print_json(rows) if as_json else show_status(rows)


@cli.command(epilog="Example: digestbot feed https://example.org/rss.xml --json")
def feed(
    source: Annotated[str, typer.Argument(metavar="URL_OR_FILE", help="A feed's address, a site's page, or a file.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a feed gives: title, link, language and entries."""
    from digestbot.app.ask import feed_rows
    from digestbot.app.show import show_feed

    rows = _run(feed_rows(source, config))
    _print_json(rows) if as_json else show_feed(rows)


@cli.command(epilog="Example: digestbot summarize article.txt --length short")
def summarize(
    source: SourceArgument = None,
    config: ConfigOption = None,
    length: LengthOption = "medium",
    as_json: JsonOption = False,
    jsonl: JsonlOption = False,
) -> None:
    """Condense one article to two or three sentences that stand in it."""
    from digestbot.app.ask import summarize_source, summarize_stdin
    from digestbot.app.show import show_summary

    _source_or_lines(source, jsonl=jsonl)
    if jsonl:
        return _run(summarize_stdin(sys.stdin, config, _length(length), _print_line))
    rows = _run(summarize_source(source if source is not None else "-", config, _length(length)))
    return _print_json(rows) if as_json else show_summary(rows)


@cli.command(epilog="Example: digestbot quotes article.html --json")
def quotes(
    source: SourceArgument = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    jsonl: JsonlOption = False,
) -> None:
    """List an article's quotes, verbatim, with their speakers; the key ones are marked."""
    from digestbot.app.show import show_quotes

    _source_or_lines(source, jsonl=jsonl)
    if jsonl:
        from digestbot.app.batch import quotes_lines

        for row in quotes_lines(sys.stdin):
            _print_line(row)
        return
    from digestbot.app.ask import quotes_source

    rows = _run(quotes_source(source if source is not None else "-", config))
    _print_json(rows) if as_json else show_quotes(rows)


@cli.command(epilog='Example: digestbot ground article.txt "The council voted to build the barrier."')
def ground(
    source: SourceArgument = None,
    summary: Annotated[str | None, typer.Argument(help="The summary, or a file that holds it.")] = None,
    *,
    config: ConfigOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="Judge it as drafts of the bot's own models are.")] = False,
    as_json: JsonOption = False,
    jsonl: JsonlOption = False,
) -> None:
    """Hold a summary from anywhere against its article: what stands in it, what does not, and why."""
    if jsonl:
        from digestbot.app.batch import ground_lines

        for row in ground_lines(sys.stdin, strict=strict):
            _print_line(row)
        return
    if source is None or summary is None:
        raise typer.BadParameter("give an article and a summary", param_hint="SOURCE SUMMARY")
    from digestbot.app.ask import ground_source
    from digestbot.app.show import show_grounding

    rows = _run(ground_source(source, summary, config, strict=strict))
    _print_json(rows) if as_json else show_grounding(rows)
    if not rows["ok"]:
        raise typer.Exit(1)


@cli.command(epilog="Example: digestbot cluster --jsonl < headlines.jsonl")
def cluster(config: ConfigOption = None, jsonl: JsonlOption = True) -> None:  # noqa: ARG001 - its one form
    """Group articles into stories: {"id","title","text","published","source"} a line → {"id","story"} a line."""
    from digestbot.app.ask import cluster_stdin

    for row in _run(cluster_stdin(sys.stdin, config)):
        _print_line(row)


@cli.command(epilog='Example: digestbot digest "Morning brief" --at 2026-11-24T08:00 --explain')
def digest(
    subscription: Annotated[str, typer.Argument(help="The subscription's name or number.")],
    config: ConfigOption = None,
    at: Annotated[str | None, typer.Option(help="The edition's time (ISO; UTC unless it names a zone).")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say why each story is in it or left out.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a subscription's edition as it would be made; nothing is posted or marked."""
    from digestbot.app.desk import edition, show_edition
    from digestbot.app.show import show_explanation

    draft, rows = _run(edition(subscription, at, config))
    if as_json:
        return _print_json(rows)
    _run(show_edition(draft))
    return show_explanation(rows) if explain else None


@cli.command(epilog="Example: digestbot ask now 24h --config config/digestbot.toml")
def ask(
    words: Annotated[list[str], typer.Argument(help="A command as typed in chat, such as: help, list, now 24h.")],
    config: ConfigOption = None,
) -> None:
    """Answer a chat command in the terminal, as somebody who manages the bot."""
    from digestbot.app.desk import ask as answer

    _run(answer(words, config))


@cli.command(epilog="Example: digestbot migrate --config config/digestbot.toml")
def migrate(
    config: ConfigOption = None,
    revision: Annotated[str, typer.Option(help="The schema to go to; head is the newest.")] = "head",
    yes: cli_upkeep.YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Bring the database's schema to the one this version needs."""
    from digestbot.app.state import migrate_database, question_before

    cli_upkeep.ask_first(_run(question_before(config, revision)), yes=yes)
    before, after = _run(migrate_database(config, revision))
    row = {"before": before, "after": after}
    change = f"{before or 'none'} → {after or 'none'}" if before != after else f"{after}, nothing to do"
    _print_json(row) if as_json else print(f"database schema: {change}")


@cli.command("import", epilog="Example: digestbot import config/feeds.opml --dry-run")
def import_(
    opml: Annotated[Path, typer.Argument(help="An OPML file; folders become topics.")],
    config: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be added.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Add the feeds of an OPML file."""
    from digestbot.app.show import show_import
    from digestbot.app.state import import_opml

    rows = _run(import_opml(opml, config, dry_run=dry_run))
    _print_json(rows) if as_json else show_import(rows)


@cli.command("export", epilog="Example: digestbot export > feeds.opml")
def export(
    file: Annotated[
        Path | None, typer.Argument(help="A .toml file for feeds and digests as code; OPML to standard output else.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    workspace: Annotated[str, typer.Option(help="Whose, such as slack:T0123456789; the operator's own else.")] = "",
) -> None:
    """Write the feeds as OPML to standard output, or feeds and digests as code into a file."""
    from digestbot.app.state import export_opml, feed_list

    if file is not None:
        from digestbot.app.as_code import export_declared

        print(f"{_run(export_declared(file, config, workspace or 'console:'))} feeds and digests written to {file}")
        return None
    if as_json:
        return _print_json(_run(feed_list(config)))
    return _write_bytes(sys.stdout.buffer.write, _run(export_opml(config)))


def _write_bytes(write: Callable[[bytes], object], data: bytes) -> None:
    write(data)


# After the commands above: help names what a newcomer wants first.
cli_ascode.register(cli)
cli_upkeep.register(cli)
cli_plan.register(cli)
cli.add_typer(models, name="models")


if __name__ == "__main__":
    main()
