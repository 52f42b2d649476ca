"""A command that ends the program."""

import sys

from ud2p import CommandInfo, impl


def leave(context, typed):
    sys.exit(f"{typed} is enough")


@impl
def ud2p_register_commands():
    return [CommandInfo("broken", leave, "ends the program, or would")]
