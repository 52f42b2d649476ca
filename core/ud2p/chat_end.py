"""How chats end, in sentences and errors."""

from __future__ import annotations

from ud2p.errors import ChatError, HandshakeFailed, PeerUnreachable
from ud2p.protocol.session_events import Closed


def failure(closed: Closed) -> type[ChatError]:
    """What it is called that a chat never opened."""
    kinds = {"unreachable": PeerUnreachable, "handshake": HandshakeFailed}
    return kinds.get(closed.reason, ChatError)


def closing_sentence(closed: Closed, peer: str) -> str:
    """Why a chat is over, for a person."""
    if closed.text:
        return closed.text
    if closed.reason == "unreachable":
        return f"nothing came through from {peer} in 15 s; a firewall may be in the way"
    if not closed.by_peer:
        is_broken = closed.reason == "transport"
        return "the chat's transport failed; choose another with --transport" if is_broken else "you left the chat"
    reasons = {
        "handshake": f"{peer} gave up the introduction: what reached it is not what it must be; somebody may have"
        " changed what you sent each other",
        "untrusted": f"{peer} opened no chat: your key is not one that {peer} knows or wants; read it out to {peer} by "
        "voice or in person: ud2p identity show",
        "words": f"{peer} says that the words differ: somebody may be in between; connect again another way",
        "left": f"{peer} left the chat",
        "unreachable": f"nothing came through to {peer} in 15 s; a firewall may be in the way",
        "protocol": f"{peer} ended the chat: what came from here broke the protocol; update the older of the two",
        "exhausted": f"{peer} ended the chat: its key is used up; connect again to go on",
        "cipher": f"{peer} ended the chat: its cipher failed; connect again, with another --cipher",
        "transport": f"{peer} ended the chat: its transport failed; connect again",
        "error": f"{peer} could not open the chat; connect again",
    }
    return reasons.get(closed.reason, f"{peer} ended the chat: {closed.reason}")
