"""One kind of prompt, drawn and edited by prompt_toolkit.

``read`` runs a ``PromptSession`` on an event loop of its own, on the main thread, until Enter, Ctrl-C, Ctrl-D, or
until somebody takes the prompt away with ``finish``. While it runs, posted calls run on that loop and what is printed
appears above. Nothing that was typed is lost on the way:

- keys that wait when the prompt opens come first, as if typed now, but dated back;
- keys that were read behind an Enter, or while the prompt was being taken away, wait for the next prompt;
- a line that was half typed when the prompt was taken away comes back, cursor and all, as the next draft.

Importing this module imports prompt_toolkit (0.1 s).
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import History, InMemoryHistory
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.styles import DynamicStyle, Style

from ud2p_shell.terminal.devices import Devices
from ud2p_shell.terminal.history import HistoryFile
from ud2p_shell.terminal.line_output import LineOutput
from ud2p_shell.terminal.main_thread import MainThread
from ud2p_shell.terminal.prompt import (
    Entered,
    Fragments,
    HungUp,
    Interrupted,
    Outcome,
    Prompt,
    ShowFragments,
    Terminated,
)
from ud2p_shell.terminal.prompt_keys import make_key_bindings

MAX_INDENT = 8


@dataclass(frozen=True, slots=True)
class Draft:
    """A line that is not finished."""

    document: Document = field(default_factory=Document)
    begun_at: float | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all prompts of a program share."""

    devices: Devices
    output: LineOutput
    main: MainThread
    toolbar: Callable[[ShowFragments], Fragments]
    """Makes the whole bottom toolbar from the prompt's own."""
    styles: Callable[[], dict[str, str]]
    """prompt_toolkit's style rules, such as ``{"bottom-toolbar": "noreverse"}``."""
    is_ticking: Callable[[], bool]
    """Whether something besides the prompt needs a drawing every second."""


class LineEditor:
    """Edits lines of one kind. All but ``finish``, ``invalidate`` and ``run_above`` is for the main thread."""

    def __init__(self, prompt: Prompt, around: Surroundings) -> None:
        self._prompt = prompt
        self._around = around
        self._lock = threading.RLock()  # a signal handler may come while this thread holds it
        self._loop: asyncio.AbstractEventLoop | None = None
        self._terminated: Terminated | None = None
        self._begun_at: float | None = None
        self._waiting_keys: list[KeyPress] = []
        self._typed_since: float | None = None  # while old keys are processed
        self._opened_at = 0.0
        self._reported: set[str] = set()
        self._rules: dict[str, str] = {}
        self._made_style = Style([])
        self._session = self._make_session()

    def read(self, draft: Draft, is_interrupted: Callable[[], bool]) -> tuple[Outcome, Draft]:
        """Show the prompt and edit a line.

        :param is_interrupted: looked at once more when the prompt is open, so that no interruption falls in between
        :returns: how it ended, and, when it was taken away, the line as it was
        """
        session, devices = self._session, self._around.devices
        session.app.erase_when_done = self._prompt.erase_when_done
        self._begun_at = draft.begun_at
        self._waiting_keys, self._typed_since = devices.take_waiting_keys()
        self._opened_at = time.monotonic()
        try:
            outcome = asyncio.run(self._edit(draft, is_interrupted))
        except EOFError:
            outcome = HungUp()
        finally:
            self._closed()
            devices.put_back(self._waiting_keys, self._typed_since or self._opened_at)
        if self._terminated is not None:
            outcome = self._terminated
        elif isinstance(outcome, str):
            outcome = Entered(outcome, time.monotonic() if self._begun_at is None else self._begun_at)
        left = Draft(session.default_buffer.document, self._begun_at)
        return outcome, left if isinstance(outcome, Interrupted) else Draft()

    def finish(self, outcome: Outcome) -> bool:
        """From any thread, also from a signal handler: end the prompt, if it is open and not ending already.

        :returns: whether it is open (one that is just ending still takes :class:`Terminated`)
        """
        if isinstance(outcome, Terminated):
            self._terminated = outcome
        return self._call_soon(self._finish, outcome)

    def invalidate(self) -> None:
        """From any thread: draw the prompt again, if it is open."""
        self._call_soon(self._session.app.invalidate)

    def run_above(self, call: Callable[[], None]) -> bool:
        """From any thread, also from a signal handler: run ``call`` with the prompt taken off the screen for so long.

        :returns: whether the prompt is open
        """
        return self._call_soon(self._run_above, call)

    def _make_session(self) -> PromptSession[Outcome]:
        around = self._around
        session: PromptSession[Outcome] = PromptSession(
            message=self._shown(self._prompt.text),
            placeholder=self._shown(self._unless_done(self._prompt.placeholder)),
            prompt_continuation=_indent,
            history=_history(self._prompt),
            key_bindings=make_key_bindings(
                self._prompt, self._finish, self._line_cleared, self._columns, around.main.report
            ),
            style=DynamicStyle(self._style),
            include_default_pygments_style=False,
            complete_while_typing=False,
            input=around.devices.input,
            output=around.devices.output,
        )
        session.default_buffer.on_text_changed += lambda _: self._text_changed()
        session.app.before_render += lambda _: self._before_render()
        return session

    async def _edit(self, draft: Draft, is_interrupted: Callable[[], bool]) -> Outcome:
        """Closed while the loop still runs: what arrives between the last drawing and the end of the loop must find
        no prompt to be printed above (asyncio warns on the screen of a generator begun in a loop that ends)."""
        try:
            return await self._session.prompt_async(
                default=draft.document, pre_run=lambda: self._opened(is_interrupted), set_exception_handler=False
            )
        finally:
            self._closed()

    def _opened(self, is_interrupted: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        with self._lock:
            self._loop = loop
        self._around.output.attach_prompt(loop)
        self._around.main.attach_prompt(loop)
        app = self._session.app
        app.create_background_task(self._tick())
        if is_interrupted():
            self._finish(Interrupted())
        else:
            # In this order, and before anything is read: an arrow up that waits needs the history.
            self._session.default_buffer.load_history_if_not_yet_loaded()
            app.create_background_task(self._catch_up())

    async def _catch_up(self) -> None:
        """Do what the waiting keys say, which may end the prompt before the last of them."""
        processor = self._session.app.key_processor
        processor.feed_multiple(self._waiting_keys)
        self._waiting_keys = []
        processor.process_keys()
        if not processor.input_queue:
            self._typed_since = None

    def _closed(self) -> None:
        """The prompt is off the screen, or done; called twice where it ends well."""
        with self._lock:
            self._loop = None
        self._around.main.detach_prompt()
        self._around.output.detach_prompt()

    def _run_above(self, call: Callable[[], None]) -> None:
        if self._loop is None:  # the prompt ended before its loop came to this call
            call()
        else:
            run_in_terminal(call)

    def _finish(self, outcome: Outcome) -> None:
        app = self._session.app
        if app.future is None or app.future.done():
            return
        if isinstance(outcome, Interrupted):
            app.erase_when_done = True
        app.exit(result=outcome)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            if self._prompt.ticking() or self._around.is_ticking():
                self._session.app.invalidate()

    def _before_render(self) -> None:
        self._session.bottom_toolbar = self._shown(lambda: self._around.toolbar(self._prompt.toolbar))() or None

    def _text_changed(self) -> None:
        if not self._session.default_buffer.text:
            self._line_cleared()
        elif self._begun_at is None:
            self._begun_at = time.monotonic() if self._typed_since is None else self._typed_since

    def _line_cleared(self) -> None:
        self._begun_at = None

    def _style(self) -> Style:
        """The style of the rules of now; another object makes prompt_toolkit draw everything anew."""
        rules = self._around.styles()
        if rules != self._rules:
            self._rules, self._made_style = dict(rules), Style.from_dict(rules)
        return self._made_style

    def _columns(self) -> int:
        return self._around.devices.output.get_size().columns

    def _call_soon(self, callback: Callable[..., object], *args: object) -> bool:
        with self._lock:
            loop = self._loop
        if loop is None:
            return False
        try:
            loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:  # the prompt has just closed
            return False
        return True

    def _shown(self, show: ShowFragments) -> Callable[[], StyleAndTextTuples]:
        """An error in a callable would come with every drawing; it is reported once, and shows nothing."""

        def shown() -> StyleAndTextTuples:
            try:
                return [*show()]
            except Exception as error:  # noqa: BLE001 - whatever it is, the line must stay editable
                if repr(error) not in self._reported:
                    self._reported.add(repr(error))
                    self._around.main.report(error)
                return []

        return shown

    def _unless_done(self, show: ShowFragments) -> ShowFragments:
        """A placeholder must not stay on the screen behind an empty line that was entered."""
        return lambda: [] if self._session.app.is_done else show()


class _FiledHistory(InMemoryHistory):
    """History in memory that also goes to a file."""

    def __init__(self, file: HistoryFile) -> None:
        super().__init__(file.load())
        self._file = file

    def store_string(self, string: str) -> None:
        super().store_string(string)
        self._file.append(string)


def _history(prompt: Prompt) -> History:
    return InMemoryHistory() if prompt.history is None else _FiledHistory(HistoryFile(prompt.history))


def _indent(prompt_width: int, _line: int, wraps: int) -> str:
    """Before the further lines of a paste: spaces, so that it can be told from what the screen's edge broke."""
    return "" if wraps else " " * min(prompt_width, MAX_INDENT)
