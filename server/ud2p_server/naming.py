"""Who may log in under which name: the one who took it first, and nobody takes many."""

from __future__ import annotations

from ud2p.contracts.directory import Claim, NameStore
from ud2p.networks import counted_as, is_loopback
from ud2p.protocol.refusals import Code
from ud2p_server.buckets import Buckets
from ud2p_server.limits import Limits

DAY_S = 86_400.0


class Naming:
    """The rules over a :class:`ud2p.NameStore`.

    Identities cost nothing, so what bounds a squatter is the address: so many new names in a day, however many
    identities ask for them.
    """

    def __init__(self, names: NameStore, limits: Limits) -> None:
        self._names = names
        self._limits = limits
        self._new = Buckets(limits.new_names_per_address, limits.new_names_per_address / DAY_S)

    async def why_not(self, name: str, owner: bytes, host: str, now: float) -> tuple[Code, str] | None:
        """Make a name an identity's, if it may be.

        :param owner: its public Ed25519 key
        :param host: the address that it comes from
        :returns: the refusal, None when the name is its own
        """
        limits = self._limits
        if await self._names.owner(name) is None:
            key = counted_as(host)
            is_spared = limits.spares_loopback and is_loopback(host)
            if not is_spared and self._new.left(key, now) < 1:
                return Code.TOO_MANY_NAMES, "too many new names came from your address today; use one that you have"
            claim = await self._names.claim(name, owner, most=limits.names_per_identity, most_in_all=limits.names)
            if claim is Claim.OWNED and not is_spared:
                self._new.take(key, now)
        else:
            claim = await self._names.claim(name, owner, most=limits.names_per_identity, most_in_all=limits.names)
        if claim is Claim.TAKEN:
            return Code.NAME_TAKEN, f"the name {name} is taken; choose another"
        if claim is Claim.TOO_MANY:
            return Code.TOO_MANY_NAMES, ""
        if claim is Claim.FULL:
            return Code.TOO_MANY_NAMES, "no more names can be taken at this broker; ask whoever runs it"
        return None

    def sweep(self, now: float) -> None:
        """Forget addresses that have been quiet for long."""
        self._new.sweep(now)
