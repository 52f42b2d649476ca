"""What keeps datagrams from going where no peer is."""

from __future__ import annotations

from tests.mutants.mutant import without

PATHS = "core/ud2p/protocol/paths.py"
PROBE = "core/ud2p/protocol/path_probe.py"
CANDIDATES = "core/ud2p/protocol/candidates.py"
PATH = "tests/core/protocol/test_paths.py::"
SESSION = "tests/core/protocol/test_session_paths.py::"
CANDIDATE = "tests/core/protocol/test_candidates.py::"

MUTANTS = (
    without(
        "a challenge is answered from where it was sent to",
        PATHS,
        "        probe = self._probes.get(source)\n        if probe is None or not probe.answered(value, now):\n",
        "        probe = next((each for each in self._probes.values() if each.answered(value, now)), None)\n"
        "        if probe is None:\n",
        PATH + "test_a_response_from_elsewhere_makes_no_path",
        SESSION + "test_a_response_must_come_from_where_the_challenge_went",
    ),
    without(
        "a response holds what the challenge held",
        PROBE,
        "self._challenges.get(value)",
        "self._challenges.get(value, now)",
        PATH + "test_another_value_makes_no_path",
        SESSION + "test_guessed_responses_open_nothing",
    ),
    without(
        "a challenge is answered in time",
        PROBE,
        " or now - sent_at > CHALLENGE_VALID_S",
        "",
        PATH + "test_a_response_withheld_for_long_makes_no_path",
    ),
    without(
        "an address from a datagram gets no more than it sent",
        PROBE,
        "return self.next_at if self.credit >= 1 else NEVER",
        "return self.next_at",
        PATH + "test_an_address_learned_from_a_datagram_gets_no_more_than_it_sent",
        SESSION + "test_no_more_bytes_go_to_an_address_known_from_a_datagram_than_came_from_it",
    ),
    without(
        "all victims together get what one budget allows",
        PATHS,
        "        if self._budget.take(now):\n",
        "        if True:\n",
        PATH + "test_victims_that_a_peer_names_share_one_budget",
        SESSION + "test_victims_named_by_the_peer_are_sent_a_bounded_number_of_bytes",
    ),
    without(
        "nothing is sent to groups",
        CANDIDATES,
        '"224.0.0.0/4", ',
        "",
        PATH + "test_nothing_is_sent_where_no_peer_can_be",
        CANDIDATE + "test_where_no_peer_can_be",
    ),
    without(
        "nothing is sent to this machine, unless the broker is there",
        CANDIDATES,
        "if ip.is_loopback and not allows_loopback:",
        "if False:",
        CANDIDATE + "test_loopback_only_where_it_is_allowed",
        SESSION + "test_multicast_broadcast_loopback_and_nowhere_are_never_sent_to",
    ),
    without(
        "there are only so many candidates",
        CANDIDATES,
        "            if len(addresses) == MAX_CANDIDATES:\n                break\n",
        "",
        CANDIDATE + "test_a_list_of_a_thousand_is_cut_and_what_is_no_place_is_left_out",
    ),
    without(
        "an older record from elsewhere says nothing",
        PATHS,
        "elif is_highest and now",
        "elif now",
        PATH + "test_an_older_record_from_elsewhere_says_nothing",
        SESSION + "test_a_withheld_datagram_delivered_late_from_elsewhere_causes_no_probe",
    ),
    without(
        "the old path stays while it answers",
        PATHS,
        "            if now >= self._old_may_answer_until:\n",
        "            if True:\n",
        PATH + "test_the_old_path_stays_while_it_answers",
        SESSION + "test_a_thief_who_relays_both_ways_steers_nothing_while_the_old_path_answers",
    ),
    without(
        "a nomination moves nothing from a named address to a learned one",
        PATHS,
        "if self._probes[nominee].is_named or not old.is_named:",
        "if True:",
        PATH + "test_a_nomination_never_moves_the_path_from_a_named_address_to_a_learned_one",
    ),
    without(
        "what is nominated is valid first",
        PATHS,
        "        if probe.answered_at >= now - RECENTLY_S:\n            self._choose(now)\n",
        "        if True:\n            self._use(address, now)\n",
        PATH + "test_what_is_nominated_must_be_valid_first",
    ),
    without(
        "a path that has just answered is not asked again at once",
        PATHS,
        "self._trusted_until = now + OLD_ANSWERS_WITHIN_S",
        "self._trusted_until = now",
        PATH + "test_a_path_that_has_just_answered_is_not_asked_again_at_once",
    ),
    without(
        "an older list of candidates is ignored",
        PATHS,
        "if generation < self._generation:",
        "if False:",
        PATH + "test_a_newer_list_replaces_an_older_one_which_is_ignored_when_it_is_late",
    ),
    without(
        "what is learned is bounded",
        PATHS,
        "if len(learned) >= MAX_LEARNED:",
        "if False:",
        PATH + "test_what_is_learned_is_bounded_and_pushes_nothing_named_out",
    ),
    without(
        "what the broker tells is bounded",
        PATHS,
        "if canonical is not None and len(self._told) < MAX_CANDIDATES:",
        "if canonical is not None:",
        "tests/attacks/test_paths.py::test_a_broker_can_not_flood_many_victims",
    ),
    without(
        "answers are bounded",
        PATHS,
        "has_room = source in self._answers or len(self._answers) < MAX_CANDIDATES",
        "has_room = True",
        PATH + "test_answers_are_limited",
    ),
)
