"""What keeps a broken or greedy plugin from harm."""

from __future__ import annotations

from tests.mutants.mutant import without

GATEKEEPERS = "core/ud2p/plugins/gatekeepers.py"
T = "tests/core/plugins/test_gatekeepers.py::"

MUTANTS = (
    without(
        "a gatekeeper that raises has refused a message",
        GATEKEEPERS,
        "            elif isinstance(answer, _Broken):\n                refusal = refusal or (\n",
        "            elif False:\n                refusal = refusal or (\n",
        T + "test_a_message_stays_here_when_a_gatekeeper_breaks",
    ),
    without(
        "a gatekeeper that raises leaves an invitation to the user",
        GATEKEEPERS,
        "                answers.append(Decision.ASK)\n",
        "                pass\n",
        T + "test_the_user_is_asked_when_a_gatekeeper_breaks",
        "tests/core/test_broken_plugins.py::test_a_gatekeeper_that_raises_is_no_yes_for_a_bot",
    ),
    without(
        "a gatekeeper that raises has refused at a broker",
        GATEKEEPERS,
        "            elif isinstance(answer, _Broken):  # this goes",
        "            elif False:  # this goes",
        T + "test_a_broker_refuses_when_a_gatekeeper_breaks",
        "tests/server/test_server.py::test_a_gatekeeper_that_raises_refuses",
    ),
    without(
        "the strictest gatekeeper decides",
        GATEKEEPERS,
        "return max(answers,",
        "return min(answers,",
        T + "test_the_strictest_decides_about_an_invitation",
    ),
    without(
        "a gatekeeper has two seconds",
        GATEKEEPERS,
        "timeout=self._limit_s)",
        "timeout=None)",
        T + "test_one_that_does_not_answer_in_time_has_refused",
    ),
    without(
        "what a gatekeeper answers is looked at",
        GATEKEEPERS,
        "return answer if problem is None else self._broken(keeper, hook, problem)",
        "return answer",
        T + "test_a_message_stays_here_when_a_gatekeeper_breaks",
    ),
    without(
        "a plugin does not end the program",
        GATEKEEPERS,
        "except BaseException as error:  # noqa: BLE001 - SystemExit included: a plugin does not end the program",
        "except ValueError as error:",
        T + "test_a_message_stays_here_when_a_gatekeeper_breaks",
    ),
    without(
        "a third party's cipher is never offered unasked",
        "core/ud2p/plugins/manager.py",
        'PREFERRED_CIPHERS if self.is_builtin("cipher", name))',
        "PREFERRED_CIPHERS if name in ciphers)",
        "tests/core/plugins/test_manager.py::test_a_third_party_in_the_place_of_a_built_in_is_not_offered_unasked",
    ),
    without(
        "a theme gives no escape codes",
        "core/ud2p/rendering.py",
        "if not (text.isascii() and text.isprintable()) and any(map(_is_acted_on, text)):",
        "if False:",
        "tests/core/test_rendering.py::test_nonsense_and_escape_codes_are_replaced",
    ),
    without(
        "a theme that raises is replaced",
        "core/ud2p/rendering.py",
        "except PLUGIN_FAULTS as error:  # a theme may raise whatever it likes",
        "except ZeroDivisionError as error:",
        "tests/core/test_rendering.py::test_a_theme_that_raises_is_told_and_replaced",
    ),
    without(
        "a cipher that can't be made ends the introduction",
        "core/ud2p/protocol/record.py",
        'raise PluginError(f"the cipher {info.name} can\'t be used: {error}; choose another with --cipher") from error',
        "raise",
        "tests/core/test_broken_plugins.py::test_a_cipher_that_can_not_be_made_ends_the_introduction_on_both_sides",
    ),
)
