"""What facilitators say about dates: read, said back with what would follow, done on ✅; whatever has two readings is asked back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pytest

from peerplugin.core import agenda as agendas
from peerplugin.core import arranging, noticeboard, notices, publish
from peerplugin.core.agenda import begun, plan
from peerplugin.core.effects import Amend, Answer, AnyEffect, Publication, Put, React, Say
from peerplugin.core.facts import Commanded, Sent, Voted
from peerplugin.core.model import EventId, Series
from tests.core.scene import DESK, MARA, T0, WEEKLY, a_series, words

SERIES = a_series(schedule=replace(WEEKLY, starts_on=date(2026, 10, 7)), zones=("Europe/Berlin",), confirm_min=180)
NOW = T0 - timedelta(days=2, hours=3)
"""Monday 5 October 2026, 16:00 in Los Angeles; the first meeting is on Wednesday."""


@dataclass
class Desk:
    """An agenda that facilitators talk about, and all that was said to them and to the room."""

    series: Series = SERIES
    now: datetime = NOW
    effects: list[AnyEffect] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.agenda = begun(self.series.series_id, T0 - timedelta(days=30))
        for now in (T0 - timedelta(days=7), self.now):
            self.pass_time(now)

    def pass_time(self, now: datetime) -> list[AnyEffect]:
        self.now = now
        planned = plan(self.agenda, self.series, now)
        self.agenda = planned.agenda
        for say in planned.effects:
            self.agenda = agendas.sent(self.agenda, say) if isinstance(say, Say) else self.agenda
        return self._took(planned.effects)

    def _took(self, effects: tuple[AnyEffect, ...]) -> list[AnyEffect]:
        self.effects += effects
        return list(effects)

    def order(self, text: str, event: str = "$order") -> list[AnyEffect]:
        fact = Commanded(self.now, EventId(event), MARA, DESK, "management", "schedule", text, moderator=True)
        self.agenda, effects = arranging.ordered(self.agenda, self.series, fact)
        return self._took(effects)

    def vote(self, asked: AnyEffect, emoji: str = "✅") -> list[AnyEffect]:
        assert isinstance(asked, Say)
        fact = Voted(self.now, EventId(f"$vote{len(self.effects)}"), MARA, EventId("$asked"), emoji)
        self.agenda, effects = arranging.voted(self.agenda, self.series, fact, asked)
        return self._took(effects)

    def do(self, text: str) -> list[AnyEffect]:
        """Said, and meant."""
        [asked] = self.order(text)
        assert isinstance(asked, Say) and asked.text == "proposal", self.text(asked)
        return self.vote(asked)

    def text(self, effect: AnyEffect, zone: str | None = None) -> str | None:
        assert isinstance(effect, Say | Amend | Answer)
        if not notices.is_about_dates(effect):
            return words().text(f"{effect.text}.txt", **effect.values)
        return notices.tell(effect, words(), notices.Diary(self.series, self.agenda, self.now, zone))

    def answer(self, text: str) -> str:
        [effect] = self.order(text)
        return self.text(effect) or ""

    def board(self) -> str:
        return next(noticeboard.documents(self.agenda, self.series, words(), self.now)).raw


# --- what is understood -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "said_back"),
    [
        ("cancel wed the host is ill", "Cancel Wednesday 7 October, 19:00 (Los Angeles): the host is ill?"),
        ("cancel 7 Oct", "Cancel Wednesday 7 October, 19:00 (Los Angeles)?"),
        ("cancel 2026-10-14 no room", "Cancel Wednesday 14 October, 19:00 (Los Angeles): no room?"),
        ("cancel 10/7", "Cancel Wednesday 7 October, 19:00 (Los Angeles)?"),  # the 10th of July is none of its dates
        ("move 14 oct to thu 6pm guest is late", "Move Wednesday 14 October, 19:00 to Thursday 15 October, 18:00 (Los Angeles): guest is late?"),
        ("move wed to 6pm", "Move Wednesday 7 October, 19:00 to Wednesday 7 October, 18:00 (Los Angeles)?"),
        ("move 7 oct to 8 oct", "Move Wednesday 7 October, 19:00 to Thursday 8 October, 19:00 (Los Angeles)?"),
        ("guest 14 oct Nurse Ida: scans", "Wednesday 14 October, 19:00 (Los Angeles) with Nurse Ida: scans?"),
        ("note 14 oct bring your last letter", "Wednesday 14 October, 19:00 (Los Angeles) with the note: bring your last letter?"),
    ],
)  # fmt: skip
def test_an_order_is_said_back_in_full(line: str, said_back: str) -> None:
    assert Desk().answer(line).startswith(said_back)


@pytest.mark.parametrize(
    ("line", "asked_back"),
    [
        ("cancel fri", "has no date then. The next ones are Wednesday 7 October, Wednesday 14 October, Wednesday 21 October."),
        ("cancel", "has no date then"),
        ("move 14 oct to 6", "Which time do you mean: 18:00 or 06:00?"),
        ("move 14 oct to thu 6", "Which time do you mean: 18:00 or 06:00?"),
        ("move 14 oct to next tue 18:00", "Which one do you mean: Tuesday 6 October or Tuesday 13 October?"),
        ("move 14 oct to 11/10 18:00", "Which one do you mean"),
        ("move 7 oct to 5 oct 15:00", "is over already"),
        ("postpone 7 oct", "!schedule move DATE to DATE TIME reason"),
        ("undo", "There is nothing to undo."),
    ],
)
def test_what_has_two_readings_or_none_is_asked_back(line: str, asked_back: str) -> None:
    desk = Desk()
    assert asked_back in desk.answer(line)
    assert not desk.agenda.proposals


def test_next_wednesday_is_asked_back_where_it_may_be_this_weeks() -> None:
    desk = Desk()
    assert "Wednesday 7 October or Wednesday 14 October? Say it again with that date (2026-10-07)" in desk.answer("cancel next wed")
    assert "Cancel Wednesday 7 October" in Desk(now=NOW - timedelta(days=2)).answer("cancel next wed"), "said on Saturday there is one"


def test_a_proposal_says_who_would_hear_of_it() -> None:
    desk = Desk()
    near, far = desk.answer("cancel 7 oct"), desk.answer("cancel 21 oct")
    assert "I would edit 1 message here and the calendar. ✅ / ❌" in near
    assert "edit nothing in the room, which has not heard of that date and the calendar" in far
    desk.pass_time(T0 - timedelta(hours=20))
    assert "edit 2 messages here and the calendar, and tell the room" in desk.answer("cancel 7 oct")


# --- what follows -------------------------------------------------------------------------------------------------------------------


def test_nothing_changes_before_somebody_agrees_and_no_is_no() -> None:
    desk = Desk()
    before = desk.agenda.changes
    [asked] = desk.order("cancel 7 oct")
    assert desk.agenda.changes == before
    assert [desk.text(e) for e in desk.vote(asked, "❌")] == ["Nothing was changed."]
    assert [desk.text(e) for e in desk.vote(asked)] == [words().text("schedule-stale.txt")], "an answer counts once"
    assert desk.agenda.changes == before


def test_a_far_date_is_edited_and_a_near_one_is_told_as_well() -> None:
    desk = Desk()
    edited, done = desk.do("cancel 7 oct the host is ill")
    assert isinstance(edited, Amend) and edited.said.startswith("tell:2026-10-07:10080:0:")
    assert (desk.text(edited) or "").startswith(
        "❌ Wednesday 7 October: Liver Spot is cancelled: the host is ill. Next: Wednesday 14 October, 19:00 Los Angeles (04:00 Thursday Berlin)."
    )
    assert (desk.text(done) or "").startswith("Done. Wednesday 7 October is cancelled.")
    desk.pass_time(T0 - timedelta(days=6))
    desk = Desk(now=T0 - timedelta(hours=20))
    told = [desk.text(e) for e in desk.do("move 7 oct to 8 oct 18:30 late train") if isinstance(e, Say)]
    assert (
        told[0]
        == "🔁 Liver Spot is moved from Wednesday 7 October, 19:00, to Thursday 8 October, 18:30 Los Angeles (03:30 Friday Berlin). late train"
    )


def test_a_second_change_makes_an_open_question_void() -> None:
    desk = Desk()
    [first] = desk.order("cancel 7 oct", "$one")
    [second] = desk.order("move 7 oct to 8 oct 18:30", "$two")
    desk.vote(second)
    assert [desk.text(e) for e in desk.vote(first)] == [words().text("schedule-stale.txt")]
    assert not desk.agenda.changes[date(2026, 10, 7)].cancelled


def test_undo_takes_back_one_change_after_the_other() -> None:
    desk = Desk()
    plain = desk.board()
    desk.do("cancel 7 oct the host is ill")
    desk.do("guest 14 oct Nurse Ida: scans")
    assert "Undo the last change: Wednesday 14 October, 19:00, without a guest (Los Angeles)?" in desk.answer("undo")
    desk.do("undo")
    assert "Wednesday 7 October, 19:00 takes place after all" in desk.answer("undo")
    desk.do("undo")
    assert desk.board() == plain
    assert desk.answer("undo") == "There is nothing to undo."


def test_a_guest_is_told_to_a_room_that_heard_of_the_date_without_one() -> None:
    desk = Desk()
    effects = desk.do("guest 7 oct Nurse Ida: scans")
    said = [desk.text(e) or "" for e in effects]
    assert "With Nurse Ida: scans. To ask something beforehand, send me `!ask-guest`" in said[0]
    assert said[1].startswith("Liver Spot, Wednesday 7 October, 19:00 Los Angeles (04:00 Thursday Berlin): Nurse Ida comes. scans.")


def test_a_list_and_next_tell_how_dates_stand() -> None:
    desk = Desk()
    desk.do("cancel 7 oct the host is ill")
    desk.do("move 14 oct to 15 oct 18:30")
    lines = desk.answer("list").splitlines()
    assert lines[1] == "❌ Wednesday 7 October: cancelled (the host is ill)"
    assert lines[2] == "· Thursday 15 October, 18:30 Los Angeles (03:30 Friday Berlin) (moved from Wednesday 14 October, 19:00)"
    asked = Answer(key="next:$1", user=MARA, text="next", values={"series": "liver-spot"})
    answer = desk.text(asked, "Australia/Sydney") or ""
    assert "Thursday 15 October, 18:30 Los Angeles" in answer and "for you Friday 16 October, 12:30 Sydney" in answer
    assert "Wednesday 7 October is cancelled." in answer


# --- confirming ---------------------------------------------------------------------------------------------------------------------


def test_some_hours_before_the_facilitators_are_asked_and_no_with_a_reason_cancels() -> None:
    desk = Desk()
    asked = next(e for e in desk.pass_time(T0 - timedelta(hours=3)) if isinstance(e, Say) and e.text == "confirm")
    assert asked.room == DESK
    assert (
        desk.text(asked) == "Liver Spot, Wednesday 7 October, 19:00 Los Angeles (04:00 Thursday Berlin): does it take place? ✅ yes   ❌ no"
    )
    offers = arranging.offered(asked, Sent(desk.now, asked.key, EventId("$q")))
    assert [e.emoji for e in offers if isinstance(e, React)] == ["✅", "❌"]
    [why] = desk.vote(asked, "❌")
    assert isinstance(why, Say) and "Answer this message" in (desk.text(why) or "")
    assert not desk.agenda.changes, "not before there is a reason"
    fact = Commanded(desk.now, EventId("$r"), MARA, DESK, "management", "reason", "nobody to host it", moderator=True)
    desk.agenda, effects = arranging.reasoned(desk.agenda, SERIES, fact, why)
    assert any("is cancelled: nobody to host it" in (desk.text(e) or "") for e in effects)
    assert not [e for e in desk.pass_time(T0 - timedelta(hours=1)) if "2026-10-07" in e.key]


def test_yes_is_remembered_and_nobody_is_asked_twice() -> None:
    desk = Desk()
    asked = next(e for e in desk.pass_time(T0 - timedelta(hours=3)) if isinstance(e, Say) and e.text == "confirm")
    assert desk.vote(asked) == []
    assert desk.agenda.told[date(2026, 10, 7)].confirm == "yes"
    assert not [e for e in desk.pass_time(T0 - timedelta(hours=2)) if "confirm" in e.key]


# --- another rhythm in the settings -------------------------------------------------------------------------------------------------


def test_another_time_in_the_settings_corrects_what_was_announced() -> None:
    desk = Desk()
    assert desk.series.schedule is not None
    desk.series = replace(desk.series, schedule=replace(desk.series.schedule, time="18:00"))
    effects = desk.pass_time(desk.now + timedelta(minutes=1))
    [edited] = [e for e in effects if isinstance(e, Amend)]
    assert (desk.text(edited) or "").startswith("Wednesday 7 October, 18:00 Los Angeles (03:00 Thursday Berlin): Liver Spot")
    assert desk.agenda.revision == 1
    desk.series = replace(desk.series, schedule=replace(WEEKLY, starts_on=date(2026, 10, 7), rule="FREQ=WEEKLY;BYDAY=TH"))
    effects = desk.pass_time(desk.now + timedelta(minutes=1))
    [edited] = [e for e in effects if isinstance(e, Amend)]
    assert (desk.text(edited) or "").startswith("❌ Wednesday 7 October: Liver Spot is cancelled. Next: Thursday 8 October")


# --- the forum ----------------------------------------------------------------------------------------------------------------------


def test_the_forum_is_asked_once_for_what_changed_and_a_date_has_a_topic_of_its_own_where_a_category_is_named() -> None:
    desk = Desk(replace(SERIES, announcements=9))
    agenda, puts = noticeboard.due(desk.agenda, desk.series, words(), desk.now)
    assert [e.document for e in puts if isinstance(e, Put)] == ["liver-spot/schedule", "liver-spot/2026-10-07/notice"]
    assert noticeboard.due(agenda, desk.series, words(), desk.now)[1] == ()
    standing, notice = noticeboard.documents(agenda, desk.series, words(), desk.now)
    assert (standing.category, standing.pinned, standing.title) == (SERIES.category, True, "When we meet: Liver Spot")
    assert '[date=2026-10-07 time=19:00:00 timezone="America/Los_Angeles"] · Wednesday 7 October, 19:00 Los Angeles' in standing.raw
    assert (notice.category, notice.pinned, notice.title) == (9, False, "Liver Spot meets on Wednesday 7 October 2026")
    desk.do("cancel 7 oct the host is *ill*")
    standing, notice = noticeboard.documents(desk.agenda, desk.series, words(), desk.now)
    assert notice.title == "Cancelled: Liver Spot, Wednesday 7 October 2026"
    assert "- ~~Wednesday 7 October~~ cancelled: the host is \\*ill\\*" in standing.raw
    held = Publication(standing.document, 1, 2, "https://forum.example.org/t/1", 1, publish.document_digest(standing))
    agenda = replace(desk.agenda, publications={standing.document: held})
    assert noticeboard.claimed(agenda, desk.series, words(), desk.now, standing.document) is None, "it stands there already"
    assert noticeboard.claimed(agenda, desk.series, words(), desk.now + timedelta(days=8), standing.document) is not None
    assert notices.forum(notices.Diary(desk.series, agenda, desk.now)) == "https://forum.example.org/t/1"


def test_a_forum_shows_dates_as_its_plugins_can() -> None:
    desk = Desk(replace(SERIES, announcements=9, events=True))
    _, notice = noticeboard.documents(desk.agenda, desk.series, words(), desk.now)
    block = '[event status="standalone" start="2026-10-07 19:00" end="2026-10-07 20:15" timezone="America/Los_Angeles"]\n[/event]\n\n[date='
    assert notice.raw.startswith(block)
    desk.do("cancel 7 oct")
    _, notice = noticeboard.documents(desk.agenda, desk.series, words(), desk.now)
    assert "[event" not in notice.raw, "what is cancelled stands in no calendar"
    desk = Desk(replace(SERIES, announcements=9, local_dates=False))
    for document in noticeboard.documents(desk.agenda, desk.series, words(), desk.now):
        assert "[date" not in document.raw and "Wednesday 7 October, 19:00 Los Angeles" in document.raw


def test_a_moved_date_that_is_cancelled_is_named_as_it_was_told_last() -> None:
    desk = Desk()
    desk.do("move 7 oct to 8 oct 18:30")
    edited = next(e for e in desk.do("cancel 8 oct no room") if isinstance(e, Amend))
    assert (desk.text(edited) or "").startswith("❌ Thursday 8 October (instead of Wednesday 7 October): Liver Spot is cancelled: no room.")
    assert desk.answer("list").splitlines()[1] == "❌ Thursday 8 October (moved from Wednesday 7 October): cancelled (no room)"
    assert "- ~~Thursday 8 October~~ cancelled: no room" in desk.board()


def test_a_rule_of_several_hours_is_one_date_a_day() -> None:
    series = replace(SERIES, schedule=replace(WEEKLY, starts_on=date(2026, 10, 7), rule="FREQ=WEEKLY;BYDAY=WE;BYHOUR=9,18"))
    assert Desk(series).answer("list").count("7 October") == 1
