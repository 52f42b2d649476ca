"""A chat goes on while its ends change their addresses, and routers forget them."""

from __future__ import annotations

import pytest
from tests.e2e.world import World
from tests.netlab.internet import Internet
from tests.netlab.resident import Resident, meet, talk
from tests.support.nats import Nat, forget

from ud2p import ChatMoved


@pytest.mark.parametrize(
    ("inviter_roams", "roamer_speaks"),
    [(True, True), (False, False)],
    ids=["the inviter, who speaks on", "the target, who listens"],
)
def test_a_host_whose_address_changes(
    internet: Internet, world: World, inviter_roams: bool, roamer_speaks: bool
) -> None:
    with Resident(world, "alice", internet.host()) as alice, Resident(world, "bob", internet.host()) as bob:
        meet(alice, bob)
        talk(alice, bob)
        roamer, other = (alice, bob) if inviter_roams else (bob, alice)
        roamer.host.unplug()
        roamer.host.plug_into(internet)
        talk(*(roamer, other) if roamer_speaks else (other, roamer))
        assert other.path.startswith(f"direct {roamer.host.address}:")


@pytest.mark.parametrize("inviter_is_behind", [True, False], ids=["inviter", "target"])
def test_a_router_that_forgets(internet: Internet, world: World, inviter_is_behind: bool) -> None:
    router = internet.router(Nat.PORT_RESTRICTED)
    with Resident(world, "alice", router.host()) as alice, Resident(world, "bob", internet.host()) as bob:
        meet(*(alice, bob) if inviter_is_behind else (bob, alice))
        talk(alice, bob)
        before = bob.path
        forget(router.namespace, Nat.REBOUND)
        talk(alice, bob)
        assert bob.hears(ChatMoved, lambda moved: moved.path != before).path == bob.path
        assert bob.path.startswith(f"direct {router.address}:2"), "a port that it had not before"


def test_who_roams_toward_a_router_that_knows_it_not(internet: Internet, world: World) -> None:
    """Nothing from the new address passes the peer's router: what the broker passes on is all that helps."""
    router = internet.router(Nat.PORT_RESTRICTED)
    with Resident(world, "alice", router.host()) as alice, Resident(world, "bob", internet.host()) as bob:
        meet(alice, bob)
        talk(alice, bob)
        bob.host.unplug()
        bob.host.plug_into(internet)
        talk(bob, alice)
        assert alice.path.startswith(f"direct {bob.host.address}:")


def test_both_roam_at_once(internet: Internet, world: World) -> None:
    with Resident(world, "alice", internet.host()) as alice, Resident(world, "bob", internet.host()) as bob:
        meet(alice, bob)
        talk(alice, bob)
        for roamer in (alice, bob):
            roamer.host.unplug()
        for roamer in (alice, bob):
            roamer.host.plug_into(internet)
        talk(alice, bob)
        assert alice.path.startswith(f"direct {bob.host.address}:")
        assert bob.path.startswith(f"direct {alice.host.address}:")
