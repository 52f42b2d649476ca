"""A terminal for shells made of ``cmd.Cmd``: nothing that is typed gets lost, whatever is printed meanwhile.

====================  ============================================================================================
:class:`Console`      one terminal or pipes: output above the prompt, modes, signals, progress bars
:class:`LineShell`    ``cmd.Cmd`` on a console
:class:`Prompt`       what a prompt looks like and does
:class:`LineInput`    where a shell's lines come from
:class:`LoopThread`   the network's event loop, and how a command waits for it
:class:`MainThread`   how the network has something shown
====================  ============================================================================================

It knows nothing of chats and brokers. prompt_toolkit, asyncio and tqdm are imported when they are first needed.
"""

from ud2p_shell.terminal.completion import (
    Candidate,
    Completer,
    Completions,
    complete_commands,
    complete_path,
    complete_paths,
    complete_words,
    split_paths,
)
from ud2p_shell.terminal.console import Console
from ud2p_shell.terminal.line_input import LineInput
from ud2p_shell.terminal.line_shell import LineShell
from ud2p_shell.terminal.loop_thread import LoopDied, LoopThread
from ud2p_shell.terminal.main_thread import MainThread
from ud2p_shell.terminal.progress import TransferProgress
from ud2p_shell.terminal.prompt import Fragments, Prompt, plain_text

__all__ = [
    "Candidate",
    "Completer",
    "Completions",
    "Console",
    "Fragments",
    "LineInput",
    "LineShell",
    "LoopDied",
    "LoopThread",
    "MainThread",
    "Prompt",
    "TransferProgress",
    "complete_commands",
    "complete_path",
    "complete_paths",
    "complete_words",
    "plain_text",
    "split_paths",
]
