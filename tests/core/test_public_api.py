"""The public names, pinned: one that goes missing breaks somebody's plugin."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import ud2p
from ud2p import contracts, errors, events

PUBLIC = [
    "Address",
    "BrokerBack",
    "BrokerClosed",
    "BrokerError",
    "BrokerEvent",
    "BrokerGone",
    "BrokerNotTrusted",
    "BrokerLost",
    "BrokerRefused",
    "BrokerUnreachable",
    "Buffer",
    "Candidate",
    "Chat",
    "ChatClosed",
    "ChatEnded",
    "ChatError",
    "ChatFailed",
    "ChatHeard",
    "ChatMoved",
    "ChatOpened",
    "ChatSilent",
    "Cipher",
    "CipherInfo",
    "Claim",
    "Client",
    "ClientEvent",
    "CommandContext",
    "CommandInfo",
    "ConfigError",
    "CopyingCipher",
    "Decision",
    "DecryptionError",
    "Directory",
    "DirectoryInfo",
    "DirectoryPage",
    "Endpoint",
    "Entry",
    "FileDone",
    "FileEntry",
    "FileLink",
    "FileOffer",
    "FileOffered",
    "FileTransfer",
    "FileTransferInfo",
    "FileWithdrawn",
    "HandshakeFailed",
    "IdentityError",
    "Introduced",
    "Invitation",
    "InvitationEnded",
    "InvitationFailed",
    "InvitationRequest",
    "InviteRequest",
    "Invited",
    "Line",
    "KnownPeers",
    "LocalProtocolError",
    "LoginRequest",
    "MessageDelivered",
    "MessageFailed",
    "MessageReceived",
    "MessageTooLong",
    "MessageVetoed",
    "NameStore",
    "NoCommonCipher",
    "Opener",
    "Option",
    "OptionValue",
    "Options",
    "Page",
    "PeerNotTrusted",
    "PeerUnreachable",
    "PluginError",
    "PluginManager",
    "PluginRecord",
    "Posted",
    "Progress",
    "ProtocolError",
    "Receipt",
    "ReceiveDatagrams",
    "Refuse",
    "RemoteProtocolError",
    "Sealer",
    "Source",
    "Span",
    "StatusChanged",
    "StreamId",
    "Theme",
    "ThemeInfo",
    "TransferError",
    "TransferFailed",
    "TransferRefused",
    "Transport",
    "TransportInfo",
    "UD2PError",
    "UnsafeName",
    "UsageError",
    "Veto",
    "gate",
    "impl",
]


def loaded_by(statement: str, names: str) -> list[str]:
    """Which of the modules ``names`` a fresh Python has loaded after a statement."""
    program = f"import sys; {statement}; print(*[name for name in {names.split()!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split()


def defined_in(module: object, name: str) -> set[str]:
    return {key for key, value in vars(module).items() if isinstance(value, type) and value.__module__ == name}


def test_the_public_names_are_these() -> None:
    assert sorted(ud2p.__all__) == sorted(PUBLIC)
    assert ud2p.__all__ == sorted(ud2p.__all__, key=str)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(ud2p, name) is not None


def test_all_contracts_errors_and_events_are_public() -> None:
    of_errors = defined_in(errors, "ud2p.errors")
    of_events = defined_in(events, "ud2p.events") | {"BrokerEvent", "ClientEvent"}
    assert set(contracts.__all__) | of_errors | of_events <= set(ud2p.__all__)


def test_no_name_means_two_things() -> None:
    of_errors = defined_in(errors, "ud2p.errors")
    of_events = defined_in(events, "ud2p.events") | {"BrokerEvent", "ClientEvent"}
    assert not of_errors & of_events
    assert not (of_errors | of_events) & set(contracts.__all__)


@pytest.mark.parametrize("name", ["config", "contracts", "errors", "events", "screen", "text"])
def test_modules_are_attributes(name: str) -> None:
    assert getattr(ud2p, name).__name__ == f"ud2p.{name}"
    assert loaded_by(f"import ud2p; ud2p.{name}", f"ud2p.{name}") == [f"ud2p.{name}"]


def test_a_name_is_one_object_wherever_it_is_taken_from() -> None:
    assert ud2p.Veto is contracts.Veto
    assert ud2p.Invited is events.Invited
    assert ud2p.ChatClosed is errors.ChatClosed


def test_dir_shows_the_public_names_and_modules() -> None:
    assert {*PUBLIC, "errors", "events", "screen", "__version__"} <= set(dir(ud2p))


def test_a_misspelt_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'ud2p' has no attribute 'Clinet'"):
        _ = ud2p.Clinet  # type: ignore[attr-defined]
    with pytest.raises(ImportError):
        from ud2p import NoSuchName  # type: ignore[attr-defined] # noqa: F401


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = (
        "asyncio dataclasses cryptography Crypto msgspec pluggy typing re inspect pathlib ud2p.errors ud2p.contracts"
    )
    before = loaded_by("pass", heavy)
    assert loaded_by("import ud2p; ud2p.__version__; dir(ud2p)", heavy) == before


def test_what_a_cipher_plugin_imports_stays_light() -> None:
    statement = "from ud2p import Buffer, Cipher, CipherInfo, CopyingCipher, DecryptionError, impl"
    assert loaded_by(statement, "asyncio cryptography Crypto msgspec ud2p.client ud2p.chat ud2p.plugins") == []


def test_a_star_import_brings_all_of_it() -> None:
    assert loaded_by("from ud2p import *; assert Client and Chat and impl and Veto", "ud2p.client") == ["ud2p.client"]


def test_the_version_is_the_distributions() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert ud2p.__version__ == project["version"]
