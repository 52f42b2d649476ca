"""Scripts for those who work on ud2p."""
