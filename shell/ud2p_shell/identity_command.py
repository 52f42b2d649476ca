"""``ud2p identity``: show who a name is, take its secret to another machine, bring one here."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

from ud2p.errors import IdentityError, UsageError
from ud2p.identity import Identity, identity_path, load_identity, parse_identity, save_identity
from ud2p.text import gate

STANDARD = "-"
"""Instead of a file: standard output, or standard input."""
_MAX_BYTES = 4096


def run_identity(action: str, name: str | None, file: str | None, *, as_json: bool) -> None:
    """Do it, and print what was done.

    :param action: ``show``, ``export`` or ``import``
    :param name: whose; each name has an identity of its own
    :param file: where to, or from
    :raises UsageError: nobody is named, or no file where one is needed
    :raises IdentityError: it can't be read, understood or written, or would be written over another
    """
    if name is None:
        raise UsageError("whose identity? say it with --name NAME; each name has its own")
    if action == "export":
        _export(name, file or f"{name}.ud2p-identity", as_json=as_json)
        return
    if action == "import":
        _import(name, file, as_json=as_json)
    elif file is not None:
        raise UsageError("show takes no file; did you mean: ud2p identity export FILE")
    _show(name, load_identity(name), identity_path(name), as_json=as_json)


def _export(name: str, file: str, *, as_json: bool) -> None:
    if not identity_path(name).exists():
        raise IdentityError(f"{name} has no identity yet; it is made on the first start, or by: ud2p identity show")
    identity = load_identity(name)
    if file == STANDARD:
        sys.stdout.write(identity.export())
        return
    path = Path(os.path.expanduser(file))
    _write_new(path, identity.export())
    if as_json:
        _show(name, identity, path, as_json=True)
    else:
        print(
            gate(f"The identity of {name} is in {path}. Whoever has that file can pass for {name}: keep it to yourself")
        )


def _import(name: str, file: str | None, *, as_json: bool) -> None:
    if file is None:
        raise UsageError("import what? name the file that export wrote, or - for standard input")
    identity = parse_identity(_read(file))
    place = identity_path(name)
    if save_identity(identity, place) or load_identity(name) == identity:
        return
    raise IdentityError(
        f"{name} has an identity already, {load_identity(name).fingerprint} in {place}, which is not written over; "
        "move that file away first, or import under another --name"
    )


def _show(name: str, identity: Identity, place: Path, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"name": name, "fingerprint": identity.fingerprint, "file": str(place)}))
    else:
        print(gate(f"{name}  {identity.fingerprint}"))
        print(gate(f"kept in {place}"))


def _read(file: str) -> str:
    try:
        if file == STANDARD:
            content = sys.stdin.buffer.read(_MAX_BYTES + 1)
        else:
            with Path(os.path.expanduser(file)).open("rb") as source:
                content = source.read(_MAX_BYTES + 1)
        return content.decode("ascii")
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise IdentityError(f"{file} can't be read ({reason}); name the file that export wrote") from None
    except UnicodeDecodeError:
        raise IdentityError(f"{file} is not an identity of ud2p: it is not text") from None


def _write_new(path: Path, text: str) -> None:
    """Not as :func:`save_identity` does: a stick to carry it on may know no links."""
    try:
        file = open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii")  # noqa: SIM115
    except FileExistsError:
        raise IdentityError(f"{path} is there already and is not written over; name another file") from None
    except OSError as error:
        raise IdentityError(f"{path} can't be written ({error.strerror}); name another file") from None
    try:
        with file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise IdentityError(f"{path} can't be written ({error.strerror}); name another file") from None
