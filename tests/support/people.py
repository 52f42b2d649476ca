"""A real broker and real clients on loopback: those that plugin authors test with."""

from ud2p.testing.broker import a_broker
from ud2p.testing.people import DEADLINE_S, Person, a_person, introduce, two_in_a_chat

__all__ = ["DEADLINE_S", "Person", "a_broker", "a_person", "introduce", "two_in_a_chat"]
