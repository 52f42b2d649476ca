"""Settings: flags, then ``UD2P_*`` in the environment, then ``config.toml``, then defaults.

The file, all of it optional::

    broker = "chat.example:17280"
    name = "alice"
    theme = "lutho"
    ciphers = ["aes-gcm", "xchacha20"]     # or "aes-gcm, xchacha20"; without it the built-ins are offered
    transport = "udp"
    file_transfer = "tcp"
    downloads = "~/Downloads"              # without it, the folder that ud2p was started in
    plaintext = false                      # true: no TLS to the broker, which must be on this machine
    trust_broker = "SHA256:..."            # the key that the broker must have; without it, the one that is remembered
    peer_key = "SHA256:..."                # chat only with whoever has this key
    require_verified = false               # true: chat only with peers whose words you have compared
    no_plugin = ["sparkle"]
    plugins_dir = "~/plugins"              # single-file plugins from here too
    safe_mode = false

    [plugins.away]                         # what a plugin has for options; see ud2p plugins info away
    text = "gone fishing"

It lies in ``UD2P_CONFIG_DIR``, or else where the system keeps settings (``~/.config/ud2p`` on Linux). In the
environment the names are ``UD2P_BROKER``, ``UD2P_NO_PLUGIN`` and so on; an empty variable counts as none;
``UD2P_PLUGINS=off`` is another way to say ``UD2P_SAFE_MODE=1``. A source replaces what the one before it says, except
that plugins named in any ``no_plugin`` stay out. What can't be used is a :class:`~ud2p.ConfigError` that names the file
and the key; what isn't known is a warning.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from ud2p.addresses import DEFAULT_BROKER
from ud2p.addresses import parse_broker as parse_broker
from ud2p.errors import ConfigError, UsageError
from ud2p.plugin_settings import VARIABLE_PREFIX, PluginSettings, read_assignments, read_tables
from ud2p.text import gate

FILE_NAME = "config.toml"
_TABLES = "plugins"
"""What the file has for plugins; each knows its own options."""
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user wants, wherever it was said."""

    broker: str = DEFAULT_BROKER
    """``HOST`` or ``HOST:PORT``; checked, see :func:`~ud2p.addresses.parse_broker`."""
    name: str | None = None
    """None: what the state file remembers, else the user is asked."""
    theme: str = "roanda"
    ciphers: tuple[str, ...] | None = None
    """Exactly these are offered, best first; None: the built-ins."""
    transport: str = "udp"
    file_transfer: str = "tcp"
    downloads: Path = Path()
    """Where received files go."""
    plaintext: bool = False
    """Whether the broker, on this machine, is spoken to without TLS."""
    trust_broker: str | None = None
    """The fingerprint that the broker's key must have; None: what is remembered."""
    no_plugin: tuple[str, ...] = ()
    """Plugins that are not loaded, from all sources together."""
    safe_mode: bool = False
    """Load built-in plugins only."""
    peer_key: str | None = None
    """Chats are opened with whoever has this key and nobody else: a fingerprint; None leaves it to what is known."""
    require_verified: bool = False
    """Whether chats are opened with verified peers only."""
    plugins_dir: Path | None = None
    """Where single-file plugins are, besides the folder ``plugins`` beside the file."""
    plugin_settings: PluginSettings = field(default_factory=PluginSettings)
    """What was said of plugins' options."""


def load_settings(
    flags: Mapping[str, object] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    warn: Callable[[str], None] | None = None,
) -> Settings:
    """Read all sources.

    :param flags: what the command line said, by the names of :class:`Settings`, and ``option``, a list of
        ``NAME.KEY=VALUE``. None and False mean not said: no flag takes back a switch that the environment or the file
        turned on
    :param environ: the environment, ``os.environ`` by default
    :param warn: gets a sentence, safe to print, for each thing in the file that is not known
    :raises UsageError: a flag can't be used
    :raises ConfigError: a variable or the file can't be used
    """
    environ = os.environ if environ is None else environ
    flags = dict(flags or {})
    assignments = read_assignments(cast("Sequence[str]", flags.pop("option", None) or ()))
    in_file = _read_file(environ, warn or (lambda _: None))
    tables = in_file.pop(_TABLES, {})
    from_file = {
        key: _convert(key, value, f"{_file_in(environ)}: {key}", ConfigError) for key, value in in_file.items()
    }
    from_environ = _read_environ(environ)
    from_flags = {
        key: _convert(key, value, f"--{key.replace('_', '-')}", UsageError)
        for key, value in flags.items()
        if value is not None and value is not False
    }
    sources: list[dict[str, Any]] = [from_file, from_environ, from_flags]
    no_plugin = tuple(dict.fromkeys(name for source in sources for name in source.get("no_plugin", ())))
    plugin_settings = PluginSettings(
        tables=read_tables(tables, f"{_file_in(environ)}: {_TABLES}") if tables else {},
        file=str(_file_in(environ)) if tables else "",
        variables={key: value for key, value in environ.items() if key.startswith(VARIABLE_PREFIX)},
        assignments=assignments,
    )
    said: dict[str, Any] = {**from_file, **from_environ, **from_flags, "no_plugin": no_plugin}
    return Settings(**said, plugin_settings=plugin_settings)


def config_dir(environ: Mapping[str, str] | None = None) -> Path:
    """The folder of ``config.toml``: ``UD2P_CONFIG_DIR``, or the system's place for it. It need not exist.

    :raises ConfigError: the system names none, because the user has no home folder
    """
    return _folder("UD2P_CONFIG_DIR", "user_config_path", environ)


def state_dir(environ: Mapping[str, str] | None = None) -> Path:
    """The folder of what ud2p itself remembers: ``UD2P_STATE_DIR``, or the system's place for it. It need not exist.

    :raises ConfigError: the system names none, because the user has no home folder
    """
    return _folder("UD2P_STATE_DIR", "user_state_path", environ)


def _folder(variable: str, function: str, environ: Mapping[str, str] | None) -> Path:
    chosen = (os.environ if environ is None else environ).get(variable)
    if chosen:
        return Path(chosen).absolute()
    import platformdirs  # only here: a start that names its folders does not need it

    try:
        folder: Path = getattr(platformdirs, function)("ud2p", appauthor=False)
    except RuntimeError:  # recent versions say so themselves
        folder = Path("~")
    if not folder.is_absolute():
        raise ConfigError(f"this system names no folder for ud2p, perhaps for want of a home; set {variable} to one")
    return folder


def _file_in(environ: Mapping[str, str]) -> Path:
    return config_dir(environ) / FILE_NAME


def _read_file(environ: Mapping[str, str], warn: Callable[[str], None]) -> dict[str, object]:
    try:
        path = _file_in(environ)
    except ConfigError:
        return {}  # without a home folder nobody can have written one
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise ConfigError(f"{path} can't be read ({error.strerror}); make it readable or move it away") from error
    known = {}
    for key, value in _parse(path, content).items():
        if key in _KEYS or key == _TABLES:
            known[key] = value
            continue
        guess = get_close_matches(key, _KEYS, n=1)
        what = f"the table [{key}]" if isinstance(value, dict) else f'"{key}"'
        hint = f"; did you mean {guess[0]}?" if guess else ""
        warn(gate(f"{path}: {what} is not a setting of this version and is ignored{hint}"))
    return known


def _parse(path: Path, content: bytes) -> dict[str, Any]:
    import tomllib  # only with a file to read

    try:
        return tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 (at byte {error.start}); save it as UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(gate(f"{path} is not valid TOML: {error}; correct it or move it away")) from error


def _read_environ(environ: Mapping[str, str]) -> dict[str, Any]:
    values = {
        key: _convert(key, _from_text(key, environ[variable]), variable, ConfigError)
        for key, variable in ((key, f"UD2P_{key.upper()}") for key in _KEYS)
        if environ.get(variable)
    }
    if environ.get("UD2P_PLUGINS") and _plugins_off(environ["UD2P_PLUGINS"]):
        values["safe_mode"] = True
    return values


def _from_text(key: str, text: str) -> object:
    """A variable's text as what a file would hold."""
    if key in ("plaintext", "safe_mode", "require_verified"):
        word = text.strip().lower()
        return True if word in _YES else False if word in _NO else text
    return text


def _plugins_off(text: str) -> bool:
    if text.strip().lower() not in (*_YES, *_NO):
        raise ConfigError(f"UD2P_PLUGINS: {gate(text)!r} is neither on nor off; set it to off, or unset it")
    return text.strip().lower() in _NO


def _convert(key: str, value: object, where: str, error: type[ConfigError | UsageError]) -> object:
    """``value`` as :class:`Settings` wants it, or ``error`` with a sentence that begins with ``where``."""
    try:
        return _KEYS[key](value)
    except UsageError as problem:
        raise error(f"{where}: {problem}") from None


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f'{_shown(value)} is not a word; write it like "this"')
    return value.strip()


def _name(value: object) -> str:
    from ud2p.protocol.messages import NAME_PATTERN  # msgspec: 10 ms

    if not isinstance(value, str) or not re.match(NAME_PATTERN, value) or value.casefold() in ("x", "q"):
        raise UsageError(
            f"{_shown(value)} is no name; it begins with a letter, has at most 32 letters, digits, '_', '.' or '-', "
            "and is not X or Q"
        )
    return value


def _broker(value: object) -> str:
    broker = _text(value)
    parse_broker(broker)
    return broker


def _fingerprint(value: object) -> str:
    from ud2p.identity import check_fingerprint  # which itself asks for folders here

    return check_fingerprint(_text(value))


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{_shown(value)} is neither true nor false")
    return value


def _words(value: object) -> tuple[str, ...]:
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, (list, tuple)) or not all(isinstance(part, str) for part in parts):
        raise UsageError(f'{_shown(value)} is not a list of names; write it like ["one", "two"] or "one, two"')
    words = [word.strip() for part in parts for word in part.split(",")]
    if "" in words:
        raise UsageError(f"{_shown(value)} names something empty; leave that out")
    return tuple(dict.fromkeys(words))


def _at_least_one(value: object) -> tuple[str, ...]:
    words = _words(value)
    if not words:
        raise UsageError("the list is empty; name at least one, or leave the setting out")
    return words


def _folder_there(value: object) -> Path:
    try:
        folder = Path(value if isinstance(value, Path) else _text(value)).expanduser()
        is_folder = folder.is_dir()
    except (OSError, RuntimeError, ValueError) as error:  # not allowed to look; no such user; a NUL inside
        raise UsageError(f"{_shown(str(value))} can't be used as a folder ({error}); choose another") from None
    if not is_folder:
        raise UsageError(f"{_shown(str(value))} is not a folder; make it, or choose another")
    return folder


def _shown(value: object) -> str:
    return gate(repr(value)[:80])


_KEYS: Mapping[str, Callable[[object], object]] = {
    "broker": _broker,
    "name": _name,
    "theme": _text,
    "ciphers": _at_least_one,
    "transport": _text,
    "file_transfer": _text,
    "downloads": _folder_there,
    "plaintext": _switch,
    "trust_broker": _text,
    "peer_key": _fingerprint,
    "require_verified": _switch,
    "no_plugin": _words,
    "safe_mode": _switch,
    "plugins_dir": _folder_there,
}
