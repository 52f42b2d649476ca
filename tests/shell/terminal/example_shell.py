"""The least that makes a shell with a chat inside it, for those who build one."""

from __future__ import annotations

import asyncio
import threading

from ud2p_shell.terminal import Console, LineShell, LoopThread, Prompt, complete_commands, complete_words

console = Console()
network = LoopThread(console.main)


class Chat(LineShell):
    """Every line is a message; X leaves."""

    def __init__(self, peer: str) -> None:
        toolbar = [("", f"chat with {peer}")]
        super().__init__(
            console,
            Prompt(
                text=lambda: [("fg:ansired", "You > ")],
                toolbar=lambda: toolbar,
                erase_when_done=True,
                keep_newlines=True,
            ),
        )
        self.peer = peer

    def run_line(self, line: str) -> bool:
        """Send it; what comes back is posted to the main thread, and printed above the prompt."""
        if line and line != "X":
            print(f"You > {line}")
            threading.Thread(target=console.main.post, args=(lambda: print(f"{line[::-1]} < {self.peer}"),)).start()
        return line == "X"


class Menu(LineShell):
    """Commands, completed by Tab."""

    def __init__(self) -> None:
        names = complete_words(lambda: ["bob", "carol"])
        completer = complete_commands(lambda: ["connect", "exit", "help"], {"connect": names})
        super().__init__(console, Prompt(text=lambda: [("", "menu> ")], completer=completer))

    def do_connect(self, peer: str) -> None:
        """connect NAME: chat with NAME; Ctrl-C cancels."""
        network.wait(asyncio.sleep(0.1))
        Chat(peer).run()

    def do_exit(self, _: str) -> bool:
        """Leave."""
        return True


with console, network:
    Menu().run()
