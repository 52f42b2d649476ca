"""What plugins are tested with: a suite for each contract, real brokers and people, and fixtures for pytest.

A suite is a class to subclass, whose ``info`` is what the plugin registers::

    from ud2p.testing import CipherConformance

    class TestRot13(CipherConformance):
        info = rot13.ud2p_register_ciphers()[0]

The suites need the extra ``testing`` (``pip install "ud2p[testing]"``). The fixtures, all of them called ``ud2p_...``,
are there wherever ud2p and pytest are installed. Each name loads when it is first used (PEP 562).
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for typing's own, as in ud2p itself
if TYPE_CHECKING:
    from ud2p.testing.broker import a_broker as a_broker
    from ud2p.testing.cipher import CipherConformance as CipherConformance
    from ud2p.testing.clock import Clock as Clock
    from ud2p.testing.command import CommandConformance as CommandConformance
    from ud2p.testing.directory import DirectoryConformance as DirectoryConformance
    from ud2p.testing.file_links import PairedLink as PairedLink
    from ud2p.testing.file_links import link_pair as link_pair
    from ud2p.testing.file_transfer import FileTransferConformance as FileTransferConformance
    from ud2p.testing.identities import identity_of as identity_of
    from ud2p.testing.lossy_transport import LossyTransport as LossyTransport
    from ud2p.testing.lossy_transport import lossy as lossy
    from ud2p.testing.name_store import NameStoreConformance as NameStoreConformance
    from ud2p.testing.people import Pair as Pair
    from ud2p.testing.people import Person as Person
    from ud2p.testing.people import a_person as a_person
    from ud2p.testing.people import introduce as introduce
    from ud2p.testing.people import two_in_a_chat as two_in_a_chat
    from ud2p.testing.progress import ProgressLog as ProgressLog
    from ud2p.testing.screen_events import SESSION as SESSION
    from ud2p.testing.screen_events import hostile_events as hostile_events
    from ud2p.testing.screen_events import hostile_text as hostile_text
    from ud2p.testing.suites import suites_for as suites_for
    from ud2p.testing.terminal import Terminal as Terminal
    from ud2p.testing.terminal import plain_text as plain_text
    from ud2p.testing.theme import ThemeConformance as ThemeConformance
    from ud2p.testing.transport import TransportConformance as TransportConformance

_NAMES = {
    "broker": "a_broker",
    "cipher": "CipherConformance",
    "clock": "Clock",
    "command": "CommandConformance",
    "directory": "DirectoryConformance",
    "file_links": "PairedLink link_pair",
    "file_transfer": "FileTransferConformance",
    "identities": "identity_of",
    "lossy_transport": "LossyTransport lossy",
    "name_store": "NameStoreConformance",
    "people": "Pair Person a_person introduce two_in_a_chat",
    "progress": "ProgressLog",
    "screen_events": "SESSION hostile_events hostile_text",
    "suites": "suites_for",
    "terminal": "Terminal plain_text",
    "theme": "ThemeConformance",
    "transport": "TransportConformance",
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names.split()}
__all__ = sorted(_HOMES)
MODULES = tuple(
    f"ud2p.testing.{home}" for home in (*_NAMES, "endpoints", "file_transfer_rules", "loop_thread", "transfers")
)
"""Whose assertions pytest explains when they fail."""

if not TYPE_CHECKING:  # a type checker that saw this would let every misspelt name pass

    def __getattr__(name):
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module 'ud2p.testing' has no attribute {name!r}")
        globals()[name] = value = getattr(import_module(f"ud2p.testing.{_HOMES[name]}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
