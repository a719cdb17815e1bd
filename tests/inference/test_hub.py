"""Fetching models: from a stand-in hub on loopback, with a tiny random model made here."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from digestbot.domain.errors import ModelMissing, RemoteFailed
from digestbot.inference import arriving, choose_summarizer, fetch_aside
from digestbot.inference.engine import Engine
from digestbot.inference.hub import HubFile, Plan, audit, fetch, kind_of, plan
from digestbot.inference.models import locate
from tests.fakes.inference import FakeEmbedder
from tests.inference import tiny
from tests.inference.hub import REVISION, hub
from tests.inference.standin import PROGRAM
from tests.inference.stories import FERRY, story

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bart(tmp_path_factory):
    """Return the folder of a tiny BART, with files beside it that nobody needs."""
    folder = tiny.bart(tmp_path_factory.mktemp("hub"))
    (folder / "README.md").write_text("card")
    (folder / "flax_model.msgpack").write_bytes(b"x" * 1000)
    return folder


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """Return a function that points this process and its children to a hub, with a cache of their own."""

    def point(url, *, offline="0"):
        settings = {"HF_ENDPOINT": url, "HF_HUB_CACHE": str(tmp_path / "cache"), "HF_HUB_OFFLINE": offline}
        settings["HF_XET_CACHE"] = str(tmp_path / "xet")
        settings["DIGESTBOT_MODEL__CACHE"] = str(tmp_path / "converted")
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        # Read once, when the library is imported.
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", offline == "1")
        return tmp_path / "converted"

    return point


async def digestbot(*arguments):
    """Run the command line; return its exit code, output and error output."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "digestbot", *arguments, cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=dict(os.environ),
    )  # fmt: skip
    out, err = await child.communicate()
    return child.returncode, out.decode(), err.decode()


async def test_a_model_is_pulled_checked_and_converted(bart, environment):
    """The size is said first, only what is needed is fetched, each file matches its digest, and it is converted."""
    seen = []
    async with hub(bart, seen=seen) as url:
        converted = environment(url)
        code, _, said = await digestbot("models", "pull", "owner/tiny")
        assert code == 0, said
        first, *_, last = said.strip().splitlines()
        assert first.startswith("owner/tiny: ")
        assert f"revision {REVISION[:12]}" in first
        assert last.startswith("ready, converted to int8: ")
        files = locate("owner/tiny")
        assert audit(files) == 5
        assert kind_of(files) == "seq2seq"
        assert [p.name for p in (converted / "ctranslate2").iterdir()] == [f"owner-tiny-{files.revision()}-int8-1"]
        assert not [path for path in seen if "README" in path or "msgpack" in path]
        seen.clear()
        code, out, _ = await digestbot("models", "pull", "owner/tiny", "--json")
        assert json.loads(out)["converted"] is True
        assert not [path for path in seen if path.startswith("GET /owner")]


async def test_a_file_that_arrives_damaged_is_not_kept(bart, environment):
    """One changed byte on the way is one sentence, and the file is gone, so that the next try fetches it again."""
    async with hub(bart, damage=("model.safetensors",)) as url:
        environment(url)
        with pytest.raises(ModelMissing, match=r"damaged file model\.safetensors; run “digestbot models pull” again"):
            await asyncio.to_thread(lambda: fetch(plan("owner/tiny")))
    with pytest.raises(ModelMissing, match="no weight files"):
        locate("owner/tiny")
    told = []
    async with hub(bart) as url:
        environment(url)
        files = await asyncio.to_thread(lambda: fetch(plan("owner/tiny"), lambda *at: told.append(at)))
    assert audit(files) == 5
    assert told[-1][0] == told[-1][1] > 0


async def test_offline_is_one_sentence(bart, environment):
    """With HF_HUB_OFFLINE set nothing is asked for, and the sentence says what to do."""
    seen = []
    async with hub(bart, seen=seen) as url:
        environment(url, offline="1")
        code, _, said = await digestbot("models", "pull", "owner/tiny")
    assert code == 75
    assert said.strip() == (
        "digestbot: model owner/tiny cannot be fetched while HF_HUB_OFFLINE is set; "
        "unset it, or copy the model's folder here and name the folder"
    )
    assert seen == []


async def test_a_model_the_hub_does_not_have_is_told(bart, environment):
    """An unknown name is told as such."""
    async with hub(bart) as url:
        environment(url)
        with pytest.raises(ModelMissing, match="nobody/nothing is not on the hub; see how it is spelled"):
            await asyncio.to_thread(plan, "nobody/nothing")


async def test_a_hub_that_is_not_there_is_told(environment):
    """A hub that does not answer is named, and the fetch may be tried again."""
    environment("http://127.0.0.1:9")
    with pytest.raises(RemoteFailed, match=r"http://127\.0\.0\.1:9 does not serve it") as failed:
        await asyncio.to_thread(plan, "owner/tiny")
    assert failed.value.transient


async def test_auto_goes_over_to_a_model_when_it_has_arrived(bart, environment):
    """Extractive serves at once; when the model has been fetched and converted, seq2seq takes over."""
    async with hub(bart) as url:
        converted = environment(url)
        engine = Engine(program=PROGRAM)
        chosen = choose_summarizer(
            "auto", engine=engine, embedder=FakeEmbedder(), model="owner/tiny",
            fetch=fetch_aside("owner/tiny", converted),
        )  # fmt: skip
        assert (await chosen.summarize(story(FERRY))).engine == "extractive"
        await arriving(chosen).arrive()
        assert chosen.name.startswith("seq2seq:tiny@")
        await engine.aclose()


async def test_auto_goes_on_without_a_model_that_cannot_be_fetched(environment):
    """When the fetch fails the error is one sentence, and extractive goes on serving."""
    converted = environment("http://127.0.0.1:9")
    engine = Engine(program=PROGRAM)
    chosen = choose_summarizer(
        "auto", engine=engine, embedder=FakeEmbedder(), model="owner/tiny", fetch=fetch_aside("owner/tiny", converted)
    )
    with pytest.raises(RemoteFailed, match="does not serve it"):
        await arriving(chosen).arrive()
    assert (await chosen.summarize(story(FERRY))).engine == "extractive"
    await engine.aclose()


def test_a_disk_without_room_is_told_before_the_first_byte(environment):
    """A model larger than the free disk is refused with the two sizes."""
    environment("http://127.0.0.1:9")
    with pytest.raises(ModelMissing, match=r"needs 1500000\.0 GB and .* make room"):
        fetch(Plan("owner/vast", REVISION, (HubFile("model.safetensors", 10**15, "0" * 64),)))


def test_a_name_that_is_none_is_not_asked_for():
    """A path or a bare word is never sent to the hub."""
    with pytest.raises(ModelMissing, match="give it as owner/name"):
        plan("../etc/passwd")
