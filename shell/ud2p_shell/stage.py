"""The stage: what happened, through the theme, onto the screen. The one place where events become text.

Everything shown goes through :func:`ud2p.rendering.safe_render`, which passes every string through the gate and keeps a
theme from doing harm.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping

from ud2p import screen
from ud2p.contracts import Theme, ThemeInfo
from ud2p.errors import PluginError, UD2PError, UsageError
from ud2p.faults import describe
from ud2p.rendering import Rendered, safe_render
from ud2p.text import gate
from ud2p_shell.paint import paint, to_formatted_text
from ud2p_shell.terminal.prompt import Fragments

STAND_IN = "roanda"
"""The theme that shows what another one fails to."""


class Stage:
    """Shows events in the theme of the moment, which is the plain one at first. For the main thread.

    What the theme fails to show, :data:`STAND_IN` shows, and the plain one where that is not there.
    """

    def __init__(self, themes: Mapping[str, ThemeInfo], columns: Callable[[], int], *, colour: bool) -> None:
        """:param columns: the width of the terminal now"""
        self.themes = themes
        self.theme_name = ""
        self._theme: Theme | None = None
        self._stand_in: Theme | None = None
        self._columns = columns
        self._colour = colour
        self._named: set[str] = set()

    def use(self, name: str) -> None:
        """Change the theme.

        :raises UsageError: when there is no such theme
        :raises PluginError: when it can't be made
        """
        info = self.themes.get(name.casefold())
        if info is None:
            raise UsageError(f"there is no theme {name}; there are: {', '.join(self.themes) or 'none'}")
        theme = _make(info)
        self._theme, self.theme_name = theme, info.name
        self._stand_in = None

    def begin(self, name: str) -> str:
        """Start with a theme, or without it: one that is gone or broken must not keep anybody out.

        :returns: why it is another, a sentence that is safe to print; empty as a rule
        """
        try:
            self.use(name)
        except UD2PError as error:
            stand_in = "the plain one"
            with contextlib.suppress(UD2PError):
                self.use(STAND_IN)
                stand_in = STAND_IN
            return gate(f"{error}; {stand_in} stands in")
        return ""

    def show(self, event: screen.ScreenEvent) -> None:
        """Print an event."""
        rendered = self._render(event)
        if rendered.lines:
            print(paint(rendered.lines, colour=self._colour))
        self._name_problem(rendered.problem)

    def fail(self, error: BaseException) -> None:
        """Print what went wrong, as a sentence."""
        self.show(screen.ErrorShown(str(error) or type(error).__name__))

    def fragments(self, event: screen.ScreenEvent) -> Fragments:
        """An event of one line, such as a prompt or the status bar, for a prompt to show."""
        rendered = self._render(event)
        line = rendered.lines[0] if rendered.lines else []
        return to_formatted_text(line, colour=self._colour)

    def text(self, event: screen.ScreenEvent) -> str:
        """An event of one line, without colours."""
        return "".join(text for _, text in self.fragments(event))

    def _render(self, event: screen.ScreenEvent) -> Rendered:
        rendered = safe_render(self._theme, event, self._columns(), self._stand_in)
        if rendered.problem and self._stand_in is None and self.theme_name != STAND_IN and STAND_IN in self.themes:
            with contextlib.suppress(PluginError):
                self._stand_in = _make(self.themes[STAND_IN])
            rendered = safe_render(self._theme, event, self._columns(), self._stand_in)
        return rendered

    def _name_problem(self, problem: str) -> None:
        if problem and self.theme_name not in self._named:
            self._named.add(self.theme_name)
            other = STAND_IN if self._stand_in is not None else "the plain one"
            self.show(screen.ErrorShown(f"the theme {self.theme_name} failed, and {other} stands in: {problem}"))


def _make(info: ThemeInfo) -> Theme:
    try:
        return info.make()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise PluginError(f"the theme {info.name} failed ({describe(error)}); use another") from error
