"""The command line: what it prints, what it refuses, and with which exit code."""

from __future__ import annotations

import os
import subprocess
from importlib.metadata import version

import pytest
from tests.e2e.home import UD2P
from tests.e2e.world import World


def run(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``ud2p`` to its end."""
    return subprocess.run(
        [UD2P, *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        env=world.home("me").environment | {"PATH": ""} | python_path(),
        check=False,
    )


def python_path() -> dict[str, str]:
    """Where this process finds its packages."""
    return {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}


def test_version_and_help(empty_world: World) -> None:
    done = run(empty_world, "--version")
    assert (done.returncode, done.stdout) == (0, f"ud2p {version('ud2p')}\n")
    done = run(empty_world, "--help")
    assert done.returncode == 0
    for word in ("serve", "demo", "plugins", "--name", "--theme", "--broker", "--no-plugin", "--safe-mode"):
        assert word in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nme", "x"],
        ["surf"],
        ["serve", "--port", "99999"],
        ["serve", "--port", "x"],
        ["--downloads", "/nowhere", "--name", "x"],
        ["--broker", "", "--name", "x"],
        ["--cipher", "", "--name", "x"],
        ["serve", "--host", "0.0.0.0", "--plaintext"],
        ["serve", "--key", "/nowhere"],
        ["serve", "--certificate", "/nowhere"],
        ["--trust-broker", "SHA256:short", "--name", "x"],
    ],
)
def test_usage(empty_world: World, arguments: list[str]) -> None:
    done = run(empty_world, *arguments)
    assert done.returncode == 2, done
    assert done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_a_host_that_is_not_here(empty_world: World) -> None:
    done = run(empty_world, "serve", "--host", "192.0.2.1", "--port", "0")
    assert done.returncode in (1, 2)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("content", ["theme = 7", "broker = ''", "not toml", "name = 'x'\nname = 'y'", "\xff\xfe"])
def test_a_settings_file_that_is_wrong(empty_world: World, content: str) -> None:
    home = empty_world.home("me")
    (home.config / "config.toml").write_bytes(content.encode("latin-1"))
    done = run(empty_world, "plugins")
    assert done.returncode == 2
    assert done.stderr.startswith("ud2p: ")
    assert "config.toml" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_setting_that_is_not_known(empty_world: World) -> None:
    home = empty_world.home("me")
    (home.config / "config.toml").write_text('themes = "lutho"\n')
    done = run(empty_world, "plugins")
    assert done.returncode == 0
    assert "did you mean theme?" in done.stderr


def test_a_state_that_can_not_be_kept(world: World) -> None:
    alice = world.terminal("alice", ["--broker", world.address], env={"UD2P_STATE_DIR": "/proc/ud2p"})
    alice.wait_for("Enter your username:")
    alice.enter("alice")
    assert alice.wait_for_end() == 2  # Somebody without a kept identity would be a stranger at every start.
    assert "/proc/ud2p/identities/alice can't be written" in " ".join(alice.screen)


def test_a_state_that_can_not_be_read(world: World) -> None:
    home = world.home("piper")
    (home.state / "state.json").mkdir()
    piped = world.piped("exit\n", "--broker", world.address)
    assert piped.wait() == 2
    assert piped.errors.startswith("ud2p: ")
    assert piped.errors.count("\n") == 1
