"""The pytest plugin, as a plugin author meets it: in pytest-asyncio's strict mode, with nobody's settings at stake."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys

import pytest
from tests.support.inner_runs import QUIET, STRICT

pytest_plugins = ["pytester"]


def run(pytester: pytest.Pytester, source: str, *options: str) -> pytest.RunResult:
    """Run a file of tests in a process of its own."""
    pytester.makepyfile(test_it=source)
    return pytester.runpytest_subprocess(*QUIET, *options, timeout=60)


def test_it_is_registered() -> None:
    points = importlib.metadata.entry_points(group="pytest11", name="ud2p")
    assert [point.value for point in points] == ["ud2p.testing.plugin"]


def test_it_costs_those_little_who_test_something_else(pytester: pytest.Pytester) -> None:
    source = """
        import sys

        def test_it():
            heavy = {"cryptography", "hypothesis.strategies", "msgspec", "ud2p.client", "ud2p.plugins"}
            assert not heavy & set(sys.modules)
            assert {name for name in sys.modules if name.startswith("ud2p")} == {
                "ud2p", "ud2p.testing", "ud2p.testing.plugin", "ud2p.testing.async_fixtures"
            }
    """
    run(pytester, source, *STRICT, "-p", "no:hypothesispytest").assert_outcomes(passed=1)


GOOD = """
    import os
    from pathlib import Path

    import pytest
    from ud2p import ClientEvent, MessageReceived, ThemeInfo
    from ud2p.screen import PeerMessage
    from ud2p.testing import introduce


    @pytest.mark.asyncio
    async def test_two_in_a_chat(ud2p_pair):
        alice, bob = ud2p_pair
        alice.chat.post("hello")
        assert (await bob.next(MessageReceived)).text == "hello"


    @pytest.mark.asyncio
    async def test_more_people(ud2p_people, ud2p_broker):
        carol = await ud2p_people("carol")
        dave = await ud2p_people("dave", online=True)
        assert [each.name for each in (await carol.client.list()).clients] == ["carol", "dave"]
        await introduce(carol, dave)
        assert dave.chat.peer == "carol"
        assert ud2p_broker.startswith("127.0.0.1:")


    @pytest.mark.asyncio
    async def test_a_bad_network(ud2p_people, ud2p_lossy_link):
        name = ud2p_lossy_link(seed=3, loss=0.2)
        assert name == "lossy-udp"
        assert ud2p_lossy_link(seed=4) == "lossy-udp-1"
        people = [await ud2p_people(each, transport=name) for each in ("alice", "bob")]
        await introduce(*people)
        for number in range(5):
            people[0].chat.post(str(number))
        assert [(await people[1].next(MessageReceived)).text for _ in range(5)] == list("01234")


    def test_what_is_installed(ud2p_plugins):
        assert {"aes-gcm", "xchacha20"} <= set(ud2p_plugins.ciphers)


    def test_time(ud2p_clock):
        began = ud2p_clock()
        ud2p_clock.advance(2.5)
        assert ud2p_clock() == ud2p_clock.now == began + 2.5
        with pytest.raises(ValueError):
            ud2p_clock.advance(-1)


    def test_a_terminal(ud2p_terminal):
        terminal = ud2p_terminal(width=40)
        assert terminal.show(PeerMessage("bob", "a\\x1bb")) == [r"a\\x1bb < bob"]
        terminal.show(PeerMessage("bob", "word " * 20))
        assert len(terminal.lines) > 2
        assert max(map(len, terminal.lines)) <= 40


    def test_a_theme_that_can_not_be_shown(ud2p_terminal):
        class Bad:
            def render(self, event, width):
                return [[("\\x1b[31m", "")]]

        with pytest.raises(AssertionError, match="can't show PeerMessage"):
            ud2p_terminal(Bad()).show(PeerMessage("bob", "hi"))


    @pytest.mark.asyncio
    async def test_nobodys_settings(ud2p_pair, ud2p_folders):
        for name in ("UD2P_STATE_DIR", "UD2P_CONFIG_DIR"):
            assert Path(os.environ[name]).parent == ud2p_folders
"""


def test_the_fixtures(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    users_own = pytester.path / "the user's own"
    users_own.mkdir()
    for name in ("UD2P_STATE_DIR", "UD2P_CONFIG_DIR"):
        monkeypatch.setenv(name, str(users_own))
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(users_own))
    run(pytester, GOOD, *STRICT).assert_outcomes(passed=8)
    assert os.listdir(users_own) == []


def test_a_plugin_that_is_warned_of_fails_its_test(pytester: pytest.Pytester) -> None:
    info = pytester.mkdir("ud2p_broken-1.0.dist-info")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ud2p-broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ud2p]\nbroken = ud2p_broken\n")
    pytester.makepyfile(ud2p_broken="import nothing_of_that_name\n")
    pytester.syspathinsert()
    result = run(pytester, "def test_it(ud2p_plugins): pass", *STRICT)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*a plugin was warned of:*", '*plugin "broken" (ud2p-broken 1.0)*'])


def test_the_plugins_can_be_others(pytester: pytest.Pytester) -> None:
    source = """
        import pytest
        from ud2p import PluginManager


        @pytest.fixture
        def ud2p_plugins(ud2p_folders):
            return PluginManager.load(safe_mode=True, disabled=["fernet"])


        @pytest.mark.asyncio
        async def test_it(ud2p_pair, ud2p_plugins):
            assert ud2p_pair.alice.client.plugins is ud2p_plugins
            assert "fernet" not in ud2p_plugins.ciphers
    """
    run(pytester, source, *STRICT).assert_outcomes(passed=1)


def test_without_pytest_asyncio_it_says_what_to_install(pytester: pytest.Pytester) -> None:
    source = """
        def test_a_terminal(ud2p_terminal): assert ud2p_terminal().show
        def test_it(ud2p_pair): pass
    """
    result = run(pytester, source, "-p", "no:asyncio")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(['*ud2p_pair needs pytest-asyncio*pip install "ud2p?testing?"'])


def test_without_autoload_it_is_loaded_by_name(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    source = "import pytest\n@pytest.mark.asyncio\nasync def test_it(ud2p_broker): assert ud2p_broker"
    pytester.makepyfile(test_it=source)
    result = pytester.runpytest_subprocess(*STRICT, "-p", "pytest_asyncio.plugin", "-p", "ud2p", timeout=60)
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("missing", ["hypothesis", "pytest_asyncio"])
def test_a_suite_without_what_it_needs_says_what_to_install(missing: str) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "try:\n    from ud2p.testing import CipherConformance\nexcept ImportError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    sentence = f'ud2p.testing needs {missing}, which is not installed; run: pip install "ud2p[testing]"'
    assert done.stdout.strip() == sentence


def test_the_assertions_of_a_suite_are_explained(pytester: pytest.Pytester) -> None:
    source = """
        from ud2p import ThemeInfo
        from ud2p.testing import ThemeConformance


        class TestIt(ThemeConformance):
            info = ThemeInfo("it", lambda: None, "")
    """
    result = run(pytester, source, *STRICT, "-k", "registered")
    result.assert_outcomes(failed=1, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines(["E*where '' = ThemeInfo(*"])


@pytest.mark.parametrize("scope", ["function", "session"])
def test_a_project_may_have_one_loop_for_all_tests(pytester: pytest.Pytester, scope: str) -> None:
    source = """
        import pytest
        from ud2p import MessageReceived
        from ud2p.testing import DirectoryConformance
        from ud2p_plugins.directories import memory


        @pytest.mark.asyncio
        async def test_it(ud2p_pair):
            ud2p_pair.alice.chat.post("hello")
            assert (await ud2p_pair.bob.next(MessageReceived)).text == "hello"


        class TestDirectory(DirectoryConformance):
            info = memory.ud2p_register_directories()[0]
    """
    both = [f"asyncio_default_{which}_loop_scope={scope}" for which in ("test", "fixture")]
    options = [word for each in both for word in ("-o", each)]
    assert set(run(pytester, source, *STRICT, *options).parseoutcomes()) == {"passed"}


def test_fixtures_and_tests_in_two_loops_are_told(pytester: pytest.Pytester) -> None:
    source = """
        import pytest
        from ud2p import MessageReceived

        @pytest.mark.asyncio
        async def test_it(ud2p_pair):
            await ud2p_pair.bob.next(MessageReceived)
    """
    result = run(pytester, source, *STRICT, "-o", "asyncio_default_fixture_loop_scope=session")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*this test and its fixtures run in two event loops*"])
