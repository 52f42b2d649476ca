"""What the user does about who peers are: comparing words, taking a new key, blocking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ud2p import screen
from ud2p.errors import PeerNotTrusted, UsageError
from ud2p.identity import check_fingerprint
from ud2p_shell.questions import Question

if TYPE_CHECKING:
    from ud2p import events as told
    from ud2p.chat import Chat
    from ud2p_shell.desk import Desk


class Trusting:
    """For the main thread."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def word(self, name: str) -> str:
        """What stands beside a name in lists; empty for who was never met."""
        client = self._desk.client
        peer = client.known_peers.book.get(client.admission.broker, name)
        return "" if peer is None else peer.word

    def ask_about_words(self, chat: Chat | None) -> None:
        """Show the words of the chat on the screen, and ask whether they match.

        :raises UsageError: there is no chat
        """
        if chat is None or not chat.is_open:
            raise UsageError("words are compared with whoever you chat with; connect to somebody first")

        def answer(yes: bool, _: str) -> None:
            if yes:
                self._desk.wait(chat.confirm_words())
                self._desk.stage.show(screen.WordsMatched(chat.peer))
            else:
                self._desk.stage.show(screen.WordsDiffer(chat.peer))
                self._desk.wait(chat.reject_words())

        key = _question_of(chat)
        self._desk.questions.withdraw(key)
        self._desk.questions.ask(Question(key, chat.peer, lambda: screen.VerifyQuestion(chat.peer, chat.words), answer))

    def chat_ended(self, chat: Chat) -> None:
        """Words of a chat that is over are not asked about."""
        self._desk.questions.withdraw(_question_of(chat))

    def show_failure(self, failed: told.ChatFailed) -> None:
        """No chat came of an introduction."""
        error = failed.error
        if not isinstance(error, PeerNotTrusted) or not error.is_change:
            self._desk.stage.show(screen.ChatFailed(failed.peer, failed.reason))
            return
        slash = "" if self._desk.chat is None else "/"
        command = f"{slash}trust {failed.peer} {error.shown}"
        was = self.word(failed.peer)
        self._desk.stage.show(screen.KeyChanged(failed.peer, error.known, error.shown, was, command))

    def take_key(self, arguments: str) -> None:
        """A peer has a new key, which the user names: another one would not be taken.

        :raises UsageError: it is no fingerprint, or nobody is known by that name
        """
        name, _, key = arguments.partition(" ")
        if not name or not key.strip():
            raise UsageError("trust takes a name and the fingerprint of the new key: trust NAME SHA256:...")
        client = self._desk.client
        client.known_peers.replace(client.broker, name, check_fingerprint(key.strip()))
        self._desk.say(f"{name} is known by that key from now on, unverified; in a chat, verify compares the words")

    def block(self, name: str) -> None:
        """Want nothing from somebody."""
        if not name:
            raise UsageError("block whom? type block and a name")
        self._desk.wait(self._desk.client.block(name))
        self._desk.say(f"{name} is blocked: what {name} asks is declined unseen; unblock {name} takes that back")

    def unblock(self, name: str) -> None:
        """Take that back."""
        if not name:
            raise UsageError("unblock whom? type unblock and a name")
        client = self._desk.client
        client.known_peers.unblock(client.broker, name)
        self._desk.say(f"{name} is not blocked any more")

    def list_known(self) -> None:
        """Show who is known at this broker."""
        client = self._desk.client
        here = client.admission.broker
        known = [peer for (broker, _), peer in sorted(client.known_peers.book.peers.items()) if broker == here]
        columns = max((len(peer.name) for peer in known), default=0)
        lines = [f"{peer.name:<{columns}}  {peer.word:<10}  {peer.key or ''}".rstrip() for peer in known]
        self._desk.say("\n".join(lines) or "You have met nobody here yet")


def _question_of(chat: Chat) -> tuple[str, bytes]:
    return "words", chat.session_id
