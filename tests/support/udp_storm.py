"""A process that sends datagrams to two chats as fast as it is told to: ``python -m tests.support.udp_storm``.

Standard input: one line of JSON, ``{"targets": [[host, port], ...], "seconds": s, "rate": per second, "recorded":
[hex, ...]}``. Standard output: ``storming``, and at the end how many datagrams of each kind were sent.
"""

from __future__ import annotations

import json
import os
import random
import socket
import sys
import time
from collections.abc import Callable

KINDS = ("garbage", "noise with a head", "ahead", "truncated", "flipped", "extended", "replayed", "empty")
BURST = 50


def make(kind: str, recorded: list[bytes], random_: random.Random) -> bytes:
    """One datagram."""
    record = random_.choice(recorded)
    match kind:
        case "garbage":
            return os.urandom(random_.randrange(1, 1400))
        case "noise with a head":
            return record[:19] + os.urandom(80)
        case "ahead":  # A number that nobody has used yet: only the tag tells.
            return record[:11] + os.urandom(8) + record[19:]
        case "truncated":
            return record[: random_.randrange(1, len(record))]
        case "flipped":
            flipped = bytearray(record)
            flipped[random_.randrange(len(flipped))] ^= 1 << random_.randrange(8)
            return bytes(flipped)
        case "extended":
            return record + os.urandom(random_.randrange(1, 64))
        case "replayed":  # To both: so half of them are reflected to who sent them.
            return record
    return b""


def storm(
    targets: list[tuple[str, int]], seconds: float, rate: int, recorded: list[bytes], clock: Callable[[], float]
) -> dict[str, int]:
    """Send for so long; how many of each kind."""
    random_ = random.Random(1)
    sockets = []
    for host in ("127.0.0.1", "127.0.0.2"):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((host, 0))
        sockets.append(sock)
    # Made beforehand: making one takes longer than sending it.
    stock = [(kind, make(kind, recorded, random_)) for _ in range(300) for kind in KINDS]
    sent = dict.fromkeys(KINDS, 0)
    began, number = clock(), 0
    while (passed := clock() - began) < seconds:
        while number < passed * rate:
            for kind, datagram in random_.sample(stock, BURST):
                sockets[number % 2].sendto(datagram, targets[number // 2 % len(targets)])
                sent[kind] += 1
                number += 1
        time.sleep(0.001)
    return sent


def main() -> None:
    """See the module."""
    order = json.loads(sys.stdin.readline())
    print("storming", flush=True)
    targets = [(host, port) for host, port in order["targets"]]
    recorded = [bytes.fromhex(each) for each in order["recorded"]]
    print(json.dumps(storm(targets, order["seconds"], order["rate"], recorded, time.monotonic)), flush=True)


if __name__ == "__main__":
    main()
