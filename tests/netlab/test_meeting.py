"""Two people find each other, wherever they are: real broker, clients and sockets, and networks as people have them."""

from __future__ import annotations

import pytest
from tests.e2e.home import UD2P
from tests.e2e.world import World
from tests.netlab.internet import Host, Internet
from tests.netlab.resident import Resident, meet, talk
from tests.support.nats import Nat

from ud2p import ChatMoved


def settled(one: Resident, other: Resident, prefix: str) -> None:
    """Both end up on a path to an address that begins so."""
    for resident in (one, other):
        if not resident.path.startswith(prefix):
            resident.hears(ChatMoved, lambda moved: moved.path.startswith(prefix))
    talk(one, other)


def test_without_routers(internet: Internet, world: World) -> None:
    with Resident(world, "alice", internet.host()) as alice, Resident(world, "bob", internet.host()) as bob:
        meet(alice, bob)
        talk(alice, bob)
        assert alice.path.startswith(f"direct {bob.host.address}:")
        assert bob.path.startswith(f"direct {alice.host.address}:")


@pytest.mark.parametrize("inviter", ["behind the router", "outside"])
def test_behind_a_router_that_shows_everybody_another_port(internet: Internet, world: World, inviter: str) -> None:
    """Nobody can tell the one outside where the other is: it learns that from what comes."""
    router = internet.router(Nat.SYMMETRIC)
    with Resident(world, "alice", router.host()) as alice, Resident(world, "bob", internet.host()) as bob:
        meet(*(alice, bob) if inviter == "behind the router" else (bob, alice))
        talk(alice, bob)
        assert bob.path.startswith(f"direct {router.address}:")


def test_both_behind_port_restricted_routers(internet: Internet, world: World) -> None:
    routers = [internet.router(Nat.PORT_RESTRICTED) for _ in range(2)]
    with Resident(world, "alice", routers[0].host()) as alice, Resident(world, "bob", routers[1].host()) as bob:
        meet(alice, bob)
        talk(alice, bob)
        assert alice.path.startswith(f"direct {routers[1].address}:")
        assert bob.path.startswith(f"direct {routers[0].address}:")


def test_in_one_home_the_router_is_not_needed(internet: Internet, world: World) -> None:
    """Which would not let them meet: it passes nothing back that comes from inside for its own outer address."""
    router = internet.router(Nat.PORT_RESTRICTED)
    with Resident(world, "alice", router.host()) as alice, Resident(world, "bob", router.host()) as bob:
        meet(alice, bob)
        settled(alice, bob, f"direct 192.168.{router.number}.")


def test_ipv6_where_ipv4_leads_nowhere(internet: Internet, world: World) -> None:
    """Both routers let nothing in over IPv6 that was not asked for, and over IPv4 nothing can be."""
    routers = [internet.router(Nat.SYMMETRIC, six=True) for _ in range(2)]
    with Resident(world, "alice", routers[0].host()) as alice, Resident(world, "bob", routers[1].host()) as bob:
        meet(alice, bob)
        settled(alice, bob, "direct [2001:db8:")


def test_ipv6_is_taken_before_translated_ipv4(internet: Internet, world: World) -> None:
    routers = [internet.router(Nat.PORT_RESTRICTED, six=True) for _ in range(2)]
    with Resident(world, "alice", routers[0].host()) as alice, Resident(world, "bob", routers[1].host()) as bob:
        meet(alice, bob)
        settled(alice, bob, "direct [2001:db8:")


def test_on_one_host_with_a_broker_elsewhere(internet: Internet, world: World) -> None:
    """Never by loopback, which a peer elsewhere could make this machine send to."""
    host = internet.host()
    with Resident(world, "alice", host) as alice, Resident(world, "bob", host) as bob:
        meet(alice, bob)
        talk(alice, bob)
        assert alice.path.startswith(f"direct {host.address}:")


def test_on_a_host_without_any_network(internet: Internet, empty_world: World) -> None:
    host = Host(internet.namespace())
    empty_world.broker(command=host.namespace.command(UD2P))
    with Resident(empty_world, "alice", host) as alice, Resident(empty_world, "bob", host) as bob:
        meet(alice, bob)
        talk(alice, bob)
        assert alice.path.startswith("direct 127.0.0.1:")
