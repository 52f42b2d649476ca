"""Plugins that break their contracts end what they carry, with a sentence, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.support.people import a_broker, a_person, introduce, two_in_a_chat

from ud2p import (
    Chat,
    ChatEnded,
    ChatFailed,
    CipherInfo,
    FileOffered,
    FileTransferInfo,
    InvitationFailed,
    InvitationRequest,
    Invited,
    MessageReceived,
    PluginManager,
    TransferError,
    TransportInfo,
    impl,
)
from ud2p.contracts import Address, Buffer, Candidate, Endpoint, ReceiveDatagrams
from ud2p.errors import UD2PError


class Base(BaseException):
    """What hardly anybody catches."""


FAULTS = [RuntimeError("oh no"), SystemExit("oh no"), GeneratorExit("oh no"), Base("oh no")]
"""What plugins raise; the second would end a program, the third a generator."""
each_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)


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


class FailingCipher:
    """AES-GCM that works until a test says otherwise."""

    fault: BaseException | None = None
    """Of a class of its own for each test: what it raises from now on."""

    def __init__(self, key: bytes) -> None:
        self._real = PluginManager.load(safe_mode=True).ciphers["aes-gcm"].make(key)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def fail(self) -> None:
        """Raise it."""
        if self.fault is not None:
            raise self.fault


def with_cipher(make: Callable[[bytes], Any]) -> dict[str, Any]:
    """Options of a client that speaks nothing but this cipher."""

    class Bringing:
        @impl
        def ud2p_register_ciphers(self) -> list[CipherInfo]:
            return [CipherInfo("failing", 32, 2**20, 2**30, 1000, make)]

    manager = PluginManager.load()
    manager.register(Bringing(), "failing")
    return {"plugins": manager, "ciphers": ["failing"]}


@each_fault
async def test_a_cipher_that_fails_to_seal_in_the_middle_of_a_chat_ends_it(fault: BaseException) -> None:
    class Sealing(FailingCipher):
        def seal(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
            self.fail()
            return self._real.seal(nonce, data, associated_data)

    async with two_in_a_chat(**with_cipher(Sealing)) as (alice, mine, bob, _theirs):
        mine.post("before")
        assert (await bob.next(MessageReceived)).text == "before"
        Sealing.fault = fault
        mine.post("behind")
        ended = await alice.next(ChatEnded)
        assert ended.reason == "the cipher failing failed to seal; choose another with --cipher"
        assert not mine.is_open
        assert (await alice.client.list()).total == 2


@each_fault
async def test_a_cipher_that_fails_to_open_in_the_middle_of_a_chat_opens_nothing(fault: BaseException) -> None:
    class Opening(FailingCipher):
        def open(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
            self.fail()
            return self._real.open(nonce, data, associated_data)

    async with two_in_a_chat(**with_cipher(Opening)) as (alice, mine, bob, theirs):
        mine.post("before")
        assert (await bob.next(MessageReceived)).text == "before"
        Opening.fault = fault
        posts = asyncio.ensure_future(post_until_closed(theirs))
        ended = await alice.next(ChatEnded)
        assert ended.reason.startswith(f"the cipher failing fails to open ({type(fault).__name__}: oh no)")
        posts.cancel()
        assert (await alice.client.list()).total == 2


async def post_until_closed(chat: Chat) -> None:
    """More than the forgeries that a chat stands."""
    with contextlib.suppress(UD2PError):
        while chat.is_open:
            chat.post("hello?")
            await asyncio.sleep(0)


@each_fault
async def test_a_cipher_that_fails_in_a_file_fails_the_file(fault: BaseException, tmp_path: Path) -> None:
    class Sealing(FailingCipher):
        def seal_into(self, nonce: int, data: Buffer, associated_data: bytes, out: memoryview) -> int:
            raise fault

    (tmp_path / "song").write_bytes(b"la" * 1000)
    (tmp_path / "in").mkdir()
    async with two_in_a_chat(**with_cipher(Sealing)) as (_, mine, bob, theirs):
        sending = asyncio.ensure_future(mine.send_file(tmp_path / "song"))
        offered = await bob.next(FileOffered)
        outcomes = await asyncio.gather(
            theirs.accept_file(offered.offer, tmp_path / "in"), sending, return_exceptions=True
        )
        assert all(isinstance(outcome, UD2PError) for outcome in outcomes), outcomes
        assert "the cipher failing failed to seal" in str(outcomes)
        assert list((tmp_path / "in").iterdir()) == []
        mine.post("still here")
        assert (await bob.next(MessageReceived)).text == "still here"


@pytest.mark.parametrize("size", ["the same", "one less", "more than fits", "nonsense"])
async def test_a_cipher_that_seals_a_file_to_a_wrong_size_sends_nothing(size: str, tmp_path: Path) -> None:
    class Bare(FailingCipher):
        def seal_into(self, nonce: int, data: Buffer, associated_data: bytes, out: memoryview) -> Any:
            out[: len(data)] = data
            sizes = {"the same": len(data), "one less": len(data) - 1, "more than fits": len(out) + 1, "nonsense": None}
            return sizes[size]

    (tmp_path / "song").write_bytes(b"la" * 1000)
    (tmp_path / "in").mkdir()
    async with two_in_a_chat(**with_cipher(Bare)) as (_, mine, bob, theirs):
        sending = asyncio.ensure_future(mine.send_file(tmp_path / "song"))
        offered = await bob.next(FileOffered)
        outcomes = await asyncio.gather(
            theirs.accept_file(offered.offer, tmp_path / "in"), sending, return_exceptions=True
        )
        assert "the cipher failing sealed to a wrong size" in str(outcomes)
        assert list((tmp_path / "in").iterdir()) == []


def with_transport(transport: type[Any]) -> dict[str, Any]:
    """Options of a client that goes over this transport."""

    class Bringing:
        @impl
        def ud2p_register_transports(self) -> list[TransportInfo]:
            return [TransportInfo("failing", transport)]

    manager = PluginManager.load()
    manager.register(Bringing(), "failing")
    return {"plugins": manager, "transport": "failing"}


class Endpoints:
    """UDP whose endpoints can be made worse."""

    worse: Callable[[Any], None]

    async def bind(self, receive: ReceiveDatagrams, toward: Address) -> Endpoint:
        endpoint = await PluginManager.load(safe_mode=True).transports["udp"].make().bind(receive, toward)

        class Worse:
            max_datagram = endpoint.max_datagram
            send = staticmethod(endpoint.send)
            candidates = staticmethod(endpoint.candidates)
            describe = staticmethod(endpoint.describe)
            close = staticmethod(endpoint.close)

        made = Worse()
        type(self).worse(made)
        return made


@each_fault
async def test_a_transport_that_can_neither_describe_nor_close_carries_a_chat(fault: BaseException) -> None:
    closed: list[Any] = []

    class Odd(Endpoints):
        @staticmethod
        def worse(endpoint: Any) -> None:
            real = endpoint.close

            async def close() -> None:
                closed.append(real)
                raise fault

            def describe(_: Address) -> str:
                raise fault

            endpoint.describe, endpoint.close = describe, close

    async with two_in_a_chat(**with_transport(Odd)) as (_, mine, bob, _theirs):
        assert mine.path.startswith("127.0.0.1:")
        mine.post("hello")
        assert (await bob.next(MessageReceived)).text == "hello"
        await mine.leave()
        await bob.next(ChatEnded)
    assert len(closed) == 2
    for close in closed:
        await close()


@each_fault
async def test_a_transport_that_fails_to_send_in_the_middle_of_a_chat_ends_it(fault: BaseException) -> None:
    is_failing = False

    class Silent(Endpoints):
        @staticmethod
        def worse(endpoint: Any) -> None:
            real = endpoint.send

            def send(datagram: bytes, to: Address) -> None:
                if is_failing:
                    raise fault
                real(datagram, to)

            endpoint.send = send

    async with two_in_a_chat(**with_transport(Silent)) as (alice, mine, bob, _theirs):
        mine.post("before")
        assert (await bob.next(MessageReceived)).text == "before"
        is_failing = True
        mine.post("behind")
        assert "transport" in (await alice.next(ChatEnded)).reason
        assert (await bob.client.list()).total == 2


@pytest.mark.parametrize("who", ["the sender", "the receiver"])
async def test_a_file_transfer_without_a_receipt_fails_the_file(who: str, tmp_path: Path) -> None:
    class Forgetful:
        async def send(self, link: Any, sources: Any, progress: Any) -> Any:
            return None if who == "the sender" else await anext(link.controls(), None)

        async def receive(self, link: Any, offer: Any, into: Any, progress: Any) -> Any:
            return None if who == "the receiver" else await anext(link.controls(), None)

    await assert_fails(Forgetful, "returned no receipt", tmp_path)


async def test_a_file_transfer_without_methods_fails_the_file(tmp_path: Path) -> None:
    await assert_fails(object, "has no attribute", tmp_path)


async def test_a_file_transfer_of_plain_functions_fails_the_file(tmp_path: Path) -> None:
    class Plain:
        def send(self, *_: object) -> int:
            return 3

        receive = send

    await assert_fails(Plain, "can't be used in 'await' expression", tmp_path)


@pytest.mark.parametrize("who", ["the sender", "the receiver"])
@each_fault
async def test_a_file_transfer_that_raises_anything_fails_the_file(
    fault: BaseException, who: str, tmp_path: Path
) -> None:
    class Failing:
        async def send(self, link: Any, sources: Any, progress: Any) -> Any:
            if who == "the sender":
                raise fault
            return await anext(link.controls(), None)

        async def receive(self, link: Any, offer: Any, into: Any, progress: Any) -> Any:
            if who == "the receiver":
                raise fault
            return await anext(link.controls(), None)

    await assert_fails(Failing, "oh no", tmp_path)


async def assert_fails(transfer: type[Any], why: str, folder: Path) -> None:
    """A file does not get through, both ends read why, and the chat goes on."""

    class Bringing:
        @impl
        def ud2p_register_file_transfers(self) -> list[FileTransferInfo]:
            return [FileTransferInfo("failing", transfer)]

    manager = PluginManager.load()
    manager.register(Bringing(), "failing")
    (folder / "song").write_bytes(b"la")
    async with two_in_a_chat(plugins=manager, file_transfer="failing") as (_, mine, bob, theirs):
        sending = asyncio.ensure_future(mine.send_file(folder / "song"))
        offered = await bob.next(FileOffered)
        outcomes = await asyncio.gather(theirs.accept_file(offered.offer, folder), sending, return_exceptions=True)
        assert all(isinstance(outcome, TransferError) for outcome in outcomes), outcomes
        assert why in str(outcomes)
        mine.post("still here")
        assert (await bob.next(MessageReceived)).text == "still here"
