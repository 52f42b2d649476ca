"""A line from whoever sits at the terminal, while everything else goes on."""

from __future__ import annotations

import asyncio
import os
import sys


async def ask() -> str:
    """The next line of standard input; empty at its end."""
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str] = loop.create_future()

    def read() -> None:
        if not line.done():
            line.set_result(os.read(sys.stdin.fileno(), 4096).decode(errors="replace"))

    try:
        loop.add_reader(sys.stdin.fileno(), read)
    except NotImplementedError:  # Windows, whose loop can't wait for a console
        return await asyncio.to_thread(sys.stdin.readline)
    try:
        return await line
    finally:
        loop.remove_reader(sys.stdin.fileno())
