"""The guides say what is so: every command, option, setting, metric, chat command and link in them is real."""

import re
import shlex
from configparser import RawConfigParser
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
import yaml

from digestbot import cli
from digestbot.app.as_code import read_declared
from digestbot.commands import COMMANDS
from digestbot.commands.parse import understood
from digestbot.config import OWN_VARIABLES, Settings, load_settings
from digestbot.domain.errors import DigestbotError
from digestbot.telemetry import metric_rows

ROOT = Path(__file__).resolve().parent.parent
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
PAGES = [*GUIDES, ROOT / "docs" / "comparison.md"]
UNIT = ROOT / "packaging" / "digestbot.service"
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
BINARY = re.compile(r"(?:.*/)?digestbot")
USAGE_ERROR = typer.BadParameter.__mro__[1]
"""What typer raises for a command line that it does not take; typer keeps its name to itself."""
FOREIGN = "/feed subscribe"
"""A command of Slack's own RSS app, which the comparison names."""
HANDLES = {command.discord for command in COMMANDS if command.discord}
"""What Discord calls our commands, without the slash; both platforms have a ``/digest``."""

every_guide = pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


# ── what a page holds ────────────────────────────────────────────────────────


def blocks(text, language):
    """Return the fenced blocks of a language, their common indentation taken away."""
    found = [body for name, body in FENCE.findall(text) if name == language]
    return [re.sub(r"^ {3}", "", body, flags=re.MULTILINE) if body.startswith("   ") else body for body in found]


def spans(text):
    """Return what stands between back-quotes in the prose."""
    return [" ".join(span.split()) for span in SPAN.findall(FENCE.sub("", text))]


def lines(text):
    """Return the shell lines of a page, continued ones joined, comments left out."""
    joined = "\n".join(blocks(text, "sh")).replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def invocations(line):
    """Return the arguments of each ``digestbot`` that a shell line runs, by itself or as a service of compose.yaml."""
    found = []
    for part in re.split(r"\s(?:\|\|?|&&|;)\s", line):
        words = shlex.split(re.sub(r"\s(?:2?>|<)\s*\S+", "", part), comments=True)
        if words[:3] == ["docker", "compose", "run"]:
            service, *rest = [word for word in words[3:] if word != "--rm"]
            assert service in yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"], line
            found += [rest] if rest else []
        elif words and words[0] != "docker":
            at = [number for number, word in enumerate(words) if BINARY.fullmatch(word) and is_run(words[:number])]
            found += [words[at[0] + 1 :]] if at else []
    return found


def is_run(before):
    """Tell whether a word after these is the command that a shell runs."""
    return (not before or before[0] == "sudo" or all("=" in word for word in before)) and before[-1:] != ["-u"]


def commands_of(page):
    """Return every ``digestbot …`` of a page, and whether it is whole: prose may leave needed arguments out."""
    text = page.read_text("utf-8")
    found = [(words, True) for line in lines(text) for words in invocations(line)]
    return found + [(shlex.split(span)[1:], False) for span in spans(text) if span.startswith("digestbot ")]


# ── the claims ───────────────────────────────────────────────────────────────


def accept(words, *, whole=True):
    """Have the command line read these words, running nothing; needed arguments may lack where it is not ``whole``.

    Raises:
        USAGE_ERROR: It does not take them.

    """
    command = typer.main.get_command(cli.cli)
    context = command.context_class(command, info_name="digestbot")
    name = ""
    while hasattr(command, "resolve_command"):
        name, command, words = command.resolve_command(context, list(words))
    try:
        command.make_context(name, list(words), parent=context)
    except USAGE_ERROR as error:
        if whole or type(error).__name__ != "MissingParameter":
            raise


def test_there_is_a_guide_for_each_question():
    """Slack, Discord, filters, models, scaling, privacy and operations have a guide, each of some length."""
    assert [page.stem for page in GUIDES] == [
        "discord", "filters", "models", "operations", "privacy", "scaling", "slack",
    ]  # fmt: skip
    assert all(len(page.read_text("utf-8").split()) > 200 for page in PAGES)


@pytest.mark.parametrize("words", [["dance"], ["run", "--fast"], ["digest"], ["models", "pull", "--now"]])
def test_a_wrong_command_line_is_found(words):
    """The check itself finds an unknown command, an unknown option and a missing argument."""
    with pytest.raises(USAGE_ERROR):
        accept(words)


@every_guide
def test_every_command_line_is_one_that_the_program_takes(page):
    """Each ``digestbot …`` of a guide names a command, options and arguments that there are; chat words are parsed."""
    found = commands_of(page)
    assert found, "a guide shows at least one command"
    for words, whole in found:
        accept(words, whole=whole)
        if words[:1] == ["ask"] and words[1:]:
            said = [word for word in words[1:] if word not in {"--config", "-c"} and not word.endswith(".toml")]
            assert_understood(" ".join(shlex.quote(word).replace("'", '"') for word in said))


@every_guide
def test_every_shell_block_is_shell(page):
    """Each line of a shell block can be read by a shell's rules, and a file it names in the repository is there."""
    for line in lines(page.read_text("utf-8")):
        for word in shlex.split(line, comments=True):
            if re.match(r"(config|packaging|docs)/", word) and not word.startswith("config/my"):
                assert (ROOT / word).exists(), line


@every_guide
def test_every_toml_block_is_a_configuration(page, tmp_path):
    """Each TOML block is read by the loader that will read it: the settings', or that of “digestbot apply”."""
    for number, block in enumerate(blocks(page.read_text("utf-8"), "toml")):
        file = tmp_path / f"{number}.toml"
        file.write_text(block, "utf-8")
        if re.search(r"^workspace = ", block, re.MULTILINE):
            assert read_declared(file).workspace
        else:
            load_settings(file, secrets=tmp_path)


def assert_understood(text):
    """Hold that a chat command, typed on one line, is understood."""
    try:
        _, fault = understood(text, COMMANDS)
    except DigestbotError as error:
        pytest.fail(f"{text}: {error}")
    assert fault is None, f"{text}: {fault}"


def assert_on_discord(text):
    """Hold that Discord has this command, and each ``name:value`` is an option of it."""
    words = text.split()
    given = [word.partition(":")[0] for word in words if re.match(r"[a-z_]+:", word)]
    name = " ".join(word for word in words if ":" not in word)
    command = next((one for one in COMMANDS if one.discord == name), None)
    assert command is not None, f"/{text}"
    assert {*given} <= {option.name for option in command.options}, f"/{text}"


@every_page
def test_every_chat_command_is_one(page):
    """Each ``/digest …`` is understood as typed in Slack, or is Discord's; ``/news …`` and the like are Discord's."""
    for span in spans(page.read_text("utf-8")):
        root, _, rest = span.partition(" ")
        if root not in {"/digest", "/news", "/feed", "/digestbot"} or not rest or span.startswith(FOREIGN):
            continue
        if root != "/digest" or page.stem == "discord" or span[1:] in HANDLES:
            assert_on_discord(span[1:])
        else:
            assert_understood(rest.replace("…", "words"))


def headings(file):
    """Return the anchors that GitHub gives a page's headings."""
    found = re.findall(r"^#+ (.+)$", FENCE.sub("", file.read_text("utf-8")), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in found]


@every_page
def test_every_relative_link_leads_somewhere(page):
    """Each link that is not to another site names a file of the repository, and a heading in it."""
    for target in LINK.findall(page.read_text("utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, heading = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        if heading:
            assert heading in headings(file), target


def setting(name):
    """Tell whether a dotted name is a setting."""
    section, _, key = name.partition(".")
    return key in getattr(Settings.model_fields[section].annotation, "model_fields", {})


@every_guide
def test_every_setting_and_variable_is_one(page):
    """Each ``section.key`` and each DIGESTBOT_… variable that a guide names is a setting."""
    text = page.read_text("utf-8")
    for span in spans(text):
        if re.fullmatch(r"[a-z]+\.[a-z_]+", span) and span.partition(".")[0] in Settings.model_fields:
            assert setting(span), span
    for name in re.findall(r"DIGESTBOT_[A-Z_]+[A-Z]", text):
        assert name in OWN_VARIABLES or setting(name.removeprefix("DIGESTBOT_").lower().replace("__", ".")), name


@every_guide
def test_every_metric_is_one(page):
    """Each ``digestbot_…`` that a guide names is a metric."""
    known = {name for name, *_ in metric_rows()}
    assert {span for span in spans(page.read_text("utf-8")) if span.startswith("digestbot_")} <= known


# ── the systemd unit ─────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def unit():
    """Return the unit's sections; of a key that stands there more than once all values, a line each."""
    found = {}
    section = None
    for line in UNIT.read_text("utf-8").splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            section.setdefault(key, []).append(value)
    return SimpleNamespace(**found)


def test_the_unit_runs_what_there_is(unit):
    """Its command is one of ours, its variables are settings, and a wrong configuration is not started again."""
    accept(shlex.split(unit.Service["ExecStart"][0])[1:])
    names = [value.partition("=")[0] for value in unit.Service["Environment"]]
    for name in names:
        own = name.startswith("DIGESTBOT_")
        assert not own or name in OWN_VARIABLES or setting(name.removeprefix("DIGESTBOT_").lower().replace("__", "."))
    assert 78 in cli.EXIT_CODES
    assert unit.Service["RestartPreventExitStatus"] == ["78"]
    assert unit.Service["KillSignal"] == ["SIGTERM"]


def test_the_unit_is_hardened(unit):
    """It runs without rights, may write to its state alone, and holds no secret."""
    wanted = {
        "User": "digestbot", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes",
        "PrivateTmp": "yes", "PrivateDevices": "yes", "CapabilityBoundingSet": "", "RestrictNamespaces": "yes",
        "ProtectKernelTunables": "yes", "ProtectControlGroups": "yes", "LockPersonality": "yes",
        "RestrictSUIDSGID": "yes", "SystemCallArchitectures": "native", "StateDirectory": "digestbot",
    }  # fmt: skip
    assert {key: unit.Service[key][0] for key in wanted} == wanted
    assert "ReadWritePaths" not in unit.Service
    assert not re.search(r"xox[bap]-|TOKEN=", UNIT.read_text("utf-8"))


def test_the_unit_is_a_unit():
    """The file format is kept: sections and KEY=value lines alone."""
    parser = RawConfigParser(strict=False, allow_no_value=False, comment_prefixes=("#",), delimiters=("=",))
    parser.read_string(UNIT.read_text("utf-8"))
    assert parser.sections() == ["Unit", "Service", "Install"]
