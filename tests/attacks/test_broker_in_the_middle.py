"""Somebody stands where the broker should: with another certificate, with a login from elsewhere, or in plain text."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.brokers import StartBroker, broker_starter
from tests.support.certificates import Leaf, make_authority, make_leaf, trust_file
from tests.support.identities import identity_of
from tests.support.man_in_the_middle import a_server, in_the_middle
from tests.support.people import Person
from tests.support.raw_client import RawClient

from ud2p import BrokerClosed, BrokerGone, BrokerNotTrusted, BrokerRefused, BrokerUnreachable, Client
from ud2p.identity import fingerprint
from ud2p.known_brokers import KnownBroker, KnownBrokers, Vouched
from ud2p_server.server import Broker, ServeSettings

DEADLINE_S = 20.0


@pytest.fixture(autouse=True)
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KnownBrokers:
    """Nobody, at first."""
    monkeypatch.setenv("UD2P_STATE_DIR", str(tmp_path / "state"))
    return KnownBrokers.of_this_user()


@pytest.fixture
async def start() -> AsyncIterator[StartBroker]:
    async with broker_starter([], tls=True) as start_broker:
        yield start_broker


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    """Mallory's certificate."""
    return make_leaf("127.0.0.1").context(tmp_path)


def client(port: int, name: str = "alice", **options: str) -> Client:
    return Client(name, f"127.0.0.1:{port}", identity=identity_of(name), **options)  # type: ignore[arg-type]


async def test_the_first_contact_is_told_and_kept(start: StartBroker, known: KnownBrokers) -> None:
    broker = await start()
    for is_new in (True, False):
        async with client(broker.port) as alice:
            shown = alice.broker_credentials
            assert shown is not None
            assert (shown.fingerprint, shown.is_new, shown.vouched) == (broker.fingerprint, is_new, Vouched.PINNED)
    assert known.find(f"127.0.0.1:{broker.port}") == KnownBroker(Vouched.PINNED, broker.fingerprint or "")


async def test_another_certificate_gets_not_a_byte(
    start: StartBroker, known: KnownBrokers, context: ssl.SSLContext
) -> None:
    broker = await start()
    async with in_the_middle(context, broker.port) as mallory:
        where = f"127.0.0.1:{mallory.port}"
        pinned = KnownBroker(Vouched.PINNED, broker.fingerprint or "")
        known.remember(where, pinned)
        with pytest.raises(BrokerNotTrusted) as stopped:
            await client(mallory.port).connect()
        assert mallory.from_client == b""
        assert str(broker.fingerprint) in str(stopped.value)
        assert "has changed" in str(stopped.value)
        assert known.find(where) == pinned
        assert broker.clients == 0


async def test_a_login_passed_on_to_the_real_broker_is_worth_nothing(
    start: StartBroker, context: ssl.SSLContext
) -> None:
    """At a first contact nobody can know whose key it is; and still Mallory can't be Alice at the real broker."""
    broker = await start()
    async with in_the_middle(context, broker.port) as mallory:
        with pytest.raises(BrokerRefused) as refused:
            await client(mallory.port).connect()
        assert refused.value.code == "bad-signature"
        assert b"$HI$" in mallory.from_client
        assert b'"name":"alice"' in mallory.from_client
    assert broker.clients == 0


async def test_a_login_replayed_from_another_connection_is_worth_nothing(start: StartBroker, tmp_path: Path) -> None:
    """Mallory even has the broker's own certificate (a stolen key), and plays a login of yesterday."""
    broker = await start()
    state = tmp_path / "stolen.pem"
    state.write_bytes((_state(broker) / "broker.pem").read_bytes())
    stolen = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    stolen.load_cert_chain(state)
    async with in_the_middle(stolen, broker.port) as mallory:
        async with client(mallory.port):
            pass
        line = next(line for line in mallory.from_client.splitlines(keepends=True) if line.startswith(b"$HI$"))
    replaying = await RawClient.connect(broker.port, tls=True)
    await replaying.line()
    await replaying.send(line)
    assert (await replaying.error())[0] == "bad-signature"
    await replaying.close()


def _state(broker: Broker) -> Path:
    assert broker._settings.state is not None
    return broker._settings.state


async def test_a_key_that_changes_while_the_client_runs_ends_its_attempts(
    start: StartBroker, tmp_path: Path, context: ssl.SSLContext
) -> None:
    broker = await start()
    port = broker.port
    async with client(port) as alice:
        events = Person(alice)
        await broker.close()
        async with in_the_middle(context, port=port) as mallory:
            await events.next(BrokerGone)
            closed = await events.next(BrokerClosed)
            assert "has changed" in closed.reason
            assert "--trust-broker SHA256:" in closed.reason
            assert mallory.from_client == b""
            with pytest.raises(TimeoutError):  # ... and no further attempt, which would come after half a second
                async with asyncio.timeout(1.5):
                    await events.next(BrokerGone)
            assert mallory.from_client == b""
        assert not alice.connected


async def test_the_command_in_the_sentence_replaces_the_key(
    start: StartBroker, known: KnownBrokers, tmp_path: Path
) -> None:
    (tmp_path / "anew").mkdir()
    broker = await start(settings=ServeSettings(port=0, state=tmp_path / "anew"))  # a key that no other broker has
    where = f"127.0.0.1:{broker.port}"
    known.remember(where, KnownBroker(Vouched.PINNED, fingerprint(b"of the broker that was")))
    with pytest.raises(BrokerNotTrusted) as stopped:
        await client(broker.port).connect()
    words = str(stopped.value).split()
    shown = words[words.index("--trust-broker") + 1]
    assert shown == broker.fingerprint
    async with client(broker.port, trust_broker=shown):
        pass
    assert known.find(where) == KnownBroker(Vouched.PINNED, shown)
    async with client(broker.port):
        pass


async def test_a_named_key_is_required_at_the_first_contact_too(
    start: StartBroker, known: KnownBrokers, context: ssl.SSLContext
) -> None:
    broker = await start()
    async with in_the_middle(context, broker.port) as mallory:
        with pytest.raises(BrokerNotTrusted, match="does not have the key that you named"):
            await client(mallory.port, trust_broker=broker.fingerprint or "").connect()
        assert mallory.from_client == b""
        assert known.find(f"127.0.0.1:{mallory.port}") is None


# Authorities


@contextlib.asynccontextmanager
async def a_broker_with(leaf: Leaf, folder: Path, port: int = 0) -> AsyncIterator[Broker]:
    async with broker_starter([], tls=True) as start:
        path = leaf.write(folder / f"{leaf.certificate.serial_number:x}.pem")
        yield await start(settings=ServeSettings(port=port, certificate=path))


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Leaf:
    """One that this system trusts."""
    made = make_authority()
    monkeypatch.setenv("SSL_CERT_FILE", str(trust_file(made, tmp_path / "authority.pem")))
    return made


async def test_an_authority_once_and_then_self_signed_is_a_hard_stop(
    known: KnownBrokers, authority: Leaf, tmp_path: Path
) -> None:
    async with a_broker_with(make_leaf("127.0.0.1", authority=authority), tmp_path) as broker:
        where, port = f"127.0.0.1:{broker.port}", broker.port
        async with client(port) as alice:
            assert alice.broker_credentials is not None
            assert alice.broker_credentials.vouched is Vouched.AUTHORITY
        entry = known.find(where)
        assert entry == KnownBroker(Vouched.AUTHORITY, broker.fingerprint or "")
    for leaf in (make_leaf("127.0.0.1"), make_leaf("127.0.0.1", authority=authority, expired=True)):
        async with in_the_middle(leaf.context(tmp_path), port=port) as mallory:
            with pytest.raises(BrokerNotTrusted, match="a certificate authority vouched for the broker") as stopped:
                await client(port).connect()
            assert fingerprint(leaf.public_key) in str(stopped.value)
            assert mallory.from_client == b""
    assert known.find(where) == entry
    renewed = make_leaf("127.0.0.1", authority=authority)
    async with a_broker_with(renewed, tmp_path, port), client(port):
        assert known.find(where) == KnownBroker(Vouched.AUTHORITY, fingerprint(renewed.public_key))


async def test_an_authority_does_not_overrule_a_pinned_key(
    start: StartBroker, known: KnownBrokers, authority: Leaf, tmp_path: Path
) -> None:
    """Whoever gets a certificate from some authority does not get in between those who met before."""
    broker = await start()
    leaf = make_leaf("127.0.0.1", authority=authority)
    async with in_the_middle(leaf.context(tmp_path), broker.port) as mallory:
        known.remember(f"127.0.0.1:{mallory.port}", KnownBroker(Vouched.PINNED, broker.fingerprint or ""))
        with pytest.raises(BrokerNotTrusted, match="has changed"):
            await client(mallory.port).connect()
        assert mallory.from_client == b""


# Plain text


async def test_a_client_of_tls_says_nothing_to_a_plain_broker() -> None:
    async with broker_starter([]) as start:
        broker = await start()
        with pytest.raises(BrokerUnreachable, match="speaks plain text and this client TLS"):
            await client(broker.port).connect()
        assert broker.clients == 0


async def test_a_plain_client_at_a_broker_with_tls_is_told(start: StartBroker) -> None:
    class Quick:
        def __init__(self) -> None:
            self.now = 0.0

        def __call__(self) -> float:
            self.now += 0.5
            return self.now

    broker = await start(clock=Quick())
    with pytest.raises(BrokerRefused, match=r"speaks TLS 1\.3; leave out --plaintext") as refused:
        await Client("alice", f"127.0.0.1:{broker.port}", identity=identity_of("alice"), plaintext=True).connect()
    assert refused.value.code == "tls-required"


async def test_what_is_said_before_tls_is_shown_as_unproven_and_pins_nothing(known: KnownBrokers) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'$ERR$ {"code":"broker-full","text":"go to evil.example"}\n')
        await reader.read()

    async with a_server(serve) as port:
        with pytest.raises(BrokerUnreachable, match=r"it says without encryption: go to evil\.example"):
            await client(port).connect()
    assert known.find(f"127.0.0.1:{port}") is None


async def test_what_speaks_tls_and_is_no_broker_is_not_pinned(known: KnownBrokers, context: ssl.SSLContext) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()

    async with a_server(serve, context) as port:
        with pytest.raises(BrokerUnreachable, match="a web server answers"):
            await client(port).connect()
    assert known.find(f"127.0.0.1:{port}") is None
