"""Packages of others beside the installed wheel, at work: run it with what is for development, and name the program.

    .venv/bin/python -m tests.smoke.third_parties build/smoke-venv/bin/ud2p

The venv of that program holds ud2p and the packages in ``examples``, built as wheels. Two people chat in real
terminals over a cipher, in a theme and with a bot of others, and pass a file, while the plugins of one more package
break in every way they can. Every wait has a deadline, every port is free, every file is in a temporary folder.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.e2e.shell import Shell
from tests.e2e.world import World, meet

WAIT_S = 60.0
FILE_BYTES = 3_000_001
FAILED = ("broken-dependency", "broken-exit", "broken-hook", "broken-import", "broken-target")
"""Those that can't be loaded."""


def main() -> None:
    """Run every check; the first one that fails ends it with a traceback."""
    ud2p = str(Path(sys.argv[1]).absolute())
    with tempfile.TemporaryDirectory(prefix="ud2p-smoke-") as name:
        check_list(ud2p, Path(name))
        world = World(Path(name))
        world.may_complain = True
        try:
            check_chat(ud2p, world)
        finally:
            world.close()
    print("the packages of others work beside the installed ud2p, and the broken ones harm nobody")


def check_list(ud2p: str, folder: Path) -> None:
    """Every plugin is there, and what is broken is named with its package and version."""
    home = {"UD2P_CONFIG_DIR": str(folder / "config"), "UD2P_STATE_DIR": str(folder / "state")}
    listed = subprocess.run(
        [ud2p, "plugins", "--json"],
        env={**os.environ, **home},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=True,
    )
    rows = {row["name"]: row for row in json.loads(listed.stdout)}
    for plugin, brings in (("aes-ocb3", "cipher aes-ocb3"), ("sunset", "theme sunset"), ("away", "command away")):
        assert (rows[plugin]["state"], rows[plugin]["registers"]) == ("on", [brings]), rows[plugin]
        assert rows[plugin]["distribution"].startswith("ud2p-"), rows[plugin]
    assert rows["aes-gcm"]["distribution"] == "ud2p", rows["aes-gcm"]
    for plugin in FAILED:
        assert rows[plugin]["state"] == "failed", rows[plugin]
        assert f'plugin "{plugin}" (ud2p-broken 6.6.6) is left out: ' in listed.stderr, listed.stderr
    assert 'plugin "broken-cipher" (ud2p-broken 6.6.6): ud2p_register_ciphers: ' in listed.stderr, listed.stderr
    assert "Traceback" not in listed.stderr, listed.stderr
    assert len(listed.stderr.splitlines()) == len(FAILED) + 1, listed.stderr


def check_chat(ud2p: str, world: World) -> None:
    """A broker, two shells, and everything that the packages bring."""
    world.broker(command=(ud2p,))
    arguments = ("--theme", "sunset", "--cipher", "aes-ocb3", "-o", "away.every_s=3600")
    alice, bob = (
        world.shell(name, *arguments, theme="plain", rows=60, columns=100, command=(ud2p,)) for name in ("alice", "bob")
    )
    alice.at_menu()
    bob.at_menu()
    bob.run("away gone fishing")
    bob.sees("Whoever writes is told: gone fishing")
    meet(alice, bob)
    assert "aes-ocb3" in alice.status_bar, alice.status_bar
    alice.sees("bob · aes-ocb3 · unverified · direct")
    alice.run("hello?")
    alice.sees("┃ (away) gone fishing")
    bob.sees("┃ hello?")
    bob.sees('plugin "broken-observer" (ud2p-broken 6.6.6): ud2p_message_received raised')
    check_file(alice, bob)
    alice.run("/broken now")
    alice.sees("the command broken of ud2p-broken failed (SystemExit: now is enough)")
    alice.run("/theme broken")
    bob.run("still there?")
    alice.sees("the theme broken failed, and roanda stands in: KeyError: 'bob'")
    alice.sees("still there? < bob")
    bob.enter("X")
    bob.at_menu()


def check_file(alice: Shell, bob: Shell) -> None:
    """A file goes from one to the other."""
    content = os.urandom(FILE_BYTES)
    (alice.folder / "song.mp3").write_bytes(content)
    alice.enter("sendf song.mp3")
    bob.sees("wants to send song.mp3 (")
    bob.in_chat()
    bob.enter("y")
    alice.sees(re.compile("File sent ✓"))
    bob.sees(re.compile("File received ✓"))
    for shell in (alice, bob):
        shell.in_chat()
    assert (bob.folder / "song.mp3").read_bytes() == content


if __name__ == "__main__":
    main()
