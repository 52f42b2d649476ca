"""The bytes in docs/protocol.md, made by the real code from secrets that the page names.

``python -m tests.support.protocol_bytes`` writes them into the page, after a change of what is on the wire.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from tests.support.ciphers import AES_GCM
from tests.support.markdown import ROOT, bare
from tests.support.protocol_page import PROTOCOL, the

from ud2p.contracts import Address, StreamId
from ud2p.protocol import hello, messages
from ud2p.protocol.candidates import encode_candidates
from ud2p.protocol.controls import Accept, Control, Entry, EntryKind, Offer, Transfer, encode_control
from ud2p.protocol.frames import FrameType, decode_frames, encode_ack, encode_fragment, encode_frame
from ud2p.protocol.handshake import Handshake
from ud2p.protocol.keys import Master, Role, Transcript
from ud2p.protocol.record import RecordSealer
from ud2p.protocol.rekey import Rekey
from ud2p.protocol.transfer import StreamKeys, StreamSealer, proof, stream_key
from ud2p_plugins.transfers.conversation import Listening
from ud2p_plugins.transfers.door import PORT
from ud2p_plugins.transfers.receipt import Published, encode_receipt

ALICE, BOB = Role.INITIATOR, Role.RESPONDER
WHO = {ALICE: "alice", BOB: "bob"}
ALICE_KEY, BOB_KEY = "private X25519 key of alice", "private X25519 key of bob"
"""Alice's is that of the login in the examples."""
FILE = b"hello, bob\n"
MODIFIED_NS = 1_795_000_000_000_000_000
"""Late in 2026."""
FILE_ID = hashlib.sha256(b"id of the file").digest()[:16]


def secret(what: str, size_bytes: int = 32) -> bytes:
    """What is random in a real session, and for the page is the SHA-256 of its own name."""
    return hashlib.sha256(what.encode()).digest()[:size_bytes]


class Record(NamedTuple):
    """A record and what is in it."""

    sender: Role
    number: int
    datagram: bytes
    frames: bytes


@dataclass(frozen=True)
class Introduced:
    """What both know from the broker's lines, and the static keys."""

    transcript: Transcript
    key: bytes
    static: dict[Role, X25519PrivateKey]

    @classmethod
    def of_page(cls) -> Introduced:
        """The introduction in the examples."""
        alice, bob = the(messages.Introduction, "alice"), the(messages.Introduction, "bob")
        transcript = Transcript(alice.session, bob.peer, alice.peer, bob.offer, alice.offer)
        alice_key = f"`{ALICE_KEY}`"
        (shown,) = (row[1] for table in PROTOCOL.tables() for row in table if row[0] == alice_key)
        private = X25519PrivateKey.from_private_bytes
        static = {ALICE: private(bytes.fromhex(bare(shown))), BOB: private(secret(BOB_KEY))}
        return cls(transcript, alice.key, static)

    def public(self, role: Role) -> bytes:
        """The static public key."""
        return self.static[role].public_key().public_bytes_raw()


def shake_hands(introduced: Introduced) -> tuple[list[tuple[Role, bytes]], Handshake]:
    """The three messages, and the initiator's end when it is done."""
    ends = {}
    for role, who in WHO.items():
        random = iter([secret(f"private ephemeral key of {who}"), secret(f"r of {who}")])
        static, peer = introduced.static[role], introduced.public(role.other)
        draw = partial(one_of, random)
        ends[role] = Handshake(role, introduced.transcript, introduced.key, static, 0.0, draw, peer)
    said: list[tuple[Role, bytes]] = []
    for role in (ALICE, BOB, ALICE):
        (message,) = ends[role].messages_to_send()
        ends[role.other].receive_message(message)
        said.append((role, message))
    assert ends[ALICE].master == ends[BOB].master is not None
    return said, ends[ALICE]


def one_of(values: Iterator[bytes], _size_bytes: int) -> bytes:
    """The next value, as if it were random."""
    return next(values)


def change_keys(master: Master) -> tuple[bytes, bytes, Master]:
    """REKEY of the initiator, that of the responder, and the master of epoch 1."""
    alice = Rekey(ALICE, master, 0.0, lambda _: secret("private key of alice for epoch 1"))
    bob = Rekey(BOB, master, 0.0, lambda _: secret("private key of bob for epoch 1"))
    alice.want(0.0)
    request = alice.frame_to_send(0.0)
    assert request is not None
    bob.receive_rekey(body_of(request), 0.0)
    answer = bob.frame_to_send(0.0)
    assert answer is not None
    alice.receive_rekey(body_of(answer), 0.0)
    assert alice.newest == bob.newest
    return request, answer, alice.newest.master


def body_of(frame: bytes) -> bytes:
    ((_, body),) = decode_frames(frame)
    return body


def records(master: Master) -> Iterator[Record]:
    """A short chat: candidates over signals, a path, a message each way, a file, new keys, goodbye."""
    request, answer, next_master = change_keys(master)
    sealers = {
        role: RecordSealer(AES_GCM, traffic_key(master, role, 0), master.session_id(role.other)) for role in Role
    }
    challenges = {role: secret(f"challenge of {who}", 8) for role, who in WHO.items()}
    candidates = {role: encode_frame(FrameType.CANDIDATES, encode_candidates(0, [place_of(role)])) for role in Role}
    response = {role: encode_frame(FrameType.PATH_RESPONSE, challenges[role.other]) for role in Role}
    challenge = {role: encode_frame(FrameType.PATH_CHALLENGE, challenges[role]) for role in Role}
    ping = encode_frame(FrameType.PING)
    goodbye = encode_frame(FrameType.CLOSE, b"left")
    offer = encode_control(file_offer())
    said: list[tuple[Role, bytes]] = [
        (ALICE, candidates[ALICE]),
        (BOB, candidates[BOB]),
        (ALICE, challenge[ALICE]),
        (BOB, response[BOB] + challenge[BOB]),
        (ALICE, response[ALICE] + encode_frame(FrameType.PATH_NOMINATE, challenges[ALICE])),
        (ALICE, encode_fragment(FrameType.MSG, 0, 3, 0, b"sho")),
        (BOB, encode_ack([(0, 3)], 13_783)),
        (ALICE, ping),
        (BOB, encode_fragment(FrameType.MSG, 0, 7, 0, b"Awe Gee")),
        (ALICE, encode_fragment(FrameType.CONTROL, 1, len(offer), 0, offer)),
        (BOB, encode_frame(FrameType.REKEY_WANTED, b"\0\0")),
        (ALICE, request),
        (BOB, answer),
        (ALICE, ping),
        (BOB, encode_ack([(0, 7)], 0)),
        (ALICE, goodbye),
        (BOB, goodbye),
    ]
    changes = {ALICE: len(said) - 4, BOB: len(said) - 3}
    for place, (sender, frames) in enumerate(said):
        if place == changes[sender]:
            sealers[sender].change_key(traffic_key(next_master, sender, 1), 1)
        number, datagram = sealers[sender].seal(frames)
        yield Record(sender, number, datagram, frames)


def place_of(role: Role) -> Address:
    """Where one is: on the machine of the examples, at the port that the broker tells the other."""
    port = the(messages.PeerAddress, WHO[role.other]).udp_port
    assert port is not None
    return ("127.0.0.1", port)


def traffic_key(master: Master, role: Role, epoch: int) -> bytes:
    """The key of what ``role`` seals."""
    return master.traffic_key(role, epoch, AES_GCM.name, AES_GCM.key_size)


def file_offer() -> Offer:
    """The file of the page."""
    return Offer(FILE_ID.hex(), "tcp", 0, 1, [Entry("hi.txt", EntryKind.FILE, len(FILE), MODIFIED_NS)])


def keys_table(introduced: Introduced, shaken: Handshake) -> dict[str, bytes]:
    """Every key, in the order in which one follows from another."""
    master = shaken.master
    assert master is not None
    _, _, next_master = change_keys(master)
    ephemeral = [f"private ephemeral key of {who}" for who in WHO.values()]
    rows = {what: secret(what) for what in (BOB_KEY, *ephemeral, "r of alice")}
    rows |= {"prologue": introduced.transcript.prologue(), "h": shaken.transcript_hash, "master": master.secret}
    rows |= {f"traffic {role.value}": traffic_key(master, role, 0) for role in Role}
    rows |= {f"session id {role.value}": master.session_id(role) for role in Role}
    rows |= {"file": master.file_secret(), "sas": master.expand("sas", size_bytes=4)}
    rows |= {f"private key of {who} for epoch 1": secret(f"private key of {who} for epoch 1") for who in WHO.values()}
    rows |= {"master of epoch 1": next_master.secret}
    rows |= {f"traffic {role.value} of epoch 1": traffic_key(next_master, role, 1) for role in Role}
    return rows


def file_table(master: Master) -> dict[str, bytes]:
    """The hello, the file and the receipt."""
    file_secret = master.file_secret()
    offer_hash = hashlib.sha256(encode_control(file_offer())).digest()

    def prove(label: bytes, context: bytes) -> bytes:
        return proof(file_secret, label, offer_hash + context)

    nonce = secret("nonce of the receiver")
    listener = hello.Hello(hello.Side.LISTENER, FILE_ID, nonce, prove)
    connector = hello.Hello(hello.Side.CONNECTOR, FILE_ID, secret("nonce of the sender"), prove)
    connector.receive_data(listener.data_to_send())
    said = connector.data_to_send()
    listener.receive_data(said)
    rows = {
        "offer_hash": offer_hash,
        "nonce of the receiver": nonce,
        "id, nonce and proof of the sender": said,
        "proof of the receiver": listener.data_to_send(),
    }
    receipt = encode_receipt(Published("hi.txt", len(FILE)))
    for from_sender, key, what, data in (
        (True, "key of the file", "record", FILE),
        (False, "key of the receipt", "receipt", receipt),
    ):
        stream = StreamId(listener.context, from_sender)
        rows[key] = stream_key(file_secret, offer_hash, stream, AES_GCM.name, AES_GCM.key_size)
        out = memoryview(bytearray(200))
        size = StreamSealer(StreamKeys(file_secret, offer_hash, stream, AES_GCM)).next_into(data, out, True)
        rows[what] = bytes(out[:size])
    return rows


# writing


def table(rows: dict[str, bytes]) -> str:
    lines = [f"| `{what}` | `{value.hex()}` |\n" for what, value in rows.items()]
    return "".join(["| what | bytes |\n", "|---|---|\n", *lines])


def record_block(said: list[Record]) -> str:
    lines = []
    for sender, number, datagram, frames in said:
        named = [" ".join(filter(None, (FrameType(kind).name, body.hex()))) for kind, body in decode_frames(frames)]
        arrow = "alice →" if sender is ALICE else "→ alice"
        lines += [f"{arrow} {datagram.hex()}\n", f"        {number}: {', '.join(named)}\n"]
    return "".join(lines)


def signal_block(session: bytes, signals: list[tuple[Role, bytes]]) -> str:
    lines = []
    for sender, data in signals:
        line = f'$SIG$ {{"session":"{in_base64(session)}","data":"{in_base64(data)}"}}\n'
        lines += [f"{WHO[sender]} → {line}", f"→ {WHO[sender.other]} {line}"]
    return "".join(lines)


def control_block() -> str:
    listening = msgspec.json.encode(Listening(FILE_ID, PORT))
    accept, ready = Accept(FILE_ID.hex()), Transfer(FILE_ID.hex(), listening)
    said: list[tuple[Role, Control]] = [(ALICE, file_offer()), (BOB, accept), (BOB, ready)]
    arrows = {ALICE: "alice →", BOB: "→ alice"}
    return "".join(f"{arrows[sender]} {encode_control(control).decode()}\n" for sender, control in said)


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def with_block(text: str, heading: str, block: str) -> str:
    """The first code block below a heading, replaced."""
    head, below = text.split(f"{heading}\n", 1)
    return f"{head}{heading}\n" + re.sub(r"```\n.*?```", lambda _: f"```\n{block}```", below, count=1, flags=re.DOTALL)


def with_table(text: str, first: str, rows: dict[str, bytes]) -> str:
    """The table whose first row is named ``first``, replaced."""
    old = re.compile(rf"\| what \| bytes \|\n\|---\|---\|\n\| `{re.escape(first)}` .*\n(\|.*\n)*")
    assert old.search(text), first
    return old.sub(lambda _: table(rows), text, count=1)


def rewritten(text: str) -> str:
    """The page with the bytes of today's code."""
    introduced = Introduced.of_page()
    signals, shaken = shake_hands(introduced)
    master = shaken.master
    assert master is not None
    said = list(records(master))
    farewell = next(record for record in said if record.frames[0] == FrameType.CLOSE)
    candidates = [record for record in said if record.frames[0] == FrameType.CANDIDATES]
    signals += [(record.sender, record.datagram) for record in (*candidates, farewell)]
    text = re.sub(r'(→ alice \$Y\$ .*"identity":")[^"]*', rf"\g<1>{in_base64(introduced.public(BOB))}", text)
    text = with_block(text, "#### `$SIG$`", signal_block(introduced.transcript.session_id, signals))
    text = with_block(text, "## Controls", control_block())
    text = with_table(text, BOB_KEY, keys_table(introduced, shaken))
    text = with_block(text, "Records; after each, its number and frames:", record_block(said))
    return with_table(text, "offer_hash", file_table(master))


if __name__ == "__main__":
    (ROOT / "docs/protocol.md").write_text(rewritten(PROTOCOL.text), encoding="utf-8")
