from __future__ import annotations

import hashlib
import os
import stat
import sys
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ud2p.errors import IdentityError
from ud2p.identity import Identity, fingerprint, load_identity, parse_identity, save_identity

# RFC 7748 section 6.1 (Alice's key pair) and RFC 8032 section 7.1, TEST 1
SESSION_SECRET = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
SESSION_PUBLIC = bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
LOGIN_SECRET = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
LOGIN_PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"UD2P_STATE_DIR": str(tmp_path / "not" / "there" / "yet")}


def path_in(environ: dict[str, str]) -> Path:
    return Path(environ["UD2P_STATE_DIR"]) / "identities" / "alice"


def test_the_public_halves_are_those_of_the_standards() -> None:
    identity = Identity(SESSION_SECRET, LOGIN_SECRET)
    assert (identity.session_public, identity.login_public) == (SESSION_PUBLIC, LOGIN_PUBLIC)


def test_a_fingerprint_is_openssh_s_form_of_the_hash() -> None:
    public = bytes(range(32))
    expected = b64encode(hashlib.sha256(public).digest()).decode()
    assert fingerprint(public) == f"SHA256:{expected[:-1]}"
    assert len(fingerprint(public)) == len("SHA256:") + 43


def test_the_first_start_makes_it_and_the_next_finds_it(environ: dict[str, str]) -> None:
    made = load_identity("alice", environ)
    assert load_identity("alice", environ) == made
    assert made.session_secret != made.login_secret
    assert [path.name for path in path_in(environ).parent.iterdir()] == ["alice"]
    assert load_identity("Alice", environ) == made
    assert load_identity("bob", environ) != made


@pytest.mark.parametrize("name", ["", "..", "../alice", "a/b", "1", "é", "a" * 33, "a\n"])
def test_what_is_no_name_has_no_identity(name: str, environ: dict[str, str]) -> None:
    with pytest.raises(IdentityError, match="is no name"):
        load_identity(name, environ)
    assert not path_in(environ).parent.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_it_is_its_owner_s_alone(environ: dict[str, str]) -> None:
    before = os.umask(0)
    try:
        load_identity("alice", environ)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path_in(environ).stat().st_mode) == 0o600
    assert stat.S_IMODE(path_in(environ).parent.stat().st_mode) == 0o700


def test_starts_at_the_same_time_agree(environ: dict[str, str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        identities = list(pool.map(lambda _: load_identity("alice", environ), range(32)))
    assert set(identities) == {load_identity("alice", environ)}


def test_it_is_never_written_over(environ: dict[str, str]) -> None:
    first = load_identity("alice", environ)
    assert not save_identity(Identity.generate(), path_in(environ))
    assert load_identity("alice", environ) == first


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\xff\xfe",
        b"ud2p identity 1\n",
        b"ud2p identity 2\nsession a\nlogin b\nfingerprint c\n",
        b"ud2p identity 1\nlogin a\nsession b\nfingerprint c\n",
        b"ud2p identity 1\nsession a\nsession a\nlogin b\nfingerprint c\n",
        b"x" * 10000,
    ],
)
def test_a_broken_file_is_reported_and_stays(environ: dict[str, str], content: bytes) -> None:
    path_in(environ).parent.mkdir(parents=True)
    path_in(environ).write_bytes(content)
    with pytest.raises(IdentityError, match=r"alice: .*; put a copy back, or move it away"):
        load_identity("alice", environ)
    assert path_in(environ).read_bytes() == content


@given(st.data())
def test_a_slip_in_copying_is_noticed(data: st.DataObject) -> None:
    text = Identity(SESSION_SECRET, LOGIN_SECRET).export()
    session = text.splitlines()[1]
    at = data.draw(st.integers(len("session "), len(session) - 1))
    other = data.draw(st.sampled_from("ABCxyz059+/=").filter(lambda character: character != session[at]))
    altered = text.replace(session, session[:at] + other + session[at + 1 :])
    try:
        identity = parse_identity(altered)
    except IdentityError:
        return
    # The last character of base64 has bits that say nothing, and X25519 ignores five bits of a key (RFC 7748, 5).
    assert identity.session_public == Identity(SESSION_SECRET, LOGIN_SECRET).session_public


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_what_is_exported_can_be_imported(session: bytes, login: bytes) -> None:
    identity = Identity(session, login)
    assert parse_identity(identity.export()) == identity
    assert parse_identity(identity.export().replace("\n", "\r\n")) == identity


def test_a_secret_does_not_show_in_a_representation() -> None:
    assert SESSION_SECRET.hex() not in repr(Identity(SESSION_SECRET, LOGIN_SECRET))


def test_a_folder_that_can_t_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(IdentityError, match=r"can't be"):
        load_identity("alice", {"UD2P_STATE_DIR": str(tmp_path / "file" / "below")})
