"""What ud2p itself remembers between two runs: a small JSON file in the state folder.

::

    {"name": "alice", "disabled_plugins": ["sparkle"]}

Written whole to a file beside it, readable by its owner alone, and moved over the old one, so that no reader ever sees
half of it. Members that this version does not know are kept. A file that can't be understood is reported and never
replaced: what is in it may be worth more than what would be written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ud2p.config import state_dir
from ud2p.errors import ConfigError
from ud2p.whole_file import write_whole

FILE_NAME = "state.json"


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered."""

    name: str | None = None
    """The user name that the first start asked for."""
    disabled_plugins: tuple[str, ...] = ()
    """Those that ``ud2p plugins disable`` named."""


def load_state(environ: Mapping[str, str] | None = None) -> State:
    """What is remembered; an empty :class:`State` when nothing is.

    :raises ConfigError: the file is there and can't be read or understood
    """
    path = state_dir(environ) / FILE_NAME
    members = _read(path)
    name = members.get("name")
    if name is not None and (not isinstance(name, str) or not name):
        raise ConfigError(f'{path}: "name" is not a user name; correct it or move the file away')
    disabled = members.get("disabled_plugins", [])
    if not isinstance(disabled, list) or not all(isinstance(each, str) for each in disabled):
        raise ConfigError(f'{path}: "disabled_plugins" is not a list of names; correct it or move the file away')
    return State(name, tuple(disabled))


def remember_name(name: str, environ: Mapping[str, str] | None = None) -> None:
    """Keep the user name for the next start.

    :raises ConfigError: it can't be written, or what is there can't be understood and is therefore not replaced
    """
    path = state_dir(environ) / FILE_NAME
    members = _read(path)
    if members.get("name") != name:
        _write(path, {**members, "name": name})


def remember_disabled(plugins: Sequence[str], environ: Mapping[str, str] | None = None) -> None:
    """Keep which plugins are not to be loaded from now on.

    :raises ConfigError: as above
    """
    path = state_dir(environ) / FILE_NAME
    _write(path, {**_read(path), "disabled_plugins": list(plugins)})


def _read(path: Path) -> dict[str, Any]:
    try:
        members = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path} can't be read ({error.strerror}); make it readable or move it away") from error
    except (ValueError, RecursionError) as error:  # no JSON, no UTF-8, too deep
        raise ConfigError(f"{path} is damaged; correct it or move it away") from error
    if not isinstance(members, dict):
        raise ConfigError(f"{path} is damaged; correct it or move it away")
    return members


def _write(path: Path, members: Mapping[str, Any]) -> None:
    text = json.dumps(members, indent=1, ensure_ascii=False) + "\n"
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise ConfigError(f"{path} can't be written ({error.strerror}); make its folder writable") from error
