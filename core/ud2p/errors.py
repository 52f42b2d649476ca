"""Every error that ud2p raises, as sentences that say what to do.

::

    UD2PError
    ├── UsageError                  the command line or an argument is wrong (exit code 2)
    ├── ConfigError                 a settings file or value is wrong (exit code 2)
    │   └── IdentityError           this user's identity can't be read, understood or written
    ├── PluginError                 a plugin is missing or broke its contract
    ├── ProtocolError
    │   ├── LocalProtocolError      this side asked for what the protocol does not allow now
    │   └── RemoteProtocolError     the other side sent what the protocol does not allow
    ├── BrokerError
    │   ├── BrokerUnreachable       nothing usable answered at the broker's address (exit code 3)
    │   ├── BrokerRefused           the broker answered with $ERR$; ``code`` names the reason
    │   ├── BrokerLost              the connection ended while an answer was due
    │   └── BrokerNotTrusted        the broker's key is not the one that is known (exit code 5)
    ├── InvitationFailed            declined, expired, withdrawn, or the other one left (exit code 4)
    ├── ChatError
    │   ├── NoCommonCipher          the two sides share no cipher; no chat is opened
    │   ├── PeerUnreachable         no datagram came through from the peer
    │   ├── HandshakeFailed         the two sides did not agree on keys
    │   ├── PeerNotTrusted          the peer's key is not the one that is known or wanted (exit code 5)
    │   ├── ChatClosed              the chat is over
    │   ├── MessageTooLong          a message is over its 64 KiB
    │   └── MessageVetoed           a plugin refused to let a message out
    ├── TransferError
    │   ├── TransferRefused         the other side (or this one) said no; ``str()`` is the reason
    │   └── TransferFailed          it began and did not arrive
    ├── UnsafeName                  a file name that must not be written
    └── DecryptionError             what was received was not sealed under this key

Text is lower-case and ends with what to do. Whatever came from a peer or a broker passes
:func:`ud2p.text.gate` before it is shown.
"""


class UD2PError(Exception):
    """something went wrong"""

    exit_code = 1


class UsageError(UD2PError):
    """that is not how this command is used"""

    exit_code = 2


class ConfigError(UD2PError):
    """the settings hold something that can't be used"""

    exit_code = 2


class IdentityError(ConfigError):
    """the identity can't be used; see: ud2p identity"""


class PluginError(UD2PError):
    """a plugin is missing or does not keep its contract"""


class ProtocolError(UD2PError):
    """the two sides do not speak the same protocol"""


class LocalProtocolError(ProtocolError):
    """this side asked for what the protocol does not allow now"""


class RemoteProtocolError(ProtocolError):
    """the other side sent what the protocol does not allow"""


class BrokerError(UD2PError):
    """the broker could not do that"""


class BrokerUnreachable(BrokerError):
    """no broker answers there; check the address, or start one with: ud2p serve"""

    exit_code = 3


class BrokerRefused(BrokerError):
    """the broker refused; the sentence says why"""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class BrokerLost(BrokerError):
    """the connection to the broker ended; it is tried again in the background"""

    exit_code = 3


class BrokerNotTrusted(BrokerError):
    """the broker's key is not the one that is known; nothing was sent to it"""

    exit_code = 5


class InvitationFailed(UD2PError):
    """the invitation came to nothing; ``reason`` is one of the wire's words (declined, expired, ...)"""

    exit_code = 4

    def __init__(self, reason: str, text: str, words: str = "") -> None:
        super().__init__(text)
        self.reason = reason
        self.words = words
        """What the one who declined wanted to say."""


class ChatError(UD2PError):
    """the chat could not do that"""


class NoCommonCipher(ChatError):
    """the two sides have no cipher in common; no chat was opened"""


class PeerUnreachable(ChatError):
    """nothing came through from the peer"""


class HandshakeFailed(ChatError):
    """the two sides did not agree on keys; no chat was opened"""


class PeerNotTrusted(ChatError):
    """the peer's key is not the one that is known or wanted; no chat was opened"""

    exit_code = 5

    def __init__(self, text: str, *, known: str = "", shown: str = "", is_change: bool = False) -> None:
        super().__init__(text)
        self.known = known
        """The fingerprint that is known or wanted; empty where it is not about keys."""
        self.shown = shown
        """The fingerprint of the key that the peer showed."""
        self.is_change = is_change
        """Whether the key that was known of the peer has changed."""


class ChatClosed(ChatError):
    """the chat is over; connect again to go on"""


class MessageTooLong(ChatError):
    """a message may hold at most 64 KiB; send it as a file with sendf"""


class MessageVetoed(ChatError):
    """a plugin did not let the message out"""


class TransferError(UD2PError):
    """the file did not get through"""


class TransferRefused(TransferError):
    """the file was refused"""

    exit_code = 4


class TransferFailed(TransferError):
    """the transfer began and did not finish; send the file again"""


class UnsafeName(UD2PError):
    """a file name that could be written outside the chosen folder or mislead its reader"""


class DecryptionError(UD2PError):
    """what was received was not sealed under this key; it is dropped"""
