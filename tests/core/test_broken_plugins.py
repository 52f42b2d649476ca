"""Plugins that break their contracts end what they carry, with a sentence, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.support.people import a_broker, a_person, introduce, two_in_a_chat

from ud2p import (
    ChatEnded,
    ChatFailed,
    CipherInfo,
    FileTransferInfo,
    InvitationFailed,
    InvitationRequest,
    Invited,
    PluginManager,
    TransferError,
    TransportInfo,
    impl,
)
from ud2p.contracts import Address, Candidate, Endpoint, ReceiveDatagrams
from ud2p.errors import UD2PError


def fail(*_: object) -> Any:
    raise RuntimeError("oh no")


class Broken:
    """Brings one of each kind that can't be made."""

    @impl
    def ud2p_register_ciphers(self) -> Sequence[CipherInfo]:
        return [CipherInfo("broken", 32, 2**20, 2**30, 2**20, fail)]

    @impl
    def ud2p_register_transports(self) -> Sequence[TransportInfo]:
        return [TransportInfo("broken", fail), TransportInfo("mute", Mute)]

    @impl
    def ud2p_register_file_transfers(self) -> Sequence[FileTransferInfo]:
        return [FileTransferInfo("broken", fail)]


class MuteEndpoint:
    """Raises at the first datagram."""

    max_datagram = 1200

    def send(self, datagram: bytes, to: Address) -> None:
        raise RuntimeError("oh no")

    def candidates(self) -> list[Candidate]:
        return []

    def describe(self, to: Address) -> str:
        return "nowhere"

    async def close(self) -> None:
        """Nothing to close."""


class Mute:
    """A transport whose endpoints raise."""

    async def bind(self, receive: ReceiveDatagrams, toward: Address) -> Endpoint:
        return MuteEndpoint()


def plugins() -> PluginManager:
    manager = PluginManager.load()
    manager.register(Broken(), "broken")
    return manager


async def test_a_cipher_that_can_not_be_made_ends_the_introduction_on_both_sides() -> None:
    options: dict[str, Any] = {"plugins": plugins(), "ciphers": ["broken"]}
    async with a_broker() as broker, a_person("alice", broker, **options) as alice:
        async with a_person("bob", broker, **options) as bob:
            with pytest.raises(UD2PError, match="cipher"):
                await introduce(alice, bob)
            assert "the cipher broken can't be used" in (await alice.next(ChatFailed)).reason
            assert "cipher" in (await bob.next(ChatFailed)).reason
            assert (await alice.client.list()).total == 2  # the broker is still there


@pytest.mark.parametrize("transport", ["broken", "mute"])
async def test_a_transport_that_fails_ends_the_introduction(transport: str) -> None:
    async with a_broker() as broker, a_person("alice", broker, plugins=plugins(), transport=transport) as alice:
        async with a_person("bob", broker, auto_accept=True) as bob:
            with pytest.raises(UD2PError, match="transport"):
                await asyncio.wait_for(alice.client.invite("bob"), 10)
            await bob.next(ChatFailed)
            assert (await alice.client.list()).total == 2


async def test_a_file_transfer_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "song").write_bytes(b"la")
    async with two_in_a_chat(plugins=plugins(), file_transfer="broken") as (_, mine, bob, _theirs):
        with pytest.raises(TransferError, match="broken failed"):
            await mine.send_file(tmp_path / "song")
        await mine.leave()
        await bob.next(ChatEnded)


async def test_messages_before_the_end_are_told_before_it(tmp_path: Path) -> None:
    async with two_in_a_chat() as (_, mine, bob, _theirs):
        mine.post("bye")
        await mine.leave()
        events = [type(event).__name__ for event in await bob.all_until(ChatEnded)]
        assert events.index("MessageReceived") < events.index("ChatEnded")


async def test_a_gatekeeper_that_raises_is_no_yes_for_a_bot() -> None:
    class Raising:
        @impl
        def ud2p_invitation(self, invitation: InvitationRequest) -> None:
            raise RuntimeError("oh no")

    manager = PluginManager.load()
    manager.register(Raising(), "raising")
    async with a_broker() as broker, a_person("alice", broker) as alice:
        async with a_person("bot", broker, plugins=manager, auto_accept=True) as bot:
            inviting = asyncio.ensure_future(alice.client.invite("bot"))
            invited = await bot.next(Invited)
            await bot.client.answer(invited.invitation, accept=False)
            with pytest.raises(InvitationFailed):
                await inviting
