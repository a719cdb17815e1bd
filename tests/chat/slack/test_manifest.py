"""The Slack manifest: generated, in step with the file, and one that Slack takes."""

import json

import pytest
import yaml
from jsonschema import Draft7Validator

from digestbot.chat.slack.manifest import PUBLIC, manifest, manifest_yaml
from digestbot.chat.slack.scopes import SCOPES
from digestbot.commands import COMMANDS
from tests.rigs.slack import SCOPES as GRANTED
from tests.shared import ROOT, shared


@pytest.mark.parametrize(("name", "url"), [("slack-manifest", ""), ("slack-manifest-http", PUBLIC)])
def test_the_file_is_generated(name: str, url: str) -> None:
    """The files in ``config`` are what the command table gives, character for character."""
    assert (ROOT / "config" / f"{name}.yaml").read_text(encoding="utf-8") == manifest_yaml(url)


@pytest.mark.parametrize("url", ["", PUBLIC])
def test_the_yaml_says_what_the_manifest_says(url: str) -> None:
    """Reading the YAML gives the manifest back."""
    assert yaml.safe_load(manifest_yaml(url)) == manifest(url)


@pytest.mark.parametrize("url", ["", PUBLIC])
def test_slack_takes_it(url: str) -> None:
    """It is valid by the official schema."""
    schema = json.loads(shared("oracles/slack-manifest.schema.json").read_text(encoding="utf-8"))
    assert [error.message for error in Draft7Validator(schema).iter_errors(manifest(url))] == []


def test_what_slack_limits_is_short_enough() -> None:
    """Names and hints are within the limits that Slack names, and every command is in the hint."""
    made = json.loads(json.dumps(manifest()))
    assert len(made["display_information"]["name"]) <= 35
    assert len(made["display_information"]["description"]) <= 140
    assert all(len(one["name"]) <= 24 for one in made["features"]["shortcuts"])
    (command,) = made["features"]["slash_commands"]
    assert all(one.name in command["usage_hint"] for one in COMMANDS if one.discord)


def test_the_doctor_and_the_manifest_ask_for_the_same_scopes() -> None:
    """A freshly installed app is found well."""
    assert set(GRANTED.split(",")) == set(SCOPES)
