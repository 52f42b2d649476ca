"""The examples in docs/plugins.md and the README work: installed as packages, loaded, and used between real people."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.support.brokers import a_state_folder
from tests.support.inner_runs import QUIET, STRICT
from tests.support.markdown import Page
from tests.support.packages import Packages, packages
from tests.support.people import DEADLINE_S, a_broker, a_person, introduce, two_in_a_chat

import ud2p
from ud2p import BrokerGone, BrokerRefused, Client, FileOffered, Invited, MessageReceived, PluginManager
from ud2p.plugin_settings import PluginSettings, read_assignments
from ud2p.rendering import safe_render
from ud2p.screen import PeerMessage
from ud2p.testing.cipher import CipherConformance
from ud2p.testing.command import CommandConformance
from ud2p.testing.directory import DirectoryConformance
from ud2p.testing.file_transfer import FileTransferConformance
from ud2p.testing.screen_events import SESSION
from ud2p.testing.terminal import plain_text
from ud2p.testing.theme import ThemeConformance
from ud2p.testing.transport import TransportConformance
from ud2p_server.main import Broker, ServeSettings

__all__ = ["packages"]

pytest_plugins = ["pytester"]

README = Page.read("README.md")
PAGE = Page.read("docs/plugins.md")
EXAMPLES = {block.partition("\n")[0].removeprefix("# "): block for block in PAGE.blocks("python")}
"""By file name, which stands in the first line of each."""

Load = Callable[..., PluginManager]


def module(name: str) -> ModuleType:
    """An example as a module that is not installed."""
    found = ModuleType(name)
    exec(compile(EXAMPLES[f"{name}.py"], f"docs/plugins.md: {name}.py", "exec"), vars(found))
    return found


@pytest.fixture
def load(packages: Packages) -> Iterator[Load]:
    """Installs examples, each as a package of its own, and loads everything that is installed."""
    warnings: list[str] = []

    def install_and_load(*names: str) -> PluginManager:
        for name in names:
            install(packages, {"name": name.replace("_", "-"), "version": "1.0"}, {name.removeprefix("ud2p_"): name})
        return PluginManager.load(warn=warnings.append)

    yield install_and_load
    assert warnings == []


def install(packages: Packages, project: Mapping[str, Any], points: Mapping[str, str]) -> None:
    """Install a distribution of examples, as pip leaves it behind."""
    packages.install(project["name"], project["version"], {})
    package = project["name"].replace("-", "_")
    info = packages.folder / f"{package}-{project['version']}.dist-info"
    lines = [f"{name} = {target}" for name, target in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[ud2p]", *lines, ""]))
    for target in points.values():
        (packages.folder / f"{target}.py").write_text(EXAMPLES[f"{target}.py"], encoding="utf-8")


def test_every_example_is_tried_here() -> None:
    source = Path(__file__).read_text()
    assert not [name for name in EXAMPLES if not re.search(rf'"{name.removesuffix(".py")}(\.py)?"', source)]
    assert len(README.blocks("python")) == 2


# five minutes


def test_the_package_of_five_minutes(packages: Packages) -> None:
    (block,) = PAGE.blocks("toml")
    assert block.startswith("# pyproject.toml\n")
    project = tomllib.loads(block)["project"]
    install(packages, project, project["entry-points"]["ud2p"])
    warnings: list[str] = []
    manager = PluginManager.load(warn=warnings.append)
    (record,) = [each for each in manager.records if not each.builtin]
    assert (record.name, record.distribution, record.state, warnings) == ("loud", "ud2p-loud", "on", [])
    theme = manager.themes["loud"].make()
    assert plain_text(safe_render(theme, PeerMessage("bob", "hi\nyou"), 80).lines) == "bob > HI\n      YOU"
    listed = run_ud2p(packages, "plugins").stdout
    assert next(line for line in listed.splitlines() if line.startswith("loud")) in PAGE.text


class TestTheTheme(ThemeConformance):
    info = module("ud2p_loud").ud2p_register_themes()[0]


def run_ud2p(packages: Packages, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """The program, with what is installed."""
    command = [sys.executable, "-m", "ud2p_shell.main", *arguments]
    environ = {**os.environ, "PYTHONPATH": str(packages.folder)}
    done = subprocess.run(command, input=typed, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done


class TestTheCommand(CommandConformance):
    info = module("ud2p_roll").ud2p_register_commands()[0]


def test_the_command_in_the_menu_and_in_a_chat(packages: Packages, load: Load) -> None:
    assert "roll" in load("ud2p_roll").commands
    typed = "roll 1\nroll much\nhelp\nconnect echo\n/roll 1\nX\nexit\n"
    shown = run_ud2p(packages, "demo", "--name", "alice", typed=typed).stdout
    assert "I rolled 1 of 1" in shown
    assert "a die has a number of sides, such as: roll 20" in shown
    assert "roll a die, in a chat for both to see" in shown
    assert "I rolled 1 of 1 < echo" in shown


async def test_the_gatekeepers(load: Load) -> None:
    careful = load("ud2p_careful")
    async with a_broker() as broker, a_person("alice", broker, plugins=careful) as alice:
        async with a_person("bob", broker) as bob, a_person("mallory", broker) as mallory:
            async with a_person("carol", broker) as carol:
                with pytest.raises(ud2p.InvitationFailed, match="alice declined"):
                    await mallory.client.invite("alice")
                asked = asyncio.ensure_future(carol.client.invite("alice"))
                assert (await alice.next(Invited)).invitation.peer == "carol"
                asked.cancel()
                await asyncio.gather(asked, return_exceptions=True)
            async with asyncio.timeout(DEADLINE_S):
                await bob.client.invite("alice")
                chat = (await alice.next(ud2p.ChatOpened)).chat
                with pytest.raises(ud2p.MessageVetoed, match="that looks like a private key; it was not sent"):
                    await chat.post("-----BEGIN PRIVATE KEY-----").delivered()
                chat.post("no idea :shrug:")
                assert (await bob.next(MessageReceived)).text == r"no idea ¯\_(ツ)_/¯"


# register hooks


class TestTheCipher(CipherConformance):
    info = module("ud2p_chacha").ud2p_register_ciphers()[0]


async def test_the_cipher_is_used_when_both_name_it(load: Load) -> None:
    async with two_in_a_chat(plugins=load("ud2p_chacha"), ciphers=["chacha20", "aes-gcm"]) as (_, chat, bob, theirs):
        assert (chat.cipher, theirs.cipher) == ("chacha20", "chacha20")
        chat.post("hello")
        assert (await bob.next(MessageReceived)).text == "hello"


async def test_a_cipher_that_one_side_does_not_name_is_not_used(load: Load) -> None:
    manager = load("ud2p_chacha")
    async with a_broker() as broker, a_person("bob", broker, plugins=manager) as bob:
        async with a_person("alice", broker, plugins=manager, ciphers=["chacha20", "fernet"]) as alice:
            chat, _ = await introduce(alice, bob)
            assert chat.cipher == "fernet"
        async with a_person("carol", broker, plugins=manager, ciphers=["chacha20"], auto_accept=True):
            with pytest.raises(ud2p.NoCommonCipher, match=r"chacha20 \(from ud2p-chacha, it says\)"):
                await bob.client.invite("carol")


class TestTheTransport(TransportConformance):
    info = module("ud2p_slim").ud2p_register_transports()[0]


async def test_the_transport_carries_a_chat(load: Load) -> None:
    async with two_in_a_chat(plugins=load("ud2p_slim"), transport="slim") as (alice, chat, bob, theirs):
        assert chat.path.startswith("direct 127.0.0.1:")
        chat.post("there")
        assert (await bob.next(MessageReceived)).text == "there"
        theirs.post("and back")
        assert (await alice.next(MessageReceived)).text == "and back"


class TestTheFileTransfer(FileTransferConformance):
    info = module("ud2p_slip").ud2p_register_file_transfers()[0]
    sends_many = False


async def test_the_file_transfer_carries_files_and_overwrites_none(load: Load, tmp_path: Path) -> None:
    content = os.urandom(100_000)
    (tmp_path / "out").mkdir()
    (tmp_path / "in").mkdir()
    source = tmp_path / "out" / "file.bin"
    source.write_bytes(content)
    async with two_in_a_chat(plugins=load("ud2p_slip"), file_transfer="slip") as (_, chat, bob, theirs):
        for is_free in (True, False):
            sending = asyncio.ensure_future(chat.send_file(source))
            offered = await bob.next(FileOffered)
            assert offered.offer.transfer == "slip"
            received, sent = await asyncio.gather(
                theirs.accept_file(offered.offer, tmp_path / "in"), sending, return_exceptions=True
            )
            assert {type(received), type(sent)} == {ud2p.Receipt if is_free else ud2p.TransferFailed}, (received, sent)
            assert (tmp_path / "in" / "file.bin").read_bytes() == content
    assert os.listdir(tmp_path / "in") == ["file.bin"]


class TestTheDirectory(DirectoryConformance):
    info = module("ud2p_shelf").ud2p_register_directories()[0]


async def test_the_directory_serves_a_broker(load: Load) -> None:
    with a_state_folder() as state:
        broker = Broker(ServeSettings(port=0, directory="shelf", state=state), load("ud2p_shelf"), log=pytest.fail)
        await broker.start()
        try:
            async with a_person("alice", f"127.0.0.1:{broker.port}") as alice:
                assert [each.name for each in (await alice.client.list()).clients] == ["alice"]
        finally:
            await broker.close()


# options, single files


async def test_the_signature_is_as_it_was_set(packages: Packages) -> None:
    install(packages, {"name": "ud2p-sign", "version": "1.0"}, {"sign": "ud2p_sign"})
    settings = PluginSettings(assignments=read_assignments(["sign.text=Alice"]))
    manager = PluginManager.load(settings=settings, warn=pytest.fail)
    async with two_in_a_chat(plugins=manager) as (_, chat, bob, _):
        chat.post("hi")
        assert (await bob.next(MessageReceived)).text == "hi\n-- Alice"
    done = run_ud2p(packages, "-o", "sign.dashes=3", "plugins", "--json")
    assert '"sign"' in done.stdout


async def test_the_file_needs_no_package(tmp_path: Path) -> None:
    (tmp_path / "shrug.py").write_text(EXAMPLES["shrug.py"], encoding="utf-8")
    manager = PluginManager.load(folders=[tmp_path], warn=pytest.fail)
    async with two_in_a_chat(plugins=manager) as (_, chat, bob, _):
        chat.post(":shrug:")
        assert (await bob.next(MessageReceived)).text == r"¯\_(ツ)_/¯"


# testing


@pytest.mark.parametrize(("example", "tested"), [("test_chacha", "ud2p_chacha"), ("test_loud", "ud2p_loud")])
def test_the_tests_of_the_examples(
    packages: Packages, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, example: str, tested: str
) -> None:
    install(packages, {"name": tested.replace("_", "-"), "version": "1.0"}, {"example": tested})
    monkeypatch.setenv("PYTHONPATH", str(packages.folder))
    (pytester.path / f"{example}.py").write_text(EXAMPLES[f"{example}.py"], encoding="utf-8")
    result = pytester.runpytest_subprocess(*QUIET, *STRICT, timeout=100)
    assert set(result.parseoutcomes()) == {"passed"}
    assert result.parseoutcomes()["passed"] > 50


# gatekeepers of a broker, observers


async def test_the_doorman(load: Load) -> None:
    async with a_broker(load("ud2p_doorman")) as broker:
        with pytest.raises(BrokerRefused, match="zoe is not on the list; ask whoever runs this broker") as refused:
            await Client("zoe", broker).connect()
        assert refused.value.code == "refused"
        async with a_person("carol", broker) as carol, a_person("alice", broker) as alice:
            async with a_person("bob", broker) as bob:
                with pytest.raises(BrokerRefused, match="carol talks to alice only"):
                    await bob.client.invite("carol")
            assert (await introduce(alice, carol))[0].is_open


async def test_the_diary(load: Load, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    caplog.set_level(logging.INFO, "ud2p_diary")
    (tmp_path / "hi.txt").write_text("hi")
    (tmp_path / "in").mkdir()
    async with a_broker() as broker, a_person("alice", broker) as alice:
        async with a_person("bob", broker, plugins=load("ud2p_diary")) as bob:
            chat, theirs = await introduce(alice, bob)
            chat.post("a\x1bb")
            await bob.next(MessageReceived)
            sending = asyncio.ensure_future(chat.send_file(tmp_path / "hi.txt"))
            await theirs.accept_file((await bob.next(FileOffered)).offer, tmp_path / "in")
            await sending
            await chat.leave()
            await bob.next(ud2p.ChatEnded)
    assert [message.partition(",")[0] for message in caplog.messages] == [
        "chat with alice opened: aes-gcm",
        r"alice: a\x1bb",
        "alice offers hi.txt",
        "hi.txt is there",
        "chat with alice closed: alice left the chat",
    ]


async def test_the_diary_knows_of_the_broker(load: Load, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "ud2p_diary")
    async with a_broker() as broker:
        bob = Client("bob", broker, plugins=load("ud2p_diary"))
        await bob.connect()
        events = bob.events()
    try:
        async with asyncio.timeout(DEADLINE_S):
            assert isinstance(await anext(events), BrokerGone)
        assert caplog.messages[0].startswith("broker: BrokerGone(")
    finally:
        await bob.close()


# README


def test_the_readmes_theme(packages: Packages) -> None:
    (source,) = [block for block in README.blocks("python") if "ThemeInfo" in block]
    packages.install("ud2p-shouting", "1.0", {"shouting": source})
    warnings: list[str] = []
    theme = PluginManager.load(warn=warnings.append).themes["shouting"].make()
    assert warnings == []
    for event in SESSION:
        assert safe_render(theme, event, 80) == safe_render(None, event, 80)


async def test_the_readmes_bot_says_everything_back(monkeypatch: pytest.MonkeyPatch) -> None:
    (source,) = [block for block in README.blocks("python") if "asyncio.run(main())" in block]
    connected = asyncio.Event()
    programs: list[Any] = []
    async with a_broker() as broker:

        class HereClient(Client):
            """Finds the broker of this test where the bot's is by default."""

            def __init__(self, name: str, **options: Any) -> None:
                super().__init__(name, broker, **options)

            async def connect(self) -> None:
                await super().connect()
                connected.set()

        with monkeypatch.context() as patch:
            patch.setattr(ud2p, "Client", HereClient)
            patch.setattr(asyncio, "run", programs.append)
            exec(compile(source, "README.md", "exec"), {})
            bot = asyncio.ensure_future(programs.pop())
            async with asyncio.timeout(DEADLINE_S):
                await connected.wait()
        try:
            async with a_person("alice", broker) as alice, asyncio.timeout(DEADLINE_S):
                chat = await alice.client.invite("parrot")
                chat.post("Polly?")
                assert (await alice.next(MessageReceived)).text == "Polly?"
        finally:
            bot.cancel()
            await asyncio.gather(bot, return_exceptions=True)
