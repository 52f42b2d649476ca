"""The built-in ciphers."""
