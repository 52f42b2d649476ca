"""What keeps forged, repeated and misplaced datagrams out, and memory bounded."""

from __future__ import annotations

from tests.mutants.mutant import without

RECORD = "core/ud2p/protocol/record.py"
REKEY = "core/ud2p/protocol/rekey.py"
INCOMING = "core/ud2p/protocol/incoming.py"
T = "tests/core/protocol/test_record.py::"
REKEYS = "tests/core/protocol/test_rekey.py::"
ARRIVING = "tests/core/protocol/test_incoming.py::"

MUTANTS = (
    without(
        "a record opens once",
        RECORD,
        "if number <= window.highest and not window.is_fresh(number):",
        "if False:",
        T + "test_a_record_opens_once",
        T + "test_the_window_edge_holds_for_records",
    ),
    without(
        "the replay window has an edge",
        RECORD,
        "(behind < WINDOW and not self._bits >> behind & 1)",
        "not self._bits >> behind & 1",
        T + "test_the_edges_of_the_window",
    ),
    without(
        "the window moves only after a record has opened",
        RECORD,
        "        sealed = datagram[HEADER_BYTES:]\n",
        "        sealed = datagram[HEADER_BYTES:]\n        window.mark(number)\n",
        T + "test_forgeries_leave_the_window_alone",
    ),
    without(
        "the header is associated data",
        RECORD,
        'sealed = self._seal(number, frames.ljust(size, b"\\0"), header)',
        'sealed = self._seal(number, frames.ljust(size, b"\\0"), b"")',
        T + "test_the_header_is_associated_data",
        also=(("frames = key.open(number, sealed, header)", 'frames = key.open(number, sealed, b"")'),),
    ),
    without(
        "numbers go up",
        RECORD,
        "        self._next_number += 1\n",
        "",
        T + "test_no_nonce_is_used_twice_not_even_after_a_failure",
    ),
    without(
        "a cipher's limit of records and bytes",
        RECORD,
        "if self._records_left <= 0 or self._bytes_left < size:",
        "if False:",
        T + "test_the_last_records_of_a_key_are_kept_for_goodbye",
        T + "test_bytes_are_limited_as_records_are",
    ),
    without(
        "a cipher's limit of forgeries",
        RECORD,
        "if key is None or key.failures_left <= 0:",
        "if key is None:",
        T + "test_a_key_that_saw_too_many_forgeries_opens_nothing_more",
    ),
    without(
        "a cipher that returns its input seals nothing",
        RECORD,
        "not size < len(sealed) <= MAX_DATAGRAM_BYTES - HEADER_BYTES",
        "not len(sealed) <= MAX_DATAGRAM_BYTES - HEADER_BYTES",
        T + "test_a_cipher_that_seals_wrongly_sends_nothing",
    ),
    without(
        "a cipher that returns its input opens nothing",
        RECORD,
        "not 0 < len(frames) < len(sealed)",
        "not 0 < len(frames)",
        T + "test_a_cipher_that_returns_its_input_opens_nothing_of_any_size",
    ),
    without(
        "whatever a cipher raises while opening is a drop",
        RECORD,
        "        except BaseException as error:\n            # Not at once",
        "        except ZeroDivisionError as error:\n            # Not at once",
        T + "test_a_cipher_that_opens_wrongly_is_a_drop",
    ),
    without(
        "lengths come in buckets",
        RECORD,
        "size = (len(frames) + BUCKET_BYTES - 1) // BUCKET_BYTES * BUCKET_BYTES or BUCKET_BYTES",
        "size = len(frames)",
        T + "test_datagrams_come_in_buckets_only",
    ),
    without(
        "traffic keys are each direction's own",
        "core/ud2p/protocol/keys.py",
        'f"traffic {sender.value}"',
        '"traffic"',
        "tests/core/protocol/test_keys.py::test_every_key_is_another",
    ),
    without(
        "traffic keys are each epoch's own",
        "core/ud2p/protocol/keys.py",
        "_U16.pack(epoch) + cipher.encode",
        "cipher.encode",
        "tests/core/protocol/test_keys.py::test_every_key_is_another",
    ),
    without(
        "traffic keys are each cipher's own",
        "core/ud2p/protocol/keys.py",
        '_U16.pack(epoch) + cipher.encode("ascii")',
        "_U16.pack(epoch)",
        "tests/core/protocol/test_keys.py::test_every_key_is_another",
    ),
    without(
        "session ids are each direction's own",
        "core/ud2p/protocol/keys.py",
        'f"session id {receiver.value}"',
        '"session id"',
        "tests/core/protocol/test_keys.py::test_every_key_is_another",
    ),
    without(
        "a point of small order is no new key",
        REKEY,
        'raise RemoteProtocolError("the peer\'s new key is one that protects nothing") from None',
        "shared = bytes(32)",
        REKEYS + "test_a_key_with_which_everybody_agrees_on_zero_is_refused_and_changes_nothing",
    ),
    without(
        "new keys are made of fresh ones",
        REKEY,
        "Master.extract(self.newest.master.secret, shared)",
        'Master.extract(self.newest.master.secret, b"")',
        REKEYS + "test_who_has_the_old_master_and_saw_the_public_keys_lacks_what_the_two_agree_on",
    ),
    without(
        "epoch 65535 is never used",
        REKEY,
        "if self.newest.number >= LAST_EPOCH:",
        "if False:",
        REKEYS + "test_there_is_no_epoch_65535",
        "tests/core/protocol/test_session_rekey.py::test_a_chat_that_would_need_epoch_65535_ends",
    ),
    without(
        "old keys go",
        "core/ud2p/protocol/keyring.py",
        "            self.opener.drop_keys_before(self._rekey.newest.number)",
        "            pass",
        "tests/core/protocol/test_session_rekey.py::test_the_old_key_opens_for_half_a_minute_more",
    ),
    without(
        "half of a limit asks for new keys",
        "core/ud2p/protocol/keyring.py",
        "if self.sealer.worn or self.opener.worn:",
        "if self.sealer.worn:",
        "tests/core/protocol/test_session_rekey.py::test_who_only_hears_forgeries_asks_for_new_keys_before_the_limit",
    ),
    without(
        "only what is sealed ends an open chat",
        "core/ud2p/session_driver.py",
        "elif self.session is None or self.session.state is State.CONNECTING:\n            self._receive_handshake",
        "else:\n            self._receive_handshake",
        "tests/attacks/test_lying_broker.py::test_nothing_unsealed_ends_an_open_chat",
    ),
    without(
        "a message arrives once",
        INCOMING,
        "if message < self._next or message in self._whole:",
        "if message in self._whole:",
        ARRIVING + "test_what_comes_again_takes_no_room",
        ARRIVING + "test_long_messages_survive_any_shuffle",
        also=(("        if message != self._next:\n", "        if message > self._next:\n"),),
    ),
    without(
        "a message that came again takes no room",
        INCOMING,
        "if message < self._next or message in self._whole:",
        "if message in self._whole:",
        ARRIVING + "test_what_comes_again_takes_no_room",
    ),
    without(
        "unread messages are bounded",
        INCOMING,
        "if self._unread_bytes >= MAX_UNREAD_BYTES:",
        "if False:",
        ARRIVING + "test_a_reader_who_never_reads_is_sent_no_more",
    ),
    without(
        "fragments that wait are bounded",
        INCOMING,
        "if self._held_bytes + total > MAX_HELD_BYTES:",
        "if False:",
        ARRIVING + "test_memory_is_bounded_whatever_arrives",
    ),
    without(
        "messages ahead of a gap are bounded",
        INCOMING,
        "if message >= self._next + WINDOW_MESSAGES:",
        "if False:",
        ARRIVING + "test_the_edge_of_the_window",
    ),
    without(
        "fragments that contradict each other are an error",
        INCOMING,
        "if partial.kind is not kind or len(partial.data) != total:",
        "if False:",
        ARRIVING + "test_fragments_that_contradict_each_other_are_an_error",
    ),
    without(
        "an ACK of a record that was never sent says nothing",
        "core/ud2p/protocol/recovery.py",
        "if largest >= self._next_number:",
        "if False:",
        "tests/core/protocol/test_recovery.py::test_an_ack_of_a_record_never_sent_says_nothing",
    ),
)
