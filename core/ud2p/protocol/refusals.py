"""Why a broker says no: the codes of ``$ERR$`` for programs, and the sentences for people.

Everything that a broker refuses is in this table, so that clients, tests and the documentation speak of the
same things. Gatekeeper plugins add sentences of their own under :attr:`Code.REFUSED`.
"""

from __future__ import annotations

from enum import StrEnum

from ud2p.protocol.messages import MAX_LINE_BYTES


class Code(StrEnum):
    """The ``code`` of a Refusal."""

    # What could not be read. BAD_LINE to BAD_MESSAGE leave the connection open, unless it is before the login.
    BAD_LINE = "bad-line"
    UNKNOWN_TAG = "unknown-tag"
    BAD_MESSAGE = "bad-message"
    TOO_LONG = "too-long"
    NOT_UTF8 = "not-utf8"
    TOO_MANY_ERRORS = "too-many-errors"
    # What came at the wrong time.
    NOT_LOGGED_IN = "not-logged-in"
    ALREADY_LOGGED_IN = "already-logged-in"
    TOO_SLOW = "too-slow"
    SILENT = "silent"
    # Instead of the greeting.
    TLS_REQUIRED = "tls-required"
    TOO_MANY_CONNECTIONS = "too-many-connections"
    # The login, where each of these ends the connection; some come for other requests too.
    VERSION = "version"
    NAME_INVALID = "name-invalid"
    BAD_SIGNATURE = "bad-signature"
    NAME_TAKEN = "name-taken"
    TOO_MANY_NAMES = "too-many-names"
    BROKER_FULL = "broker-full"
    REFUSED = "refused"
    # Invitations and sessions.
    OFFLINE = "offline"
    TARGET_OFFLINE = "target-offline"
    UNKNOWN_CLIENT = "unknown-client"
    OWN_CLIENT = "own-client"
    ALREADY_INVITED = "already-invited"
    TOO_MANY_INVITATIONS = "too-many-invitations"
    NO_SUCH_INVITATION = "no-such-invitation"
    NOT_YOUR_INVITATION = "not-your-invitation"
    NO_SUCH_SESSION = "no-such-session"
    PEER_AWAY = "peer-away"
    BUSY = "busy"
    INTERNAL = "internal"


SENTENCES: dict[Code, str] = {
    Code.BAD_LINE: 'a line is a tag, one space, a JSON object and a line feed, such as: $L$ {"id": 1}',
    Code.TOO_LONG: f"a line may hold at most {MAX_LINE_BYTES} bytes; send less at a time",
    Code.NOT_UTF8: "a line must be UTF-8; this one is not",
    Code.TOO_MANY_ERRORS: "too many bad lines in a row; connect again when the client speaks the protocol",
    Code.NOT_LOGGED_IN: "log in first: the first line must be $HI$ with a name",
    Code.ALREADY_LOGGED_IN: "this connection is logged in already; connect anew for another name",
    Code.TOO_SLOW: "that took too long; connect again and send whole lines",
    Code.SILENT: "nothing came for too long; connect again",
    Code.TLS_REQUIRED: "this broker speaks TLS 1.3; leave out --plaintext",
    Code.TOO_MANY_CONNECTIONS: "too many connections come from your address; try again later",
    Code.VERSION: "this broker speaks another version of the protocol; update the older of the two",
    Code.NAME_INVALID: (
        "a name begins with a letter, has at most 32 letters, digits, '_', '.' or '-', and is not X or Q; choose one"
    ),
    Code.BAD_SIGNATURE: (
        "the login is not signed for this connection by the identity that it names; connect to the broker itself, with "
        "a recent ud2p"
    ),
    Code.TOO_MANY_NAMES: "you own as many names as you may here; use one of them, or ask whoever runs this broker",
    Code.NAME_TAKEN: "that name is taken; choose another",
    Code.BROKER_FULL: "this broker serves as many clients as it may; try again later",
    Code.REFUSED: "this broker does not allow that",
    Code.OFFLINE: "You cannot connect to another client while offline",
    Code.TARGET_OFFLINE: "that client is offline; try again when it is online",
    Code.UNKNOWN_CLIENT: "nobody of that name is connected; list shows who is",
    Code.OWN_CLIENT: "that is your own name; choose another client",
    Code.ALREADY_INVITED: "that client is invited already; wait for the answer or withdraw it",
    Code.TOO_MANY_INVITATIONS: "too many invitations wait for an answer; try again later",
    Code.NO_SUCH_INVITATION: "that invitation is over or never was; ask for a new one",
    Code.NOT_YOUR_INVITATION: "only the one who was invited can accept",
    Code.NO_SUCH_SESSION: "that session is over; connect to the client again",
    Code.PEER_AWAY: "that client has lost its connection to the broker and may be back; try again later",
    Code.BUSY: "that client does not keep up with what comes in; try again later",
    Code.INTERNAL: "the broker could not do that; try again, and tell whoever runs it if it stays so",
}
"""The sentence of each code that needs nothing added."""
