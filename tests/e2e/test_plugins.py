"""Plugins that are left out or break: the program starts and says what is missing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from tests.e2e.home import python_path
from tests.e2e.library_peer import LibraryPeer
from tests.e2e.shell import words_in
from tests.e2e.world import World, meet
from tests.support.packages import Packages

from ud2p import MessageReceived

BUILT_IN = ("aes-gcm", "fernet", "xchacha20", "lutho", "chulumanco", "roanda", "udp", "tcp", "memory")


@pytest.mark.parametrize("plugin", BUILT_IN)
def test_the_shell_starts_without(world: World, plugin: str) -> None:
    alice = world.shell("alice", "--no-plugin", plugin, theme="plain" if plugin == "roanda" else "roanda")
    if plugin == "roanda":
        alice.wait_for(lambda screen: "there is no theme roanda" in " ".join(screen))
    alice.at_menu()
    shown = alice.run("plugins")
    assert any(line.split()[:2] == [plugin, "off"] for line in shown), shown
    with LibraryPeer(world, "bob", auto_accept=True) as bob:
        alice.enter("connect bob")
        if plugin == "udp":
            alice.sees("there is no transport udp")
            alice.at_menu()
            return
        alice.in_chat()
        assert bool(plugin != "aes-gcm") == ("aes-gcm" in alice.status_bar)
        alice.run("hello")
        assert bob.hears(MessageReceived).text == "hello"
        (alice.folder / "notes.txt").write_text("notes")
        if plugin == "tcp":
            alice.run("sendf notes.txt")
            alice.sees("there is no file transfer plugin tcp")
            alice.in_chat()


def test_an_invitation_without_a_transport(world: World) -> None:
    alice = world.shell("alice", "--no-plugin", "udp")
    alice.at_menu()
    with LibraryPeer(world, "bob") as bob:
        inviting = bob.start(bob.client.invite("alice"))
        alice.wait_until(lambda: "bob wants" in alice.status_bar)
        alice.enter("y")
        alice.sees("there is no transport udp")
        alice.at_menu()
        with pytest.raises(Exception, match="alice declined: no transport to chat over"):
            bob.wait(inviting)


def test_without_any_theme(world: World) -> None:
    alice = world.shell("alice", *(f"--no-plugin={name}" for name in ("lutho", "chulumanco", "roanda")), theme="plain")
    alice.at_menu()
    with LibraryPeer(world, "bob", auto_accept=True) as bob:
        alice.enter("connect bob")
        alice.in_chat()
        bob.says("plain and simple")
        alice.sees("plain and simple < bob")


def test_no_cipher_in_common(world: World) -> None:
    ours = ("aes-gcm", "xchacha20")
    alice = world.shell("alice", *(f"--no-plugin={name}" for name in ours))
    bob = world.shell("bob", "--cipher", ",".join(ours))
    for shell in (alice, bob):
        shell.at_menu()
    alice.enter("connect bob")
    bob.wait_until(lambda: "alice wants" in bob.status_bar)
    bob.enter("y")
    for shell, other in ((alice, "bob"), (bob, "alice")):
        shell.wait_until(lambda shell=shell: words_in(["have", "no", "cipher", "in", "common"], shell.body))  # type: ignore[misc]
        shell.wait_until(lambda shell=shell: words_in(["fernet"], shell.body))  # type: ignore[misc]
        shell.at_menu()
        assert words_in(["No", "chat", "with", other], shell.body)


@pytest.mark.parametrize("cipher", ["fernet", "xchacha20"])
def test_the_inviter_chooses_the_cipher(world: World, cipher: str) -> None:
    alice = world.shell("alice", "--cipher", f"{cipher},aes-gcm")
    (bob,) = world.people("bob")
    alice.at_menu()
    meet(alice, bob)
    for shell in (alice, bob):
        assert f"direct, {cipher}, unverified" in shell.status_bar
    (alice.folder / "notes.txt").write_bytes(b"notes" * 10_000)
    alice.enter("sendf notes.txt")
    bob.sees("notes.txt")
    bob.in_chat()
    bob.enter("y")
    alice.sees("File sent ✓")
    assert (bob.folder / "notes.txt").read_bytes() == b"notes" * 10_000


@pytest.mark.parametrize("plugin", BUILT_IN)
def test_the_broker_starts_without(empty_world: World, plugin: str) -> None:
    if plugin == "memory":
        piped = empty_world.piped("", "serve", "--port", "0", "--no-plugin", "memory")
        assert piped.wait() == 1
        assert 'no directory is called "memory"; there are: none' in piped.errors
        assert piped.errors.count("\n") == 1
        return
    empty_world.broker("--no-plugin", plugin)


def test_a_cipher_that_is_not_there(world: World) -> None:
    piped = world.piped("", "--broker", world.address, "--name", "alice", "--cipher", "rot13")
    assert piped.wait() == 2
    assert "rot13" in piped.errors
    assert "aes-gcm" in piped.errors
    assert piped.errors.count("\n") == 1


def test_a_package_that_breaks_is_named_and_survived(world: World, installed: Packages) -> None:
    world.may_complain = True  # it says what was raised
    installed.install("raises", "1.2", {"bang": "raise RuntimeError('bang\\x1b]0;HACK\\x07')"})
    installed.install("leaves", "1.0", {"exits": "raise SystemExit(7)"})
    installed.install("wrong", "2.0", {"odd": "@impl\ndef ud2p_register_themes():\n    return [1, 2]"})
    installed.install("unknown", "3.0", {"hook": "@impl\ndef ud2p_read_minds(): pass"})
    alice = world.shell("alice", env=python_path(installed.folder))
    alice.at_menu()
    text = "".join(alice.body)
    for part in ('"bang" (raises 1.2)', '"exits" (leaves 1.0)', "odd", '"hook" (unknown 3.0)', "ud2p_read_minds"):
        assert part in text, text
    assert b"\x1b]0;HACK" not in alice.output
    with LibraryPeer(world, "bob", auto_accept=True):
        alice.enter("connect bob")
        alice.in_chat()
    silenced = world.piped(
        "exit\n",
        *("--broker", world.address, "--name", "carol", "--no-plugin=bang", "--no-plugin=exits", "--no-plugin=odd"),
        "--no-plugin=hook",
        env=python_path(installed.folder),
    )
    assert silenced.wait() == 0
    assert not silenced.errors
    safe = world.piped(
        "exit\n",
        *("--broker", world.address, "--name", "carol", "--safe-mode"),
        name="safe",
        env=python_path(installed.folder),
    )
    assert safe.wait() == 0
    assert not safe.errors


def test_a_broker_survives_broken_packages(empty_world: World, installed: Packages) -> None:
    empty_world.may_complain = True
    installed.install("raises", "1.2", {"bang": "raise RuntimeError('bang')"})
    empty_world.broker(env=python_path(installed.folder))
    empty_world.people("alice")


def test_a_plugin_turned_off_in_the_settings(world: World) -> None:
    home = world.home("piper")
    (home.config / "config.toml").write_text('no_plugin = ["fernet"]\n')
    piped = world.piped("", "plugins", "--no-plugin", "xchacha20", env={"UD2P_NO_PLUGIN": "aes-gcm"})
    assert piped.wait() == 0
    off = {line.split()[0] for line in piped.output.splitlines() if line.split()[1:2] == ["off"] and line[0] != " "}
    assert off == {"fernet", "xchacha20", "aes-gcm"}


@pytest.mark.parametrize(
    ("source", "doing", "done"),
    [
        ("while True: pass", "is being imported", "was imported"),
        (
            "@impl\ndef ud2p_register_themes():\n    while True: pass",
            "is at ud2p_register_themes",
            "answered ud2p_register_themes",
        ),
    ],
)
def test_one_that_never_ends_is_named(world: World, installed: Packages, source: str, doing: str, done: str) -> None:
    """It is named after 5 s; nobody can stop it but the user, who reads how to do without it."""
    installed.install("loops", "1.0", {"looping": source})
    piped = world.piped("exit\n", "--broker", world.address, "--name", "alice", env=python_path(installed.folder))
    deadline = time.monotonic() + 30
    while not piped.errors.endswith("\n"):  # the sentence that comes after 5 s
        assert time.monotonic() < deadline
        time.sleep(0.05)
    piped.process.send_signal(signal.SIGINT)
    assert piped.wait() == 130
    warned, interrupted = piped.errors.splitlines()
    assert warned == (
        f'ud2p: warning: still waiting for plugin "looping" (loops 1.0), which {doing}; '
        "Ctrl-C ends this, and --no-plugin looping starts without it"
    )
    assert interrupted == (
        f'ud2p: interrupted while the plugin "looping" (loops 1.0) {done}; to leave it out: --no-plugin looping'
    )
    without = ("--broker", world.address, "--name", "alice", "--no-plugin", "looping")
    assert world.piped("exit\n", *without, env=python_path(installed.folder)).wait() == 0


OPTIONS = """
from ud2p import CommandInfo, Option, impl

@impl
def ud2p_register_options():
    return [Option("word", "hello", "what to say", choices=("hello", "goodbye"))]

@impl
def ud2p_register_commands(options):
    return [CommandInfo("speak", lambda context, typed: context.say(f"it says {options['word']}"), "say it")]
"""


def test_plugins_from_within_the_shell(world: World) -> None:
    home = world.home("alice")
    (home.config / "plugins").mkdir()
    (home.config / "plugins" / "speaking.py").write_text(OPTIONS)
    (home.config / "config.toml").write_text('[plugins.speaking]\nword = "goodbye"\n')
    alice = world.shell("alice", rows=60, columns=120)
    alice.at_menu()
    assert "it says goodbye" in alice.run("speak")
    shown = alice.run("plugins")
    assert any(line.split()[:4] == ["speaking", "on", "command", "speak"] for line in shown), shown
    shown = alice.run("plugins info speaking")
    assert any('word = "goodbye": what to say' in line for line in shown), shown
    shown = alice.run("plugins info speakin")
    assert any('no plugin is called "speakin"; did you mean speaking?' in line for line in shown), shown
    alice.enter("plugins check speaking")
    alice.sees("command speak: ")
    alice.sees("all is well")
    alice.at_menu()
    alice.run("plugins disable speaking")
    alice.sees("speaking is off from the next start on")
    assert "it says goodbye" in alice.run("speak")
    alice.enter("exit")
    assert alice.wait_for_end() == 0
    again = world.shell("alice", rows=60, columns=120)
    again.at_menu()
    assert any("there is no command speak" in line for line in again.run("speak"))
    again.run("plugins enable speaking")
    again.sees("speaking is on from the next start on")
    assert any("say: plugins, or plugins info NAME" in line for line in again.run("plugins dance"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-o", "lutho.colour=red"], "-o lutho.colour: plugin"),
        (["-o", "nobody.colour=red"], "-o nobody.colour: no plugin has that name"),
        (["-o", "nonsense"], "write it like -o NAME.KEY=VALUE"),
        (["--plugins-dir", "/nowhere/at/all"], "--plugins-dir: "),
    ],
)
def test_what_can_not_be_set_is_a_sentence(world: World, arguments: list[str], says: str) -> None:
    piped = world.piped("exit\n", "--broker", world.address, "--name", "alice", *arguments)
    assert piped.wait() == 2
    assert says in piped.errors
    assert piped.errors.count("\n") == 1


def test_nothing_is_imported_before_it_is_needed(world: World, installed: Packages) -> None:
    """Neither what ud2p needs later, nor what plugins do, is there when the shell has started and ended."""
    source = """
    from ud2p import CipherInfo, impl

    def make(key):
        import wave

    @impl
    def ud2p_register_ciphers():
        return [CipherInfo("spare", 32, 1, 1, 1, make)]
    """
    info = installed.install("spare", "1.0", {"spare": source})
    with (info / "METADATA").open("a") as file:
        file.write("Requires-Dist: ud2p>=0.1\n")
    heavy = ("prompt_toolkit", "tqdm", "Crypto", "wave", "packaging", "pytest", "hypothesis", "platformdirs")
    program = (
        "import sys; from ud2p_shell.main import main; code = main(sys.argv[1:]); "
        f"print('heavy:', *[name for name in {heavy!r} if name in sys.modules]); sys.exit(code)"
    )
    home = world.home("alice", python_path(installed.folder))
    done = subprocess.run(
        [sys.executable, "-c", program, "--broker", world.address, "--name", "alice"],
        input="plugins\nexit\n",
        env={**os.environ, **home.environment},
        cwd=home.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "cipher spare" in done.stdout
    assert done.stdout.splitlines()[-1] == "heavy:"
