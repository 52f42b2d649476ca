"""Fan-out of events: every reader has a stream of its own, and a slow one holds the senders back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Generic, TypeVar

E = TypeVar("E")

HIGH_WATER = 2048
"""Events in the fullest stream from which on no more should be published."""


class EventStream(Generic[E]):
    """One reader's events; iterate over it. It ends when :meth:`EventStreams.close` was called and all is read."""

    __slots__ = ("_events", "_is_closed", "_on_drained", "_sleepers")

    def __init__(self, on_drained: Callable[[], None]) -> None:
        self._events: deque[E] = deque()
        self._sleepers: list[asyncio.Future[None]] = []
        """Who waits for an event: an asyncio.Event does the same at twice the price, for every message."""
        self._is_closed = False
        self._on_drained = on_drained

    def __aiter__(self) -> AsyncIterator[E]:
        return self

    async def __anext__(self) -> E:
        events = self._events
        while not events:
            if self._is_closed:
                raise StopAsyncIteration
            await self._sleep()
        event = events.popleft()
        if len(events) == HIGH_WATER - 1:
            self._on_drained()
        return event

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: E) -> None:
        """Add an event."""
        self._events.append(event)
        if self._sleepers:
            self._wake()

    def close(self) -> None:
        """No more will come."""
        self._is_closed = True
        self._wake()

    async def _sleep(self) -> None:
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append(sleeper)
        try:
            await sleeper
        except BaseException:
            if sleeper in self._sleepers:
                self._sleepers.remove(sleeper)
            raise

    def _wake(self) -> None:
        for sleeper in self._sleepers:
            if not sleeper.done():
                sleeper.set_result(None)
        self._sleepers.clear()


class EventStreams(Generic[E]):
    """All streams of one publisher. What is published before the first reader came is kept for it."""

    def __init__(self, on_drained: Callable[[], None]) -> None:
        """
        :param on_drained: called when a stream that was full has room again
        """
        self._on_drained = on_drained
        self._early: EventStream[E] | None = EventStream(on_drained)
        self._streams: list[EventStream[E]] = [self._early]

    @property
    def is_full(self) -> bool:
        """Whether the slowest reader is so far behind that publishing should wait."""
        for stream in self._streams:  # noqa: SIM110 - asked for every message, and any() costs three times as much
            if len(stream) >= HIGH_WATER:
                return True
        return False

    def open(self) -> EventStream[E]:
        """A new stream, from now on; the first one also has what came before it."""
        if self._early is not None:
            stream, self._early = self._early, None
            return stream
        stream = EventStream(self._on_drained)
        self._streams.append(stream)
        return stream

    def publish(self, event: E) -> None:
        """Give ``event`` to every reader."""
        for stream in self._streams:
            stream.put(event)

    def close(self) -> None:
        """End every stream."""
        for stream in self._streams:
            stream.close()
