"""Draw the README's pictures from real sessions: a broker, two people in two terminals, each theme.

Run it as ``python -m tools.pictures`` in a development environment; it writes docs/pictures/THEME-menu.svg and
docs/pictures/THEME-chat.svg.
"""

from __future__ import annotations

import secrets
import socket
import sys
import tempfile
from pathlib import Path

from tests.support.terminal import Terminal

from tools.svg import screen_svg

THEMES = ("lutho", "chulumanco", "roanda")
PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
COLUMNS, ROWS = 84, 26
SONG_BYTES = 5_300_000


def main() -> None:
    """Draw them all."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for theme in THEMES:
        with tempfile.TemporaryDirectory() as folder:
            _draw(theme, Path(folder))


def _draw(theme: str, folder: Path) -> None:
    (folder / "Von.mp3").write_bytes(secrets.token_bytes(SONG_BYTES))
    (folder / "in").mkdir()
    broker = f"127.0.0.1:{_free_port()}"
    with _ud2p(folder, "serve", "--port", broker.partition(":")[2]) as serving:
        screen = serving.wait_for("Its key: ")
        key = next(line for line in screen if line.startswith("Its key: ")).removeprefix("Its key: ")
        options = ("--broker", broker, "--trust-broker", key)
        with (
            _ud2p(folder, *options, "--name", "Lutho", "--theme", theme) as lutho,
            _ud2p(folder / "in", *options, "--name", "MGWCHU003", "--theme", "roanda") as peer,
        ):
            _menu(lutho, peer)
            _save(lutho, f"{theme}-menu", "The menu")
            _chat(lutho, peer)
            _save(lutho, f"{theme}-chat", "A chat and a file")


def _menu(lutho: Terminal, peer: Terminal) -> None:
    peer.wait_for("ud2p>")
    lutho.wait_for("<<Online>>")
    lutho.enter("1")
    lutho.wait_for("MGWCHU003")


def _chat(lutho: Terminal, peer: Terminal) -> None:
    lutho.send("\x0c")
    peer.enter("connect Lutho")
    lutho.wait_for("(Y)")
    lutho.enter("y")
    peer.wait_for("You >")
    for speaker, listener, text in (
        (peer, lutho, "Awe Gee"),
        (lutho, peer, "sho"),
        (peer, lutho, "You good?"),
        (lutho, peer, "yeah 😀 listen to this"),
    ):
        speaker.enter(text)
        listener.wait_for(text)
    lutho.enter("sendf Von.mp3")
    peer.wait_for("Von.mp3")
    peer.enter("y")
    lutho.wait_for("5.30 MB")
    peer.enter("nice one, sharp")
    lutho.wait_for("sharp")


def _save(terminal: Terminal, name: str, title: str) -> None:
    terminal.wait_for(lambda screen: screen[-1].startswith("Lutho <<"))  # the prompt is back, with its status bar
    rows, columns = terminal.cells()
    (PICTURES / f"{name}.svg").write_text(screen_svg(rows, columns, title), encoding="utf-8")


def _ud2p(folder: Path, *arguments: str) -> Terminal:
    state = str(folder / "state")
    return Terminal(
        [str(Path(sys.executable).with_name("ud2p")), *arguments],
        {"UD2P_STATE_DIR": state, "UD2P_CONFIG_DIR": state},
        columns=COLUMNS,
        rows=ROWS,
        cwd=folder,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
