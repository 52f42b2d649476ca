"""The built-in file transfers."""
