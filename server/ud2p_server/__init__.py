"""The broker of ud2p."""
