"""``run`` and ``serve``: the broker as a program of its own, and inside another's loop."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.brokers import memory_only
from tests.support.identities import identity_of
from tests.support.raw_client import WAIT_S, RawClient

from ud2p.contracts.directory import DirectoryInfo
from ud2p.errors import UsageError
from ud2p.hookspecs import impl
from ud2p.protocol.refusals import Code
from ud2p_plugins.directories.memory import MemoryDirectory
from ud2p_server.main import Broker, ServeSettings, _listen_problem, release, serve
from ud2p_server.names import OwnedNames

PROGRAM = """
import sys
if {without_uvloop}:
    sys.modules["uvloop"] = None
from ud2p.plugins import PluginManager
from ud2p_plugins.directories import memory
from ud2p_server.main import ServeSettings, run
plugins = PluginManager()
plugins.register(memory, "memory")
sys.exit(run(ServeSettings({arguments}), plugins))
"""


def command(arguments: str, *, without_uvloop: bool = False) -> list[str]:
    return [sys.executable, "-c", PROGRAM.format(arguments=arguments, without_uvloop=without_uvloop)]


@contextmanager
def program(
    arguments: str = "port=0, plaintext=True", *, without_uvloop: bool = False
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A running broker without a terminal, and its port."""
    process = subprocess.Popen(
        command(arguments, without_uvloop=without_uvloop),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.fullmatch(r"Broker listening on 127\.0\.0\.1:(\d+) \(TCP and UDP\); stop it with Ctrl-C\n", line)
        assert match, line + process.communicate(timeout=WAIT_S)[1]
        assert process.stdout.readline() == "Nothing is encrypted: plain text, for this machine alone\n"
        yield process, int(match[1])
    finally:
        process.kill()
        process.communicate(timeout=WAIT_S)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows can't send these signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("without_uvloop", [False, True])
async def test_a_signal_stops_it_and_the_clients_are_told(number: signal.Signals, without_uvloop: bool) -> None:
    with program(without_uvloop=without_uvloop) as (process, port):
        client = await RawClient.login(port, "alice")
        process.send_signal(number)
        tag, goodbye = await client.line()
        assert (tag, goodbye["reason"]) == ("$E$", "shutdown")
        await client.end()
        await client.close()
        out, errors = process.communicate(timeout=WAIT_S)
    assert (process.returncode, out, errors) == (
        0,
        "Broker stopped\n",
        "",
    )


def test_a_taken_port_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            command(f"port={port}, plaintext=True"), capture_output=True, text=True, timeout=30, check=False
        )
    expected = f"port {port} is taken on 127.0.0.1; stop the other program or choose another with --port\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", expected)


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ("port=0, host='0.0.0.0', plaintext=True", 2, "leave out --plaintext"),
        ("port=0, directory='nowhere'", 1, "memory"),
        (
            "port=0, host='10.255.255.254'",
            1,
            "10.255.255.254 is not an address of this machine; choose another with --host",
        ),
    ],
)
def test_what_can_not_be_served_is_one_sentence(arguments: str, code: int, sentence: str) -> None:
    done = subprocess.run(command(arguments), capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == code
    assert done.stdout == ""
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows can't send these signals")
def test_nobody_need_read_what_it_says() -> None:
    # It can't say which port it has, so it is given one; any other program may take that first.
    assert any(_ends_well_unread() for _ in range(3))


def _ends_well_unread() -> bool:
    reader, writer = os.pipe()
    os.close(reader)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    process = subprocess.Popen(
        command(f"port={port}, plaintext=True"), stdin=subprocess.DEVNULL, stdout=writer, stderr=writer
    )
    os.close(writer)
    try:
        asyncio.run(_ask_when_there(port, process))
        process.send_signal(signal.SIGTERM)
        return process.wait(WAIT_S) == 0
    finally:
        process.kill()
        process.wait(WAIT_S)


async def _ask_when_there(port: int, broker: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(30):
        while broker.poll() is None:
            try:
                client = await RawClient.login(port, "alice")
            except OSError:
                await asyncio.sleep(0.02)
                continue
            await client.send(b"\xff\n")  # something to log
            await client.error()
            await client.close()
            return


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.EACCES, "no"), "port 80 needs special rights; choose one above 1023 with --port"),
        (socket.gaierror(-2, "no"), "h is not an address of this machine; choose another with --host"),
        (OSError(errno.EMFILE, "too many"), "can't listen on h port 80: too many; choose others with --host, --port"),
    ],
)
def test_why_it_can_not_listen(error: OSError, sentence: str) -> None:
    assert _listen_problem(ServeSettings(host="h", port=80), error) == sentence


async def test_it_runs_inside_another_program() -> None:
    stop = asyncio.Event()
    where: asyncio.Future[tuple[str, int]] = asyncio.get_running_loop().create_future()
    log: list[str] = []
    task = asyncio.create_task(
        serve(
            ServeSettings(port=0, plaintext=True),
            memory_only(),
            ready=lambda broker: where.set_result((broker.host, broker.port)),
            stop=stop,
            log=log.append,
        )
    )
    async with asyncio.timeout(WAIT_S):
        host, port = await where
        assert host == "127.0.0.1"
        client = await RawClient.login(port, "alice")
        stop.set()
        assert (await client.line())[1]["reason"] == "shutdown"
        await client.close()
        await task


async def test_cancelling_it_tells_the_clients_too() -> None:
    where: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(
        serve(
            ServeSettings(port=0, plaintext=True),
            memory_only(),
            ready=lambda broker: where.set_result(broker.port),
            log=lambda _: None,
        )
    )
    async with asyncio.timeout(WAIT_S):
        client = await RawClient.login(await where, "alice")
        task.cancel()
        assert (await client.line())[1]["reason"] == "shutdown"
        await client.close()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_serve_raises_what_is_wrong() -> None:
    with pytest.raises(UsageError, match="--plaintext"):
        await serve(ServeSettings(host="0.0.0.0", port=0, plaintext=True), memory_only())


# Names


async def test_a_name_is_kept_over_a_restart_and_freed_on_demand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ServeSettings(port=0, plaintext=True, state=tmp_path)
    plugins = memory_only()
    broker = Broker(settings, plugins, log=lambda _: None)
    await broker.start()
    owner = await RawClient.login(broker.port, "alice")
    await owner.close()
    await broker.close()

    broker = Broker(settings, plugins, log=lambda _: None)
    await broker.start()
    thief = await RawClient.connect(broker.port)
    await thief.line()
    await thief.hi("ALICE", identity_of("mallory"))
    assert (await thief.error())[0] == Code.NAME_TAKEN
    await thief.close()

    # In another process, while the broker runs.
    code = await asyncio.to_thread(release, "Alice", settings, plugins)
    assert code == 0
    assert capsys.readouterr().out == "The name Alice is free: whoever logs in under it next owns it\n"
    again = await RawClient.login(broker.port, "alice", identity=identity_of("mallory"))
    assert await again.is_served()
    await again.close()
    await broker.close()


def test_a_name_that_nobody_owns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert release("no\x1bbody", ServeSettings(state=tmp_path), memory_only()) == 1
    assert capsys.readouterr().err == "nobody owns the name no\\x1bbody\n"


async def test_a_directory_may_keep_the_names_itself(tmp_path: Path) -> None:
    kept = OwnedNames(tmp_path / "elsewhere.db")

    class Keeping:
        @impl
        def ud2p_register_directories(self) -> list[DirectoryInfo]:
            return [DirectoryInfo("keeping", MemoryDirectory, names=lambda: kept)]

    plugins = memory_only(Keeping())
    broker = Broker(
        ServeSettings(port=0, plaintext=True, state=tmp_path / "state", directory="keeping"),
        plugins,
        log=lambda _: None,
    )
    await broker.start()
    client = await RawClient.login(broker.port, "alice")
    assert await kept.owner("alice") == identity_of("alice").login_public
    assert not (tmp_path / "state").exists()
    await client.close()
    await broker.close()
