"""The brokers that this user knows, as ssh knows hosts: a text file of the state folder, one line a broker.

::

    # ud2p known brokers 1
    localhost:17280 pinned SHA256:yG0sVN8...         only this key will do
    chat.example:17280 ca SHA256:Jd8q3bT...          an authority vouches for it; the key is the one last seen

A broker stands there under the address by which the user named it, in lower case, with its port. Lines that begin with
``#`` are comments. What can't be understood is reported and left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ud2p.config import state_dir
from ud2p.errors import ConfigError
from ud2p.whole_file import locked, write_whole

FILE_NAME = "known_brokers"
_HEADER = "# ud2p known brokers 1\n"
FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
"""How :func:`ud2p.identity.fingerprint` writes one."""


class Vouched(StrEnum):
    """Why a broker is believed."""

    PINNED = "pinned"
    """Its key is the one that it had at the first contact."""
    AUTHORITY = "ca"
    """An authority that this system trusts vouches for its name."""


@dataclass(frozen=True, slots=True)
class KnownBroker:
    """What is known of one."""

    vouched: Vouched
    fingerprint: str


class KnownBrokers:
    """The file. It is read anew each time: other starts write it too."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of_this_user(cls, environ: Mapping[str, str] | None = None) -> KnownBrokers:
        """Those in the state folder."""
        return cls(state_dir(environ) / FILE_NAME)

    def find(self, broker: str) -> KnownBroker | None:
        """What is known of a broker.

        :param broker: ``HOST:PORT``
        :raises ConfigError: the file can't be read or understood
        """
        return self._read().get(broker.lower())

    def remember(self, broker: str, known: KnownBroker) -> None:
        """Keep what is known of a broker from now on, in place of what was.

        :raises ConfigError: the file can't be read, understood or written
        """
        try:
            with locked(self.path):
                entries = self._read()
                if entries.get(broker.lower()) != known:
                    self._write({**entries, broker.lower(): known})
        except OSError as error:
            raise ConfigError(f"{self.path} can't be written ({error.strerror}); make its folder writable") from error

    def _read(self) -> dict[str, KnownBroker]:
        try:
            text = self.path.read_text("utf-8")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ConfigError(f"{self.path} can't be read ({error.strerror}); make it readable") from error
        except UnicodeDecodeError:
            raise ConfigError(f"{self.path} is not text; put a copy back or move it away") from None
        entries = {}
        for number, line in enumerate(text.splitlines(), 1):
            words = line.split()
            if not words or line.startswith("#"):
                continue
            if len(words) != 3 or words[1] not in tuple(Vouched) or not FINGERPRINT.fullmatch(words[2]):
                raise ConfigError(
                    f"{self.path}, line {number}: that is not HOST:PORT, pinned or ca, and a fingerprint; "
                    "correct it, or take the line out to meet that broker anew"
                )
            entries[words[0]] = KnownBroker(Vouched(words[1]), words[2])
        return entries

    def _write(self, entries: Mapping[str, KnownBroker]) -> None:
        lines = (f"{broker} {known.vouched} {known.fingerprint}\n" for broker, known in entries.items())
        write_whole(self.path, (_HEADER + "".join(lines)).encode())
