"""Fan-out of events: every reader has a stream of its own, and a slow one holds the senders back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Generic, TypeVar
from weakref import ReferenceType, ref

E = TypeVar("E")

HIGH_WATER = 2048
"""Events in the fullest stream from which on no more should be published."""


class EventStream(Generic[E]):
    """One reader's events; iterate over it. It ends when :meth:`EventStreams.close` was called and all is read."""

    __slots__ = ("__weakref__", "_events", "_is_closed", "_on_drained", "_sleepers")

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
            sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._sleepers.append(sleeper)
            try:
                await sleeper
            except BaseException:
                if sleeper in self._sleepers:
                    self._sleepers.remove(sleeper)
                raise
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

    def _wake(self) -> None:
        for sleeper in self._sleepers:
            if not sleeper.done():
                sleeper.set_result(None)
        self._sleepers.clear()


class EventStreams(Generic[E]):
    """All streams of one publisher. What is published before the first reader came is kept for it. A stream that its
    reader has let go of is forgotten, or it would hold everybody back."""

    def __init__(self, on_drained: Callable[[], None]) -> None:
        """
        :param on_drained: called when a stream that was full has room again
        """
        self._on_drained = on_drained
        self._early: EventStream[E] | None = EventStream(on_drained)
        self._streams: list[ReferenceType[EventStream[E]]] = [ref(self._early)]
        self._is_closed = False

    @property
    def is_full(self) -> bool:
        """Whether the slowest reader is so far behind that publishing should wait."""
        for reference in self._streams:
            stream = reference()
            if stream is not None and len(stream._events) >= HIGH_WATER:
                return True
        return False

    def open(self) -> EventStream[E]:
        """A new stream, from now on; the first one also has what came before it."""
        if self._early is not None:
            stream, self._early = self._early, None
            return stream
        stream = EventStream(self._on_drained)
        if self._is_closed:
            stream.close()
        self._streams = [reference for reference in self._streams if reference() is not None]
        self._streams.append(ref(stream))
        return stream

    def publish(self, event: E, *, keep: bool = True) -> None:
        """Give ``event`` to every reader.

        :param keep: whether the first reader should have it, if there was none so far
        """
        if not keep and self._early is not None:
            return
        for reference in self._streams:
            stream = reference()
            if stream is not None:
                stream.put(event)

    def close(self) -> None:
        """End every stream."""
        self._is_closed = True
        for reference in self._streams:
            stream = reference()
            if stream is not None:
                stream.close()
