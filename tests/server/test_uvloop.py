"""The same broker under uvloop: what depends on how its transports behave."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest
from tests.server import test_server as cases
from tests.support.brokers import broker_starter, client_connector
from tests.support.raw_client import WAIT_S

uvloop = pytest.importorskip("uvloop", reason="uvloop is an extra: pip install 'ud2p[fast]'")

CASES = [
    cases.test_a_session_typed_by_hand,
    cases.test_two_people_are_introduced_and_signal,
    cases.test_requests_are_answered_in_their_order,
    cases.test_a_script_that_closes_its_side_gets_its_answers,
    cases.test_too_many_bad_lines,
    cases.test_the_last_sentence_arrives_although_the_client_goes_on_talking,
    cases.test_a_login_that_never_comes,
    cases.test_a_silent_client_is_dropped,
    cases.test_who_does_not_close_is_cut,
    cases.test_a_slow_reader_is_dropped,
    cases.test_nobody_gets_somebody_else_dropped,
    cases.test_who_does_not_read_its_answers_waits_for_itself,
    cases.test_hundreds_come_and_go,
    cases.test_the_same_identity_replaces_the_older_connection,
    cases.test_stopping_tells_everybody,
    cases.test_stopping_waits_for_nobody_for_long,
    cases.test_the_ports_are_free_again,
    cases.test_a_taken_port,
]


async def run(case: Any) -> None:
    """Give a case what its fixtures would."""
    assert type(asyncio.get_running_loop()).__module__.startswith("uvloop")
    log: list[str] = []
    async with broker_starter(log) as start, client_connector() as connect:
        known: dict[str, Any] = {"start": start, "connect": connect, "log": log}
        wanted = inspect.signature(case).parameters
        if "broker" in wanted:
            known["broker"] = await start()
        await case(**{name: known[name] for name in wanted})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__.removeprefix("test_"))
def test_under_uvloop(case: Any) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(case))


def test_the_rendezvous_under_uvloop() -> None:
    async def scenario() -> None:
        async with broker_starter([]) as start, client_connector() as connect:
            broker = await start()
            alice, bob = await connect(broker.port, "alice"), await connect(broker.port, "bob")
            for_alice, _ = await cases.introduced(alice, bob, "bob")
            loop = asyncio.get_running_loop()
            transport, protocol = await loop.create_datagram_endpoint(
                cases.Datagrams, remote_addr=("127.0.0.1", broker.port)
            )
            peer = cases.rendezvous_client(for_alice)
            transport.sendto(peer.datagrams_to_send(0)[0])
            async with asyncio.timeout(WAIT_S):
                assert peer.receive_datagram(await protocol.got.get(), 0)
            assert peer.reflexive == transport.get_extra_info("sockname")
            transport.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scenario())
