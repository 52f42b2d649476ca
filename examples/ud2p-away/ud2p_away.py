"""The bot ``away`` for ud2p: answers for you while you are away.

``away gone fishing`` answers every message with "gone fishing", in each chat once in a while, so that two of them do
not talk to each other for ever. ``away`` alone ends it.
"""

import time

from ud2p import CommandInfo, Option, impl


class Away:
    """Remembers what to say. Hooks that watch run on the client's thread, the command on the shell's."""

    def __init__(self, clock=time.monotonic):
        """:param clock: gives seconds; tests bring their own"""
        self._clock = clock
        self._text = ""
        self._next_at = {}
        """When a chat may be answered again, by its session."""

    def run(self, context, typed):
        """The command."""
        self._text = typed
        self._next_at.clear()
        context.say(f"Whoever writes is told: {typed}" if typed else "You are back; nobody is answered any more")

    @impl
    def ud2p_register_options(self):
        return [Option("every_s", 60, "seconds between two answers in one chat", at_least=1)]

    @impl
    def ud2p_register_commands(self):
        return [CommandInfo("away", self.run, "[TEXT]: answer whoever writes with it; without it, no more")]

    @impl
    def ud2p_message_received(self, chat, options):
        now = self._clock()
        if self._text and now >= self._next_at.get(chat.session_id, now):
            self._next_at[chat.session_id] = now + options["every_s"]
            chat.post(f"(away) {self._text}")

    @impl
    def ud2p_chat_closed(self, chat):
        self._next_at.pop(chat.session_id, None)


plugin = Away()
