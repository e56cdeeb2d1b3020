"""Which lines are commands, and which word was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerplugin.core.commands import Command, is_known, nearest, read_command
from peerplugin.core.desk import numbered


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("!topic Banding and food", Command("topic", "Banding and food")),
        ("  !OptOut  ", Command("optout")),
        ("!optout.", Command("optout")),
        ("!optout, please", Command("optout", "please")),
        ("!say 3.1 one\nline and another", Command("say", "3.1 one\nline and another")),
        ("!link https://example.org/a?b=c", Command("link", "https://example.org/a?b=c")),
        ("!", Command("q+")),
        ("✋", Command("q+")),
        ("✋🏽", Command("q+")),
        ("✋\ufe0f", Command("q+")),
        ("q+", Command("q+")),
        ("Q- sorry", Command("q-", "sorry")),
        ("q?", Command("q?")),
        ("ack", Command("ack")),
        ("ack Cleo Marsh", Command("ack", "Cleo Marsh")),
    ],
)
def test_a_command_is_read_from_its_line(line: str, command: Command) -> None:
    assert read_command(line) == command


@pytest.mark.parametrize(
    "line",
    [
        "",
        "banding hurts!",
        "see !topic",
        "!5 tablets",
        "!!",
        "acknowledged",
        "ack that you said something",
        "quite",
        "q",
        "/topic x",
        "✋ me",
    ],
)
def test_an_ordinary_line_is_no_command(line: str) -> None:
    assert read_command(line) is None


def test_the_nearest_known_word_depends_on_the_place() -> None:
    assert nearest("optuot", "room") == "optout"
    assert nearest("aprove", "management") == "approve"
    assert nearest("aprove", "direct") == "help"
    assert nearest("xyzzy", "room") == "help"


def test_each_place_has_its_own_words() -> None:
    assert is_known("q+", "room")
    assert not is_known("q+", "management")
    assert is_known("startmeeting", "room")
    assert not is_known("startmeeting", "direct")
    assert not is_known("approve", "room")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("3", (3, None)),
        ("#3", (3, None)),
        (" 3.2 text", (3, 2)),
        ("3. text", (3, None)),
        ("3rd", None),
        ("all", None),
        ("", None),
        ("9" * 5000, None),
    ],
)
def test_a_draft_and_a_statement_are_numbered(text: str, found: tuple[int, int | None] | None) -> None:
    assert numbered(text) == found


@given(st.text(max_size=60))
def test_no_line_at_all_is_too_strange_to_read(line: str) -> None:
    command = read_command(line)
    assert command is None or command.word
    numbered(line)
