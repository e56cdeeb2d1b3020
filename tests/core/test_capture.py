"""What becomes of events: edits, redactions, [off], 🔒, pauses, late and double and strange ones. Nothing left out keeps its text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerplugin.core.capture import Kept, event_ids, sift, transcript
from peerplugin.core.facts import Withdrawn
from peerplugin.core.model import Consent, EventId, Level, RoomId, Transcript
from tests.core.scene import ALMA, BO, CLEO, CRISIS, KEY, MARA, Ear, an_event, at


def left_out(script: Transcript) -> list[str | None]:
    return [m.left_out for m in script.messages if m.left_out != "command"]


def test_a_meeting_keeps_what_was_said_in_the_order_it_was_heard() -> None:
    ear = Ear().start()
    ear.say(ALMA, "Does banding hurt?")
    ear.say(BO, "shrugs", kind="emote")
    assert ear.texts() == ["Does banding hurt?", "shrugs"]
    assert [m.name for m in ear.transcript().messages] == ["Mara", "Alma", "Bo"]
    assert ear.transcript().messages[2].emote


def test_outside_a_meeting_nothing_is_kept() -> None:
    ear = Ear()
    ear.say(ALMA, "hello")
    ear.start()
    ear.say(MARA, "!endmeeting", 5)
    ear.say(ALMA, "and now for gossip", 6)
    assert ear.texts() == []
    assert [i for i in ear.ignored if i] == ["outside", "outside"]


def test_the_authors_edit_is_what_counts_and_nobody_elses() -> None:
    ear = Ear().start()
    said = ear.say(ALMA, "It hurt alot")
    ear.about(BO, "edit", said, body="words put into her mouth")
    ear.about(MARA, "edit", said, body="a moderator's words")
    assert ear.texts() == ["It hurt alot"]
    ear.about(ALMA, "edit", said, body="It hurt a lot")
    assert ear.texts() == ["It hurt a lot"]
    assert ear.facts_of(Withdrawn) == [Withdrawn(at(2), frozenset({said}), "edited")]


def test_a_redaction_takes_the_text_of_the_original_and_of_its_edits() -> None:
    ear = Ear().start()
    said = ear.say(ALMA, "first version")
    ear.about(ALMA, "edit", said, body="second version")
    ear.about(ALMA, "redaction", said, 3)
    assert [k.event.body for k in ear.kept[KEY].values() if k.event.body] == []
    assert left_out(ear.transcript()) == ["redacted"]


def test_after_a_redaction_an_edit_brings_nothing_back() -> None:
    ear = Ear().start()
    said = ear.say(ALMA, "first version")
    ear.about(ALMA, "redaction", said)
    ear.about(ALMA, "edit", said, 3, body="back again")
    assert ear.texts() == []
    assert ear.ignored[-1] == "an edit that does not count"


def test_a_moderator_redacts_for_others_and_a_member_does_not() -> None:
    ear = Ear().start()
    said = ear.say(ALMA, "too much")
    ear.about(BO, "redaction", said)
    assert ear.texts() == ["too much"]
    ear.about(MARA, "redaction", said)
    assert ear.texts() == []


def test_a_redaction_counts_whatever_the_clock_of_its_server_says_and_long_after_the_meeting() -> None:
    ear = Ear().start()
    said = ear.say(ALMA, "regretted")
    ear.say(MARA, "!endmeeting", 5)
    ear.about(ALMA, "redaction", said, -60 * 24 * 365 * 7)
    assert ear.texts() == []


def test_a_redacted_edit_goes_and_the_version_before_it_stands() -> None:
    ear = Ear().start()
    said = ear.say(ALMA, "It hurt")
    edit = ear.about(ALMA, "edit", said, body="It hurt, said Doctor Walter")
    ear.about(BO, "redaction", edit, 3)
    assert ear.texts() == ["It hurt, said Doctor Walter"]
    ear.about(ALMA, "redaction", edit, 4)
    assert ear.texts() == ["It hurt"]
    assert "Walter" not in "".join(k.event.body for k in ear.kept[KEY].values())
    assert ear.facts_of(Withdrawn)[-1] == Withdrawn(at(4), frozenset({said, edit}), "edited")


@pytest.mark.parametrize("line", ["[off] secret", "  [OFF] secret", "[off]secret", "fine\n[off] secret", "[ off ] secret"])
def test_a_line_off_the_record_is_never_stored(line: str) -> None:
    ear = Ear().start()
    ear.say(ALMA, line)
    assert left_out(ear.transcript()) == ["off_record"]
    assert "secret" not in repr(ear.kept)


def test_a_line_that_becomes_off_the_record_by_an_edit_loses_all_its_versions() -> None:
    ear = Ear().start()
    said = ear.say(ALMA, "canary one")
    ear.about(ALMA, "edit", said, body="[off] canary two")
    ear.about(ALMA, "edit", said, 3, body="canary three")
    assert "canary" not in repr(ear.kept)
    assert ear.facts_of(Withdrawn) == [Withdrawn(at(2), frozenset({said}), "off_record")]


def test_a_lock_by_the_author_takes_a_message_out_and_by_others_does_not() -> None:
    ear = Ear().start()
    said = ear.say(ALMA, "just for you")
    ear.about(BO, "reaction", said, key="🔒")
    ear.about(MARA, "reaction", said, key="🔒")
    ear.about(ALMA, "reaction", said, key="❤")
    assert ear.texts() == ["just for you"]
    ear.about(ALMA, "reaction", said, key="🔒")
    assert ear.texts() == []
    assert "just for you" not in repr(ear.kept)


def test_a_lock_on_an_own_note_takes_the_note_out() -> None:
    ear = Ear().start()
    said = ear.say(ALMA, "!info my clinic is a good one")
    ear.about(ALMA, "reaction", said, key="🔒")
    assert ear.transcript().cues == ()


def test_what_is_said_or_edited_in_a_pause_is_not_noted() -> None:
    ear = Ear().start()
    before = ear.say(ALMA, "before")
    ear.say(MARA, "!pause", 2)
    ear.say(BO, "canary", 3)
    ear.about(ALMA, "edit", before, 3, body="canary")
    ear.say(MARA, "!resume", 4)
    ear.say(BO, "after", 5)
    assert ear.texts() == ["after"]
    assert "canary" not in repr(ear.kept)


def test_a_line_that_sounds_like_a_crisis_is_never_stored_not_even_as_a_note() -> None:
    ear = Ear().start()
    ear.say(ALMA, "I want to end it all")
    ear.say(ALMA, "!info I want to end it all")
    edited = ear.say(BO, "fine")
    ear.about(BO, "edit", edited, body="I want to end it all")
    assert [m.left_out for m in ear.transcript().messages] == ["command", "crisis", "crisis", "crisis"]
    assert ear.transcript().cues == ()
    assert "end it" not in repr(ear.kept)


@pytest.mark.parametrize("kind", ["media", "notice", "undecryptable"])
def test_pictures_bots_and_what_we_cannot_read_are_noted_without_text(kind: str) -> None:
    ear = Ear().start()
    ear.say(ALMA, "scan.png", kind=kind)
    assert left_out(ear.transcript()) == [kind]
    assert "scan.png" not in repr(ear.kept)


def test_a_seven_year_old_message_is_no_part_of_a_meeting() -> None:
    ear = Ear().start()
    ear.hear(an_event(ALMA, "from 2019", -60 * 24 * 365 * 7), now=at(5))
    ear.hear(an_event(ALMA, "from yesterday", -60 * 24), now=at(5))
    ear.hear(an_event(ALMA, "a slow clock", -5), now=at(5))
    assert ear.texts() == ["a slow clock"]
    assert ear.ignored[-3:] == ["older than the meeting", "older than the meeting", ""]


def test_a_seven_year_old_word_about_consent_changes_nothing() -> None:
    ear = Ear().start()
    ear.hear(an_event(ALMA, "!optout", -60 * 24 * 365 * 7), now=at(5))
    assert ear.consents == []


def test_an_edit_that_overtakes_its_message_keeps_the_edited_away_text_out() -> None:
    ear = Ear().start()
    first = EventId("$first")
    ear.about(ALMA, "edit", first, body="what I meant")
    ear.say(ALMA, "what I did not mean", event_id=first)
    assert ear.texts() == []
    assert "what I meant" not in repr(ear.kept)


def test_a_redaction_or_a_lock_that_overtakes_its_message_still_counts() -> None:
    ear = Ear().start()
    ear.about(ALMA, "redaction", EventId("$one"))
    ear.about(ALMA, "reaction", EventId("$two"), key="🔒")
    ear.about(BO, "reaction", EventId("$two"), key="❤")
    ear.about(BO, "redaction", EventId("$three"))
    for name in ("one", "two", "three"):
        ear.say(ALMA, name, event_id=EventId(f"${name}"))
    assert ear.texts() == ["three"]
    assert ear.ignored.count("about nothing we keep") == 1


def test_a_relation_that_points_into_another_room_does_nothing() -> None:
    ear = Ear().start()
    said = ear.say(ALMA, "mine")
    ear.about(MARA, "redaction", said, room_id=RoomId("!elsewhere:example.org"))
    ear.about(ALMA, "edit", said, body="elsewhere", room_id=RoomId("!elsewhere:example.org"))
    assert ear.texts() == ["mine"]
    assert ear.ignored[-2:] == ["about another room"] * 2


def test_a_redaction_of_a_reaction_or_a_second_one_changes_nothing() -> None:
    ear = Ear().start()
    said = ear.say(ALMA, "secret")
    lock = ear.about(ALMA, "reaction", said, key="🔒")
    ear.about(ALMA, "redaction", lock, 3)
    ear.about(ALMA, "redaction", said, 3)
    ear.about(ALMA, "redaction", said, 4)
    assert ear.ignored[-3:] == ["changes nothing", "", "changes nothing"]
    assert ear.texts() == []


def test_an_edit_of_a_picture_or_of_an_edit_does_not_count() -> None:
    ear = Ear().start()
    picture = ear.say(ALMA, "", kind="media")
    ear.about(ALMA, "edit", picture, body="a caption")
    assert ear.ignored[-1] == "an edit that does not count"


# --- openings -----------------------------------------------------------------------------------------------------------------


def test_a_question_mark_by_a_facilitator_says_that_a_question_begins_and_by_others_does_not() -> None:
    ear = Ear().start()
    first, second = ear.say(ALMA, "it hurts since june"), ear.say(BO, "and does it pass")
    ear.about(ALMA, "reaction", first, key="❓")
    ear.about(MARA, "reaction", second, key="❓")
    assert ear.transcript().openings == (second,)


def test_a_question_mark_that_is_taken_back_says_nothing() -> None:
    ear = Ear().start()
    said = ear.say(ALMA, "it hurts since june")
    mark = ear.about(MARA, "reaction", said, key="❓")
    ear.about(MARA, "redaction", mark, 3)
    assert ear.transcript().openings == ()


def test_a_topic_sent_as_a_reply_opens_what_it_answers() -> None:
    ear = Ear().start()
    said = ear.say(ALMA, "it hurts since june")
    ear.say(MARA, "!topic Pain after banding", reply_to=said)
    assert ear.transcript().openings == (said,)


def test_a_question_mark_counts_after_the_meeting_too() -> None:
    ear = Ear().start()
    said = ear.say(ALMA, "it hurts since june")
    ear.say(MARA, "!endmeeting", 5)
    ear.about(MARA, "reaction", said, 90, key="❓")
    assert ear.transcript().openings == (said,)


# --- cues ---------------------------------------------------------------------------------------------------------------------


def test_notes_become_cues_and_topics_are_the_chairs_alone() -> None:
    ear = Ear().start()
    ear.say(MARA, "!topic Banding")
    ear.say(ALMA, "!topic My own")
    ear.say(ALMA, "!info There is a leaflet")
    ear.say(BO, "!link https://example.org")
    ear.say(MARA, "!agreed Ask the nurse")
    ear.say(CLEO, "!here")
    assert [(c.kind, c.text) for c in ear.transcript().cues] == [
        ("topic", "Banding"), ("info", "There is a leaflet"), ("link", "https://example.org"), ("agreed", "Ask the nurse"), ("here", ""),
    ]  # fmt: skip
    assert ear.texts() == []


def test_undo_takes_the_last_note_back_if_a_chair_says_it() -> None:
    ear = Ear().start()
    ear.say(MARA, "!undo")
    ear.say(MARA, "!topic Banding")
    ear.say(ALMA, "!info wrong")
    ear.say(ALMA, "!undo")
    assert len(ear.transcript().cues) == 2
    ear.say(MARA, "!undo")
    assert [c.kind for c in ear.transcript().cues] == ["topic"]


def test_a_topic_is_corrected_by_editing_it_and_gone_by_redacting_it() -> None:
    ear = Ear().start()
    said = ear.say(MARA, "!topic Bandng")
    ear.about(MARA, "edit", said, body="!topic Banding")
    assert [c.text for c in ear.transcript().cues] == ["Banding"]
    ear.about(MARA, "redaction", said, 3)
    assert ear.transcript().cues == ()


def test_a_command_that_is_edited_into_a_sentence_is_a_sentence() -> None:
    ear = Ear().start()
    said = ear.say(ALMA, "!inof nobody")
    ear.about(ALMA, "edit", said, body="nobody knows")
    assert ear.texts() == ["nobody knows"]


# --- the transcript as such ------------------------------------------------------------------------------------------------------


def test_the_last_word_about_consent_is_the_one_said_last_not_the_one_heard_last() -> None:
    rows = [sift(an_event(ALMA, "hello"), "Alma", False, ())]
    out, back = Consent(ALMA, Level.NONE, at(9), "room"), Consent(ALMA, Level.REPORTED, at(5), "room")
    assert transcript(KEY, rows, default=Level.REPORTED, consents=[out, back]).messages[0].left_out == "consent"
    assert transcript(KEY, rows, default=Level.NONE).messages[0].text == ""
    assert transcript(KEY, rows, default=Level.NONE, consents=[back]).messages[0].text == "hello"


def test_what_a_member_said_is_known_by_its_ids() -> None:
    rows = [sift(an_event(ALMA, "one"), "Alma", False, ()), sift(an_event(BO, "two"), "Bo", False, ())]
    assert event_ids(rows, ALMA) == {rows[0].event.event_id}


_KINDS = st.sampled_from(["text", "edit", "redaction", "reaction"])


@given(
    st.lists(
        st.tuples(_KINDS, st.integers(0, 3), st.sampled_from([ALMA, BO]), st.sampled_from(["plain", "[off] canary", "end it all canary"])),
        max_size=8,
    ),
    st.randoms(),
)
def test_in_whatever_order_rows_come_and_however_often_an_original_that_is_gone_stays_gone(
    rows: list[tuple[str, int, str, str]], random: st.DataObject
) -> None:
    kept = []
    for n, (kind, about, sender, body) in enumerate(rows):
        more = {"target": EventId(f"$t{about}"), "key": "🔒" if kind == "reaction" else ""} if kind != "text" else {}
        event = an_event(sender, body, n, kind=kind, event_id=EventId(f"$t{about}" if kind == "text" else f"$x{n}"), **more)  # type: ignore[arg-type]
        kept.append(sift(event, "", False, CRISIS) if kind in ("text", "edit") else Kept(event, "", False))
    unique = list({k.event.event_id: k for k in kept}.values())
    shuffled = [*unique, *unique]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    script = transcript(KEY, shuffled, default=Level.REPORTED)
    assert "canary" not in repr(script)
    redacted = {
        k.event.target
        for k in unique
        if k.event.kind == "redaction"
        for o in unique
        if o.event.event_id == k.event.target and o.event.sender == k.event.sender
    }
    assert all(m.left_out == "redacted" for m in script.messages if m.event_id in redacted)
    assert all(m.text == "" for m in script.messages if m.left_out)
