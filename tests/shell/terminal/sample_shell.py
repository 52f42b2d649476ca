"""A menu and a chat inside it, on the terminal toolkit. The tests run it as a program.

What arrives from outside comes through a FIFO (the first argument), one line each::

    say TEXT          a thread prints TEXT
    post TEXT         the main thread prints TEXT
    run COMMAND       the shell on the screen is interrupted with COMMAND
    ask TEXT          a question appears in the toolbar and on an empty line
    start N, add N, finish    a progress bar of N bytes
    fill N            a thread prints N numbered lines, 5 ms apart
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from pathlib import Path

print("the banner", flush=True)

from ud2p_shell.terminal import (  # noqa: E402 - the banner comes first
    Console,
    LineShell,
    LoopThread,
    Prompt,
    complete_commands,
    complete_path,
    complete_paths,
    complete_words,
)


class State:
    """What the two shells and the outside share."""

    question = ""
    asked_at = 0.0
    shells: list[LineShell] = []  # noqa: RUF012 - one program, one list


def toolbar() -> list[tuple[str, str]]:
    """The status bar."""
    left = int(60 - (time.monotonic() - State.asked_at))
    return [("bold", "status"), ("", f" {State.question} ({left} s)" if State.question else " quiet")]


class Chat(LineShell):
    """Every line is a message."""

    def __init__(self, console: Console) -> None:
        super().__init__(
            console,
            Prompt(
                text=lambda: [("bold fg:ansired", "You"), ("", " > ")],
                toolbar=toolbar,
                placeholder=lambda: [("fg:ansibrightblack", State.question)],
                ticking=lambda: bool(State.question),
                completer=complete_commands(lambda: ["sendf", "X"], {"sendf": complete_paths}),
                erase_when_done=True,
                keep_newlines=True,
            ),
        )

    def run_line(self, line: str) -> bool:
        """X leaves; an answer to the question is one; all else is a message."""
        if line in ("y", "n") and State.question and self.input.last_line_begun_at >= State.asked_at:
            State.question = ""
            print(f"answered {line}")
        elif line == "sendf":
            print(f"file {self.input.ask('Enter filename > ', completer=complete_path)!r}")
        elif line and line != "X":
            print(f"You > {line!r}")
        return line == "X"

    def interrupted(self) -> None:
        """Ctrl-C."""
        print("to leave, type X")


class Menu(LineShell):
    """Commands."""

    def __init__(self, console: Console, network: LoopThread, history: Path | None) -> None:
        commands = [name[3:] for name in self.get_names() if name.startswith("do_")]
        names = complete_words(lambda: ["bob", "bobby", "carol"])
        super().__init__(
            console,
            Prompt(
                text=lambda: [("", "menu> ")],
                toolbar=toolbar,
                completer=complete_commands(lambda: commands, {"connect": names}),
                history=history,
            ),
        )
        self.network = network

    def do_connect(self, name: str) -> None:
        """Chat."""
        print(f"Connected to {name}")
        chat = Chat(self.console)
        State.shells.append(chat)
        chat.run()
        State.shells.pop()
        print("back in the menu")

    def do_wait(self, _: str) -> None:
        """Wait for the network, for ever."""
        self.network.wait(forever())

    def do_pick(self, _: str) -> None:
        """Ask, in the middle of a command."""
        print(f"picked {self.input.ask('number: ', default='1')!r}")

    def do_crash(self, _: str) -> None:
        """A bug."""
        raise ZeroDivisionError("a bug")

    def do_exit(self, _: str) -> bool:
        """Leave."""
        return True

    def default(self, line: str) -> None:
        """Not a command."""
        if line == "die":
            raise KeyError(line) from SystemExit("x")
        print(f"unknown {line!r}")

    def interrupted(self) -> None:
        """Ctrl-C."""
        print("to leave, type exit")

    def end_of_input(self) -> bool:
        """Ctrl-D."""
        print("the input ended")
        return True


async def forever() -> None:
    """Work that takes its time to clean up."""
    print("waiting")
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0.01)
        print("cleaned up")


def listen(fifo: str, console: Console) -> None:
    """Do what comes through the FIFO."""
    bar = console.progress("Sending Von.mp3...")
    with open(fifo, encoding="utf-8") as lines:
        for line in lines:
            what, _, rest = line.rstrip("\n").partition(" ")
            if what == "say":
                print(rest)
            elif what == "post":
                console.main.post(lambda text=rest: print(text))  # type: ignore[misc]
            elif what == "run":
                State.shells[-1].input.interrupt_with(rest)
            elif what == "ask":
                State.question, State.asked_at = rest, time.monotonic()
                console.invalidate()
            elif what == "start":
                bar.start(int(rest))
            elif what == "add":
                bar.advance(int(rest))
            elif what == "finish":
                bar.finish()
            elif what == "fill":
                for number in range(int(rest)):
                    print(f"message {number:05d}")
                    time.sleep(0.005)


def main() -> None:
    """Run the menu."""
    fifo, *history = sys.argv[1:]
    with Console(plain="UD2P_PLAIN" in os.environ) as console, LoopThread(console.main) as network:
        if fifo != "-":
            threading.Thread(target=listen, args=(fifo, console), daemon=True).start()
        menu = Menu(console, network, Path(history[0]) if history else None)
        State.shells.append(menu)
        menu.run()
    print("bye")


if __name__ == "__main__":
    main()
