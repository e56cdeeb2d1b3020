"""Words about dates, in any room: who may say them, what is answered to whom, and what becomes of a question for a guest."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from peerplugin.core import announce, lifecycle, zones
from peerplugin.core.draft import guests_first
from peerplugin.core.effects import Answer, Redact, Say
from peerplugin.core.facts import Asked, Closed, Commanded, Opened, Sent, Voted, Withdrawn
from peerplugin.core.model import Change, Cue, EventId, MeetingKey, Series, SeriesId, Thread, ThreadId
from peerplugin.core.telling import Pages, tell
from tests.core.scene import ALMA, BO, DESK, KEY, MARA, PRIVATE, WEEKLY, Ear, Play, a_series, a_state, at, words
from tests.core.talk import line, talk

LIVER = SeriesId("liver-spot")
NEXT_WEEK = MeetingKey("liver-spot/2026-10-14")


def with_guest(on: date = date(2026, 10, 14)) -> Series:
    return a_series(schedule=replace(WEEKLY, changes={on: Change(guest="Nurse Ida", subject="scans", sequence=1)}))


def at_desk(*series: Series) -> Ear:
    return Ear(series=series or (a_series(),), place="management", state=a_state(DESK))


def alone(*series: Series) -> Ear:
    return Ear(series=series or (a_series(),), place="direct", state=a_state(PRIVATE, direct_with=ALMA))


# --- everybody's words --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ear", [Ear(), Ear().start(), at_desk(), alone()], ids=["room", "meeting", "desk", "direct"])
def test_anybody_may_ask_for_the_next_date_anywhere_and_is_answered_alone(ear: Ear) -> None:
    ear.say(ALMA, "!next")
    answer = ear.effects[-1]
    assert isinstance(answer, Answer)
    assert (answer.user, answer.text, answer.values["series"]) == (ALMA, "next", LIVER)
    assert answer.not_after == at(1 + 24 * 60)


def test_a_zone_is_found_by_its_city_and_asked_back_where_it_may_be_another() -> None:
    assert zones.find("berlin") == ("Europe/Berlin",)
    assert zones.find("New York") == zones.find("america/new_york") == ("America/New_York",)
    assert len(zones.find("san")) > 1 and zones.find("xyzzy") == zones.find("a") == ()
    ear = alone()
    assert ear.hear_says(ALMA, "!timezone kolk").zone == (ALMA, "Asia/Kolkata")
    assert ear.hear_says(ALMA, "!timezone none").zone == (ALMA, None)
    assert ear.hear_says(ALMA, "!timezone San").zone is None
    assert "America/Santiago" in str(ear.effects[-1].values["zones"])  # type: ignore[union-attr]


# --- the facilitators' --------------------------------------------------------------------------------------------------------------


def test_only_facilitators_change_dates_in_the_room_or_at_the_desk() -> None:
    for ear in (Ear(), at_desk()):
        ear.say(ALMA, "!schedule cancel wed")
        assert [e.text for e in ear.effects if isinstance(e, Answer | Say)] == ["chairs-only"]
        [(series, order)] = ear.hear_says(MARA, "!schedule cancel wed I am ill").orders
        assert series == LIVER and isinstance(order, Commanded)
        assert (order.word, order.text, order.room) == ("schedule", "cancel wed I am ill", ear.state.room_id)
    ear = Ear(series=(a_series(facilitators=frozenset({BO})),))
    assert len(ear.hear_says(BO, "!schedule").orders) == 1, "whom the settings name, too"
    ear = alone()
    ear.say(MARA, "!schedule cancel wed")
    assert ear.answers()[-1] == "in-the-room"


def test_of_several_series_one_must_be_named_to_change_it() -> None:
    ear = at_desk(a_series(), a_series("kidney"))
    assert [s for s, _ in ear.hear_says(MARA, "!schedule").orders] == ["liver-spot", "kidney"]
    assert not ear.hear_says(MARA, "!schedule cancel wed").orders
    assert ear.answers()[-1] == "schedule-which"
    [(series, order)] = ear.hear_says(MARA, "!schedule kidney cancel wed").orders
    assert (series, order.text) == ("kidney", "cancel wed")  # type: ignore[union-attr]


def test_a_vote_counts_under_our_question_and_from_a_facilitator() -> None:
    for ear in (Ear(), Ear().start(), at_desk()):
        ear.prompts[EventId("$q")] = LIVER
        heard = ear.hear_reacts(ALMA, "$q")
        assert heard.orders == () and heard.ignored == "not a moderator's vote"
        [(series, vote)] = ear.hear_reacts(MARA, "$q").orders
        assert series == LIVER and isinstance(vote, Voted) and vote.emoji == "✅"
        assert ear.hear_reacts(MARA, "$other").orders == ()


def test_an_answer_to_our_question_why_is_the_reason() -> None:
    ear = at_desk()
    ear.prompts[EventId("$why")] = LIVER
    [(_, order)] = ear.hear_says(MARA, "nobody to host it", reply_to=EventId("$why")).orders
    assert (order.word, order.text) == ("reason", "nobody to host it")  # type: ignore[union-attr]
    assert not ear.hear_says(ALMA, "because", reply_to=EventId("$why")).orders
    assert not ear.hear_says(MARA, "well, then").orders


# --- questions for a guest ----------------------------------------------------------------------------------------------------------


def test_a_question_for_a_guest_is_kept_for_that_meeting_and_answered_alone() -> None:
    for ear in (Ear(series=(with_guest(),)), Ear(series=(with_guest(),)).start(), alone(with_guest())):
        asked = ear.say(ALMA, "!ask-guest How often should I be scanned?")
        assert asked in ear.kept[NEXT_WEEK]
        assert [c.text for c in ear.transcript(NEXT_WEEK).cues] == ["How often should I be scanned?"]
        assert ear.answers()[-1] == "guest-asked"
        assert ear.facts[-1] == (NEXT_WEEK, Asked(at(1), asked))


def test_without_a_guest_or_a_question_it_says_so() -> None:
    ear = alone()
    ear.say(ALMA, "!ask-guest How often?")
    ear.say(ALMA, "!ask-guest")
    assert ear.answers() == ["guest-none", "guest-empty"]
    assert not ear.kept


def test_a_question_is_gone_with_its_redaction_its_edit_or_the_wish_of_its_author() -> None:
    for ear in (Ear(series=(with_guest(),)), alone(with_guest())):
        asked = ear.say(ALMA, "!ask-guest How often should I be scanned?")
        ear.about(BO, "redaction", asked)
        assert len(ear.transcript(NEXT_WEEK).cues) == 1, "another member cannot take it away"
        ear.about(ALMA, "edit", asked, body="!ask-guest Does it hurt?")
        assert [c.text for c in ear.transcript(NEXT_WEEK).cues] == ["Does it hurt?"]
        ear.about(ALMA, "redaction", asked)
        assert ear.transcript(NEXT_WEEK).cues == ()
        assert isinstance(ear.facts[-1][1], Withdrawn)
    ear = alone(with_guest())
    ear.say(ALMA, "!ask-guest How often should I be scanned?")
    ear.say(ALMA, "!optout")
    assert ear.transcript(NEXT_WEEK).cues == ()


def test_what_is_off_the_record_or_a_cry_for_help_is_no_question() -> None:
    ear = alone(with_guest())
    ear.say(ALMA, "!ask-guest should I end it all")
    [kept] = ear.kept[NEXT_WEEK].values()
    assert (kept.left_out, kept.event.body) == ("crisis", "")
    assert ear.answers() == []


def test_the_facilitators_get_the_questions_at_the_start_without_names_and_anew_when_one_is_withdrawn() -> None:
    opened = Opened(at(0), KEY, LIVER, DESK, MARA, at(75), "", "Nurse Ida")
    play = Play(record=lifecycle.opened(opened))
    [say] = [e for e in play.fact(opened) if isinstance(e, Say) and e.text == "guest-questions"]
    cues = tuple(Cue("ask-guest", text, EventId(f"$q{n}"), ALMA, at(-5)) for n, text in enumerate(["How often?", "Does it hurt?"]))
    pages = Pages(play.record, play.series, lambda: replace(talk(), cues=cues))
    text = tell(say, words(), pages) or ""
    assert text.startswith("2 questions for Nurse Ida, from members who are not named:\n1 How often?\n2 Does it hurt?")
    assert "lma" not in text
    assert tell(say, words(), replace(pages, transcript=lambda: talk())) is None, "none were sent"
    play.fact(Sent(at(1), say.key, EventId("$list")))
    effects = play.fact(Withdrawn(at(2), frozenset({EventId("$q1")}), "redacted"))
    assert [e.event_id for e in effects if isinstance(e, Redact)] == ["$list"]
    [again] = [e for e in effects if isinstance(e, Say)]
    assert again.text == "guest-questions" and again.key != say.key
    assert announce.questions(Play().record, a_series()) == (), "no guest, no list"
    play.fact(Closed(at(75), "command"))


def test_threads_that_took_up_a_question_for_the_guest_come_first() -> None:
    said = [line(n, "Alma", text) for n, text in enumerate(["my skin itches", "try a cream", "scans every year", "mine twice a year"])]
    groups = (Thread(ThreadId("t1"), (said[0].event_id, said[1].event_id)), Thread(ThreadId("t2"), (said[2].event_id, said[3].event_id)))
    cue = Cue("ask-guest", "How often are scans done in a year?", EventId("$q"), BO, said[0].at)
    assert [t.thread_id for t in guests_first(groups, replace(talk(*said), cues=(cue,)))] == ["t2", "t1"]
    assert guests_first(groups, talk(*said)) == groups
