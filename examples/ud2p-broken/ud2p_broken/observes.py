"""Fails each time that something arrives."""

from ud2p import impl


@impl
def ud2p_message_received(text):
    return len(text) // 0
