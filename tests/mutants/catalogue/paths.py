"""What keeps datagrams from going where no peer is."""

from __future__ import annotations

from tests.mutants.mutant import without

PATHS = "core/ud2p/protocol/paths.py"
PATH = "tests/core/protocol/test_paths.py::"

MUTANTS = (
    without(
        "a challenge is answered from where it was sent to",
        PATHS,
        "        probe = self._probes.get(source)\n",
        "        probe = next((each for each in self._probes.values() if value in each.challenges), None)\n",
        PATH + "test_a_response_from_elsewhere_makes_no_path",
    ),
    without(
        "a response holds what the challenge held",
        PATHS,
        "probe.challenges.get(value) if",
        "now if",
        PATH + "test_another_value_makes_no_path",
    ),
    without(
        "an address from a datagram gets no more than it sent",
        PATHS,
        "if probe.next_at <= now and probe.credit >= 1:",
        "if probe.next_at <= now:",
        PATH + "test_an_address_learned_from_a_datagram_gets_no_more_than_it_sent",
    ),
    without(
        "nothing is sent to groups",
        PATHS,
        "plain.is_multicast or ",
        "",
        PATH + "test_nothing_is_sent_where_no_peer_can_be",
    ),
    without(
        "there are only so many candidates",
        PATHS,
        "elif self.active is None and len(self._probes) < MAX_CANDIDATES:",
        "elif self.active is None:",
        PATH + "test_candidates_are_limited",
    ),
)
