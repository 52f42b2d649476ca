"""Two hellos joined by their bytes, and whatever else could be on the line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ud2p.errors import LocalProtocolError, RemoteProtocolError
from ud2p.protocol.hello import ID_BYTES, NONCE_BYTES, Hello, Side
from ud2p.protocol.transfer import proof

ID = bytes(range(16))


def prove(label: bytes, context: bytes) -> bytes:
    return proof(b"s" * 32, label, context)


def prove_otherwise(label: bytes, context: bytes) -> bytes:
    return proof(b"t" * 32, label, context)


def hello(side: Side, transfer_id: bytes = ID, nonce: bytes | None = None, by: Any = prove) -> Hello:
    return Hello(side, transfer_id, nonce or {Side.LISTENER: b"L", Side.CONNECTOR: b"C"}[side] * NONCE_BYTES, by)


def listener_hears(said: bytes, listener: Hello | None = None) -> None:
    listener = listener or hello(Side.LISTENER)
    listener.data_to_send()
    listener.receive_data(said)
    assert listener.proven
    pytest.fail("the listener was taken in")


def what_the_connector_says(listener_nonce: bytes = b"L" * NONCE_BYTES, **kwargs: Any) -> bytes:
    connector = hello(Side.CONNECTOR, **kwargs)
    connector.receive_data(listener_nonce)
    return connector.data_to_send()


@given(st.integers(1, 80))
def test_both_are_proven_and_agree(step: int) -> None:
    listener, connector = hello(Side.LISTENER), hello(Side.CONNECTOR)
    pipes = {id(listener): b"", id(connector): b""}
    pairs = [(listener, connector), (connector, listener)]
    while not (listener.proven and connector.proven):
        for here, there in pairs:
            pipes[id(there)] += here.data_to_send()
            wanted = min(step, there.wanted)
            data, pipes[id(there)] = pipes[id(there)][:wanted], pipes[id(there)][wanted:]
            if data:
                there.receive_data(data)
    assert listener.context == connector.context == ID + b"L" * 32 + b"C" * 32
    assert listener.wanted == connector.wanted == 0
    assert not any(pipes.values())


def test_who_does_not_know_the_secret_is_turned_away() -> None:
    with pytest.raises(RemoteProtocolError, match="could not prove"):
        listener_hears(what_the_connector_says(by=prove_otherwise))
    connector = hello(Side.CONNECTOR)
    connector.receive_data(b"L" * NONCE_BYTES)
    with pytest.raises(RemoteProtocolError, match="could not prove"):
        connector.receive_data(prove_otherwise(b"ud2p/1 hello listener", ID + b"L" * 32 + b"C" * 32))
    assert not connector.proven


def test_a_recorded_hello_is_worth_nothing_on_another_connection() -> None:
    recorded = what_the_connector_says()
    with pytest.raises(RemoteProtocolError):
        listener_hears(recorded, hello(Side.LISTENER, nonce=b"M" * NONCE_BYTES))


def test_a_hello_for_another_transfer_is_turned_away() -> None:
    with pytest.raises(RemoteProtocolError):
        listener_hears(what_the_connector_says(transfer_id=b"x" * ID_BYTES))
    relabelled = b"x" * ID_BYTES + what_the_connector_says()[ID_BYTES:]
    with pytest.raises(RemoteProtocolError, match="another transfer"):
        listener_hears(relabelled)


def test_a_proof_sent_back_to_its_maker_is_worth_nothing() -> None:
    connector = hello(Side.CONNECTOR)
    connector.receive_data(b"L" * NONCE_BYTES)
    own_proof = connector.data_to_send()[-32:]
    with pytest.raises(RemoteProtocolError):
        connector.receive_data(own_proof)


@given(st.integers(0, 639))
def test_every_bit_that_the_connector_says_counts(bit: int) -> None:
    said = bytearray(what_the_connector_says())
    said[bit // 8] ^= 1 << bit % 8
    with pytest.raises(RemoteProtocolError):
        listener_hears(bytes(said))


@given(st.sampled_from(Side), st.lists(st.binary(max_size=100), max_size=20))
def test_noise_proves_nothing_and_raises_nothing_else(side: Side, chunks: list[bytes]) -> None:
    machine = hello(side)
    try:
        for chunk in chunks:
            machine.data_to_send()
            machine.receive_data(chunk[: machine.wanted])
    except RemoteProtocolError:
        pass
    assert not machine.proven


def test_an_end_in_the_hello_is_an_error() -> None:
    with pytest.raises(RemoteProtocolError, match="ended in the hello"):
        hello(Side.LISTENER).receive_data(b"")


def test_what_lies_behind_the_hello_is_not_taken() -> None:
    listener = hello(Side.LISTENER)
    assert listener.wanted == 80
    with pytest.raises(LocalProtocolError):
        listener.receive_data(what_the_connector_says() + b"r")


def test_there_is_no_context_before_the_proof() -> None:
    with pytest.raises(LocalProtocolError):
        _ = hello(Side.LISTENER).context
    with pytest.raises(LocalProtocolError):
        hello(Side.LISTENER, transfer_id=b"short")
