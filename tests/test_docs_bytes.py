"""The bytes in docs/protocol.md are those of one session: they decode, derive and open with the real code."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from tests.support.ciphers import AES_GCM
from tests.support.markdown import bare
from tests.support.protocol_bytes import rewritten
from tests.support.protocol_page import PROTOCOL, examples, received, the

from ud2p.contracts import StreamId
from ud2p.identity import Identity
from ud2p.protocol import hello, messages
from ud2p.protocol.candidates import decode_candidates
from ud2p.protocol.frames import FrameType, decode_frames, encode_frame
from ud2p.protocol.keyring import Keyring
from ud2p.protocol.keys import Master, Role, Transcript
from ud2p.protocol.login import is_login_signed, login_text
from ud2p.protocol.noise import NoiseXX
from ud2p.protocol.offer import decode_offer, select_cipher
from ud2p.protocol.record import RecordOpener
from ud2p.protocol.rendezvous import RendezvousBook, RendezvousClient
from ud2p.protocol.transfer import StreamKeys, StreamOpener, proof, stream_key
from ud2p_plugins.transfers.conversation import Listening
from ud2p_plugins.transfers.door import PORT
from ud2p_plugins.transfers.receipt import decode_receipt

private_key = X25519PrivateKey.from_private_bytes
BYTES = PROTOCOL.section("Bytes to check against")


def vectors() -> dict[str, bytes]:
    return {bare(what): bytes.fromhex(bare(value)) for table in BYTES.tables() for what, value in table[1:]}


def master() -> Master:
    return Master(vectors()["master"])


def transcript() -> Transcript:
    for_alice, for_bob = the(messages.Introduction, "alice"), the(messages.Introduction, "bob")
    assert (for_alice.key, for_alice.session) == (for_bob.key, for_bob.session)
    assert (for_alice.initiator, for_bob.initiator) == (True, False)
    return Transcript(for_alice.session, for_bob.peer, for_alice.peer, for_bob.offer, for_alice.offer)


def test_the_login_of_the_session() -> None:
    said, login = vectors(), the(messages.Login, "alice")
    alice = Identity(said["private X25519 key of alice"], said["private Ed25519 key of alice"])
    nonce = the(messages.Greeting, "alice").nonce
    assert alice.public_keys == said["identity"] == login.identity
    assert login_text(nonce, said["certificate hash"], login.name, login.identity) == said["text"]
    assert alice.login_key.sign(said["text"]) == said["signature"] == login.signature
    assert is_login_signed(login.signature, nonce, said["certificate hash"], login.name, login.identity)
    assert the(messages.Introduction, "bob").identity == alice.session_public


def test_the_example_of_an_offer_is_the_one_of_the_session() -> None:
    (block,) = PROTOCOL.section("Offers").blocks("json")
    offer = decode_offer(block.strip().encode())
    assert the(messages.InviteRequest, "alice").offer == block.strip().encode()
    assert the(messages.AcceptRequest, "bob").offer == block.strip().encode()
    assert select_cipher(offer, offer) == "aes-gcm"


def test_the_rendezvous_of_the_session() -> None:
    introduction = the(messages.Introduction, "alice")
    (_, _, request), (_, _, answer) = examples(PROTOCOL.section("Rendezvous"))
    client = RendezvousClient(introduction.rendezvous, introduction.rendezvous_key)
    assert client.datagrams_to_send(0.0) == [bytes.fromhex(request)]
    book = RendezvousBook()
    book.add(introduction.rendezvous, introduction.rendezvous_key, "127.0.0.1", 30.0)
    source = ("127.0.0.1", the(messages.PeerAddress, "bob").udp_port)
    assert book.receive_datagram(bytes.fromhex(request), source, 0.0) == bytes.fromhex(answer)
    assert client.receive_datagram(bytes.fromhex(answer), 0.1)
    assert client.reflexive == source


def test_the_layout_of_the_rendezvous() -> None:
    (_, _, request), (_, _, answer) = examples(PROTOCOL.section("Rendezvous"))
    rows = PROTOCOL.section("Rendezvous").table("bytes", "request", "answer")
    ends = [tuple(map(int, span.split(" to "))) for span, _, _ in rows]
    assert [start for start, *_ in ends[1:]] == [last + 1 for *_, last in ends[:-1]]
    assert ends[-1][-1] + 1 == len(request) // 2 == len(answer) // 2


def test_the_page_has_the_bytes_of_this_code() -> None:
    assert rewritten(PROTOCOL.text) == PROTOCOL.text, "run python -m tests.support.protocol_bytes"


def test_the_handshake_of_the_session() -> None:
    known, introduction = vectors(), the(messages.Introduction, "alice")
    alice, bob = (private_key(known[f"private X25519 key of {who}"]) for who in ("alice", "bob"))
    assert introduction.identity == bob.public_key().public_bytes_raw()
    ephemeral = private_key(known["private ephemeral key of alice"])
    psk = HKDF(SHA256(), 32, introduction.session, b"ud2p/1 psk").derive(introduction.key)
    noise = NoiseXX(Role.INITIATOR, known["prologue"], alice, ephemeral, [(0, psk)])
    public = alice.public_key().public_bytes_raw()
    promise = hashlib.sha256(b"ud2p/1 commit" + public + known["r of alice"]).digest()
    assert b"\1" + noise.write_message(promise) == signals_to("bob")[0]
    answer = signals_to("alice")[0]
    assert answer[:1] == b"\2"
    assert noise.read_message(answer[1:]) == b""
    assert b"\3" + noise.write_message(known["r of alice"]) == signals_to("bob")[1]
    assert noise.handshake_hash == known["h"]
    assert Master.extract(known["h"], b"".join(noise.split())) == master()


def test_the_keys_of_the_session() -> None:
    known = vectors()
    assert transcript().prologue() == known["prologue"]
    rows = PROTOCOL.section("Keys").table("secret", "label", "context", "length")
    context = b"\0\0aes-gcm"
    for _, label, needs, length in rows:
        size = int(length) if length.isdecimal() else AES_GCM.key_size
        assert master().expand(bare(label), context if needs else b"", size) == known[bare(label)]
    for role in Role:
        assert master().traffic_key(role, 0, "aes-gcm", 32) == known[f"traffic {role.value}"]
        assert master().session_id(role) == known[f"session id {role.value}"]


def test_the_records_of_the_session_open_and_lead_to_its_new_keys() -> None:
    known = vectors()
    rings = {
        "alice": Keyring(Role.INITIATOR, master(), AES_GCM, 0.0, lambda _: known["private key of alice for epoch 1"]),
        "bob": Keyring(Role.RESPONDER, master(), AES_GCM, 0.0, lambda _: known["private key of bob for epoch 1"]),
    }
    (block,) = BYTES.blocks("")
    pairs = re.findall(r"^(alice →|→ alice) (\w+)\n +(\d+): (.*)$", block, re.MULTILINE)
    for who, datagram, number, said in pairs:
        ring = rings["bob" if who == "alice →" else "alice"]
        opened = ring.open(bytes.fromhex(datagram), 0.0)
        assert opened is not None
        frames = decode_frames(opened[1])
        named = [" ".join(filter(None, (FrameType(kind).name, body.hex()))) for kind, body in frames]
        assert (opened[0], ", ".join(named)) == (int(number), said)
        for kind, body in frames:
            if kind in (FrameType.REKEY, FrameType.REKEY_WANTED):
                ring.receive_frame(kind, body, 0.0)
    assert {ring.epoch for ring in rings.values()} == {1}
    after = Master(known["master of epoch 1"])
    assert {ring.file_secret(1) for ring in rings.values()} == {after.file_secret()}
    for role in Role:
        assert after.traffic_key(role, 1, "aes-gcm", 32) == known[f"traffic {role.value} of epoch 1"]
    kinds = {FrameType[name] for *_, said in pairs for name in re.findall(r"[A-Z_]{3,}", said)}
    assert kinds == set(FrameType) - {FrameType.PADDING}


def test_the_last_signal_of_the_session_is_a_record_that_says_goodbye() -> None:
    known = vectors()
    opener = RecordOpener(AES_GCM, known["traffic initiator of epoch 1"], known["session id responder"], epoch=1)
    opened = opener.open(signals_to("bob")[-1])
    assert opened is not None
    assert encode_frame(FrameType.CLOSE, b"left") == opened[1].rstrip(b"\0")


def test_the_candidates_of_the_session_are_where_the_broker_says_that_they_are() -> None:
    known = vectors()
    for who, role, signal in (
        ("bob", Role.INITIATOR, signals_to("bob")[2]),
        ("alice", Role.RESPONDER, signals_to("alice")[1]),
    ):
        key, session_id = known[f"traffic {role.value}"], known[f"session id {role.other.value}"]
        opened = RecordOpener(AES_GCM, key, session_id).open(signal)
        assert opened is not None
        ((kind, body),) = decode_frames(opened[1])
        told = the(messages.PeerAddress, who)
        assert (kind, decode_candidates(body)) == (FrameType.CANDIDATES, (0, [(told.ip, told.udp_port)]))


def signals_to(who: str) -> list[bytes]:
    return [said.data for to, said in received() if to == who and isinstance(said, messages.Signal)]


def test_the_file_of_the_session() -> None:
    offer, _, ready = [text.encode() for _, _, text in examples(PROTOCOL.section("Controls"))]
    known = vectors()
    assert hashlib.sha256(offer).digest() == known["offer_hash"]
    body = base64.b64decode(json.loads(ready)["body"])
    assert body.decode() in PROTOCOL.section("Files").text
    listening = msgspec.json.decode(body, type=Listening)
    assert (listening.transfer.hex(), listening.port) == (json.loads(offer)["id"], PORT)

    def prove(label: bytes, context: bytes) -> bytes:
        return proof(known["file"], label, known["offer_hash"] + context)

    said = known["id, nonce and proof of the sender"]
    listener = hello.Hello(hello.Side.LISTENER, listening.transfer, known["nonce of the receiver"], prove)
    connector = hello.Hello(hello.Side.CONNECTOR, listening.transfer, said[16:48], prove)
    connector.receive_data(listener.data_to_send())
    assert connector.data_to_send() == said
    listener.receive_data(said)
    assert listener.data_to_send() == known["proof of the receiver"]
    for from_sender, what, key in ((True, "record", "key of the file"), (False, "receipt", "key of the receipt")):
        stream = StreamId(listener.context, from_sender)
        assert stream_key(known["file"], known["offer_hash"], stream, "aes-gcm", 32) == known[key]
        opener = StreamOpener(StreamKeys(known["file"], known["offer_hash"], stream, AES_GCM))
        out = memoryview(bytearray(100))
        size, is_last = opener.next_into(known[what][4:], out)
        assert (int.from_bytes(known[what][:4], "big"), is_last) == (len(known[what]) - 4, True)
        if from_sender:
            assert bytes(out[:size]) == b"hello, bob\n"
        else:
            assert decode_receipt(out[:size], 11).name == "hi.txt"
            assert bytes(out[:size]).decode() in PROTOCOL.section("Files").text
