"""Finding models and checking their files."""

import pytest

from digestbot.domain.errors import ModelMissing
from digestbot.inference.models import ENCODER, KNOWN_HASHES, locate, verify


def test_the_embedded_encoder_is_whole():
    """The encoder's files are those of the published package."""
    verify(locate(ENCODER))


def test_a_missing_model_says_what_to_do():
    """A model that is not here is named, with what to do about it."""
    with pytest.raises(ModelMissing, match="is not on this machine; run"):
        locate("nobody/nothing")


def test_weights_of_a_package_that_is_not_installed_name_the_extra():
    """No hub has them: the fix is to install them, or to do without."""
    with pytest.raises(ModelMissing, match="install the extra “model”"):
        locate("no_such_package:model")


def test_a_damaged_file_is_found(tmp_path):
    """One changed byte in a weight file is found at load."""
    source = locate(ENCODER).folder
    for name in KNOWN_HASHES[ENCODER]:
        (tmp_path / name).symlink_to(source / name)
    (tmp_path / "vocab.txt").unlink()
    (tmp_path / "vocab.txt").write_bytes((source / "vocab.txt").read_bytes()[:-1] + b"x")
    with pytest.raises(ModelMissing, match=r"damaged file vocab\.txt; install it again"):
        verify(locate(str(tmp_path)), KNOWN_HASHES[ENCODER])


def test_a_folder_without_weights_is_no_model(tmp_path):
    """A folder that holds no weights is not taken for a model."""
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelMissing, match="no weight files"):
        locate(str(tmp_path))


def test_the_hub_cache_is_read(tmp_path, monkeypatch):
    """A Hugging Face name is found in the local cache, at the revision its main branch points to."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    root = tmp_path / "models--owner--name"
    (root / "refs").mkdir(parents=True)
    (root / "refs" / "main").write_text("abc")
    (root / "snapshots" / "abc").mkdir(parents=True)
    (root / "snapshots" / "abc" / "model.safetensors").write_bytes(b"w")
    found = locate("owner/name")
    assert found.folder.name == "abc"
    assert found.size() == 1


def test_a_revision_changes_with_the_weights(tmp_path):
    """Changing a model's weights changes its revision."""
    (tmp_path / "model.safetensors").write_bytes(b"one")
    before = locate(str(tmp_path)).revision()
    (tmp_path / "model.safetensors").write_bytes(b"two")
    assert locate(str(tmp_path)).revision() != before
