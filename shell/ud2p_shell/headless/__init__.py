"""Files without a shell: ``ud2p send`` and ``ud2p receive``, for scripts and for people in a hurry."""
