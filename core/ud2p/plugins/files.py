"""Single-file plugins: every ``NAME.py`` in a folder, without packaging.

A file whose name begins with ``_`` or ``.`` is none. Its functions are the hooks, or the methods of the object that it
calls ``plugin``, where it has one. What the file needs stands in a block at its top (PEP 723)::

    # /// script
    # dependencies = ["ud2p>=0.1", "httpx"]
    # ///

Whoever may write to the file may do what its user may do, so a file or folder that others may write to is not loaded.
"""

from __future__ import annotations

import importlib.util
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from ud2p.errors import PluginError
from ud2p.plugins.record import Found, Plugin
from ud2p.text import gate

MODULE_PREFIX = "ud2p_file_plugin_"
OBJECT = "plugin"
_BLOCK = re.compile(r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$")  # as in PEP 723


def scan_folders(folders: Iterable[Path], warn: Callable[[str], None]) -> Iterator[Found]:
    """The plugins in some folders, by name within each. Nothing is imported.

    :param folders: one that is not there has no plugins
    :param warn: gets a sentence for each folder that can't be read or must not be trusted
    """
    seen: set[tuple[int, int]] = set()
    for folder in folders:
        try:
            status = folder.stat()
            paths = sorted(path for path in folder.iterdir() if path.suffix == ".py" and path.name[0] not in "_.")
            check_trusted(folder)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            warn(f"{gate(str(folder))} can't be read ({error.strerror}), so no plugin in it is loaded")
            continue
        except PluginError as error:
            warn(f"no plugin in {gate(str(folder))} is loaded: {error}")
            continue
        if (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            yield from map(found_in, paths)


def found_in(path: Path) -> Found:
    """One file as a plugin."""
    return Found(Plugin(path.stem, "", "", str(path)), partial(_load, path), partial(_requirements, path))


def check_trusted(path: Path) -> None:
    """Look at who may write to a file or folder.

    :raises PluginError: somebody else than this user and the system's administrator
    :raises OSError: it can't be looked at
    """
    if not hasattr(os, "geteuid"):  # elsewhere than on POSIX the folder's own protection has to do
        return
    status = path.stat()
    if status.st_uid not in (0, os.geteuid()):
        raise PluginError(f"{gate(str(path))} belongs to another user; make a copy of your own")
    if status.st_mode & stat.S_IWOTH:
        raise PluginError(f"everybody may write to {gate(str(path))}; chmod o-w makes it yours")


def _load(path: Path) -> object:
    """The file as a module, or the object that it calls :data:`OBJECT`."""
    name = MODULE_PREFIX + path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError("Python has no way to load it; its name must end with .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look their module up
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return vars(module).get(OBJECT, module)


def _requirements(path: Path) -> list[str]:
    check_trusted(path)
    if not path.is_file():  # a pipe, say, that would be waited at for ever
        raise PluginError("it is no regular file; move it away")
    text = path.read_text(encoding="utf-8", errors="replace")
    block = _BLOCK.search(text)
    if block is None:
        return []
    import tomllib

    content = "".join(line[2:] if line.startswith("# ") else line[1:] for line in block["content"].splitlines(True))
    try:
        needs = tomllib.loads(content).get("dependencies", [])
    except tomllib.TOMLDecodeError as error:
        raise PluginError(f"its block of metadata is not valid TOML ({error}); correct it") from None
    if not isinstance(needs, list) or not all(isinstance(each, str) for each in needs):
        raise PluginError("the dependencies in its block of metadata are not a list of texts; correct that")
    return needs
