"""A talk as grouping reads it: relations, names, and lines that were left out."""

from __future__ import annotations

from dataclasses import replace

from peerplugin.core.lines import read, units
from peerplugin.core.model import Cue, EventId
from tests.core.talk import line, talk


def test_a_line_that_was_left_out_keeps_its_place_and_speaker_and_has_no_words() -> None:
    found = read(talk(line(0, "Alma", "hello"), line(1, "Bo", "", left_out="off_record"), line(2, "Alma", "yes")))
    assert [m.words for m in found.lines] == [("hello",), (), ("yes",)]
    assert found.lines[1].who != found.lines[0].who


def test_commands_are_no_part_of_the_talk_but_what_info_tells_is() -> None:
    transcript = talk(line(0, "Alma", "hello"), line(1, "Bo", "", left_out="command"), line(2, "Cleo", "", left_out="command"))
    info = Cue("info", "the leaflet is on the table", EventId("$2"), transcript.messages[2].sender, transcript.messages[2].at)
    found = read(replace(transcript, cues=(info,)))
    assert [m.text for m in found.lines] == ["hello", "the leaflet is on the table"]


def test_who_is_called_by_name_or_the_beginning_of_a_long_one() -> None:
    people = {"Alma": "Alma", "Margaret": "Margaret Stone", "Bo": "Bo"}
    found = read(talk(line(0, "Margaret", "hi"), line(1, "Alma", "hi"), line(2, "Bo", "margar, alma's question"), names=people))
    assert found.lines[2].named == {found.lines[0].who, found.lines[1].who}


def test_a_name_that_three_bear_calls_nobody() -> None:
    people = {"A": "Kim A", "B": "Kim B", "C": "Kim C", "Dov": "Dov"}
    found = read(talk(line(0, "A", "x"), line(1, "B", "x"), line(2, "C", "x"), line(3, "Dov", "thanks kim"), names=people))
    assert found.lines[3].named == frozenset()


def test_lines_joined_by_relations_are_one_unit_however_they_are_joined() -> None:
    first, second, third = (line(i, "Alma", "x") for i in range(3))
    fourth = replace(line(3, "Bo", "x"), reply_to=first.event_id)
    fifth = replace(line(4, "Cleo", "x"), thread_root=third.event_id, reply_to=fourth.event_id)
    assert units(read(talk(first, second, third, fourth, fifth))) == [0, 1, 0, 0, 0]


def test_a_part_of_a_talk_forgets_what_lies_outside() -> None:
    lines = [line(0, "Alma", "x"), replace(line(1, "Bo", "x"), reply_to=EventId("$0")), replace(line(2, "Bo", "x"), reply_to=EventId("$1"))]
    part = read(talk(*lines)).part(1, 3)
    assert [m.links for m in part.lines] == [(), (0,)]
