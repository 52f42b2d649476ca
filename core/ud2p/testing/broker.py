"""A real broker on a free port of this machine. The one module of the library that knows ``ud2p_server``: it puts a
whole world together, as the command line does."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ud2p.plugins import PluginManager
from ud2p_server.certificate import FILE_NAME, load_certificate
from ud2p_server.server import Broker, ServeSettings

if TYPE_CHECKING:
    from ud2p_server.limits import Limits


@cache
def _certificate() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        load_certificate(None, None, Path(folder))
        return (Path(folder) / FILE_NAME).read_bytes()


@contextlib.contextmanager
def a_state_folder() -> Iterator[Path]:
    """What a broker of a test keeps. All of them have one key: their ports come again, and clients pin."""
    with tempfile.TemporaryDirectory(prefix="ud2p-broker-") as name:
        folder = Path(name)
        with open(os.open(folder / FILE_NAME, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(_certificate())
        yield folder


@contextlib.asynccontextmanager
async def a_broker(
    plugins: PluginManager | None = None,
    *,
    port: int = 0,
    directory: str = "memory",
    limits: Limits | None = None,
    state: Path | None = None,
    plaintext: bool = False,
) -> AsyncIterator[str]:
    """A broker; gives its address, ``127.0.0.1:PORT``.

    :param plugins: None loads every installed plugin
    :param port: 0 is one that is free
    :param directory: the name of the one that keeps the presence
    :param state: what it keeps; None is a new folder with the key that all brokers of the tests have
    """
    with contextlib.ExitStack() as folders:
        folder = state or folders.enter_context(a_state_folder())
        settings = ServeSettings(port=port, directory=directory, state=folder, plaintext=plaintext)
        broker = Broker(settings, plugins or PluginManager.load(), limits=limits, log=lambda _: None)
        await broker.start()
        try:
            yield f"{broker.host}:{broker.port}"
        finally:
            await broker.close()
