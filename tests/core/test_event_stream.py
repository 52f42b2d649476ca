"""Fan-out: every reader gets everything, and a slow one is noticed."""

from __future__ import annotations

import asyncio

import pytest

from ud2p.event_stream import HIGH_WATER, EventStreams


async def test_every_reader_gets_everything() -> None:
    streams: EventStreams[int] = EventStreams(lambda: None)
    first, second = streams.open(), streams.open()
    for number in range(5):
        streams.publish(number)
    streams.close()
    assert [number async for number in first] == [0, 1, 2, 3, 4]
    assert [number async for number in second] == [0, 1, 2, 3, 4]


async def test_the_first_reader_also_gets_what_came_before() -> None:
    streams: EventStreams[int] = EventStreams(lambda: None)
    streams.publish(1)
    first, second = streams.open(), streams.open()
    streams.publish(2)
    streams.close()
    assert [number async for number in first] == [1, 2]
    assert [number async for number in second] == [2]


async def test_a_waiting_reader_is_woken() -> None:
    streams: EventStreams[str] = EventStreams(lambda: None)
    stream = streams.open()
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    streams.publish("now")
    assert await asyncio.wait_for(waiting, 5) == "now"
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    streams.close()
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(waiting, 5)


async def test_a_full_stream_says_when_it_has_room_again() -> None:
    drained: list[bool] = []
    streams: EventStreams[int] = EventStreams(lambda: drained.append(True))
    stream = streams.open()
    for number in range(HIGH_WATER - 1):
        streams.publish(number)
    assert not streams.is_full
    streams.publish(0)
    streams.publish(0)
    assert streams.is_full
    await anext(stream)
    assert streams.is_full
    assert not drained
    await anext(stream)
    assert not streams.is_full
    assert drained == [True]
