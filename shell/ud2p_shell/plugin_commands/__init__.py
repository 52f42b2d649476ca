"""``ud2p plugins``: what is installed, one of them, on and off for good, a new one, and whether one keeps its word.

A file for each: :mod:`~ud2p_shell.plugin_commands.table`, :mod:`~ud2p_shell.plugin_commands.info`,
:mod:`~ud2p_shell.plugin_commands.switching`, :mod:`~ud2p_shell.plugin_commands.new` (from the texts in ``templates``)
and :mod:`~ud2p_shell.plugin_commands.checking`.
"""
