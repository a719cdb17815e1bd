"""Files named at the command line: whatever keeps one from being read is a sentence with what to do."""

import errno
from pathlib import Path

import pytest

from digestbot.app.ask import ground_source
from digestbot.app.compose import read_settings
from digestbot.app.files import read_file
from digestbot.domain.errors import ConfigError, UserError


@pytest.fixture
def shut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a file that this user may not read; the rights of a real one would not stop root, who runs some tests."""
    path = tmp_path / "shut.txt"
    path.write_text("A secret.", encoding="utf-8")
    opened = Path.open

    def guarded(self: Path, *args: object, **kwargs: object) -> object:
        if self == path:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return opened(self, *args, **kwargs)  # type: ignore[call-overload]  # passed on as given

    monkeypatch.setattr(Path, "open", guarded)
    return path


def test_a_file_that_may_not_be_read_is_not_called_missing(shut: Path) -> None:
    """The sentence says that it is the rights."""
    with pytest.raises(UserError) as caught:
        read_file(shut, hint="give another file")
    assert str(caught.value) == f"“{shut}” may not be read by this user; give another file"


async def test_a_summary_that_may_not_be_read_is_not_its_own_path(shut: Path, tmp_path: Path) -> None:
    """The gate judges a file's words or says why it cannot, and never takes the path for the summary."""
    (tmp_path / "article.txt").write_text("The bridge opens on Monday.", encoding="utf-8")
    with pytest.raises(UserError, match="may not be read by this user; give a summary, or a file that holds one"):
        await ground_source(str(tmp_path / "article.txt"), str(shut), None)


def test_settings_that_may_not_be_read_are_told_with_the_remedy(shut: Path) -> None:
    """The file is named, and who needs the right."""
    with pytest.raises(ConfigError) as caught:
        read_settings(shut)
    assert caught.value.faults == (f"{shut}: cannot be read (Permission denied)",)
    assert caught.value.hint == "let the user who runs digestbot read it"
