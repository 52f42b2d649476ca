"""Two ends of a tunnel, joined in memory."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.certificates import Leaf, make_authority, make_leaf, trust_file

from ud2p.protocol.tls import Fault, TlsState, Tunnel

LEAF = make_leaf("chat.example")


@pytest.fixture(scope="module")
def server_context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return LEAF.context(tmp_path_factory.mktemp("leaf"))


def anybody() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def vouched_for(authority: Leaf, folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(trust_file(authority, folder / "authority.pem")))


class Pair:
    def __init__(
        self, server: ssl.SSLContext, client: ssl.SSLContext | None = None, host: str = "chat.example"
    ) -> None:
        self.client = Tunnel(client or anybody(), server_side=False, host=host)
        self.server = Tunnel(server, server_side=True)

    def move(self, piece: int = 1 << 20) -> tuple[bytes, bytes]:
        """Carry everything across; what came out at the client and at the server."""
        at_client, at_server = b"", b""
        while True:
            up, down = self.client.data_to_send(), self.server.data_to_send()
            if not up and not down:
                return at_client, at_server
            for start in range(0, len(up), piece):
                at_server += self.server.receive_data(up[start : start + piece])
            for start in range(0, len(down), piece):
                at_client += self.client.receive_data(down[start : start + piece])


@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_a_conversation(server_context: ssl.SSLContext, piece: int) -> None:
    pair = Pair(server_context)
    assert (pair.client.state, pair.server.state) == (TlsState.START, TlsState.START)
    pair.move(piece)
    assert (pair.client.state, pair.server.state) == (TlsState.OPEN, TlsState.OPEN)
    assert pair.client.certificate == LEAF.der
    assert pair.server.certificate == b""
    text = bytes(range(256)) * 300
    pair.client.send_data(text)
    pair.server.send_data(b"hello")
    assert pair.move(piece) == (b"hello", text)


def test_either_side_may_go_on_after_the_other_has_said_its_last(server_context: ssl.SSLContext) -> None:
    pair = Pair(server_context)
    pair.move()
    pair.client.send_data(b"the last")
    pair.client.send_close()
    assert pair.move() == (b"", b"the last")
    assert pair.server.state is TlsState.OVER
    pair.server.send_data(b"an answer")
    assert pair.move() == (b"an answer", b"")
    pair.server.send_close()
    pair.move()
    assert pair.client.state is TlsState.OVER


@pytest.mark.parametrize("start", [b"$HI$ {}\n", b"GET / HTTP/1.1\r\n\r\n", b"\0", b"\x17\x03\x03", b"SSH-2.0-x\r\n"])
def test_what_is_no_tls_is_known_by_its_first_byte(server_context: ssl.SSLContext, start: bytes) -> None:
    pair = Pair(server_context)
    for end in (pair.client, pair.server):
        assert end.receive_data(start) == b""
        assert end.failure is not None
        assert (end.failure.fault, end.failure.start) == (Fault.NOT_TLS, start)


def test_an_older_tls_is_refused(tmp_path: Path) -> None:
    context = LEAF.context(tmp_path)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    pair = Pair(context)
    pair.move()
    assert pair.client.failure is not None
    assert pair.client.failure.fault is Fault.BROKEN
    assert pair.client.failure.text


def test_a_certificate_that_an_authority_vouches_for(tmp_path: Path) -> None:
    authority = make_authority()
    leaf = make_leaf("chat.example", authority=authority)
    pair = Pair(leaf.context(tmp_path), vouched_for(authority, tmp_path))
    pair.move()
    assert pair.client.state is TlsState.OPEN


@pytest.mark.parametrize(
    "make",
    [
        lambda authority: make_leaf("chat.example"),
        lambda authority: make_leaf("other.example", authority=authority),
        lambda authority: make_leaf("chat.example", authority=authority, expired=True),
        lambda authority: make_leaf("chat.example", authority=make_authority()),
    ],
    ids=["self-signed", "another-host", "expired", "another-authority"],
)
def test_a_certificate_that_nobody_vouches_for(tmp_path: Path, make: object) -> None:
    authority = make_authority()
    leaf: Leaf = make(authority)  # type: ignore[operator]
    pair = Pair(leaf.context(tmp_path), vouched_for(authority, tmp_path))
    pair.move()
    assert pair.client.failure is not None
    assert pair.client.failure.fault is Fault.NOT_VOUCHED
    assert pair.client.failure.text
    assert pair.server.state is not TlsState.OPEN


@given(st.data())
def test_one_changed_byte_opens_nothing(data: st.DataObject) -> None:
    pair = Pair(_shared_context())
    pair.move()
    pair.client.send_data(b"a secret line\n")
    sealed = bytearray(pair.client.data_to_send())
    sealed[data.draw(st.integers(5, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    assert pair.server.receive_data(bytes(sealed)) == b""
    assert pair.server.failure is not None
    assert pair.server.failure.fault is Fault.BROKEN
    pair.server.send_data(b"dropped")
    assert b"dropped" not in pair.server.data_to_send()


@given(st.binary(min_size=1, max_size=300))
def test_garbage_raises_nothing(data: bytes) -> None:
    server = Tunnel(_shared_context(), server_side=True)
    assert server.receive_data(data) == b""
    assert server.receive_data(b"\x16\x03\x01" + data) == b""
    client = Tunnel(anybody(), server_side=False, host="chat.example")
    assert client.receive_data(b"\x16" + data) == b""


_CONTEXTS: list[ssl.SSLContext] = []


def _shared_context() -> ssl.SSLContext:
    if not _CONTEXTS:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            _CONTEXTS.append(LEAF.context(Path(folder)))
    return _CONTEXTS[0]
