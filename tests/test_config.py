"""Settings: the file, secret files and the environment each over the one before, every fault at once."""

import pytest

from digestbot.config import load_settings
from digestbot.domain.errors import ConfigError


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a settings file."""

    def write(text: str):
        path = tmp_path / "digestbot.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_defaults_need_no_file():
    """Without a file everything has a default and nothing is subscribed."""
    settings = load_settings(None)
    assert settings.database.url.startswith("sqlite:///")
    assert settings.feeds == ()


def test_the_environment_wins_over_secret_files_over_the_file(write, tmp_path, monkeypatch):
    """Each source overrides the one before, key by key, not table by table."""
    path = write('[slack]\nbot_token = "xoxb-file"\napp_token = "xapp-file"\n[discord]\ntoken = "file-discord"\n')
    (tmp_path / "slack_bot_token").write_text("xoxb-secret\n", encoding="utf-8")
    (tmp_path / "discord_token").write_text("secret-discord\n", encoding="utf-8")
    monkeypatch.setenv("DIGESTBOT_DISCORD__TOKEN", "env-discord")
    settings = load_settings(path, secrets=tmp_path)
    assert settings.slack.bot_token.get_secret_value() == "xoxb-secret"
    assert settings.slack.app_token.get_secret_value() == "xapp-file"
    assert settings.discord.token.get_secret_value() == "env-discord"


def test_no_secret_is_ever_printed(write):
    """A token appears neither in the settings' text nor in a fault about it."""
    settings = load_settings(write('[slack]\nbot_token = "xoxb-very-secret"\n'))
    assert "very-secret" not in repr(settings)
    with pytest.raises(ConfigError) as fault:
        load_settings(write('[slack]\nbot_token = ["xoxb-very-secret"]\n'))
    assert "very-secret" not in str(fault.value)


def test_every_fault_is_named(write, monkeypatch):
    """Unknown, missing and wrong keys and stray variables come in one error, each with file and key."""
    monkeypatch.setenv("DIGESTBOT_TYPO", "1")
    path = write('x = 1\n[log]\nlevel = "loud"\n[[feeds]]\n[[subscriptions]]\nname = "A"\ntimezone = "Mars/Base"\n')
    with pytest.raises(ConfigError) as fault:
        load_settings(path)
    text = "\n".join(fault.value.faults)
    for part in (
        "x: is no setting",
        "log.level:",
        "feeds.0.url: is needed",
        "subscriptions.0.timezone:",
        "DIGESTBOT_TYPO",
    ):
        assert part in text
    assert text.count(str(path)) == 4


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('[[subscriptions]]\nname = "A"\nfeeds = ["https://e.org/f"]\n', "not listed under [[feeds]]"),
        ('[[subscriptions]]\nname = "A"\ntopics = ["x"]\n', "no feed has the topic"),
        ('[[subscriptions]]\nname = "A"\n[[subscriptions]]\nname = "A"\n', "used twice"),
        ('[[subscriptions]]\nname = "A"\nchannel = "irc:x"\n', "console:, slack:CHANNEL_ID"),
        ('[[subscriptions]]\nname = "A"\nschedule = "cron"\n', "cron: is needed"),
        ('[[feeds]]\nurl = "ftp://e.org"\n', "must start with http"),
        ("[discord]\nshard_ids = [0]\n", "shard_count: is needed"),
        ("[discord]\nshard_count = 2\nshard_ids = [0, 2]\n", "must be 0 to 1, not 2"),
        ("[database\n", "is not TOML"),
    ],
)
def test_what_does_not_fit_together_is_said(write, text, part):
    """Faults between keys, and a file that is not TOML, are each one sentence."""
    with pytest.raises(ConfigError, match=part.replace("[", r"\[").replace("]", r"\]")):
        load_settings(write(text))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[web]\nenabld = true\n", "web.enabld: is no setting; did you mean “enabled”?"),
        ('[databse]\nurl = "x"\n', "databse: is no setting; did you mean “database”?"),
        (
            '[[subscriptions]]\nname = "A"\nstorys = 3\n',
            "subscriptions.0.storys: is no setting; did you mean “stories”?",
        ),
        ('[[subscriptions]]\nname = "A"\nzzz = 3\n', "subscriptions.0.zzz: is no setting"),
        ('[web]\nenabled = "perhaps"\n', "web.enabled: must be true or false"),
        ("[web]\nport = -4\n", "web.port: must be 0 or more"),
        ("[database]\nurl = 5\n", "database.url: must be text in quotation marks"),
        (
            '[[subscriptions]]\nname = "A"\nat = ["25:99"]\n',
            'subscriptions.0.at.0: must be a time of day such as "08:00"',
        ),
    ],
)
def test_a_wrong_key_or_value_is_said_in_words_once(write, text, told):
    """What is wrong is told as a person would, with the nearest setting that there is, and nothing besides."""
    path = write(text)
    with pytest.raises(ConfigError) as fault:
        load_settings(path)
    assert fault.value.faults == (f"{path}: {told}",)


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"\xef\xbb\xbf[web]\nport = 1\n", None), (b'a = "\xe9"', "is not UTF-8 text; save it as UTF-8")],
)
def test_what_an_editor_does_to_a_file(tmp_path, data, told):
    """A byte order mark is passed over; another encoding than UTF-8 is named."""
    path = tmp_path / "digestbot.toml"
    path.write_bytes(data)
    if told is None:
        assert load_settings(path).web.port == 1
    else:
        with pytest.raises(ConfigError, match=told):
            load_settings(path)
    with pytest.raises(ConfigError, match="is a folder; name the file in it"):
        load_settings(tmp_path)


def test_a_secret_that_is_no_text_is_named_and_not_shown(tmp_path):
    """A file of the secrets folder that cannot be read is one sentence with its path."""
    (tmp_path / "slack_bot_token").write_bytes(b"xoxb-\xff\xfe")
    with pytest.raises(ConfigError, match="slack_bot_token: cannot be read as text") as fault:
        load_settings(None, secrets=tmp_path)
    assert "xoxb" not in str(fault.value)


def test_a_variable_set_to_nothing_is_not_set(write, monkeypatch):
    """Compose files pass every variable on: an empty token is no token, so that platform is off."""
    monkeypatch.setenv("DIGESTBOT_SLACK__BOT_TOKEN", "")
    monkeypatch.setenv("DIGESTBOT_WEB__TOKEN", "")
    settings = load_settings(write(""))
    assert settings.slack.bot_token is None
    assert settings.web.token is None


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("SLACK__BOT_TOKEN", "xapp-hunter2", "slack.bot_token: begins with xoxb-, and this one does not: copy it from"),
        ("SLACK__APP_TOKEN", "xoxb-hunter2", "slack.app_token: begins with xapp-, and this one does not: copy it from"),
        ("SLACK__BOT_TOKEN", "xoxb-…", "slack.bot_token: is no whole token: copy it again"),
        ("DISCORD__TOKEN", "hunter2 and more", "discord.token: is no whole token: copy it again"),
        ("DISCORD__TOKEN", "…", "discord.token: is no whole token: copy it again"),
    ],
)
def test_a_token_that_cannot_be_one_is_told_before_anybody_is_asked(monkeypatch, variable, value, told):
    """Tokens in each other's place, or a guide's dots for one, are named with where to copy it, and never shown."""
    monkeypatch.setenv(f"DIGESTBOT_{variable}", value)
    with pytest.raises(ConfigError) as fault:
        load_settings(None)
    assert told in str(fault.value)
    assert "hunter2" not in str(fault.value)


def test_a_token_that_is_too_short_is_said_in_words(monkeypatch):
    """The fault names the setting and how much it needs, and never the token."""
    monkeypatch.setenv("DIGESTBOT_WEB__TOKEN", "hunter2")
    with pytest.raises(ConfigError) as fault:
        load_settings(None)
    assert fault.value.faults == ("settings: web.token: is too short: it needs 16 or more",)
