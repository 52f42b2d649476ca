"""The hello of a file transfer: two ends of a fresh connection show each other that they belong to one transfer.

The bytes are those of :mod:`ud2p.protocol.transfer`. A hello that was recorded is worth nothing on another
connection, as each side's nonce is in what the other proves; and neither side's proof is ever the other's.

::

    listener    sends N_L   → hears id, N_C, proof  → sends its proof, is sure
    connector   hears N_L   → sends id, N_C, proof  → hears the proof, is sure
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from enum import Enum

from ud2p.contracts import Buffer
from ud2p.errors import LocalProtocolError, RemoteProtocolError

ID_BYTES = 16
NONCE_BYTES = 32
PROOF_BYTES = 32


class Side(Enum):
    """Who does what in the hello."""

    LISTENER = "listener"
    CONNECTOR = "connector"


_STEPS: dict[Side, tuple[int, ...]] = {
    Side.LISTENER: (ID_BYTES + NONCE_BYTES + PROOF_BYTES,),
    Side.CONNECTOR: (NONCE_BYTES, PROOF_BYTES),
}
"""How many bytes each side hears, step by step; after the last step the other side is proven."""


class Hello:
    """One side of the hello on one connection.

    :param nonce: 32 fresh random bytes
    :param prove: :meth:`ud2p.contracts.FileLink.prove`
    """

    def __init__(self, side: Side, transfer_id: bytes, nonce: bytes, prove: Callable[[bytes, bytes], bytes]) -> None:
        if len(transfer_id) != ID_BYTES or len(nonce) != NONCE_BYTES:
            raise LocalProtocolError("a hello takes an id of 16 bytes and a nonce of 32")
        self._side = side
        self._id = transfer_id
        self._nonce = nonce
        self._prove = prove
        self._step = 0
        self._heard = bytearray()
        self._to_send = nonce if side is Side.LISTENER else b""
        self._context = b""

    @property
    def proven(self) -> bool:
        """The other side belongs to this transfer."""
        return self._step == len(_STEPS[self._side])

    @property
    def wanted(self) -> int:
        """How many bytes are due from the other side now, 0 once proven; what lies behind them is not the hello's."""
        return 0 if self.proven else _STEPS[self._side][self._step] - len(self._heard)

    @property
    def context(self) -> bytes:
        """What makes this attempt unique, the same on both sides.

        :raises LocalProtocolError: before the other side is proven
        """
        if not self.proven:
            raise LocalProtocolError("the other side of the hello is not proven yet")
        return self._context

    def receive_data(self, data: Buffer) -> None:
        """At most :attr:`wanted` bytes came in; none at all means that the connection ended.

        :raises RemoteProtocolError: when the other side does not belong to this transfer; close the connection
        """
        if not data:
            raise RemoteProtocolError("the connection ended in the hello")
        if len(data) > self.wanted:
            raise LocalProtocolError("the hello was given more than it wants")
        self._heard += data
        if self.wanted == 0:
            heard, self._heard = bytes(self._heard), bytearray()
            (self._hear_connector if self._side is Side.LISTENER else self._hear_listener)(heard)
            self._step += 1

    def data_to_send(self) -> bytes:
        """What to send now; each byte is given out once."""
        data, self._to_send = self._to_send, b""
        return data

    def _hear_connector(self, heard: bytes) -> None:
        transfer_id, nonce, given = heard[:16], heard[16:48], heard[48:]
        self._context = self._id + self._nonce + nonce
        self._check(given, Side.CONNECTOR)
        if transfer_id != self._id:  # the proof is over our own id, so this is a fault, not an attack
            raise RemoteProtocolError("the hello is for another transfer")
        self._to_send = self._proof(Side.LISTENER)

    def _hear_listener(self, heard: bytes) -> None:
        if self._step == 0:
            self._context = self._id + heard + self._nonce
            self._to_send = self._id + self._nonce + self._proof(Side.CONNECTOR)
        else:
            self._check(heard, Side.LISTENER)

    def _proof(self, side: Side) -> bytes:
        return self._prove(b"ud2p/1 hello " + side.value.encode(), self._context)

    def _check(self, given: bytes, side: Side) -> None:
        if not hmac.compare_digest(given, self._proof(side)):
            raise RemoteProtocolError(
                "the other side of the connection could not prove that it belongs to this transfer"
            )
