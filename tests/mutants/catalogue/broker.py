"""What a broker checks of its clients, and what it lets nobody have too much of."""

from __future__ import annotations

from tests.mutants.mutant import without

HUB = "server/ud2p_server/hub.py"
INTRODUCTIONS = "server/ud2p_server/introductions.py"
INVITING = "server/ud2p_server/inviting.py"
COUNTS = "server/ud2p_server/admission.py"
LINK = "server/ud2p_server/link.py"
NAMING = "server/ud2p_server/naming.py"
RENDEZVOUS = "core/ud2p/protocol/rendezvous.py"
LINES = "core/ud2p/protocol/lines.py"
MACHINE = "core/ud2p/protocol/broker.py"
T = "tests/server/test_hub.py::"
COUNT = "tests/server/test_admission.py::"
MEET = "tests/core/protocol/test_rendezvous.py::"
LINE = "tests/core/protocol/test_lines.py::"
PARLEY = "tests/core/protocol/test_broker.py::"

MUTANTS = (
    without(
        "a login is signed",
        HUB,
        "if not is_login_signed(",
        "if not login.signature and not is_login_signed(",
        T + "test_a_proof_of_something_else_is_none",
        T + "test_garbage_proves_nothing",
    ),
    without(
        "a name belongs to an identity",
        NAMING,
        "        if claim is Claim.TAKEN:\n            return Code.NAME_TAKEN",
        "        if False:\n            return Code.NAME_TAKEN",
        T + "test_a_name_stays_its_owners_while_they_are_away",
    ),
    without(
        "nobody is replaced by another identity",
        HUB,
        "if older is not None and older.identity[:32] != login.identity[:32]:",
        "if False:",
        T + "test_a_released_name_is_for_whoever_comes_first_but_not_while_it_is_in_use",
    ),
    without(
        "an identity has so many names",
        NAMING,
        "if claim is Claim.TOO_MANY:",
        "if False:",
        T + "test_one_identity_has_so_many_names",
    ),
    without(
        "an address takes so many new names",
        NAMING,
        "if not is_spared and self._new.left(key, now) < 1:",
        "if False:",
        T + "test_one_address_takes_so_many_new_names_a_day",
    ),
    without(
        "names are one without regard to case",
        "server/ud2p_server/hub.py",
        "if login.name.casefold() in RESERVED_NAMES:",
        "if False:",
        T + "test_what_people_type_to_leave_is_no_name",
    ),
    without(
        "only the target accepts an invitation",
        INVITING,
        "if invitation.target is not client:",
        "if False:",
        T + "test_only_the_target_accepts",
    ),
    without(
        "only the two of an invitation answer it",
        INVITING,
        "if client is not invitation.target and client is not invitation.inviter:",
        "if False:",
        T + "test_only_the_target_accepts",
    ),
    without(
        "who is Offline invites nobody",
        INVITING,
        "        if not client.online:\n",
        "        if False:\n",
        T + "test_who_is_offline_can_not_invite",
    ),
    without(
        "who is Offline is not invited",
        INVITING,
        "elif not target.online:",
        "elif False:",
        T + "test_who_is_offline_can_not_be_invited",
    ),
    without(
        "a gatekeeper is asked about invitations",
        INVITING,
        "if reason is not None:",
        "if False:",
        T + "test_a_gatekeeper_refuses_an_invitation",
    ),
    without(
        "a gatekeeper is asked about logins",
        HUB,
        "return None if reason is None else (Code.REFUSED, reason)",
        "return None",
        T + "test_a_gatekeeper_refuses_a_login",
    ),
    without(
        "invitations of one client are limited",
        INVITING,
        "if self.book.outgoing(client) >= limits.outgoing_invitations:",
        "if False:",
        T + "test_pending_invitations_of_one_client",
    ),
    without(
        "invitations to one client are limited",
        INVITING,
        "if self.book.incoming(target) >= limits.incoming_invitations:",
        "if False:",
        T + "test_pending_invitations_to_one_client",
    ),
    without(
        "invitations are slowed down",
        INVITING,
        "if not client.may_invite(now, limits.invitations_burst, limits.invitations_a_second):",
        "if False:",
        T + "test_an_invitation_flood_is_slowed_down",
    ),
    without(
        "invitations to one client from one address are limited",
        INVITING,
        "if waiting >= limits.incoming_invitations_per_address:",
        "if False:",
        T + "test_one_address_takes_up_a_share_of_what_may_wait_for_a_client",
    ),
    without(
        "invitations from one address are slowed down",
        INVITING,
        "if not self._by_address.take(address, now):",
        "if False:",
        T + "test_one_address_invites_so_often",
    ),
    without(
        "nobody is drowned by invitations",
        INVITING,
        "if target.link.queued_bytes() > limits.busy_bytes:",
        "if False:",
        T + "test_nobody_is_drowned_by_others",
    ),
    without(
        "nobody is drowned by signals",
        INTRODUCTIONS,
        "if to.link.queued_bytes() > self.limits.busy_bytes:",
        "if False:",
        T + "test_nobody_is_drowned_by_others",
    ),
    without(
        "sessions of one client are limited",
        INTRODUCTIONS,
        "if len(sessions) > self.limits.sessions:",
        "if False:",
        T + "test_the_oldest_of_too_many_sessions_ends",
    ),
    without(
        "signals go to the other one of a session only",
        HUB,
        "peer = self.introductions.peer_of(client, signal.session)",
        "peer = self.introductions.peer_of(client, signal.session) or next(iter(self.presence.clients()), None)",
        T + "test_a_session_ends_with_either",
    ),
    without(
        "a seat is an identity's, under whatever name",
        INTRODUCTIONS,
        "return Owner(client.name.casefold(), client.identity)",
        "return Owner(client.name.casefold(), b'')",
        T + "test_a_seat_is_its_identitys",
    ),
    without(
        "a seat is a name's, whoever's",
        INTRODUCTIONS,
        "return Owner(client.name.casefold(), client.identity)",
        "return Owner('', client.identity)",
        T + "test_a_seat_is_its_identitys",
    ),
    without(
        "seats are kept for a while",
        INTRODUCTIONS,
        "session.kept_until = now + self.limits.seat_keep_s",
        "session.kept_until = now + 1e9",
        T + "test_a_seat_is_kept_for_a_while",
    ),
    without(
        "so many seats are kept",
        INTRODUCTIONS,
        "while len(self._kept) > self.limits.kept_sessions:",
        "while False:",
        T + "test_seats_are_kept_for_so_many",
    ),
    without(
        "who connects anew is not expected where it was",
        RENDEZVOUS,
        "entry.host, entry.expires_at, entry.address = canonical_ip(host), expires_at, None",
        "entry.expires_at, entry.address = expires_at, None",
        MEET + "test_who_connects_anew_registers_anew",
    ),
    without(
        "connections of one address are limited",
        COUNTS,
        "if address.connections - address.refused >= limits.connections_per_address:",
        "if False:",
        COUNT + "test_connections_of_one_address",
    ),
    without(
        "newcomers of one address are limited",
        COUNTS,
        "elif address.newcomers >= limits.newcomers_per_address:",
        "elif False:",
        COUNT + "test_newcomers_of_one_address",
    ),
    without(
        "connections of one address are slowed down",
        COUNTS,
        "elif not self._rate.take(key, now):",
        "elif False:",
        COUNT + "test_how_fast_one_address_connects",
    ),
    without(
        "connections are limited in all",
        COUNTS,
        "full = self._connections >= limits.connections",
        "full = False",
        COUNT + "test_a_broker_that_is_full",
    ),
    without(
        "a household has one count",
        "core/ud2p/networks.py",
        "return str(ipaddress.IPv6Network((address, 64), strict=False))",
        "return str(address)",
        COUNT + "test_a_household_has_one_count",
    ),
    without(
        "who does not read is dropped",
        LINK,
        "if self._is_full and self.queued_bytes() > self._board.limits.queued_bytes:",
        "if False:",
        "tests/server/test_server.py::test_a_slow_reader_is_dropped",
    ),
    without(
        "who does not read its answers is not answered more",
        LINK,
        "while left and not (self._is_busy or self._is_full or self._is_closing):",
        "while left and not (self._is_busy or self._is_closing):",
        "tests/server/test_link.py::test_who_does_not_read_is_not_read",
    ),
    without(
        "one client's requests leave room for others'",
        LINK,
        "            left -= 1\n",
        "",
        "tests/server/test_link.py::test_a_turn_is_so_many_requests_long",
    ),
    without(
        "half a line has ten seconds",
        MACHINE,
        "if self._half_since is not None and now >= self._half_since + self.times.line_s:",
        "if False:",
        PARLEY + "test_a_line_that_drips",
    ),
    without(
        "a login has its time",
        MACHINE,
        "return self._since + self.times.login_s\n        return self._heard_at",
        "return self._since + 9999\n        return self._heard_at",
        PARLEY + "test_a_client_that_does_not_log_in",
    ),
    without(
        "ten bad lines in a row are too many",
        MACHINE,
        "if not fatal and self._bad_lines >= MAX_BAD_LINES:",
        "if False:",
        PARLEY + "test_ten_bad_lines_in_a_row_are_too_many",
    ),
    without(
        "a line has at most 16 KiB",
        LINES,
        "if len(line) >= MAX_LINE_BYTES:",
        "if False:",
        LINE + "test_a_line_may_hold_16_kib_and_no_byte_more",
    ),
    without(
        "a line is UTF-8",
        LINES,
        "    if not line.isascii():\n",
        "    if False:\n",
        LINE + "test_invalid_utf8_is_fatal_also_where_nobody_looks",
    ),
    without(
        "a rendezvous request has its MAC",
        RENDEZVOUS,
        " and request.is_authentic(entry.key)",
        "",
        MEET + "test_a_request_changed_anywhere_is_dropped",
        T + "test_a_spoofed_registration_tells_nobody_anything",
    ),
    without(
        "a rendezvous request is taken once",
        RENDEZVOUS,
        " or request.counter <= entry.counter",
        "",
        MEET + "test_the_newest_registration_counts",
    ),
    without(
        "a rendezvous request comes from the client's own address",
        RENDEZVOUS,
        "canonical_ip(source[0]) == entry.host and ",
        "",
        MEET + "test_nobody_can_point_a_peer_at_a_victim",
    ),
    without(
        "a rendezvous request has its time",
        RENDEZVOUS,
        "now >= entry.expires_at or ",
        "",
        MEET + "test_nothing_is_taken_after_its_time",
    ),
    without(
        "a request is not taken for an answer",
        RENDEZVOUS,
        "if len(data) != DATAGRAM_BYTES or data[0] != kind:",
        "if len(data) != DATAGRAM_BYTES:",
        MEET + "test_requests_and_answers_are_not_mistaken_for_each_other",
        also=(
            ("label = _REQUEST_LABEL if self.kind == _REQUEST else _ANSWER_LABEL", 'label = b""'),
            ("_mac(key, _REQUEST_LABEL if kind == _REQUEST else _ANSWER_LABEL, data)", '_mac(key, b"", data)'),
        ),
    ),
    without(
        "a broker's plain text stays on this machine",
        "server/ud2p_server/server.py",
        "if self._settings.plaintext and not is_loopback(host):",
        "if False:",
        "tests/server/test_server.py::test_plain_text_is_for_this_machine_alone",
    ),
    without(
        "a broker speaks TLS 1.3",
        "server/ud2p_server/certificate.py",
        "context.minimum_version = ssl.TLSVersion.TLSv1_3",
        "context.minimum_version = ssl.TLSVersion.TLSv1_2",
        "tests/server/test_certificate.py::test_it_speaks_tls_1_3_and_nothing_older",
    ),
    without(
        "addresses are shown only where they should be",
        "server/ud2p_server/server.py",
        "shows_addresses = self._settings.show_addresses or is_loopback(ports.host)",
        "shows_addresses = True",
        "tests/server/test_server.py::test_a_broker_for_others_shows_no_addresses",
    ),
)
