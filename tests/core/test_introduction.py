"""What becomes of an introduction that is not as it should be."""

from __future__ import annotations

from typing import Any

import pytest

from ud2p import PluginManager
from ud2p.admission import Admission
from ud2p.errors import ChatError, NoCommonCipher, PluginError
from ud2p.identity import Identity
from ud2p.introduction import Introducer
from ud2p.known_peers import KnownPeers
from ud2p.protocol.messages import Introduction
from ud2p.protocol.offer import Offer, decode_offer, encode_offer

PLUGINS = PluginManager.load()


class Host:
    """As much of a client as a chat wants before it is open."""

    plugins = PLUGINS
    file_transfer = "tcp"
    has_room = True
    admission = Admission(KnownPeers(), "localhost", peer_key=None, require_verified=False)

    def publish(self, event: object) -> None:
        raise AssertionError("nothing happens here")

    def forget(self, chat: object) -> None:
        raise AssertionError("nothing ends here")


def introduction(offer: bytes) -> Introduction:
    return Introduction(
        invitation=bytes(16),
        session=bytes(16),
        initiator=True,
        key=bytes(32),
        peer="bob",
        identity=bytes(32),
        offer=offer,
        rendezvous=bytes(16),
        rendezvous_key=bytes(32),
    )


def introducer(*ciphers: str, transport: str = "udp") -> Introducer:
    return Introducer(PLUGINS, ciphers or None, transport, Identity.generate)


def make_chat(introducer: Introducer, offer: bytes) -> Any:
    return introducer.make_chat(Host(), "alice", introduction(offer), lambda session, data: None)


def test_the_offer_lists_what_is_there() -> None:
    offer = decode_offer(introducer().offer)
    assert offer.ciphers == ("aes-gcm", "xchacha20", "fernet")
    assert (offer.transports, offer.file_transfers, offer.packages) == (("udp",), ("tcp",), {})


async def test_both_sides_agree_on_the_cipher() -> None:
    mine = introducer("fernet", "xchacha20")
    theirs = introducer("xchacha20", "fernet")
    assert make_chat(mine, theirs.offer).cipher == "fernet"


async def test_no_common_cipher() -> None:
    mine = introducer("fernet")
    with pytest.raises(NoCommonCipher, match="you offer fernet, bob offers none"):
        make_chat(mine, encode_offer(Offer((1,), (), (), ())))


async def test_a_ciphers_package_is_shown_as_the_peers_claim() -> None:
    offer = encode_offer(Offer((1,), ("rot13",), (), (), (), {"rot13": "ud2p-rot13"}))
    with pytest.raises(NoCommonCipher, match=r"rot13 \(from ud2p-rot13, it says\)"):
        make_chat(introducer(), offer)


@pytest.mark.parametrize("offer", [b"", b"{}", b"\xff", encode_offer(Offer((1,), ("aes-gcm",), (), ())) + b" "])
async def test_an_offer_that_can_not_be_read(offer: bytes) -> None:
    with pytest.raises(ChatError, match="no chat with bob"):
        make_chat(introducer(), offer)


async def test_another_version() -> None:
    with pytest.raises(ChatError, match="another version"):
        make_chat(introducer(), encode_offer(Offer((2,), ("aes-gcm",), (), ())))


def test_an_unknown_cipher_is_missed_at_once_and_a_transport_at_the_first_chat() -> None:
    with pytest.raises(PluginError, match="rot13"):
        introducer("rot13")
    with pytest.raises(PluginError, match=r"no transport pigeon \(there are: udp\)"):
        introducer(transport="pigeon").check()
