"""How the shell and the commands without one become a client that is logged in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ud2p.config import Settings
from ud2p.errors import UsageError
from ud2p.known_brokers import Vouched

if TYPE_CHECKING:
    from ud2p.client import Client
    from ud2p.known_peers import KnownPeers
    from ud2p.plugins import PluginManager


def check_choices(settings: Settings, plugins: PluginManager) -> None:
    """What was named must be there, before anybody is asked or connected to. Without what is named by default the shell
    starts all the same, for what it can do then.

    :raises UsageError: it is not
    """
    defaults = Settings()
    named = (
        ("cipher", settings.ciphers or (), plugins.ciphers),
        ("transport", (settings.transport,), plugins.transports),
        ("file_transfer", (settings.file_transfer,), plugins.file_transfers),
    )
    for kind, names, there in named:
        for name in names:
            if name not in there and name not in (defaults.transport, defaults.file_transfer):
                raise UsageError(str(plugins.unknown(kind, name)))


def make_client(
    settings: Settings, plugins: PluginManager, name: str, broker: str, known_peers: KnownPeers | None = None
) -> Client:
    """A client with the user's settings, not connected yet. On the loop that it will live on.

    :param known_peers: None takes this user's
    :raises UD2PError: a setting can't be used
    """
    from ud2p.client import Client

    return Client(
        name,
        broker,
        plugins=plugins,
        ciphers=settings.ciphers,
        transport=settings.transport,
        file_transfer=settings.file_transfer,
        plaintext=settings.plaintext,
        trust_broker=settings.trust_broker,
        known_peers=known_peers,
        peer_key=settings.peer_key,
        require_verified=settings.require_verified,
    )


def first_contact_sentence(client: Client) -> str | None:
    """Told once, at the first contact with a broker, as ssh does: the one moment in which nobody can know whose key it
    is. None at every other."""
    shown = client.broker_credentials
    if shown is None or not shown.is_new:
        return None
    if shown.vouched is Vouched.AUTHORITY:
        return f"First contact with {client.broker}: a certificate authority vouches for it, and has to from now on."
    return (
        f"First contact with {client.broker}: its key is remembered from now on, and should be the one that it "
        f"printed when it started: {shown.fingerprint}"
    )
