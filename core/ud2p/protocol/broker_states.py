"""The states of a client and a broker on one connection, and what either may send in each.

Theory of operation. Either side has a state of its own, and only its own messages change it: :data:`CLIENT_MAY` and
:data:`BROKER_MAY` are all there is to know. What stands in no row is not allowed. :data:`ANSWERS` pairs requests
with their answers::

    client  START --Login--> OPEN --LeaveRequest--> OVER
    broker  START --Greeting--> LOGIN --Welcome--> OPEN --Left, Goodbye--> OVER
                                     --Refusal, Goodbye--> OVER

A broker takes what a client sent early, before the Welcome, in its order; a client waits with its login for
the greeting and with all else for the Welcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import TypeAlias

from ud2p.protocol.messages import (
    AcceptRequest,
    AvailablePage,
    AvailableRequest,
    Goodbye,
    Greeting,
    Introduction,
    InvitationOver,
    InvitationPush,
    Invited,
    InviteRequest,
    LeaveRequest,
    Left,
    ListPage,
    ListRequest,
    Login,
    Message,
    PeerAddress,
    PingRequest,
    Pong,
    Refusal,
    RefuseRequest,
    Request,
    Signal,
    StatusRequest,
    StatusSet,
    Welcome,
)


class Side(Enum):
    """Which end of the connection a machine plays."""

    CLIENT = "client"
    BROKER = "broker"


class State(StrEnum):
    """How far one side has come. (A StrEnum, for that one hashes in C: the tables are asked for every line.)"""

    START = "start"
    """It has sent nothing yet."""
    LOGIN = "login"
    """The broker has greeted (a client is never in this state)."""
    OPEN = "open"
    """The client has logged in; the broker has welcomed it."""
    OVER = "over"
    """It has said its last."""


Moves: TypeAlias = Mapping[State, Mapping[type[Message], State]]

CLIENT_MAY: Moves = {
    State.START: {Login: State.OPEN},
    State.LOGIN: {},
    State.OPEN: {
        ListRequest: State.OPEN,
        AvailableRequest: State.OPEN,
        StatusRequest: State.OPEN,
        InviteRequest: State.OPEN,
        AcceptRequest: State.OPEN,
        RefuseRequest: State.OPEN,
        Signal: State.OPEN,
        PingRequest: State.OPEN,
        LeaveRequest: State.OVER,
    },
    State.OVER: {},
}
"""What a client may send in each of its states, and the state after it."""

BROKER_MAY: Moves = {
    State.START: {Greeting: State.LOGIN, Refusal: State.OVER, Goodbye: State.OVER},
    State.LOGIN: {Welcome: State.OPEN, Refusal: State.OVER, Goodbye: State.OVER},
    State.OPEN: {
        ListPage: State.OPEN,
        AvailablePage: State.OPEN,
        StatusSet: State.OPEN,
        Invited: State.OPEN,
        InvitationPush: State.OPEN,
        Introduction: State.OPEN,
        InvitationOver: State.OPEN,
        PeerAddress: State.OPEN,
        Signal: State.OPEN,
        Pong: State.OPEN,
        Refusal: State.OPEN,
        Left: State.OVER,
        Goodbye: State.OVER,
    },
    State.OVER: {},
}
"""What a broker may send in each of its states, and the state after it."""

ANSWERS: Mapping[type[Request], type[Message]] = {
    Login: Welcome,
    ListRequest: ListPage,
    AvailableRequest: AvailablePage,
    StatusRequest: StatusSet,
    InviteRequest: Invited,
    AcceptRequest: Introduction,
    RefuseRequest: InvitationOver,
    LeaveRequest: Left,
    PingRequest: Pong,
}
"""What a request is answered with, unless it is refused. Introduction and InvitationOver are pushes: they carry
the invitation that was asked about, not the number of the request."""
