"""What goes wrong around the program: brokers and peers that die, ports that are taken, strangers that answer."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.e2e.home import UD2P
from tests.e2e.library_peer import LibraryPeer
from tests.e2e.shell import Shell
from tests.e2e.world import World, meet, quiet_port
from tests.support.identities import identity_of

from ud2p import ChatEnded, MessageReceived


def test_a_broker_that_comes_back(empty_world: World) -> None:
    port = quiet_port()
    first = empty_world.broker(port=port)
    alice, bob = empty_world.people("alice", "bob")
    meet(alice, bob)
    first.kill(signal.SIGKILL)
    for shell in (alice, bob):
        shell.sees("Connection to server lost:")
        shell.in_chat()
        assert "no server, trying again" in shell.status_bar
    alice.run("can you still hear me?")  # the chat goes on without a broker
    bob.sees("can you still hear me? < alice")
    bob.types("half a")
    assert "the broker can't be reached now; it is tried again in the background" in alice.run("/list")
    empty_world.broker(port=port)
    for shell in (alice, bob):
        shell.sees("Connected to server again")
    bob.holds("You > half a")
    bob.enter("nswer")
    alice.sees("half answer < bob")
    assert any("bob     Online" in line for line in alice.run("/list"))
    alice.run("X")
    bob.at_menu()
    meet(bob, alice)


def test_a_broker_that_is_stopped_tells_its_clients(empty_world: World) -> None:
    broker = empty_world.broker()
    (alice,) = empty_world.people("alice")
    alice.types("lis")
    broker.kill(signal.SIGTERM)
    assert broker.wait_for_end() == 0
    broker.wait_for("Broker stopped")
    alice.sees("Connection to server lost: the broker shuts down; it may be back later.")
    alice.holds("ud2p> lis")
    alice.enter("t")
    alice.sees("the broker can't be reached now")
    alice.at_menu()
    alice.enter("exit")
    assert alice.wait_for_end() == 0


def test_a_broker_that_dies_while_an_invitation_waits(empty_world: World) -> None:
    broker = empty_world.broker()
    alice, bob = empty_world.people("alice", "bob")
    alice.enter("connect bob")
    bob.wait_until(lambda: "alice wants" in bob.status_bar)
    broker.kill(signal.SIGKILL)
    alice.sees("bob can't chat now (broker-lost)")
    bob.sees("The request from alice is over (broker-lost)")
    for shell in (alice, bob):
        shell.at_menu()


def test_a_peer_that_is_killed(world: World) -> None:
    alice, bob = world.chatting()
    bob.kill(signal.SIGKILL)
    bob.wait_for_end()
    alice.run("are you there?")
    alice.wait_until(lambda: "1 not delivered" in alice.status_bar)
    assert "No other clients are connected" in alice.run("/list")
    alice.enter("X")
    alice.at_menu()
    alice.sees("are you there?", times=2)  # as typed, and as not delivered
    assert any("Message not sent: not delivered" in line for line in alice.body)
    (again,) = world.people("bob")
    meet(again, alice)  # whoever comes back can be talked to
    again.enter("exit")
    again.in_chat()
    alice.sees("exit < bob")
    alice.enter("/exit")
    assert alice.wait_for_end() == 0


def test_nobody_listens_there(empty_world: World) -> None:
    empty_world.address = f"localhost:{quiet_port()}"
    alice = empty_world.shell("alice")
    assert alice.wait_for_end() == 3
    assert "".join(alice.screen).startswith(f"ud2p: no broker answers at {empty_world.address} (nothing listens there)")
    assert "start one: ud2p serve" in "".join(alice.screen)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("no-such-host.invalid", "there is no host no-such-host.invalid"),
        ("198.51.100.1", "198.51.100.1:17280 is not on this machine, and nothing protects plain text"),
        ("localhost:99999", "port"),
        ("a:b:c", ""),
    ],
)
def test_an_address_that_can_not_be_used(empty_world: World, address: str, sentence: str) -> None:
    piped = empty_world.piped("", "--name", "alice", "--plaintext", "--broker", address)
    assert piped.wait() in (2, 3)
    assert sentence in piped.errors
    assert piped.errors.startswith("ud2p: ")
    assert piped.errors.count("\n") == 1
    assert not piped.output


def test_the_port_is_taken(empty_world: World) -> None:
    broker = empty_world.broker()
    second = subprocess.run(
        [UD2P, "serve", "--port", str(broker.port)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**empty_world.home("second").environment, "PATH": ""},
        check=False,
    )
    assert second.returncode == 1
    assert second.stderr.startswith(f"port {broker.port} is taken on 127.0.0.1; stop the other program or choose")
    assert not second.stdout


STRANGERS = {
    "http": (b"", b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "web server"),
    "ssh": (b"SSH-2.0-OpenSSH_9.2p1\r\n", b"", "SSH"),
    "smtp": (b"220 mail.example ESMTP\r\n", b"", ""),
    "nonsense": (b"\xff\xfe\x00" * 10 + b"\n", b"", ""),
    "no end": (b"a" * 100_000, b"", ""),
    "hangs up": (b"", b"", ""),
}


@contextmanager
def stranger(greeting: bytes, answer: bytes) -> Iterator[int]:
    """Somebody who listens on a port and is no broker."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(20)
                    try:
                        connection.sendall(greeting)
                        if answer or not greeting:
                            connection.shutdown(socket.SHUT_WR) if not answer else connection.sendall(answer)
                        connection.recv(65536)
                    except OSError:
                        pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join(20)


@pytest.mark.parametrize("kind", STRANGERS)
def test_something_else_answers(empty_world: World, kind: str) -> None:
    greeting, answer, name = STRANGERS[kind]
    with stranger(greeting, answer) as port:
        piped = empty_world.piped("list\n", "--name", "alice", "--broker", f"127.0.0.1:{port}")
        assert piped.wait() == 3
    assert piped.errors.startswith("ud2p: ")
    assert piped.errors.count("\n") == 1
    assert f"127.0.0.1:{port}" in piped.errors
    assert name.casefold() in piped.errors.casefold()
    assert not piped.output


def test_a_name_that_is_taken(world: World) -> None:
    with LibraryPeer(world, "zed", identity=identity_of("another")):
        piped = world.piped("", "--name", "ZED", "--broker", world.address)
        assert piped.wait() == 1
    assert "taken" in piped.errors
    assert piped.errors.count("\n") == 1


def test_another_name_may_be_given_in_a_terminal(world: World) -> None:
    with LibraryPeer(world, "zoe", identity=identity_of("another")):
        pass  # The name is theirs, also while they are away.
    second = world.terminal("bob", ["--broker", world.address, "--name", "Zoe"])
    second.wait_for(re.compile("^Enter your username:$"))
    assert any("taken" in line for line in second.screen)
    second.enter("1bob")
    second.wait_for(lambda screen: len([line for line in screen if line.startswith("Enter your username:")]) == 2)
    assert any("begins with a letter" in line for line in second.screen)
    second.enter("bob")
    second.at_menu()
    assert not (world.home("bob").state / "state.json").exists()  # --name is for once


def test_the_name_is_asked_once_and_kept(world: World) -> None:
    first = world.terminal("bob", ["--broker", world.address])
    first.wait_for(re.compile("^Enter your username:$"))
    first.enter("")
    first.wait_for(lambda screen: screen.count("Enter your username:") == 2)
    first.enter("bob")
    first.at_menu()
    first.enter("exit")
    assert first.wait_for_end() == 0
    again = world.terminal("bob", ["--broker", world.address])
    again.at_menu()


@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_the_name_is_not_told(world: World, key: str) -> None:
    nobody = world.terminal("nobody", ["--broker", world.address])
    nobody.wait_for(re.compile("^Enter your username:$"))
    nobody.send(key)
    assert nobody.wait_for_end() == 130


def terminal_modes(shell: Shell, when: int) -> str:
    """What ``stty -a`` says, asked from the system's shell that ``ud2p`` was or will be started from."""
    shell.enter(f"stty -a; echo $((40 + {when}))done")
    shell.wait_for(re.compile(f"^{40 + when}done$"))
    text = "\n".join(shell.screen)
    return text[text.rindex("speed") : text.rindex(f"{40 + when}done")]


@pytest.mark.parametrize("place", ["menu", "chat", "waiting"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_restores_the_terminal_and_says_goodbye(world: World, place: str, number: signal.Signals) -> None:
    with LibraryPeer(world, "bob", auto_accept=place != "waiting") as bob:
        home = world.home("alice")
        command = f"{UD2P} --name alice --broker {world.address}"
        alice = Shell("alice", [], home, theme="roanda", columns=80, rows=40, command=["/bin/sh"])
        with alice:
            before = terminal_modes(alice, 1)
            alice.enter(f"{command} & echo pid=$!; fg")
            alice.at_menu()
            pid = int(re.findall(r"pid=(\d+)", "\n".join(alice.screen))[-1])
            if place != "menu":
                alice.enter("connect bob")
                if place == "chat":
                    alice.in_chat()
                    alice.types("half a")
                else:
                    alice.sees("Waiting for bob")
            subprocess.run(["kill", f"-{number.value}", str(pid)], check=True)
            alice.wait_for(re.compile(r"^[$#]$"))
            alice.enter("echo code=$?")
            alice.wait_for(f"code={128 + number.value}")
            assert terminal_modes(alice, 2) == before
            if place == "chat":
                assert bob.hears(ChatEnded).by_peer
            assert [one.name for one in bob.do(bob.client.list()).clients] == ["bob"]


def test_ctrl_z_and_back(world: World) -> None:
    home = world.home("alice")
    alice = Shell("alice", [], home, theme="roanda", columns=80, rows=40, command=["/bin/bash", "--norc", "-i"])
    with alice, LibraryPeer(world, "bob", auto_accept=True) as bob:
        alice.enter("PS1='$ '")
        alice.wait_for(re.compile(r"^\$$"))
        alice.enter(f"{UD2P} --name alice --broker {world.address}")
        alice.at_menu()
        alice.enter("connect bob")
        alice.in_chat()
        alice.types("half")
        alice.send("\x1a")
        alice.wait_for("Stopped")
        chat = bob.chat
        bob.run(lambda: chat.post("while you were away"))
        alice.enter("fg")
        alice.sees("while you were away < bob")
        alice.wait_until(lambda: (alice.input or "").endswith("half"))
        alice.enter(" and half")
        assert bob.hears(MessageReceived).text == "half and half"
