"""What is written down is what the code does: the example settings, the README's tables, the files people expect."""

import re
import tomllib
from pathlib import Path

import pytest

from digestbot import cli
from digestbot.app import handbook, reference
from digestbot.commands import COMMANDS
from digestbot.config import Settings, load_settings
from digestbot.domain import errors
from digestbot.telemetry import metric_rows

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "config" / "digestbot.example.toml"
README = ROOT / "README.md"
REFERENCE = ROOT / "docs" / "reference"


def command_table() -> str:
    """Return the README's table of commands, from the command line's own help."""
    rows = ["| command | what it does |", "|---|---|"]
    groups = [(group.name, group.typer_instance) for group in cli.cli.registered_groups]
    for prefix, typed in (("", cli.cli), *((f"{name} ", group) for name, group in groups)):
        for command in typed.registered_commands:
            doc = (command.callback.__doc__ or "").strip().splitlines()[0].replace("|", "\\|")
            rows.append(f"| `digestbot {prefix}{command.name or command.callback.__name__}` | {doc} |")
    return "\n".join(rows)


def exit_code_table() -> str:
    """Return the README's table of exit codes."""
    rows = [f"| {code} | {meaning} |" for code, meaning in cli.EXIT_CODES.items()]
    return "\n".join(["| code | meaning |", "|---|---|", *rows])


TABLES = {"commands": command_table, "exit codes": exit_code_table}


def between(text: str, name: str) -> tuple[int, int]:
    """Return where the generated part called ``name`` stands in a document."""
    start, end = f"<!-- generated: {name} -->\n", "\n<!-- end -->"
    begin = text.index(start) + len(start)
    return begin, text.index(end, begin)


def test_the_example_settings_are_those_of_the_code():
    """config/digestbot.example.toml is what the settings model generates (`make docs` writes it)."""
    assert EXAMPLE.read_text(encoding="utf-8") == reference.settings_toml()


def test_the_example_settings_load():
    """The example is valid TOML, and uncommented it is a valid configuration."""
    assert load_settings(EXAMPLE).feeds


def test_every_default_of_the_example_is_one():
    """Each commented default, set for real, is accepted."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    real = "\n".join(re.sub(r"^# (?=[a-z_]+ = )", "", line) for line in lines)
    Settings.model_validate(tomllib.loads(real))


@pytest.mark.parametrize("name", TABLES)
def test_the_readme_tables_are_those_of_the_code(name):
    """Each generated table of the README is what the code says (`make docs` writes it)."""
    text = README.read_text(encoding="utf-8")
    begin, end = between(text, name)
    assert text[begin:end] == TABLES[name]()


@pytest.mark.parametrize("name", handbook.PAGES)
def test_the_reference_is_that_of_the_code(name):
    """Each page of docs/reference is what the code says (`make docs` writes it)."""
    assert (REFERENCE / f"{name}.md").read_text(encoding="utf-8") == handbook.PAGES[name]()


def test_the_reference_leaves_nothing_out():
    """Every setting, chat command, metric and error code stands in its page."""
    pages = {name: make() for name, make in handbook.PAGES.items()}
    for section, field in Settings.model_fields.items():
        for key in getattr(field.annotation, "model_fields", {}):
            assert f"`{section}.{key}`" in pages["settings"]
    for command in COMMANDS:
        assert f"## `{command.name}`" in pages["commands"]
        assert all(f"| `{option.name}` " in pages["commands"] for option in command.options)
        assert all(f"`{option.on_discord}`" in pages["commands"] for option in command.options)
        assert f"on Discord `/{command.discord}`" in pages["commands"] or not command.discord
    assert all(f"`{name}`" in pages["metrics"] for name, *_ in metric_rows())
    assert all(f"`{kind.code}`" in pages["errors"] for kind in every_error(errors.DigestbotError))


def every_error(kind):
    """Yield a class and every class below it that the domain has."""
    if kind.__module__ == errors.__name__:
        yield kind
    for child in kind.__subclasses__():
        yield from every_error(child)


def test_make_bench_prints_every_figure_of_the_readme():
    """Each figure of the README names its command, the command is there, and ``make bench`` runs it."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (_, _, table) = README.read_text(encoding="utf-8").partition("| what | figure | command |")
    rows = [line for line in table.partition("\n\n")[0].splitlines()[2:] if line.startswith("|")]
    assert len(rows) > 8
    wanted = {command for row in rows for command in re.findall(r"`make (bench-[a-z]+)`", row)}
    assert all("`make bench-" in row for row in rows)
    (ran,) = re.findall(r"^bench: (.*?) ##", makefile, re.MULTILINE)
    assert wanted <= set(ran.split())
    for target in ran.split():
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_starter_settings_load():
    """config/digestbot.toml is a valid configuration that delivers to the console."""
    settings = load_settings(ROOT / "config" / "digestbot.toml")
    assert [s.platform for s in settings.subscriptions] == ["console"]


@pytest.mark.parametrize(
    "name", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "DECISIONS.md", "LICENSE", "Makefile"]
)
def test_expected_files_are_there(name):
    """The files people look for are there and say something."""
    assert len((ROOT / name).read_text(encoding="utf-8")) > 400


def write() -> None:
    """Write every generated file and table anew."""
    from digestbot.chat.slack.manifest import PUBLIC, manifest_yaml  # noqa: PLC0415 - Slack's library, for this alone

    EXAMPLE.write_text(reference.settings_toml(), encoding="utf-8")
    (ROOT / "config" / "slack-manifest.yaml").write_text(manifest_yaml(), encoding="utf-8")
    (ROOT / "config" / "slack-manifest-http.yaml").write_text(manifest_yaml(PUBLIC), encoding="utf-8")
    REFERENCE.mkdir(exist_ok=True)
    for page, make in handbook.PAGES.items():
        (REFERENCE / f"{page}.md").write_text(make(), encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    for name, make in TABLES.items():
        begin, end = between(text, name)
        text = text[:begin] + make() + text[end:]
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
