"""Plugins that are broken, each in its own way: see the README."""
