"""The theme that the core falls back to, and that other themes may be made from.

What it shows is in its words (:data:`ud2p.plain_words.WORDS`), its styles and one ``show_...`` method for each event
that is more than a sentence. A theme made from it replaces what it wants and nothing else::

    class Shouting(PlainTheme):
        words = {**PlainTheme.words, "goodbye": "BYE"}
        styles = {"goodbye": "bold red"}

        def show_peer_message(self, event, width): ...

The styles (a usual set is :data:`ud2p.plain_words.STYLES`) are keyed by the words' keys, and by parts of lines:
``rule``, ``mark`` (``>`` and ``<``), ``peer_name``, ``peer_text``, ``own_text``, ``number``, ``person``, ``address``,
``file_tick``, ``command``, ``summary``, ``plugin_on``, ``plugin_off``, ``plugin_failed``, ``problem``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ud2p.plain_words import WORDS, snake, variant
from ud2p.text import pad_right, truncate
from ud2p.text import width as columns_wide
from ud2p.theme_kit import (
    count_words,
    hang,
    names_words,
    one_line,
    paragraphs,
    rate_words,
    seconds_words,
    size_words,
    spaces,
)

if TYPE_CHECKING:
    # For the type checker only: a theme's module loads at start-up, screen events when the first is made.
    from ud2p import screen
    from ud2p.contracts import Line, Span
    from ud2p.theme_kit import Lines

TYPING_ROOM = 12
"""Columns that a prompt leaves to type in."""


class PlainTheme:
    """Every event in the seed's words, without colours."""

    words: ClassVar[Mapping[str, str]] = WORDS
    styles: ClassVar[Mapping[str, str]] = {}
    rule_columns: ClassVar[int] = 40
    """How long a rule is; 0 for a theme without rules and empty lines."""
    rule_mark: ClassVar[str] = "-"

    def render(self, event: screen.ScreenEvent, width: int) -> Sequence[Line] | None:
        """See :meth:`ud2p.contracts.Theme.render`."""
        name = snake(type(event).__name__)
        show = getattr(self, f"show_{name}", self.show_prompt if name.endswith("_prompt") else self.show_sentence)
        lines: Lines = show(event, width)
        return lines

    def show_sentence(self, event: screen.ScreenEvent, width: int) -> Lines:
        """An event that is no more than its words."""
        return self.sentence(variant(event), event, width)

    def show_prompt(self, event: screen.ScreenEvent, width: int) -> Lines:
        """The words of a prompt, the short form where the long one leaves no room to type."""
        key = variant(event)
        if columns_wide(self.words[key]) > width - TYPING_ROOM:
            key = f"{key}_short" if f"{key}_short" in self.words else key
        return [[self.span(key, self.say(key, event))]]

    def show_chat_prompt(self, event: screen.ChatPrompt, width: int) -> Lines:
        """``You >``, where a message is typed."""
        return [self.own_prefix()]

    # what the methods below are made of

    def say(self, key: str, event: Any, **more: object) -> str:
        """The words for ``key``, filled in."""
        return self.words[key].format(
            e=event,
            size=size_words(getattr(event, "size_bytes", 0)),
            took=seconds_words(getattr(event, "seconds", 0.0)),
            rate=rate_words(getattr(event, "size_bytes", 0), getattr(event, "seconds", 0.0)),
            n_files=count_words(getattr(event, "n_files", 1), "file"),
            way=short_path(getattr(event, "path", "")),
            **more,
        )

    def span(self, key: str, text: str) -> Span:
        """``text`` in the style of ``key``."""
        return (text, self.styles.get(key, ""))

    def sentence(self, key: str, event: Any, width: int, **more: object) -> Lines:
        """The words for ``key`` as lines; none where there are no words."""
        text = self.say(key, event, **more)
        indent = len(text) - len(text.lstrip(" "))
        return paragraphs(text[indent:], self.styles.get(key, ""), width, indent=indent) if text else []

    def rule(self, width: int) -> Lines:
        """A rule, in themes that have them."""
        return [[self.span("rule", self.rule_mark * min(self.rule_columns, width))]] if self.rule_columns else []

    def status(self, online: bool) -> Span:
        """``<<Online>>`` or ``<<Offline>>``."""
        key = "online" if online else "offline"
        return self.span(key, self.words[key])

    # the menu

    def show_menu(self, event: screen.Menu, width: int) -> Lines:
        """The numbered commands under the status."""
        gap: Lines = [[]] if self.rule_columns else []
        lines = self.sentence("menu_heading", event, width) + self.rule(width)
        return [*lines, [self.status(event.online)], *gap, *self.sentence("menu_items", event, width)]

    def show_client_list(self, event: screen.ClientList, width: int) -> Lines:
        """Who is there, with numbers."""
        if not event.people:
            nobody = "list_no_match" if event.prefix else "list_nobody"
            return self.sentence("list_nobody_available" if event.only_available else nobody, event, width)
        lines = self.sentence("list_available" if event.only_available else "list_all", event, width)
        lines += self.rule(width)
        name_columns = max(7, *(columns_wide(person.name) for person in event.people))
        for person in event.people:
            prefix, body = self.person(person, name_columns, event.only_available)
            lines += hang(prefix, body, width)
        if event.more or event.people[0].number > 1:
            first, last = event.people[0].number, event.people[-1].number
            lines += self.sentence("list_more", event, width, first=first, last=last)
        return lines

    def person(self, person: screen.ListedPerson, name_columns: int, only_available: bool) -> tuple[Line, Line]:
        """One line of a list: the number, and what stands behind it."""
        body = [self.span("person", pad_right(person.name, name_columns))]
        if not only_available:
            key = "online" if person.online else "offline"
            body.append(self.span(key, f" {self.words[f'person_{key}']:<8}"))
        if person.address:
            host, _, port = person.address.rpartition(":")
            key = "person_address_available" if only_available else "person_address"
            body.append(self.span("address", f" {self.say(key, person, host=host, port=port)}"))
        if person.trust:
            key = f"trust_{person.trust}"
            body.append(self.span(key, f" {self.words.get(key, person.trust)}"))
        return [self.span("number", f"{person.number}. ")], strip_end(body)

    # invitations

    def show_invitation_arrived(self, event: screen.InvitationArrived, width: int) -> Lines:
        """Who asks; behind a warning where introductions failed."""
        warning = self.sentence("failures_warning", event, width) if event.failures else []
        return warning + self.show_sentence(event, width)

    def show_invitation_over(self, event: screen.InvitationOver, width: int) -> Lines:
        """Why it is over, and the other side's words."""
        key = variant(event)
        words = self.say("invitation_words", event) if event.text else ""
        return paragraphs(self.say(key, event) + words, self.styles.get(key, ""), width)

    # a chat

    def show_chat_heading(self, event: screen.ChatHeading, width: int) -> Lines:
        """With whom, how protected, and what can be typed."""
        keys = ("chat_heading", "chat_ready", "chat_details", "chat_note")
        lines = [line for key in keys for line in self.sentence(key, event, width)]
        return lines + self.rule(width)

    def show_own_message(self, event: screen.OwnMessage, width: int) -> Lines:
        """``You > text ✓``"""
        return hang(self.own_prefix(), [self.span("own_text", event.text)], width, tail=self.tick(event))

    def own_prefix(self) -> list[Span]:
        """``You >``"""
        return [self.span("you", self.words["you"]), self.span("mark", " > ")]

    def tick(self, event: screen.OwnMessage) -> list[Span]:
        """How far a message of ours has come."""
        if event.delivered is None:
            return []
        key = "delivered" if event.delivered else "on_its_way"
        return [self.span(key, self.words[key])]

    def show_message_delivered(self, event: screen.MessageDelivered, width: int) -> Lines:
        """One line is enough to recognise the message."""
        words = " ".join(self.say("message_delivered", event).split("\n")).replace("\t", " ")
        return [[self.span("message_delivered", truncate(words, width))]]

    def show_peer_message(self, event: screen.PeerMessage, width: int) -> Lines:
        """``text < name``; more lines than one stand behind a bar, so that none can pass for a line of ours."""
        body, tail = [self.span("peer_text", event.text)], self.peer_tail(event)
        lines = hang((), body, width, tail=tail)
        if len(lines) == 1:
            return lines
        bar = self.span("mark", "│ ")
        return [[bar, *line] for line in hang((), body, width - 2, tail=tail)]

    def peer_tail(self, event: screen.PeerMessage) -> list[Span]:
        """``< name``"""
        return [self.span("mark", " < "), self.span("peer_name", event.peer)]

    # who the peer is

    def show_verify_question(self, event: screen.VerifyQuestion, width: int) -> Lines:
        """The words, how to compare them, and the question."""
        lines = self.sentence("verify_words", event, width, words=" ".join(event.words))
        return lines + self.sentence("verify_how", event, width) + self.sentence("verify_ask", event, width)

    def show_key_changed(self, event: screen.KeyChanged, width: int) -> Lines:
        """Both fingerprints, each in a line of its own, and what to type."""
        keys = ("key_changed", "key_known", "key_now", "key_shown", "key_advice", "key_command")
        return [line for key in keys for line in self.sentence(key, event, width)]

    # files

    def show_file_question(self, event: screen.FileQuestion, width: int) -> Lines:
        """Who sends what, where it would go, and the question."""
        key = "file_question_many" if event.paths else "file_question"
        room = event.free_bytes
        free = "" if room is None else self.say("file_question_free", event, free=size_words(room))
        lines = self.sentence(key, event, width, free=free)
        for path in event.paths:
            lines += self.sentence("file_question_path", event, width, path=path)
        if event.more_paths:
            lines += self.sentence("file_question_more", event, width)
        lines += self.sentence("file_question_into", event, width, free=free)
        if event.existing:
            key = "file_question_exists" if len(event.existing) == 1 else "file_question_exist"
            lines += self.sentence(key, event, width, existing=names_words(event.existing))
        return lines + self.sentence("file_question_ask", event, width)

    def show_files_through(self, event: screen.FilesThrough, width: int) -> Lines:
        """A line a file."""
        return [line for path in event.paths for line in self.sentence("files_through", event, width, path=path)]

    def show_file_sent(self, event: screen.FileSent, width: int) -> Lines:
        """``File sent ✓`` and how it went."""
        return self.file_done("file_sent", event, width)

    def show_file_received(self, event: screen.FileReceived, width: int) -> Lines:
        """``File received ✓``, how it went, and where the file is."""
        return self.file_done("file_received", event, width) + self.sentence(
            "file_saved" if event.n_files == 1 else "files_saved", event, width
        )

    def file_done(self, key: str, event: screen.FileSent | screen.FileReceived, width: int) -> Lines:
        """A file that is through, with its size, time and way."""
        words = self.say(key, event).removesuffix("✓")
        text = words.lstrip(" ")
        done = [self.span(key, text), self.span("file_tick", "✓")]
        many = "file_details" if event.n_files == 1 else "file_details_many"
        details = [self.span("file_details", self.say(many, event))]
        return hang(spaces(len(words) - len(text)), done, width, tail=details)

    # all around

    def show_help_list(self, event: screen.HelpList, width: int) -> Lines:
        """The commands and what they do."""
        return self.two_columns([(self.span("command", name), summary) for name, summary in event.items], width)

    def show_theme_list(self, event: screen.ThemeList, width: int) -> Lines:
        """The themes; a star stands before the one in use."""
        rows = [
            (self.span("command", f"{'*' if name == event.current else ' '} {name}"), summary)
            for name, summary in event.themes
        ]
        return self.two_columns(rows, width)

    def show_plugin_table(self, event: screen.PluginTable, width: int) -> Lines:
        """The plugins, what they bring, and what is wrong with them."""
        if not event.rows:
            return self.sentence("no_plugins", event, width)
        lines: Lines = []
        name_columns = max(columns_wide(row.name) for row in event.rows)
        for row in event.rows:
            prefix = [self.span("command", pad_right(row.name, name_columns)), ("  ", "")]
            origin = row.file or f"{row.distribution} {row.version}".strip()
            brings = f"{', '.join(row.registers or row.kinds)}{f' ({origin})' if origin else ''}".strip()
            body = [self.span(f"plugin_{row.state}", f"{row.state:<8}"), (brings, "")]
            lines += hang(prefix, body, width)
            if row.problem:
                lines += hang([("    ", "")], [self.span("problem", row.problem)], width)
        return lines

    def two_columns(self, rows: Sequence[tuple[Span, str]], width: int) -> Lines:
        """A word and what it means, one under the other."""
        columns = max((columns_wide(text) for (text, _), _ in rows), default=0)
        lines: Lines = []
        for (text, style), summary in rows:
            lines += hang([(pad_right(text, columns), style), ("  ", "")], [self.span("summary", summary)], width)
        return lines

    def show_status_bar(self, event: screen.StatusBar, width: int) -> Lines:
        """One line: what matters most stays longest when the terminal is narrow."""
        parts: list[tuple[int, Line]] = [(2, [(f"{event.name} ", ""), self.status(event.online)])]
        if not event.connected:
            parts.append((1, [self.span("bar_no_broker", self.words["bar_no_broker"])]))
        elif event.chat is None:
            parts.append((5, [self.span("address", event.broker)]))
        if event.chat is not None:
            parts.append((3, [self.span("peer_name", event.chat)]))
            parts.append((6, [self.span("bar_details", self.say("bar_details", event))]))
        if event.undelivered:
            parts.append((4, [self.span("bar_undelivered", self.say("bar_undelivered", event))]))
        if event.invitation is not None:
            parts.append((0, [self.span("bar_invitation", self.say("bar_invitation", event))]))
        return [one_line(parts, width, between="  ")]


def short_path(path: str) -> str:
    """``direct 127.0.0.1:4242`` as ``direct``; other ways whole."""
    return "direct" if path.startswith("direct ") else path


def strip_end(line: list[Span]) -> list[Span]:
    """A line without the spaces that it ends with."""
    while line and not line[-1][0].strip(" "):
        line = line[:-1]
    return [*line[:-1], (line[-1][0].rstrip(" "), line[-1][1])] if line else []
