"""Ten minutes of chat in the worst weather, compared message by message."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from tests.support.ciphers import AES_GCM
from tests.support.lossy_link import SessionPair, Weather

from ud2p.protocol.frames import MAX_MESSAGE_BYTES, FrameType
from ud2p.protocol.keys import Role
from ud2p.protocol.session import State
from ud2p.protocol.session_events import Closed, Delivered

TEN_MINUTES_S = 600.0


@pytest.mark.parametrize("loss", [0.2, 0.4])
@pytest.mark.parametrize("seed", range(2))
def test_ten_minutes_of_loss_disorder_copies_and_outages(loss: float, seed: int) -> None:
    chance = random.Random(seed)
    weather = Weather(loss=loss, duplication=0.1, delay_s=0.03, jitter_s=0.1)
    pair = SessionPair(replace(AES_GCM, max_records=2000), seed=seed, weather=weather)
    pair.open()
    said: dict[Role, list[bytes]] = {role: [] for role in Role}
    numbers: dict[Role, list[int]] = {role: [] for role in Role}
    ends_at, cut_until = pair.now + TEN_MINUTES_S, 0.0
    while pair.now < ends_at:
        for role, end in pair.ends.items():
            if chance.random() < 0.5:
                size = chance.choice([0, 1, 30, 200, 1500, MAX_MESSAGE_BYTES if chance.random() < 0.05 else 10])
                said[role].append(chance.randbytes(size))
                numbers[role].append(end.send_message(FrameType.MSG, said[role][-1]))
        if chance.random() < 0.005:
            cut_until = pair.now + chance.random() * 40
        pair.is_cut = pair.now < cut_until
        pair.run_for(chance.random())
    pair.is_cut = False
    pair.run_until(lambda: pair.alice.is_idle and pair.bob.is_idle, 120.0)
    for role in Role:
        assert pair.texts(role.other) == said[role]
        assert len(said[role]) > 400
        ticks = [number for event in pair.events[role] if isinstance(event, Delivered) for number in event.numbers]
        assert sorted(ticks) == numbers[role]
        assert pair.ends[role].state is State.OPEN
        assert not any(isinstance(event, Closed) for event in pair.events[role])
    assert min(end.keys.epoch for end in pair.ends.values()) >= 2


def test_who_sleeps_for_ten_minutes_goes_on_where_it_was() -> None:
    pair = SessionPair(AES_GCM, weather=Weather(loss=0.2))
    pair.open()
    for role, end in pair.ends.items():
        end.send_message(FrameType.MSG, f"{role.value} before".encode())
    pair.pump()
    pair.now += TEN_MINUTES_S  # Nobody's timer fires: both machines are suspended, and what was under way is gone.
    pair._wire.clear()
    for role, end in pair.ends.items():
        end.send_message(FrameType.MSG, f"{role.value} after".encode())
    pair.pump()
    pair.run_until(lambda: pair.alice.is_idle and pair.bob.is_idle, 60.0)
    for role in Role:
        assert pair.texts(role.other) == [f"{role.value} before".encode(), f"{role.value} after".encode()]


def test_one_end_sleeps_while_the_other_types() -> None:
    pair = SessionPair(AES_GCM)
    pair.open()
    typed = []
    pair.is_cut = True  # Nothing reaches who sleeps, and it says nothing.
    for minute in range(10):
        typed.append(f"minute {minute}".encode())
        pair.alice.send_message(FrameType.MSG, typed[-1])
        pair.run_for(60.0)
    pair.is_cut = False
    pair.run_until(lambda: pair.alice.is_idle, 30.0)
    assert pair.texts(Role.RESPONDER) == typed
