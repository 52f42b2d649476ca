"""What the connections of one broker share: the hub, the wheel, the limits, the tasks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from ud2p.networks import canonical_ip
from ud2p.protocol.messages import AvailableRequest, ListRequest, Message, Refusal, StatusRequest
from ud2p_server.admission import Admission, Ticket, Verdict
from ud2p_server.client import Client
from ud2p_server.hub import Hub, Work, finish
from ud2p_server.limits import Limits
from ud2p_server.link import ClientLink
from ud2p_server.wheel import Wheel

if TYPE_CHECKING:
    from ud2p_server.tls_door import TlsDoor

SWEEP_S = 60.0
NOBODY = "0.0.0.0"  # noqa: S104 - an address that stands for none, not one to listen on
DIRECT: frozenset[type[Message]] = frozenset({ListRequest, AvailableRequest, StatusRequest})
"""Requests that wait for the directory alone; without a task they cost a third to half as much (measured)."""


class Switchboard:
    """Connections on one side, the hub on the other."""

    def __init__(
        self,
        hub: Hub,
        limits: Limits,
        note: Callable[[str], None],
        loop: asyncio.AbstractEventLoop,
        clock: Callable[[], float],
        *,
        never_waits: bool,
    ) -> None:
        """
        :param clock: seconds, never backwards
        :param never_waits: what the directory promises
        """
        self.hub = hub
        self.limits = limits
        self.note = note
        self.loop = loop
        self.now = clock
        self.direct = DIRECT if never_waits else frozenset()
        """Requests that are handled without a task."""
        self.wheel = Wheel(limits.tick_s)
        self.links: set[ClientLink] = set()
        self.doors: set[TlsDoor] = set()
        """Connections that are not encrypted yet."""
        self.admission = Admission(limits)
        self._swept_at = clock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._empty = asyncio.Event()
        self._timer = loop.call_later(limits.tick_s, self._tick)

    def enter(self, peername: tuple[Any, ...] | None) -> Ticket:
        """Count a connection.

        :param peername: None where it is cut already
        """
        return self.admission.enter(canonical_ip(peername[0]) if peername else NOBODY, self.now())

    def leave(self, ticket: Ticket) -> None:
        """A connection that was counted is no more."""
        self.admission.leave(ticket)
        self._wake_if_empty()

    def connected(self, link: ClientLink, peername: tuple[Any, ...] | None) -> None:
        """A connection was made.

        :param peername: None where it is cut already
        """
        host, port = (canonical_ip(peername[0]), peername[1]) if peername else (NOBODY, 0)
        if link.ticket is None:
            link.ticket = self.enter(peername)
        link.client = self.hub.connect(link, host, port)
        self.links.add(link)
        if peername is None or link.ticket.verdict is Verdict.CUT:
            link.abort()
        elif link.ticket.reason is not None:
            code, text = link.ticket.reason
            link.send(Refusal(code=code, text=text))
            link.close()
        else:
            self.hub.greet(link.client)
            self.wheel.schedule(link)

    def disconnected(self, link: ClientLink) -> None:
        """A connection is no more."""
        self.wheel.remove(link)
        self.links.discard(link)
        if link.ticket is not None:
            self.leave(link.ticket)

    def _wake_if_empty(self) -> None:
        if not self.links and not self.doors:
            self._empty.set()

    def forget(self, client: Client) -> None:
        """A client is gone and nothing that it asked for is under way."""
        work = self.hub.disconnect(client, self.now())
        if work is None:
            return
        release = self._release(client, work)
        if not self.direct:
            self.run(release)
            return
        try:
            finish(release)
        except RuntimeError as error:
            self.note(f"could not take {client.name} out of the directory: {error}")

    async def _release(self, client: Client, work: Work) -> None:
        try:
            await work
        except (KeyboardInterrupt, asyncio.CancelledError):
            raise
        except BaseException as error:  # noqa: BLE001 - a directory plugin may raise anything
            self.note(f"could not take {client.name} out of the directory: {error!r}")

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something to its end."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tick(self) -> None:
        self._timer = self.loop.call_later(self.limits.tick_s, self._tick)
        now = self.now()
        self.wheel.handle_timer(now)
        self.hub.handle_timer(now)
        if now - self._swept_at > SWEEP_S:
            self._swept_at = now
            self.admission.sweep(now)
            self.hub.sweep(now)

    async def close(self) -> None:
        """Say goodbye to all, give them a moment to read it, and cut what is left."""
        self.hub.shut_down()
        for door in list(self.doors):
            door.abort()
        for link in list(self.links):
            link.close()
        await self._wait_until_empty()
        self._timer.cancel()
        for link in list(self.links):
            link.abort()
        await self._wait_until_empty()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=self.limits.shutdown_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _wait_until_empty(self) -> None:
        if self.links or self.doors:
            self._empty.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), self.limits.shutdown_s)
