from __future__ import annotations

import ssl
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from tests.support.certificates import make_leaf

from ud2p.errors import ConfigError, UsageError
from ud2p.identity import fingerprint
from ud2p_server.certificate import FILE_NAME, load_certificate


def test_the_first_start_makes_one_and_the_next_finds_it(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    made = load_certificate(None, None, folder)
    assert made.fingerprint.startswith("SHA256:")
    content = (folder / FILE_NAME).read_bytes()
    found = load_certificate(None, None, folder)
    assert (found.leaf, found.fingerprint) == (made.leaf, made.fingerprint)
    assert (folder / FILE_NAME).read_bytes() == content
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]
    if sys.platform != "win32":
        assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600


def test_it_speaks_tls_1_3_and_nothing_older(tmp_path: Path) -> None:
    context = load_certificate(None, None, tmp_path).context
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3
    assert context.num_tickets == 0


def test_several_first_starts_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: load_certificate(None, None, tmp_path).fingerprint, range(8)))
    assert len(set(found)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        b"\xff\xfe",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ],
)
def test_a_broken_file_is_reported_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(ConfigError, match="can't be understood; put a copy back, or move it away"):
        load_certificate(None, None, tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == content


def test_a_certificate_of_somebody_elses_making(tmp_path: Path) -> None:
    leaf = make_leaf("chat.example")
    both = leaf.write(tmp_path / "both.pem")
    loaded = load_certificate(both, None, tmp_path / "unused")
    assert (loaded.leaf, loaded.fingerprint) == (leaf.der, fingerprint(leaf.public_key))
    assert load_certificate(both, both, tmp_path / "unused").leaf == leaf.der
    assert not (tmp_path / "unused").exists()


def test_a_key_that_is_not_the_certificates(tmp_path: Path) -> None:
    one, two = make_leaf("a.example").write(tmp_path / "one"), make_leaf("b.example").write(tmp_path / "two")
    with pytest.raises(ConfigError, match="the key is not the certificate's; name another with --certificate"):
        load_certificate(one, two, tmp_path)


def test_a_key_with_a_password_asks_nobody(tmp_path: Path) -> None:
    leaf = make_leaf("chat.example")
    assert isinstance(leaf.key, ec.EllipticCurvePrivateKey)
    path = leaf.write(tmp_path / "open")
    secret = leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    (tmp_path / "key").write_bytes(secret)
    with pytest.raises(ConfigError, match="can't be used"):
        load_certificate(path, tmp_path / "key", tmp_path)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="add --certificate"):
        load_certificate(None, tmp_path / "key", tmp_path)
    with pytest.raises(ConfigError, match="can't be read"):
        load_certificate(tmp_path / "nowhere", None, tmp_path)
    leaf = make_leaf("chat.example").write(tmp_path / "leaf")
    with pytest.raises(ConfigError, match="can't be read"):
        load_certificate(leaf, tmp_path / "nowhere", tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="can't be written"):
        load_certificate(None, None, tmp_path / "file")
