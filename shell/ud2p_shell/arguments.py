"""The command line of ``ud2p``, as argparse has it."""

from __future__ import annotations

import argparse

from ud2p import __version__

DESCRIPTION = "Chat and send files straight to each other from a terminal."
EPILOG = "Without a command, the shell opens. Settings: flags, then UD2P_* in the environment, then config.toml."


def make_parser() -> argparse.ArgumentParser:
    """The parser of every command; the absent one is the shell."""
    plugin_options = _plugin_options()
    client_options = _client_options()
    parser = argparse.ArgumentParser(
        prog="ud2p",
        description=DESCRIPTION,
        epilog=EPILOG,
        parents=[client_options, plugin_options],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ud2p {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    serve = commands.add_parser("serve", help="run a broker", parents=[plugin_options], allow_abbrev=False)
    serve.add_argument("--host", default="127.0.0.1", help="the IP address to listen on (default: 127.0.0.1)")
    serve.add_argument("--port", type=_port, default=17280, help="TCP and UDP port (default: 17280; 0: any free one)")
    serve.add_argument("--directory", default="memory", help="where presence is kept (default: memory)")
    serve.add_argument("--show-addresses", action="store_true", help="show everyone's address in lists")
    serve.add_argument("--certificate", metavar="FILE", help="a certificate, PEM (default: one of its own making)")
    serve.add_argument("--key", metavar="FILE", help="the key of --certificate, PEM")
    serve.add_argument("--release", metavar="NAME", help="free a name whose owner is gone for good, and end")
    serve.add_argument("--plaintext", action="store_true", help="do without TLS; on this machine alone")
    commands.add_parser(
        "demo",
        help="a broker, an echo peer and the shell, on this machine",
        parents=[_client_options(is_demo=True), plugin_options],
        allow_abbrev=False,
    )
    plugins = commands.add_parser("plugins", help="what is installed", parents=[plugin_options], allow_abbrev=False)
    plugins.add_argument("action", nargs="?", choices=["list"], default="list", help="list (the default)")
    plugins.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _client_options(*, is_demo: bool = False) -> argparse.ArgumentParser:
    # Options that a subcommand shares with the shell must not overwrite what stood before the subcommand.
    options = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = options.add_argument_group("the shell")
    group.add_argument("--name", metavar="NAME", help="who you are (asked once, then remembered)")
    group.add_argument("--theme", metavar="THEME", help="how everything looks: lutho, chulumanco, roanda, ...")
    group.add_argument("--cipher", dest="ciphers", metavar="LIST", help="ciphers to offer, the preferred first")
    group.add_argument("--downloads", metavar="DIR", help="where received files go (default: the current folder)")
    if not is_demo:
        group.add_argument("--broker", metavar="HOST[:PORT]", help="the broker (default: localhost:17280)")
        group.add_argument("--transport", metavar="NAME", help="what carries chats (default: udp)")
        group.add_argument("--file-transfer", metavar="NAME", help="how files travel (default: tcp)")
        group.add_argument("--plaintext", action="store_true", help="no TLS to the broker, which is on this machine")
        group.add_argument(
            "--trust-broker", metavar="FINGERPRINT", help="the key that the broker must have; it is then remembered"
        )
    return options


def _plugin_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = options.add_argument_group("plugins")
    group.add_argument("--no-plugin", action="append", metavar="NAME", help="leave this plugin out (may be repeated)")
    group.add_argument("--safe-mode", action="store_true", help="load only what ud2p comes with")
    return options


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)
