"""The built-in themes."""
