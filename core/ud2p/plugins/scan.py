"""Finding plugins: the entry points of the group ``ud2p`` in every installed distribution."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path

from ud2p.faults import describe
from ud2p.plugins.files import scan_folders
from ud2p.plugins.metadata import Metadata, read_metadata
from ud2p.plugins.record import Found, Plugin, canonical

GROUP = "ud2p"
BUILT_INS = ("aes-gcm", "chulumanco", "fernet", "lutho", "memory", "roanda", "tcp", "udp", "xchacha20")
"""What ud2p comes with. They are found like everybody else's; this is only to say which of them is missing."""


def find_plugins(folders: Iterable[Path], warn: Callable[[str], None]) -> list[Found]:
    """Every plugin that is installed or a file in one of the folders, in the order in which they are loaded.

    :param warn: gets a sentence for each distribution and folder that can't be read
    """
    installed = scan(warn)
    there = {each.plugin.name for each in installed if each.plugin.builtin}
    if missing := ", ".join(name for name in BUILT_INS if name not in there):
        warn(f"of what ud2p comes with, this is missing: {missing}; install ud2p anew")
    return [*installed, *scan_folders(folders, warn)]


def scan(warn: Callable[[str], None]) -> list[Found]:
    """Every plugin that is installed, in the order in which they are loaded and asked. Nothing is imported.

    :param warn: gets a sentence for each distribution whose list of entry points can't be read
    """
    known: dict[int, Metadata] = {}
    found = [_found(point, _metadata(point.dist, known)) for point in _entry_points(warn)]
    return sorted(found, key=lambda each: each.plugin.order)


def _found(point: EntryPoint, metadata: Metadata) -> Found:
    plugin = Plugin(point.name, metadata.name, metadata.version)
    return Found(plugin, point.load, lambda: list(metadata.requires))


def _entry_points(warn: Callable[[str], None]) -> Iterable[EntryPoint]:
    try:
        return importlib.metadata.entry_points(group=GROUP)
    except Exception:  # noqa: BLE001 - one damaged distribution breaks the call for all; then each is asked alone
        return list(_one_by_one(warn))


def _one_by_one(warn: Callable[[str], None]) -> Iterator[EntryPoint]:
    seen: set[str] = set()
    for distribution in importlib.metadata.distributions():
        name = "a package without a name"
        try:
            name = distribution.name or name
            if canonical(name) in seen:  # the one found earlier on sys.path is the one that is imported
                continue
            seen.add(canonical(name))
            yield from distribution.entry_points.select(group=GROUP)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the others still count
            warn(f"{name}: its list of entry points can't be read ({describe(error)}); install it anew")


def _metadata(distribution: Distribution | None, known: dict[int, Metadata]) -> Metadata:
    """Each distribution's, read once however many plugins it brings."""
    metadata = known.get(id(distribution))
    if metadata is None:
        try:
            metadata = read_metadata(distribution) if distribution else Metadata()
        except Exception:  # noqa: BLE001 - damaged metadata; the plugin itself may be well
            metadata = Metadata()
        known[id(distribution)] = metadata
    return metadata
