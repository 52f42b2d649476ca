"""What a receiver checks before it goes on with a file, and what a line through the chat lets nobody do."""

from __future__ import annotations

from tests.mutants.mutant import without

TRANSFERS = "plugins/ud2p_plugins/transfers/"
RESUME = "tests/plugins/transfers/test_resume.py::"
CHAT = "tests/plugins/transfers/test_chat_line.py::"

MUTANTS = (
    without(
        "a part is gone on with for its own sender",
        TRANSFERS + "journal.py",
        "if (part.peer_key, part.name, part.size_bytes, part.folder) == wanted]",
        "if (part.name, part.size_bytes, part.folder) == wanted[1:]]",
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
        "(status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) == 0o600)",
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
        "if not _is_still(part, status) or not take_lock(file):",
        "if not _is_still(part, status):",
        RESUME + "test_two_at_once_do_not_share_a_part",
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
