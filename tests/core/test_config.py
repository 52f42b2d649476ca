from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from ud2p import config
from ud2p.config import Settings, config_dir, load_settings, state_dir
from ud2p.errors import ConfigError, UsageError
from ud2p.plugin_settings import PluginSettings

EXAMPLE = """
broker = "chat.example:4242"
name = "alice"
theme = "lutho"
ciphers = ["xchacha20", "aes-gcm"]
transport = "other"
file_transfer = "tcp2"
downloads = "DOWNLOADS"
plaintext = true
trust_broker = "SHA256:key"
no_plugin = "sparkle, glitter"
safe_mode = true
peer_key = "SHA256:KKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKA"
require_verified = true
plugins_dir = "DOWNLOADS"

[plugins.away]
text = "gone"
"""
KEY = "SHA256:KKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKA"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with folders of its own, still without files."""
    return {"UD2P_CONFIG_DIR": str(tmp_path / "config"), "UD2P_STATE_DIR": str(tmp_path / "state")}


def write(environ: dict[str, str], content: str | bytes) -> Path:
    folder = Path(environ["UD2P_CONFIG_DIR"])
    folder.mkdir(exist_ok=True)
    path = folder / "config.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_defaults(environ: dict[str, str]) -> None:
    assert load_settings(environ=environ) == Settings()
    assert Settings().broker == "localhost:17280"
    assert Settings().theme == "roanda"
    assert Settings().ciphers is None


def test_every_key_of_the_file(environ: dict[str, str], tmp_path: Path) -> None:
    write(environ, EXAMPLE.replace("DOWNLOADS", str(tmp_path)))
    settings = load_settings(environ=environ)
    assert settings == Settings(
        "chat.example:4242",
        "alice",
        "lutho",
        ("xchacha20", "aes-gcm"),
        "other",
        "tcp2",
        tmp_path,
        True,
        "SHA256:key",
        ("sparkle", "glitter"),
        True,
        KEY,
        True,
        tmp_path,
        PluginSettings({"away": {"text": "gone"}}, str(Path(environ["UD2P_CONFIG_DIR"]) / "config.toml")),
    )
    default = Settings()
    assert all(getattr(settings, field.name) != getattr(default, field.name) for field in fields(Settings))


def test_every_key_of_the_environment(environ: dict[str, str], tmp_path: Path) -> None:
    environ |= {
        "UD2P_BROKER": "chat.example:4242",
        "UD2P_NAME": "alice",
        "UD2P_THEME": "lutho",
        "UD2P_CIPHERS": "xchacha20,aes-gcm",
        "UD2P_TRANSPORT": "other",
        "UD2P_FILE_TRANSFER": "tcp2",
        "UD2P_DOWNLOADS": str(tmp_path),
        "UD2P_PLAINTEXT": "yes",
        "UD2P_TRUST_BROKER": "SHA256:key",
        "UD2P_NO_PLUGIN": "sparkle",
        "UD2P_SAFE_MODE": "1",
        "UD2P_PEER_KEY": KEY,
        "UD2P_REQUIRE_VERIFIED": "1",
        "UD2P_PLUGINS_DIR": str(tmp_path),
        "UD2P_PLUGIN_AWAY_TEXT": "gone",
    }
    settings = load_settings(environ=environ)
    default = Settings()
    assert all(getattr(settings, field.name) != getattr(default, field.name) for field in fields(Settings))
    assert settings.ciphers == ("xchacha20", "aes-gcm")


def test_flags_win_over_the_environment_and_that_over_the_file(environ: dict[str, str]) -> None:
    write(environ, 'name = "file"\ntheme = "file"\ntransport = "file"\nsafe_mode = true')
    environ |= {"UD2P_NAME": "environ", "UD2P_THEME": "environ", "UD2P_SAFE_MODE": "off"}
    settings = load_settings({"name": "flag", "theme": None}, environ=environ)
    assert (settings.name, settings.theme, settings.transport) == ("flag", "environ", "file")
    assert not settings.safe_mode


def test_a_switch_that_was_not_given_as_a_flag_turns_nothing_off(environ: dict[str, str]) -> None:
    write(environ, "plaintext = true")
    environ["UD2P_PLUGINS"] = "off"
    settings = load_settings({"plaintext": False, "safe_mode": False}, environ=environ)
    assert settings.plaintext
    assert settings.safe_mode
    assert load_settings({"plaintext": True}, environ=environ).plaintext


def test_plugins_that_are_turned_off_anywhere_stay_off(environ: dict[str, str]) -> None:
    write(environ, 'no_plugin = ["one", "two"]')
    environ["UD2P_NO_PLUGIN"] = "three"
    assert load_settings({"no_plugin": ["four", "one,five"]}, environ=environ).no_plugin == (
        "one",
        "two",
        "three",
        "four",
        "five",
    )


@pytest.mark.parametrize(("word", "safe"), [("off", True), ("0", True), ("OFF", True), ("on", False), ("", False)])
def test_plugins_off_is_safe_mode(environ: dict[str, str], word: str, safe: bool) -> None:
    environ["UD2P_PLUGINS"] = word
    assert load_settings(environ=environ).safe_mode is safe


def test_an_empty_variable_is_none(environ: dict[str, str]) -> None:
    environ["UD2P_NAME"] = ""
    assert load_settings(environ=environ).name is None


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("broker = 17280", "17280 is not a word"),
        ('broker = "host:port"', "a port is a number"),
        ('name = ""', "is no name"),
        ("name = ['alice']", "is no name"),
        ("ciphers = []", "empty"),
        ("ciphers = [1]", "not a list of names"),
        ("ciphers = ['aes-gcm', '']", "empty"),
        ("ciphers = {a = 1}", "not a list of names"),
        ('plaintext = "true"', "neither true nor false"),
        ("safe_mode = 1", "neither true nor false"),
        ('downloads = "/nowhere/at/all"', "is not a folder; make it"),
        ('downloads = "/dev/null"', "is not a folder"),
        ('downloads = "a\\u0000b"', "a folder"),
        ('downloads = "~nobody-of-that-name/x"', "a folder"),
    ],
)
def test_a_bad_value_names_the_file_and_the_key(environ: dict[str, str], line: str, says: str) -> None:
    path = write(environ, line)
    with pytest.raises(ConfigError, match=says) as caught:
        load_settings(environ=environ)
    assert str(caught.value).startswith(f"{path}: {line.split()[0]}: ")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("variable", "value"),
    [("UD2P_BROKER", "a:b"), ("UD2P_PLAINTEXT", "perhaps"), ("UD2P_PLUGINS", "some"), ("UD2P_CIPHERS", ",")],
)
def test_a_bad_variable_is_named(environ: dict[str, str], variable: str, value: str) -> None:
    environ[variable] = value
    with pytest.raises(ConfigError, match=f"^{variable}: "):
        load_settings(environ=environ)


def test_a_bad_flag_is_a_wrong_use(environ: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"^--broker: "):
        load_settings({"broker": "host:99999"}, environ=environ)
    with pytest.raises(UsageError, match=r"^--file-transfer: "):
        load_settings({"file_transfer": " "}, environ=environ)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'name = "a\nb"', "not valid TOML.*line 1"),
        (b"name = \xff", "not UTF-8"),
        (b"a = " + b"[" * 100_000, "not valid TOML"),
        (b"x = 1\nx = 2", "not valid TOML"),
        (b"\x1b[31m = 1", "not valid TOML"),
    ],
)
def test_a_file_that_is_no_toml_is_named(environ: dict[str, str], content: bytes, says: str) -> None:
    path = write(environ, content)
    with pytest.raises(ConfigError, match=says) as caught:
        load_settings(environ=environ)
    assert str(path) in str(caught.value)
    assert str(caught.value).isprintable()


def test_what_is_not_known_is_named_and_ignored(environ: dict[str, str]) -> None:
    path = write(environ, 'name = "alice"\nthemes = "x"\nzzz = 1\n"\\u001b[31m" = 1\n[glitter.sparkle]\nglitter = 3')
    warnings: list[str] = []
    assert load_settings(environ=environ, warn=warnings.append) == Settings(name="alice")
    assert len(warnings) == 4
    assert all(str(path) in warning and warning.isprintable() for warning in warnings)
    assert "did you mean theme?" in warnings[0]
    assert '"zzz"' in warnings[1]
    assert "[glitter]" in warnings[3]
    assert load_settings(environ=environ) == Settings(name="alice")


@pytest.mark.parametrize("content", ["plugins = 3", "[plugins]\naway = 3", 'plugins = ["away"]'])
def test_what_is_set_for_plugins_stands_in_tables(environ: dict[str, str], content: str) -> None:
    path = write(environ, content)
    with pytest.raises(ConfigError, match=r"stands in a table of its own, such as \[plugins.away\]") as raised:
        load_settings(environ=environ)
    assert str(raised.value).startswith(f"{path}: plugins: ")


def test_assignments_on_the_command_line(environ: dict[str, str]) -> None:
    settings = load_settings({"option": ["away.text=gone"]}, environ=environ)
    assert settings.plugin_settings == PluginSettings(assignments={("away", "text"): "gone"})
    with pytest.raises(UsageError, match="-o away=gone: write it like"):
        load_settings({"option": ["away=gone"]}, environ=environ)


def test_a_folder_in_the_place_of_the_file_is_a_sentence(environ: dict[str, str]) -> None:
    path = Path(environ["UD2P_CONFIG_DIR"]) / "config.toml"
    path.mkdir(parents=True)
    with pytest.raises(ConfigError, match="can't be read"):
        load_settings(environ=environ)


def test_a_file_in_the_place_of_the_folder_counts_as_no_file(environ: dict[str, str]) -> None:
    Path(environ["UD2P_CONFIG_DIR"]).write_text("")
    assert load_settings(environ=environ) == Settings()


def test_an_unreadable_file_is_a_sentence(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    write(environ, "")

    def not_allowed(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", not_allowed)
    with pytest.raises(ConfigError, match="Permission denied"):
        load_settings(environ=environ)


def test_the_home_folder_is_meant_by_a_tilde(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    environ["UD2P_DOWNLOADS"] = "~"
    assert load_settings(environ=environ).downloads == tmp_path


def test_folders_come_from_the_environment_or_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert config_dir({"UD2P_CONFIG_DIR": "here"}) == Path("here").absolute()
    assert state_dir({"UD2P_STATE_DIR": str(tmp_path)}) == tmp_path
    if sys.platform == "linux":
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
        assert config_dir({}) == tmp_path / "c" / "ud2p"
        assert state_dir({}) == tmp_path / "s" / "ud2p"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems find the home folder otherwise")
def test_without_a_home_folder_there_is_no_file_and_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    def no_such_user(_: int) -> None:
        raise KeyError

    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", no_such_user)
    assert load_settings(environ={}) == Settings()
    with pytest.raises(ConfigError, match="UD2P_STATE_DIR"):
        state_dir({})


def test_the_parser_is_reached_from_here_too() -> None:
    assert config.parse_broker("[::1]:5") == ("::1", 5)


def test_settings_without_a_file_load_neither_the_parser_nor_platformdirs(tmp_path: Path) -> None:
    program = (
        "import sys; from ud2p.config import load_settings; load_settings();"
        "print(*[name for name in ('tomllib', 'platformdirs', 'asyncio', 'msgspec', 'pluggy') if name in sys.modules])"
    )
    environment = {**os.environ, "UD2P_CONFIG_DIR": str(tmp_path)}
    loaded = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert loaded.stdout.split() == []
