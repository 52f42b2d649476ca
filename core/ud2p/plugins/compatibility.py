"""Whether a plugin was made for this ud2p, and whether the packages that it names are there.

What it says are requirements as PEP 508 has them, with versions as PEP 440 has them: ``Requires-Dist`` of a package,
the ``dependencies`` of a single file (PEP 723).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from ud2p import __version__
from ud2p.errors import PluginError
from ud2p.plugins.record import canonical

_AT_LEAST = re.compile(r"\s*>=\s*([0-9]{1,9}(?:\.[0-9]{1,9})*)")
"""What nearly everybody asks for; packaging takes 20 ms to be imported, and says the same of it."""
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*")


def check_ud2p(requirements: Iterable[str]) -> None:
    """Look at what is asked of ud2p.

    :raises PluginError: it asks for another version
    """
    for requirement in requirements:
        _check(requirement, only_ud2p=True)


def check_all(requirements: Iterable[str]) -> None:
    """Look at every requirement; for plugins that nobody installed, so that nobody looked at them before.

    :raises PluginError: it asks for another version of ud2p, or for a package that is not there
    """
    for requirement in requirements:
        _check(requirement, only_ud2p=False)


def asks_for_a_version(requirement: str) -> bool:
    """Whether it is ud2p that is asked for, and not just any."""
    name = _NAME.match(requirement)
    return name is not None and canonical(name[1]) == "ud2p" and name.end() < len(requirement)


def _check(text: str, *, only_ud2p: bool) -> None:
    name = _NAME.match(text)
    is_ud2p = name is not None and canonical(name[1]) == "ud2p"
    if (only_ud2p and not is_ud2p) or (is_ud2p and name is not None and name.end() == len(text)):
        return
    if is_ud2p and name is not None and _is_newer(text[name.end() :]):
        return
    from packaging.requirements import InvalidRequirement, Requirement  # see _AT_LEAST

    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        raise PluginError(f'it needs "{text}", which nobody can read; see PEP 508 for how to write it') from None
    if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
        return
    if is_ud2p:
        if not requirement.specifier.contains(__version__, prereleases=True):
            raise PluginError(
                f"it was made for ud2p {requirement.specifier}, and this is {__version__}; "
                "install a version of it, or of ud2p, that fits"
            )
        return
    try:
        there = version(requirement.name)
    except PackageNotFoundError:
        raise PluginError(f"it needs {requirement.name}, which is not installed; install it where ud2p is") from None
    if not requirement.specifier.contains(there, prereleases=True):
        raise PluginError(f"it needs {requirement.name} {requirement.specifier}, and {there} is installed; change that")


def _is_newer(specifier: str) -> bool:
    """Whether this version is one of those that a simple specifier asks for; false where it is not that simple."""
    match = _AT_LEAST.fullmatch(specifier)
    if match is None or not re.fullmatch(r"[0-9.]+", __version__):
        return False
    wanted = [int(part) for part in match[1].split(".")]
    this = [int(part) for part in __version__.split(".")]
    return this + [0] * (len(wanted) - len(this)) >= wanted
