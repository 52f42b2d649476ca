"""The command line: what each command does with good and bad words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ud2p_shell.main import main


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UD2P_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("UD2P_STATE_DIR", str(tmp_path))


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    with pytest.raises(SystemExit) as exit_code:  # beside other words the parser answers, and alike
        main(["--name", "alice", "--version"])
    assert exit_code.value.code == 0
    assert capsys.readouterr().out == 2 * "ud2p 0.1.0\n"


def test_version_and_help_load_no_plugin_and_nothing_heavy() -> None:
    script = (
        "import sys\nfrom ud2p_shell.main import main\n"
        "try:\n    main([sys.argv[1]])\nexcept SystemExit:\n    pass\n"
        "heavy = {'asyncio', 'pluggy', 'msgspec', 'cryptography', 'prompt_toolkit', 'tqdm', 'ud2p.plugins'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    for flag in ("--version", "--help"):
        run = subprocess.run([sys.executable, "-c", script, flag], capture_output=True, text=True, check=True)
        assert run.stderr == "[]\n"


@pytest.mark.parametrize("arguments", [["--frob"], ["frob"], ["serve", "--port", "70000"], ["plugins", "frob"]])
def test_usage_errors(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_code:
        main(arguments)
    assert exit_code.value.code == 2
    assert "usage: ud2p" in capsys.readouterr().err


def test_plugins(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins"]) == 0
    out = capsys.readouterr().out
    for name in ("aes-gcm", "fernet", "xchacha20", "lutho", "chulumanco", "roanda", "udp", "tcp", "memory"):
        assert name in out


def test_plugins_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--no-plugin", "lutho", "plugins", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["lutho"]["state"] == "off"
    assert rows["aes-gcm"]["registers"] == ["cipher aes-gcm"]


def test_a_setting_that_can_not_be_used(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("theme = 5")
    assert main(["plugins"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("ud2p: ")
    assert "config.toml: theme" in error


def test_plain_text_is_for_this_machine_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--host", "0.0.0.0", "--port", "0", "--plaintext"]) == 2
    assert "leave out --plaintext" in capsys.readouterr().err


def test_an_unknown_directory(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", "0", "--directory", "paper"]) == 1
    assert "paper" in capsys.readouterr().err
