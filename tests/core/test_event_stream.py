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


async def test_a_reader_who_gives_up_wakes_nobody_else() -> None:
    streams: EventStreams[int] = EventStreams(lambda: None)
    stream = streams.open()
    first, second = (asyncio.ensure_future(anext(stream)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert not second.done()
    streams.publish(1)
    assert await asyncio.wait_for(second, 5) == 1


async def test_a_stream_that_nobody_holds_any_more_holds_nobody_back() -> None:
    streams: EventStreams[int] = EventStreams(lambda: None)
    stream = streams.open()
    for number in range(HIGH_WATER):
        streams.publish(number)
    assert streams.is_full
    del stream
    assert not streams.is_full
    second = streams.open()
    streams.publish(7)
    assert await anext(second) == 7


async def test_what_need_not_be_kept_is_not_kept_for_the_first_reader() -> None:
    streams: EventStreams[int] = EventStreams(lambda: None)
    for number in range(HIGH_WATER):
        streams.publish(number, keep=False)
    assert not streams.is_full
    streams.publish(1)
    stream = streams.open()
    streams.publish(2, keep=False)
    assert [await anext(stream) for _ in range(2)] == [1, 2]


async def test_a_stream_that_is_opened_too_late_ends_at_once() -> None:
    streams: EventStreams[int] = EventStreams(lambda: None)
    early = streams.open()
    streams.close()
    assert [number async for number in early] == []
    assert [number async for number in streams.open()] == []
