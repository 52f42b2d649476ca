"""The stage: what happened, through the theme, onto the screen. The one place where events become text.

Everything shown goes through :func:`ud2p.rendering.safe_render`, which passes every string through the gate and keeps a
theme from doing harm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ud2p import screen
from ud2p.contracts import Theme, ThemeInfo
from ud2p.errors import PluginError, UsageError
from ud2p.rendering import safe_render
from ud2p_shell.paint import paint, to_formatted_text
from ud2p_shell.terminal.prompt import Fragments


class Stage:
    """Shows events in the theme of the moment, which is the plain one at first. For the main thread."""

    def __init__(self, themes: Mapping[str, ThemeInfo], columns: Callable[[], int], *, colour: bool) -> None:
        """:param columns: the width of the terminal now"""
        self.themes = themes
        self.theme_name = ""
        self._theme: Theme | None = None
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
        try:
            self._theme = info.make()
        except Exception as error:
            raise PluginError(f"the theme {info.name} failed ({type(error).__name__}: {error}); use another") from error
        self.theme_name = info.name

    def show(self, event: screen.ScreenEvent) -> None:
        """Print an event."""
        rendered = safe_render(self._theme, event, self._columns())
        if rendered.lines:
            print(paint(rendered.lines, colour=self._colour))
        self._name_problem(rendered.problem)

    def fail(self, error: BaseException) -> None:
        """Print what went wrong, as a sentence."""
        self.show(screen.ErrorShown(str(error) or type(error).__name__))

    def fragments(self, event: screen.ScreenEvent) -> Fragments:
        """An event of one line, such as a prompt or the status bar, for a prompt to show."""
        rendered = safe_render(self._theme, event, self._columns())
        line = rendered.lines[0] if rendered.lines else []
        return to_formatted_text(line, colour=self._colour)

    def text(self, event: screen.ScreenEvent) -> str:
        """An event of one line, without colours."""
        return "".join(text for _, text in self.fragments(event))

    def _name_problem(self, problem: str) -> None:
        if problem and self.theme_name not in self._named:
            self._named.add(self.theme_name)
            self.show(screen.ErrorShown(f"the theme {self.theme_name} failed, and the plain one stands in: {problem}"))
