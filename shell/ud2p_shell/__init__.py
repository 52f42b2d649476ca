"""The shell and the command line of ud2p."""
