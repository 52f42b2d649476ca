"""What a receiver checks before it goes on with a file, and what a line through the chat lets nobody do."""

from __future__ import annotations

from tests.mutants.mutant import without

TRANSFERS = "plugins/ud2p_plugins/transfers/"
RESUME = "tests/plugins/transfers/test_resume.py::"
MANY = "tests/plugins/transfers/test_many.py::"
ENTRIES = "tests/core/test_entries.py::"
CHAT = "tests/plugins/transfers/test_chat_line.py::"

MUTANTS = (
    without(
        "a part is gone on with for its own sender",
        TRANSFERS + "journal.py",
        "if (part.peer_key, part.name, part.size_bytes, part.folder, part.entries) == wanted",
        "if (part.name, part.size_bytes, part.folder, part.entries) == wanted[1:]",
        RESUME + "test_somebody_else_does_not_go_on_with_it",
    ),
    without(
        "a part is the file that the journal means",
        TRANSFERS + "part_file.py",
        "(status.st_dev, status.st_ino) == (part.device, part.inode) and status.st_nlink == 1",
        "status.st_nlink == 1",
        RESUME + "test_only_its_own_part_is_touched",
    ),
    without(
        "a part has one name",
        TRANSFERS + "part_file.py",
        "(status.st_dev, status.st_ino) == (part.device, part.inode) and status.st_nlink == 1",
        "(status.st_dev, status.st_ino) == (part.device, part.inode)",
        RESUME + "test_only_its_own_part_is_touched",
    ),
    without(
        "a part is nobody else's to read",
        TRANSFERS + "part_file.py",
        "(status.st_uid == os.geteuid() and is_private)",
        "status.st_uid == os.geteuid()",
        RESUME + "test_only_its_own_part_is_touched",
    ),
    without(
        "what is here is compared with the sender's file",
        TRANSFERS + "receiving.py",
        "if theirs == own:",
        "if True:",
        RESUME + "test_what_does_not_match_starts_over_and_says_so",
    ),
    without(
        "a part is one transfer's at a time",
        TRANSFERS + "part_file.py",
        "if not _is_still(part, os.fstat(file)) or not take_lock(file):",
        "if not _is_still(part, os.fstat(file)):",
        RESUME + "test_two_at_once_do_not_share_a_part",
    ),
    without(
        "nobody connects to an address that was only named",
        "core/ud2p/protocol/paths.py",
        "answered = [address for address, probe in self._probes.items() if probe.answered_at > -NEVER]",
        "answered = list(self._probes)",
        "tests/core/protocol/test_paths.py::test_answered_are_those_that_answered_the_path_first",
    ),
    without(
        "other files do not go on with what was begun of some",
        TRANSFERS + "journal.py",
        "if (part.peer_key, part.name, part.size_bytes, part.folder, part.entries) == wanted",
        "if (part.peer_key, part.name, part.size_bytes, part.folder) == wanted[:-1]",
        MANY + "test_other_files_do_not_go_on_with_it",
    ),
    without(
        "a file among several that has two names is not written to",
        TRANSFERS + "part_tree.py",
        "if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:",
        "if not stat.S_ISREG(status.st_mode):",
        MANY + "test_what_was_planted_in_it_is_not_written_to",
    ),
    without(
        "a pipe among several files is not written to",
        TRANSFERS + "part_tree.py",
        "if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:",
        "if status.st_nlink != 1:",
        MANY + "test_what_was_planted_in_it_is_not_written_to",
    ),
    without(
        "a link to a folder is not gone into",
        TRANSFERS + "folder.py",
        "os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=self.handle)",
        "os.O_RDONLY | os.O_DIRECTORY, dir_fd=self.handle)",
        MANY + "test_what_was_planted_in_it_is_not_written_to",
    ),
    without(
        "a folder that is there keeps its name, even an empty one",
        TRANSFERS + "folder.py",
        "            self.make_folder(new, 0o700)\n",
        "            pass\n",
        MANY + "test_an_empty_folder_of_another_program_is_not_taken",
    ),
    without(
        "what took the place of several unfinished files is not published",
        TRANSFERS + "part_tree.py",
        "            flush_all(self._staging.handle)\n            self._require_ours()\n",
        "            flush_all(self._staging.handle)\n",
        MANY + "test_the_folder_itself_is_swapped_on_the_way",
    ),
    without(
        "only its own unfinished files are discarded",
        TRANSFERS + "part_tree.py",
        "if not (is_there and is_ours and _take_lock(staging)):",
        "if not (is_ours and _take_lock(staging)):",
        MANY + "test_discard_leaves_what_somebody_else_put_there",
    ),
    without(
        "a file that is sent is what was offered when its turn comes",
        TRANSFERS + "departing_files.py",
        "        _check_offered(source, self._opened)\n",
        "",
        MANY + "test_a_file_that_changes_before_its_turn",
    ),
    without(
        "a receiver is not believed that it has what was not sent",
        TRANSFERS + "sending.py",
        "if not self._has_sent_all:",
        "if False:",
        RESUME + "test_a_receiver_that_says_it_has_what_was_not_sent",
    ),
    without(
        "a receipt over the chat is looked at",
        TRANSFERS + "sending.py",
        "        check_receipt(published, self._files.size_bytes)\n",
        "",
        RESUME + "test_a_receipt_over_the_chat_is_looked_at_like_any_other",
    ),
    without(
        "an entry is in a folder of its offer",
        "core/ud2p/entries.py",
        "if slash and folder not in self._folders:",
        "if False:",
        ENTRIES + "test_what_does_not",
    ),
    without(
        "no two entries are the same where upper and lower case are",
        "core/ud2p/entries.py",
        "same = path.casefold()",
        "same = path",
        ENTRIES + "test_what_does_not",
    ),
    without(
        "an offer is no deeper than it may be",
        "core/ud2p/entries.py",
        'if path.count("/") >= MAX_DEPTH:',
        "if False:",
        ENTRIES + "test_what_does_not",
    ),
    without(
        "an offer has no more entries than it may have",
        "core/ud2p/entries.py",
        "if len(self._taken) > MAX_ENTRIES:",
        "if False:",
        ENTRIES + "test_what_does_not",
    ),
    without(
        "names take no more than they may",
        "core/ud2p/protocol/manifest.py",
        "if self._size_bytes > MAX_MANIFEST_BYTES:",
        "if False:",
        "tests/core/protocol/test_manifest.py::test_names_that_take_too_much_are_refused",
    ),
    without(
        "offers that wait are bounded by their files",
        "core/ud2p/chat_files.py",
        "or (n_offers and n_entries + control.n_entries > MAX_OPEN_ENTRIES)",
        "",
        "tests/core/test_chat_files.py::test_offers_that_wait_are_bounded_by_their_files",
    ),
    without(
        "a link in a folder is not sent",
        "core/ud2p/sources.py",
        "if stat.S_ISLNK(found.st_mode):",
        "if False:",
        "tests/core/test_sources.py::test_a_link_in_a_folder_is_refused_by_name",
    ),
    without(
        "a device of Windows is no name",
        "core/ud2p/names.py",
        "if _DEVICE.match(name):",
        "if False:",
        "tests/core/test_names.py::test_bad_names_are_refused_with_a_sentence",
    ),
    without(
        "a dot or a space at the end is no name",
        "core/ud2p/names.py",
        'if name[-1] in ". ":',
        "if False:",
        "tests/core/test_names.py::test_bad_names_are_refused_with_a_sentence",
    ),
    without(
        "a transfer whose bytes still come does not give way",
        TRANSFERS + "arriving.py",
        "if self._closed.wait(STILL_COMES_S) or self.part.size_bytes > had_bytes:",
        "if False:",
        RESUME + "test_two_at_once_do_not_share_a_part",
    ),
    without(
        "a transfer that waits for a sender who was killed gives way",
        TRANSFERS + "arriving.py",
        "                running.give_way()\n",
        "                pass\n",
        RESUME + "test_it_goes_on_in_another_transfer_when_its_sender_was_killed",
    ),
    without(
        "nobody fills the memory through the chat",
        TRANSFERS + "chat_line.py",
        "self._is_lost |= len(self._pieces) >= WINDOW_PIECES or len(body) > PIECE_BYTES + 1",
        "pass",
        CHAT + "test_who_sends_more_than_it_may_is_cut_off",
    ),
    without(
        "no more is sent through the chat than is taken",
        TRANSFERS + "chat_line.py",
        "self._wait_until(lambda: self._ahead < WINDOW_PIECES)",
        "self._wait_until(lambda: True)",
        CHAT + "test_no_more_is_sent_ahead_than_the_other_end_takes",
    ),
)
