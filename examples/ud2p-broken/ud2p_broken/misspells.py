"""Implements a hook that there is not."""

from ud2p import impl


@impl
def ud2p_register_cyphers():
    return []
