"""People on hosts of the small internet, who use the library."""

from __future__ import annotations

from typing import Any

from tests.e2e.library_peer import LibraryPeer
from tests.e2e.world import World
from tests.netlab.internet import Host

from ud2p import Invited, MessageReceived


class Resident(LibraryPeer):
    """A client whose sockets are all on one host."""

    def __init__(self, world: World, name: str, host: Host, **options: Any) -> None:
        super().__init__(world, name, **options)
        self.host = host

    def _run(self) -> None:
        self.host.namespace.enter()
        super()._run()

    @property
    def path(self) -> str:
        """How its only chat goes: ``direct HOST:PORT``."""
        chat = self.chat
        return self.run(lambda: chat.path)


def meet(inviter: Resident, target: Resident) -> None:
    """Both are in a chat with each other."""
    inviting = inviter.start(inviter.client.invite(target.client.name))
    try:
        invited = target.hears(Invited)
    except AssertionError:
        if inviting.done.is_set():
            inviter.wait(inviting)  # Raises why nobody was asked.
        raise
    answering = target.start(target.client.answer(invited.invitation, accept=True))
    inviter.wait(inviting)
    target.wait(answering)


def talk(one: Resident, other: Resident) -> None:
    """Both say something, the other hears it, and both know that."""
    for speaker, listener in ((one, other), (other, one)):
        text = f"to {listener.client.name}"
        speaker.says(text)
        assert listener.hears(MessageReceived).text == text
