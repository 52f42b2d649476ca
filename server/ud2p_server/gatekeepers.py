"""Who may say no on a broker; the plugin manager is one."""

from __future__ import annotations

from typing import Protocol

from ud2p.contracts.gate import InviteRequest, LoginRequest


class Gatekeepers(Protocol):
    """Asks the plugins that implement ``ud2p_broker_login`` and ``ud2p_broker_invite``."""

    async def ask_broker_login(self, request: LoginRequest) -> str | None:
        """Why a login is refused, None when it is not."""
        ...

    async def ask_broker_invite(self, request: InviteRequest) -> str | None:
        """Why an invitation is refused, None when it is not."""
        ...
