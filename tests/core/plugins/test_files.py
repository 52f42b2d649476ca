"""Single-file plugins: a file in a folder, and nothing else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ud2p.plugins import PluginManager
from ud2p.plugins.files import MODULE_PREFIX

THEME = """
from ud2p import ThemeInfo, impl

@impl
def ud2p_register_themes():
    return [ThemeInfo("{name}", make=object)]
"""
needs_other_users = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives away")


def write(folder: Path, name: str, source: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.py"
    path.write_text(source)
    return path


def load(*folders: Path, **options: object) -> tuple[PluginManager, list[str]]:
    warnings: list[str] = []
    return PluginManager.load(folders=folders, warn=warnings.append, **options), warnings  # type: ignore[arg-type]


def from_files(manager: PluginManager) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(each.name, each.state, each.registers) for each in manager.records if each.file]


def test_every_file_is_a_plugin_of_its_name(tmp_path: Path) -> None:
    write(tmp_path, "zulu", THEME.format(name="zulu"))
    write(tmp_path, "spark-le", THEME.format(name="sparkle"))
    write(tmp_path, "_helper", "raise AssertionError")
    write(tmp_path, ".hidden", "raise AssertionError")
    (tmp_path / "notes.txt").write_text("no plugin")
    manager, warnings = load(tmp_path)
    assert warnings == []
    assert from_files(manager) == [("spark-le", "on", ("theme sparkle",)), ("zulu", "on", ("theme zulu",))]
    record = manager.records[-1]
    assert (record.file, record.distribution, record.builtin) == (str(tmp_path / "zulu.py"), "", False)
    assert MODULE_PREFIX + "zulu" in sys.modules
    assert not manager.is_builtin("theme", "zulu")


def test_folders_are_read_in_turn_and_each_once(tmp_path: Path) -> None:
    write(tmp_path / "a", "one", THEME.format(name="one"))
    write(tmp_path / "b", "two", THEME.format(name="two"))
    (tmp_path / "link").symlink_to(tmp_path / "b")
    manager, warnings = load(tmp_path / "b", tmp_path / "nowhere", tmp_path / "link", tmp_path / "a")
    assert warnings == []
    assert sorted(name for name, *_ in from_files(manager)) == ["one", "two"]


def test_of_two_with_one_name_the_first_counts(tmp_path: Path) -> None:
    write(tmp_path / "a", "one", THEME.format(name="one"))
    write(tmp_path / "b", "one", THEME.format(name="uno"))
    manager, (warning,) = load(tmp_path / "a", tmp_path / "b")
    assert f'plugin "one" ({tmp_path / "b" / "one.py"}) is left out: the name is taken by' in warning
    assert "one" in manager.themes
    assert "uno" not in manager.themes


def test_a_file_can_not_take_a_built_ins_name(tmp_path: Path) -> None:
    write(tmp_path, "aes-gcm", THEME.format(name="evil"))
    manager, (warning,) = load(tmp_path)
    assert 'the name is taken by plugin "aes-gcm" (ud2p' in warning
    assert "aes-gcm" in manager.ciphers


def test_what_fails_is_named_by_its_file(tmp_path: Path) -> None:
    path = write(tmp_path, "broken", "1 / 0")
    write(tmp_path, "well", THEME.format(name="well"))
    manager, (warning,) = load(tmp_path)
    assert warning.startswith(f'plugin "broken" ({path}) is left out: importing it raised ZeroDivisionError')
    assert MODULE_PREFIX + "broken" not in sys.modules
    assert "well" in manager.themes


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX has pipes")
def test_what_is_no_file_is_named_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py", 0o600)
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere")
    (tmp_path / "nul.py").write_bytes(b"x = '\0'")
    (tmp_path / "utf16.py").write_bytes(b"\xff\xfe")
    manager, warnings = load(tmp_path)
    assert [name for name, state, _ in from_files(manager) if state == "failed"] == [
        "folder",
        "gone",
        "nul",
        "pipe",
        "utf16",
    ]
    assert sum("it is no regular file" in warning for warning in warnings) == 2


def test_a_module_that_answers_to_every_name(tmp_path: Path) -> None:
    write(tmp_path, "any", THEME.format(name="any") + "\ndef __getattr__(name):\n    raise RuntimeError(name)\n")
    manager, warnings = load(tmp_path)
    assert warnings == []
    assert "any" in manager.themes


def test_a_dataclass_in_it_works(tmp_path: Path) -> None:
    write(
        tmp_path,
        "deep",
        "import dataclasses\n@dataclasses.dataclass\nclass A:\n x: 'int' = 1\n" + THEME.format(name="d"),
    )
    assert load(tmp_path)[1] == []


OBJECT = """
from ud2p import ThemeInfo, impl

class Themes:
    @impl
    def ud2p_register_themes(self):
        return [ThemeInfo("by-object", make=object)]

plugin = Themes()
"""


def test_an_object_of_that_name_is_the_plugin(tmp_path: Path) -> None:
    write(tmp_path, "objects", OBJECT)
    manager, warnings = load(tmp_path)
    assert warnings == []
    assert "by-object" in manager.themes


def test_safe_mode_and_no_plugin_leave_them_out(tmp_path: Path) -> None:
    write(tmp_path, "bomb", "raise SystemExit")
    for options in ({"safe_mode": True}, {"disabled": ["bomb"]}, {"kept_off": ["bomb"]}):
        manager, warnings = load(tmp_path, **options)
        assert warnings == []
        assert from_files(manager) == [("bomb", "off", ())]


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ('dependencies = ["ud2p>=99"]', "it was made for ud2p >=99"),
        ('requires-python = ">=3"\n# dependencies = [\n#   "nothing-like-it",\n# ]', "it needs nothing-like-it"),
        ("dependencies = 3", "are not a list of texts"),
        ("dependencies = [", "is not valid TOML"),
    ],
)
def test_what_it_needs_is_looked_at_before_it_is_imported(tmp_path: Path, block: str, says: str) -> None:
    write(tmp_path, "needy", f"# /// script\n# {block}\n# ///\nraise AssertionError")
    _, (warning,) = load(tmp_path)
    assert says in warning
    assert "AssertionError" not in warning


def test_what_it_needs_and_what_is_there(tmp_path: Path) -> None:
    block = '# /// script\n# dependencies = ["ud2p>=0.0.1", "pluggy"]\n#\n# ///\n'
    write(tmp_path, "content", block + THEME.format(name="content"))
    manager, warnings = load(tmp_path)
    assert warnings == []
    assert "content" in manager.themes


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="POSIX has these modes")
def test_what_everybody_may_write_is_not_loaded(tmp_path: Path) -> None:
    path = write(tmp_path / "file", "open", "raise AssertionError")
    path.chmod(0o666)
    _, (warning,) = load(tmp_path / "file")
    assert f"everybody may write to {path}; chmod o-w makes it yours" in warning
    write(tmp_path / "folder", "inside", "raise AssertionError")
    (tmp_path / "folder").chmod(0o777)
    manager, (warning,) = load(tmp_path / "folder")
    assert warning.startswith(f"no plugin in {tmp_path / 'folder'} is loaded: everybody may write to ")
    assert from_files(manager) == []


@needs_other_users
def test_what_belongs_to_somebody_else_is_not_loaded(tmp_path: Path) -> None:
    path = write(tmp_path, "theirs", "raise AssertionError")
    os.chown(path, 12345, 12345)
    _, (warning,) = load(tmp_path)
    # Root itself trusts nobody else; what root owns is trusted by everybody.
    assert f"{path} belongs to another user; make a copy of your own" in warning
