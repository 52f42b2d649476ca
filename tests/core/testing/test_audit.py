from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading

from ud2p.testing.audit import watched


def test_what_is_opened_started_or_sent_is_told() -> None:
    with watched() as done:
        with open(os.devnull):
            pass
        os.listdir(".")
        socket.socket().close()
        subprocess.run([sys.executable, "-c", "pass"], check=True, timeout=60)
    told = " ".join(done)
    for event in ("open", "os.listdir", "socket.__new__", "subprocess.Popen"):
        assert event in told


def test_computing_is_nothing() -> None:
    with watched() as done:
        sorted("".join(map(str, range(1000))))
    assert done == []


def test_nothing_is_told_afterwards_nor_of_other_threads() -> None:
    def read() -> None:
        with open(os.devnull):
            pass

    other = threading.Thread(target=read)
    with watched() as done:
        other.start()
        other.join(20)
    read()
    assert not [event for event in done if os.devnull in event]
