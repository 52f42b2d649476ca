"""From an introduction to an open chat: offers compared, keys agreed on, a socket bound, a path found."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ud2p.contracts import Address
from ud2p.errors import ChatError, NoCommonCipher, PeerUnreachable, PluginError, RemoteProtocolError
from ud2p.faults import describe
from ud2p.plugins import PluginManager
from ud2p.protocol.messages import Introduction
from ud2p.protocol.offer import (
    SESSION_VERSION,
    Offer,
    decode_offer,
    encode_offer,
    no_common_cipher_text,
    select_cipher,
)

if TYPE_CHECKING:
    from ud2p.chat import Chat, ChatHost
    from ud2p.identity import Identity


BIND_S = 5.0
"""The longest that a transport may take for a socket."""


class Introducer:
    """What this client offers, and how it makes a chat of an introduction."""

    def __init__(
        self, plugins: PluginManager, ciphers: Sequence[str] | None, transport: str, identity: Callable[[], Identity]
    ) -> None:
        """
        :param ciphers: the ones to offer, the preferred first; None offers all that ud2p comes with
        :param transport: one that is not there is missed at the first chat: all else goes without
        :param identity: gives this client's
        :raises PluginError: when a cipher is not there
        """
        self._ciphers = {info.name: info for info in plugins.offered_ciphers(ciphers)}
        self._transports = plugins.transports
        self._transport = transport
        self._identity = identity
        foreign = [name for name in self._ciphers if not plugins.is_builtin("cipher", name)]
        self._offer = Offer(
            versions=(SESSION_VERSION,),
            ciphers=tuple(self._ciphers),
            transports=(transport,),
            file_transfers=tuple(plugins.file_transfers),
            packages={name: plugins.package_of("cipher", name) for name in foreign},
        )
        self.offer = encode_offer(self._offer)
        """This client's offer, the same bytes for every introduction."""

    def check(self) -> None:
        """Whether chats can be had at all.

        :raises PluginError: when there is no such transport
        """
        if self._transport not in self._transports:
            there_are = ", ".join(self._transports) or "none"
            raise PluginError(f"there is no transport {self._transport} (there are: {there_are}); see: ud2p plugins")

    def make_chat(
        self, host: ChatHost, name: str, introduction: Introduction, signal: Callable[[bytes, bytes], None]
    ) -> Chat:
        """The chat of an introduction, not open yet; its handshake waits for :meth:`open_chat`.

        :param name: this client's own, as registered
        :raises NoCommonCipher: with what each side offers
        :raises ChatError: when the peer's offer can't be read
        """
        # Not above: with all that a chat takes, a shell would start a tenth slower, and it can do without until then.
        from ud2p.chat import Chat
        from ud2p.protocol.handshake import Handshake
        from ud2p.protocol.keys import Master, Role, Transcript
        from ud2p.protocol.session import Session
        from ud2p.session_driver import SessionDriver

        peer = introduction.peer
        try:
            theirs = decode_offer(introduction.offer)
        except RemoteProtocolError as error:
            raise ChatError(f"no chat with {peer}: {error}") from error
        if SESSION_VERSION not in theirs.versions:
            raise ChatError(f"no chat with {peer}: it needs another version of ud2p; update the older of the two")
        role = Role.INITIATOR if introduction.initiator else Role.RESPONDER
        mine_first = role is Role.INITIATOR
        offers = (self._offer, theirs) if mine_first else (theirs, self._offer)
        chosen = select_cipher(*offers)
        if chosen is None:
            raise NoCommonCipher(no_common_cipher_text(self._offer, theirs, peer))
        transcript = Transcript(
            introduction.session,
            *((name, peer) if mine_first else (peer, name)),
            *((self.offer, introduction.offer) if mine_first else (introduction.offer, self.offer)),
        )
        cipher = self._ciphers[chosen]
        chat = Chat(host, peer, introduction.session, cipher)
        now = chat.now()
        handshake = Handshake(
            role,
            transcript,
            introduction.key,
            self._identity().session_key,
            now,
            os.urandom,
            introduced=introduction.identity,
        )

        def make_session(master: Master, now: float) -> Session:
            chat.meet(handshake.remote_static, master)
            return Session(role, master, cipher, now, os.urandom)

        chat.attach(SessionDriver(handshake, make_session, chat, lambda data: signal(introduction.session, data)))
        return chat

    async def open_chat(self, chat: Chat, introduction: Introduction, rendezvous: Address) -> None:
        """Agree on keys; meanwhile bind a socket and register it at the rendezvous; then wait for a path.

        :param rendezvous: the broker's UDP address
        :raises ChatError: when either does not come about within 15 s
        """
        from ud2p.protocol.rendezvous import RendezvousClient
        from ud2p.registration import Registration

        chat.driver.begin()
        try:
            async with asyncio.timeout(BIND_S):
                endpoint = await self._transports[self._transport].make().bind(chat.driver.receive, rendezvous)
        except TimeoutError:
            chat.driver.leave("error")
            raise PluginError(
                f"the transport {self._transport} took longer than {BIND_S:g} s; choose another"
            ) from None
        except OSError as error:
            chat.driver.leave("error")
            raise PeerUnreachable(f"no socket for the chat could be opened: {error.strerror or error}") from error
        except (KeyboardInterrupt, asyncio.CancelledError):
            raise
        except BaseException as error:
            chat.driver.leave("error")
            raise PluginError(f"the transport {self._transport} failed ({describe(error)}); choose another") from error
        client = RendezvousClient(introduction.rendezvous, introduction.rendezvous_key)
        chat.driver.start(endpoint, Registration(client, rendezvous))
        await chat.wait_opened()
