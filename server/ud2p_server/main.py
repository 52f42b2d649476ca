"""Running a broker: what ``ud2p serve`` does once its command line is read."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ud2p.errors import UD2PError
from ud2p.text import gate
from ud2p_server.limits import Limits
from ud2p_server.server import Broker, ServeSettings, open_names

if TYPE_CHECKING:
    from ud2p.contracts.directory import NameStore
    from ud2p.plugins import PluginManager

__all__ = ["Broker", "Limits", "ServeSettings", "release", "run", "serve"]


async def serve(
    settings: ServeSettings,
    plugins: PluginManager,
    *,
    ready: Callable[[Broker], None] | None = None,
    stop: asyncio.Event | None = None,
    log: Callable[[str], None] | None = None,
) -> None:
    """Run a broker until it is stopped or cancelled; its clients are told.

    :param ready: called as soon as it listens
    :param stop: set it to stop
    :param log: takes lines for whoever runs it; None writes them to standard error
    :raises PluginError: there is no such directory
    :raises UsageError: plain text is asked for where others than this machine could connect
    :raises ConfigError: the certificate can't be read, understood or written
    :raises OSError: the port is taken, or the address is not here
    """
    broker = Broker(settings, plugins, log=log)
    await broker.start()
    try:
        if ready is not None:
            ready(broker)
        await (stop or asyncio.Event()).wait()
    finally:
        await broker.close()


def run(settings: ServeSettings, plugins: PluginManager) -> int:
    """Run a broker until SIGINT or SIGTERM.

    :returns: the exit code: 0, or what the sentence on standard error stands for
    """
    _allow_many_connections()
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve_until_signal(settings, plugins))
    except KeyboardInterrupt:
        return 0  # Where signals can't be handled in the loop (Windows): the broker has closed on its way here.
    except UD2PError as error:
        return _fail(str(error), error.exit_code)
    except OSError as error:
        return _fail(_listen_problem(settings, error), 1)
    finally:
        _drop_unread()
    return 0


def release(name: str, settings: ServeSettings, plugins: PluginManager) -> int:
    """Free a name, also while a broker runs that keeps its names in the same place.

    :returns: the exit code: 0, or 1 when nobody owns it
    :raises PluginError: there is no such directory
    :raises ConfigError: the names can't be read
    """
    if asyncio.run(_release(name, open_names(settings, plugins))):
        _say(f"The name {gate(name)} is free: whoever logs in under it next owns it")
        return 0
    return _fail(f"nobody owns the name {gate(name)}", 1)


async def _release(name: str, names: NameStore) -> bool:
    try:
        return await names.release(name)
    finally:
        await names.close()


async def _serve_until_signal(settings: ServeSettings, plugins: PluginManager) -> None:
    stop = asyncio.Event()
    with _signals_set(stop):
        await serve(settings, plugins, ready=_say_ready, stop=stop)
    _say("Broker stopped")


@contextlib.contextmanager
def _signals_set(stop: asyncio.Event) -> Iterator[None]:
    """SIGINT and SIGTERM set ``stop``, until the end: whoever runs after the broker has its own Ctrl-C again."""
    loop = asyncio.get_running_loop()
    handled = []
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(number, stop.set)
            handled.append(number)
    try:
        yield
    finally:
        for number in handled:
            loop.remove_signal_handler(number)


def _say_ready(broker: Broker) -> None:
    where = f"[{broker.host}]:{broker.port}" if ":" in broker.host else f"{broker.host}:{broker.port}"
    _say(f"Broker listening on {where} (TCP and UDP); stop it with Ctrl-C")
    if broker.fingerprint is None:
        _say("Nothing is encrypted: plain text, for this machine alone")
    else:
        _say(f"Its key: {broker.fingerprint}")


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # Nobody need be there to read it.
        print(text, flush=True)


def _fail(text: str, code: int) -> int:
    with contextlib.suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)
    return code


def _drop_unread() -> None:
    """What nobody could read would be written again when Python ends, and make the exit code 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError), open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())


def _listen_problem(settings: ServeSettings, error: OSError) -> str:
    """Why it can't listen, as a sentence."""
    where = f"port {settings.port} is taken on {settings.host}"
    if error.errno == errno.EADDRINUSE:
        return f"{where}; stop the other program or choose another with --port"
    if error.errno == errno.EACCES:
        return f"port {settings.port} needs special rights; choose one above 1023 with --port"
    if error.errno == errno.EADDRNOTAVAIL or not isinstance(error.errno, int) or error.errno < 0:
        return f"{settings.host} is not an address of this machine; choose another with --host"
    return f"can't listen on {settings.host} port {settings.port}: {error.strerror}; choose others with --host, --port"


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's where it is installed (``ud2p[fast]``)."""
    try:
        import uvloop  # here: it is optional, and costs 60 ms that only a broker should pay
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _allow_many_connections() -> None:
    """Raise the soft limit on open files to the hard one; a broker needs one for each client."""
    try:
        import resource  # here: POSIX only
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
