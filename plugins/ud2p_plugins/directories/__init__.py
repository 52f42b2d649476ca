"""The built-in broker directories."""
