"""How a measured process is told what to do: one line of JSON an order, one line an answer, until the input ends."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

Handler: TypeAlias = Callable[..., Awaitable[Mapping[str, object] | None]]


def say(answer: Mapping[str, object]) -> None:
    """Answer."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def obey(greeting: Mapping[str, object], **handlers: Handler) -> None:
    """Greet, then do what is ordered until the input ends.

    :param handlers: by the word that orders them; they get the order's other members, and return what is answered
    """
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_give_up)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    say(greeting)
    while line := await orders.readline():
        order: dict[str, Any] = json.loads(line)
        say(await handlers[order.pop("do")](**order) or {})


def _give_up(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Something went wrong where nobody catches it: better no number than a wrong one."""
    loop.default_exception_handler(context)
    os._exit(1)
