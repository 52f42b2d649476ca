"""``ud2p plugins ACTION``, as the command line has it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ud2p.state import load_state
from ud2p_shell.main import main


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings and state of this test; gives the folder of single-file plugins."""
    monkeypatch.setenv("UD2P_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("UD2P_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "300")
    plugins = tmp_path / "config" / "plugins"
    plugins.mkdir(parents=True)
    (plugins / "spark.py").write_text(
        "from ud2p import Option, Veto, impl\n"
        "@impl\ndef ud2p_register_options():\n"
        "    return [Option('word', 'no', 'what to say', choices=('no', 'yes')), Option('often', 2, 'how', at_least=1),"
        " Option('loud', False, 'in capitals'), Option('to', ('a',), 'whom')]\n"
        "@impl\ndef ud2p_message_sending(text): return Veto('no')\n"
        "@impl\ndef ud2p_chat_opened(): ...\n"
    )
    return plugins


Capture = pytest.CaptureFixture[str]


@pytest.mark.usefixtures("folders")
def test_the_list_shows_what_each_is_and_where_it_is_from(folders: Path, capsys: Capture) -> None:
    assert main(["plugins", "list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["aes-gcm"]["kinds"] == ["cipher"]
    assert rows["aes-gcm"]["distribution"] == "ud2p"
    assert rows["spark"]["kinds"] == ["gatekeeper", "observer"]
    assert rows["spark"]["file"] == str(folders / "spark.py")
    assert main(["plugins"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("spark")]
    assert line.split(maxsplit=2)[:2] == ["spark", "on"]
    assert "gatekeeper, observer (" in line


def test_info_shows_hooks_and_options(folders: Path, capsys: Capture) -> None:
    assert main(["plugins", "info", "spark", "-o", "spark.word=yes", "-o", "spark.loud=on"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"spark: on, from {folders / 'spark.py'}"
    assert "  kind: gatekeeper, observer" in lines
    assert "  hooks: ud2p_chat_opened, ud2p_message_sending, ud2p_register_options" in lines
    assert '    word = "yes": what to say (one of "no", "yes", by default "no")' in lines
    assert "    often = 2: how (at least 1)" in lines
    assert "    loud = true: in capitals (by default false)" in lines
    assert '    to = ["a"]: whom' in lines
    assert "UD2P_PLUGIN_SPARK_OPTION" in " ".join(lines)


def test_info_for_programs(folders: Path, capsys: Capture) -> None:
    assert main(["plugins", "info", "spark", "--json"]) == 0
    (shown,) = json.loads(capsys.readouterr().out)
    assert shown["options"][1] == {"name": "often", "value": 2, "default": 2, "summary": "how"}
    assert shown["state"] == "on"


@pytest.mark.usefixtures("folders")
def test_disable_and_enable_are_remembered(capsys: Capture) -> None:
    assert main(["plugins", "disable", "spark"]) == 0
    assert main(["plugins", "disable", "lutho"]) == 0
    assert (
        "spark is off from the next start on; to take that back: ud2p plugins enable spark" in capsys.readouterr().out
    )
    assert load_state().disabled_plugins == ("spark", "lutho")
    assert main(["plugins", "info", "spark"]) == 0
    shown = capsys.readouterr().out
    assert "spark: off, from " in shown
    assert "disabled; ud2p plugins enable turns it on" in shown
    assert main(["plugins", "enable", "spark"]) == 0
    assert capsys.readouterr().out == "spark is on from the next start on\n"
    assert load_state().disabled_plugins == ("lutho",)
    assert main(["plugins", "--json"]) == 0
    states = {row["name"]: row["state"] for row in json.loads(capsys.readouterr().out)}
    assert (states["spark"], states["lutho"], states["roanda"]) == ("on", "off", "on")


def test_one_that_would_end_or_hang_the_start_can_be_disabled(folders: Path, capsys: Capture) -> None:
    (folders / "bomb.py").write_text("import os\nos._exit(99)")
    assert main(["plugins", "disable", "bomb"]) == 0
    assert main(["plugins", "list"]) == 0
    assert "bomb" in capsys.readouterr().out


def test_what_is_gone_can_be_enabled(folders: Path, capsys: Capture) -> None:
    assert main(["plugins", "disable", "spark"]) == 0
    (folders / "spark.py").unlink()
    assert main(["plugins"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["plugins", "enable", "spark"]) == 0
    assert "though nothing of that name is installed" in capsys.readouterr().out


@pytest.mark.usefixtures("folders")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["info", "lutoh"], 'no plugin is called "lutoh"; did you mean lutho?'),
        (["disable", "zzz"], 'no plugin is called "zzz"; see: ud2p plugins'),
        (["enable", "zzz"], 'no plugin is called "zzz"; see: ud2p plugins'),
        (["enable", "lutho"], "lutho is not disabled; ud2p plugins info lutho says how it is"),
        (["info"], "info what? say: ud2p plugins info NAME"),
        (["check"], "check what? say: ud2p plugins check NAME|PATH"),
        (["new"], "new what? say: ud2p plugins new NAME --kind KIND"),
        (["list", "lutho"], "list takes no name; say: ud2p plugins info lutho"),
        (["info", "lutho", "--kind", "theme"], "--kind and --into are for new"),
        (["new", "spark"], "which kind? say --kind and one of: cipher, theme"),
    ],
)
def test_what_can_not_be_done_is_a_sentence(arguments: list[str], says: str, capsys: Capture) -> None:
    assert main(["plugins", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(f"ud2p: {says}")
    assert captured.err.count("\n") == 1


@pytest.mark.usefixtures("folders")
def test_new_and_check(tmp_path: Path, capsys: Capture) -> None:
    assert main(["plugins", "new", "glow", "--kind", "theme", "--into", str(tmp_path)]) == 0
    assert "is a theme that works" in capsys.readouterr().out
    assert main(["plugins", "check", "memory"]) == 0
    assert "all is well" in capsys.readouterr().out
    assert main(["plugins", "check", "spark", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["is_good"] is True


def test_a_check_that_fails_has_an_exit_code(folders: Path, capsys: Capture) -> None:
    (folders / "bad.py").write_text("1 / 0")
    assert main(["plugins", "check", "bad"]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().out


@pytest.mark.usefixtures("folders")
def test_a_damaged_state_is_a_sentence(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "state.json").write_text("{")
    for arguments in (["plugins"], ["plugins", "disable", "lutho"]):
        assert main(arguments) == 2
        assert "state.json is damaged" in capsys.readouterr().err
