"""docs/protocol.md names what the code has: every tag, member, code, state, frame and constant, and nothing else."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from math import isinf
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.support.ciphers import AES_GCM
from tests.support.markdown import ROOT, bare, in_backticks
from tests.support.protocol_page import LINES, PROTOCOL, decoded, examples, members_in

from ud2p.contracts import CipherInfo
from ud2p.plugins import PluginManager
from ud2p.protocol import controls, hello, messages, path_probe, paths, session
from ud2p.protocol.broker_events import Times
from ud2p.protocol.broker_states import ANSWERS, BROKER_MAY, CLIENT_MAY, Moves
from ud2p.protocol.candidates import Rank, rank_of
from ud2p.protocol.frames import FrameType, encode_ack, encode_fragment
from ud2p.protocol.lines import BROKER_LINES, CLIENT_LINES, read_line, write_line
from ud2p.protocol.messages import FROM_BROKER, FROM_CLIENT, Answer, Message, Request
from ud2p.protocol.nomination import Nominating
from ud2p.protocol.offer import Offer
from ud2p.protocol.record import RecordSealer
from ud2p.protocol.refusals import SENTENCES, Code
from ud2p.protocol.reliable import Reliable
from ud2p_server.limits import Limits

ON_THE_WIRE: set[type[Message]] = {
    kind for table in (FROM_CLIENT, FROM_BROKER) for kinds in table.values() for kind in kinds
}

# lines


def test_every_tag_is_listed_with_its_messages() -> None:
    rows = LINES.table("tag", "client asks", "broker answers", "broker pushes")
    listed = {bare(tag): [in_backticks(cell) for cell in cells] for tag, *cells in rows}
    assert listed == {
        tag: [
            [kind.__name__ for kind in FROM_CLIENT.get(tag, ())],
            [kind.__name__ for kind in FROM_BROKER[tag] if issubclass(kind, Answer) or kind is messages.Refusal],
            [kind.__name__ for kind in FROM_BROKER[tag] if not issubclass(kind, Answer)],
        ]
        for tag in FROM_BROKER
    }


def test_every_message_is_listed_with_its_members() -> None:
    shown = members_in(LINES.prose)
    listed: list[type[Message] | type[messages.ListedClient]] = [*ON_THE_WIRE, messages.ListedClient]
    assert {name: set(members) for name, members in shown.items()} == {
        kind.__name__: set(kind.__struct_fields__) for kind in listed
    }


def test_every_message_has_an_example_as_it_is_on_the_wire() -> None:
    for _, is_theirs, line in examples(LINES):
        message = read_line(line.encode(), CLIENT_LINES if is_theirs else BROKER_LINES)
        assert isinstance(message, Message), (line, message)
        assert write_line(message) == line.encode() + b"\n"
    assert {type(message) for _, message in decoded()} == ON_THE_WIRE


def test_answers_in_the_examples_answer_something() -> None:
    asked: dict[tuple[str, int], Request] = {}
    for who, message in decoded():
        if isinstance(message, Request):
            asked[who, message.id] = message
        elif isinstance(message, Answer):
            assert ANSWERS[type(asked.pop((who, message.re)))] is type(message)


def limit_of(annotated: Any, name: str) -> int:
    limit = getattr(annotated.__metadata__[0], name)
    assert isinstance(limit, int)
    return limit


def test_the_limits_of_values_are_right() -> None:
    values = dict(PROTOCOL.section("Lines").table("value", "what it may be"))
    assert f"`{messages.NAME_PATTERN.removeprefix('^').removesuffix(chr(92) + 'Z')}`" in values["name"]
    assert limit_of(messages.RequestId, "ge") == 1
    assert limit_of(messages.RequestId, "lt") == limit_of(messages.Count, "lt") == 2**53
    assert f"{limit_of(messages.Short, 'max_length')} characters" in values["text"]
    binary = values["16 bytes, 32 bytes, 64 bytes, offer, data"]
    assert f"offer is at most {limit_of(messages.OfferBytes, 'max_length'):,} bytes" in binary
    assert f"data at most {limit_of(messages.SignalBytes, 'max_length'):,}" in binary
    assert f"`limit` is 1 to {limit_of(messages.PageLimit, 'le')}, 50 unless said" in " ".join(LINES.prose.split())
    assert messages.ListRequest(id=1).limit == 50


# errors: what they do to the connection is in test_docs_errors.py


def test_every_code_is_listed_with_its_sentence() -> None:
    rows = PROTOCOL.section("Errors").table("code", "sentence", "when", "then")
    assert [bare(row[0]) for row in rows] == list(Code)
    own = {Code(bare(code)): sentence for code, sentence, _, _ in rows if not sentence.startswith("*")}
    assert own == SENTENCES
    assert {then for *_, then in rows} == {"ends", "goes on"}


# states


def arrows(diagram: str) -> dict[tuple[str, str], str]:
    found = re.findall(r"^\s*(\S+) --> (\w+)(?:: (.*))?$", diagram, re.MULTILINE)
    return {(start, end): label for start, end, label in found}


@pytest.mark.parametrize(("side", "moves"), [("client", CLIENT_MAY), ("broker", BROKER_MAY)])
def test_the_states_of_a_connection_are_those_of_the_tables(side: str, moves: Moves) -> None:
    (diagram,) = [each for each in PROTOCOL.section("States").blocks("mermaid") if f" as {side} " in each]
    drawn = arrows(diagram)
    assert drawn.pop(("[*]", "start")) == ""
    table: dict[tuple[str, str], list[str]] = {}
    for state, kinds in moves.items():
        for kind, after in kinds.items():
            table.setdefault((state, after), []).append(kind.__name__)
    assert {ends: label.split(", ") for ends, label in drawn.items()} == table


def test_the_states_of_a_session_are_those_of_its_table() -> None:
    (diagram,) = PROTOCOL.section("A session's life").blocks("mermaid")
    drawn = arrows(diagram)
    assert drawn.pop(("[*]", "connecting")) == ""
    row = r"^(CONNECTING|any living|CLOSING|DRAINING) +([A-Z]+) +(.+)$"
    table = re.findall(row, session.__doc__ or "", re.MULTILINE)
    assert len(table) == 6
    living = {"any living": ["connecting", "open"]}
    assert drawn == {
        (start, end.lower()): when.strip() for state, end, when in table for start in living.get(state, [state.lower()])
    }
    states = {state for ends in drawn for state in ends}
    assert states == {state.value for state in session.State}


def test_the_ends_of_an_invitation_are_the_wires_words() -> None:
    (diagram,) = LINES.section("`$CON$`").blocks("mermaid")
    ends = {end for _, end in arrows(diagram)} - {"pending", "introduced"}
    source = "".join((ROOT / f"server/ud2p_server/{name}.py").read_text() for name in ("inviting", "hub"))
    assert ends == set(re.findall(r'"(declined|withdrawn|expired|gone|offline)"', source))
    assert ends <= set(in_backticks(LINES.section("`$N$`").prose))


def test_the_hello_hears_as_many_bytes_as_it_says() -> None:
    listener, connector = PROTOCOL.section("The hello").blocks("mermaid")
    for diagram, side in ((listener, hello.Side.LISTENER), (connector, hello.Side.CONNECTOR)):
        heard = [int(found) for found in re.findall(r"hears_(\d+)_bytes -->", diagram)]
        machine = hello.Hello(side, bytes(16), bytes(32), lambda label, context: bytes(32))
        assert [machine.wanted, *heard[1:]] == heard
        assert tuple(heard) == hello._STEPS[side]


# constants


def value_of(cell: str) -> object:
    """A number, or some, as the table has them: ``16,384``, ``2^64 - 1``, ``0.2, 0.4``."""
    if ", " in cell:
        return tuple(value_of(each) for each in cell.split(", "))
    if found := re.fullmatch(r"2\^(\d+)( - 1)?", cell):
        return 2 ** int(found[1]) - bool(found[2])
    return ast.literal_eval(cell.replace(",", ""))


def module_at(link: str) -> ModuleType:
    path = (ROOT / "docs" / re.findall(r"\(([^)]+)\)", link)[0]).resolve().relative_to(ROOT)
    return importlib.import_module(".".join(path.with_suffix("").parts[1:]))


CONSTANTS = PROTOCOL.section("Constants").table("constant", "value", "unit", "where", "source")


@pytest.mark.parametrize("row", CONSTANTS, ids=lambda row: bare(row[0]))
def test_a_constant_is_what_the_code_has(row: list[str]) -> None:
    constant, value, _, where, source = row
    owner, _, name = bare(constant).rpartition(".")
    module = module_at(where)
    holder = getattr(module, owner)() if owner else module
    assert value_of(value) == getattr(holder, name)
    assert source


def is_numeric(value: object) -> bool:
    if isinstance(value, float) and isinf(value):
        return False  # What never comes is nothing that others must know.
    return isinstance(value, (int, float)) or (isinstance(value, tuple) and bool(value) and all(map(is_numeric, value)))


def constants_of(path: Path) -> Iterator[str]:
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts[1:]))
    for statement in ast.parse(path.read_text()).body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        for target in targets:
            name = target.id if isinstance(target, ast.Name) else ""
            if re.fullmatch("[A-Z][A-Z0-9_]*", name) and is_numeric(getattr(module, name)):
                yield f"{module.__name__}.{name}"


def test_no_constant_is_left_out() -> None:
    listed = {f"{module_at(where).__name__}.{bare(name)}" for name, _, _, where, _ in CONSTANTS}
    # The rest is nobody's but the disk's.
    transfers = ("connecting", "conversation", "door", "line", "receipt", "sending")
    rooms = [*(ROOT / "core/ud2p/protocol").glob("*.py")]
    rooms += [ROOT / f"plugins/ud2p_plugins/transfers/{name}.py" for name in transfers]
    wanted = {name for room in rooms for name in constants_of(room)}
    wanted |= {f"ud2p.protocol.broker_events.Times.{name}" for name in Times.__struct_fields__}
    wanted |= {f"ud2p_server.limits.Limits.{name}" for name in Limits.__slots__ if name != "times"}
    assert wanted <= listed


def test_the_limits_of_the_ciphers_are_theirs() -> None:
    ciphers: Mapping[str, CipherInfo] = PluginManager.load(safe_mode=True).ciphers
    rows = PROTOCOL.section("Records").table("cipher", "key", "records", "plaintext bytes", "failed openings", "source")
    listed = {bare(name): tuple(map(value_of, values)) for name, *values, _ in rows}
    assert listed == {
        name: (info.key_size, info.max_records, info.max_bytes, info.max_failed_opens) for name, info in ciphers.items()
    }


def test_the_frames_are_those_of_the_code() -> None:
    rows = PROTOCOL.section("Frames").table("type", "name", "body", "asks for an ACK")
    assert {int(number): bare(name) for number, name, _, _ in rows} == {kind: kind.name for kind in FrameType}
    fragment = encode_fragment(FrameType.MSG, 0, 1, 0, b"x")[3:]
    bodies = {
        FrameType.ACK: encode_ack([(0, 0)], 0)[3:],
        FrameType.MSG: fragment,
        FrameType.CONTROL: fragment,
    }
    for number, _, _, asks in rows[1:]:
        reliable = Reliable(1024)
        body = bodies.get(FrameType(int(number)), bytes(8))
        reliable.receive(0, [(int(number), body)], 0.0)
        assert (reliable.next_timer() is not None) is {"yes": True, "no": False}[asks], number


def test_the_members_of_an_offer_are_listed() -> None:
    rows = PROTOCOL.section("Offers").table("member", "what", "used for")
    assert [bare(member) for member, _, _ in rows] == list(Offer.__struct_fields__)


def test_every_control_is_listed_and_those_of_the_session_decode() -> None:
    section = PROTOCOL.section("Controls")
    kinds = {kind.__struct_config__.tag: kind for kind in controls.Control.__args__}
    found = re.findall(r"\*\*`(\w+)`\*\* `([\w-]+)`", section.prose)
    assert {tag: name for name, tag in found} == {tag: kind.__name__ for tag, kind in kinds.items()}
    shown = members_in(section.prose)
    assert shown == {kind.__name__: list(kind.__struct_fields__) for kind in kinds.values()}
    said = [controls.decode_control(text.encode()) for _, _, text in examples(section)]
    assert [type(control) for control in said] == [controls.Offer, controls.Accept, controls.Transfer]
    assert [controls.encode_control(control).decode() for control in said] == [text for *_, text in examples(section)]


def test_sizes_in_the_prose_are_right() -> None:
    sealer = RecordSealer(AES_GCM, bytes(32), bytes(8))
    sizes = [len(sealer.seal(bytes(n))[1]) for n in (1, sealer.max_payload)]
    assert f"the shortest record has {sizes[0]} bytes and the longest {sizes[1]:,}" in " ".join(PROTOCOL.text.split())

    opening = paths.OPENING
    probes = round(opening.fast_s / path_probe.FAST_PROBE_S)
    probes += round((opening.slow_s - opening.fast_s) / path_probe.SLOW_PROBE_S)
    probes += round((opening.end_s - opening.slow_s) / path_probe.RARE_PROBE_S)
    prose = " ".join(PROTOCOL.text.split())
    assert f"at most {probes} of the shortest records each" in prose
    assert f"up to {path_probe.PROBE_BURST:,} small datagrams" in prose
    assert f"{path_probe.PROBES_PER_S} a second" in prose


def test_the_times_of_a_nomination_are_right() -> None:
    nominating = Nominating()
    nominating.begin(bytes(8), 0.0)
    sent_at = []
    while (at := nominating.next_at) < path_probe.NEVER:
        assert nominating.value_to_send(at) == bytes(8)
        sent_at.append(f"{at * 1000:,.0f}")
    prose = " ".join(PROTOCOL.section("Paths").prose.split())
    assert f"it is sent at once and after {', '.join(sent_at[1:-1])} and {sent_at[-1]} ms" in prose


def test_the_ranks_of_addresses_are_right() -> None:
    rows = PROTOCOL.section("Paths").table("rank", "address")
    assert [int(rank) for rank, _ in rows] == sorted(Rank)
    for network in re.findall(r"[\w.:]+/\d+", rows[Rank.LAN][1]):
        parts = network.split("/")
        host = parts[0] + ("1" if ":" in network else ".0" * (3 - parts[0].count(".")))
        assert rank_of((host, 1)) is Rank.LAN
