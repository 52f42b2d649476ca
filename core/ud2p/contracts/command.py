"""The command contract: words that plugins add to the shell."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from ud2p.chat import Chat
    from ud2p.client import Client

T = TypeVar("T")


class CommandContext(Protocol):
    """What a command may use. Commands run on the main thread; the client lives on the loop thread and is
    reached through :meth:`wait`."""

    @property
    def client(self) -> Client:
        """The connected client."""
        ...

    @property
    def chat(self) -> Chat | None:
        """The chat on the screen, None in the menu."""
        ...

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work`` on the loop thread and wait for it; Ctrl-C cancels it and waits for its clean-up."""
        ...

    def say(self, text: str) -> None:
        """Show a line to the user, through the gate and the theme."""
        ...


@dataclass(frozen=True, slots=True)
class CommandInfo:
    """What a plugin registers for a command."""

    name: str
    """The word typed (in a chat after ``/``): lower-case ASCII letters and digits."""
    run: Callable[[CommandContext, str], None]
    """Called with the context and what was typed behind the word; raises UD2PError for one sentence."""
    summary: str = ""
    """One line for ``help``."""
