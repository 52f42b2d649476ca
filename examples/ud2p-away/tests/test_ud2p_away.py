import pytest
import ud2p_away

from ud2p import MessageReceived, PluginManager
from ud2p.testing import CommandConformance, introduce


class TestAway(CommandConformance):
    """Everything that ud2p expects of a command."""

    info = ud2p_away.Away().ud2p_register_commands()[0]


class Context:
    """What the command is given, as far as it uses it."""

    def say(self, text):
        self.said = text


@pytest.mark.asyncio
async def test_it_answers_now_and_then(ud2p_people, ud2p_clock):
    away, context = ud2p_away.Away(ud2p_clock), Context()
    plugins = PluginManager.load(safe_mode=True)
    plugins.register(away, "away")
    alice, bob = await ud2p_people("alice"), await ud2p_people("bob", plugins=plugins)
    chat, theirs = await introduce(alice, bob)
    away.run(context, "gone fishing")
    assert context.said == "Whoever writes is told: gone fishing"
    for text in ("hello?", "anybody?"):
        chat.post(text)
        assert (await bob.next(MessageReceived)).text == text
    assert (await alice.next(MessageReceived)).text == "(away) gone fishing"
    ud2p_clock.advance(60)
    chat.post("still away?")
    assert (await alice.next(MessageReceived)).text == "(away) gone fishing"
    await bob.next(MessageReceived)
    away.run(context, "")
    ud2p_clock.advance(60)
    chat.post("back?")
    await bob.next(MessageReceived)
    theirs.post("yes")
    assert (await alice.next(MessageReceived)).text == "yes"
