"""What is done of what was decided, and what becomes of it when it fails: delivering over a real store, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from peerplugin import outbox
from peerplugin.core.effects import Join, Publication, Say, Think, Withdraw
from peerplugin.core.model import EventId, RoomId
from peerplugin.core.words import Words
from peerplugin.errors import OutsideError
from peerplugin.listen import tick
from peerplugin.store import Store
from tests.by_hand import Service, room_state, texts
from tests.core.scene import (
    ALMA,
    BO,
    DESK,
    KEY,
    MARA,
    ROOM,
    a_series,
    an_event,
)

NEW = RoomId("!new:example.org")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "store.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def service(store: Store) -> Service:
    by_hand = Service(store)
    with store.transaction() as tx:
        outbox.proven(tx, a_series(), by_hand.now)
    return by_hand


# --- the forum -----------------------------------------------------------------------------------------------------------------


def published(service: Service) -> list[EventId]:
    said = service.hold_meeting()
    service.about(MARA, "reaction", service.card(), DESK, key="✅")
    service.minute = 90
    service.deliver()
    return said


def test_the_ledger_knows_what_stands_behind_what_is_public_until_it_is_withdrawn(service: Service) -> None:
    said = published(service)
    topic = service.record().drafts[0].document
    with service.store.transaction() as tx:
        rows = tx.ledger(topic)
        assert {r.event_id for r in rows} == {said[1], said[2], said[3], said[4]}
        assert tx.sender_key(BO) in {r.sender_key for r in rows}
    service.about(BO, "redaction", said[1])
    with service.store.transaction() as tx:
        assert said[1] not in {r.event_id for r in tx.ledger(topic)}


def test_a_redaction_that_comes_while_the_forum_is_being_written_to_is_done_next(service: Service) -> None:
    said = service.hold_meeting()
    service.about(MARA, "reaction", service.card(), DESK, key="✅")
    service.minute = 90
    work = service.claim(outbox.FORUM)
    assert work is not None
    assert work.document is not None
    service.about(BO, "redaction", said[1])
    assert service.claim(outbox.ERASING) is None, "one after the other"
    service.perform(work)
    corrected = service.claim(outbox.ERASING)
    assert corrected is not None
    assert corrected.document is not None
    assert "five rounds" in work.document.raw
    assert "five rounds" not in corrected.document.raw
    assert corrected.document.private
    assert corrected.known is not None


def test_an_erasure_does_not_wait_for_a_back_off(service: Service) -> None:
    said = service.hold_meeting()
    service.about(MARA, "reaction", service.card(), DESK, key="✅")
    service.minute = 90
    work = service.claim(outbox.FORUM)
    assert work is not None
    with service.store.transaction() as tx:
        assert outbox.failed(tx, work, OutsideError("no", kind="invalid", permanent=True), outbox.Patience(), service.group, service.now)
    assert service.claim(outbox.FORUM) is None
    for event in said:
        service.about(MARA, "redaction", event)
    works = service.deliver(outbox.ERASING)
    assert [(type(w.effect).__name__, w.known) for w in works] == [("Withdraw", None)], "its reply may have been lost: it is looked for"
    assert works[0].document is not None
    assert works[0].document.raw == ""


def test_nothing_is_published_before_an_erasure_was_proven_and_then_it_is_at_once(store: Store) -> None:
    service = Service(store)
    service.hold_meeting()
    service.about(MARA, "reaction", service.card(), DESK, key="✅")
    service.minute = 90
    first = service.claim(outbox.FORUM)
    assert first is not None
    assert (first.unproven, first.document) == (a_series(), None)
    assert not service.record().drafts[0].public, "the forum was asked for nothing of it"
    service.perform(first)
    assert [w.unproven for w in service.deliver(outbox.FORUM)] == [None, None], "the topic and its index, without another proof"


def test_an_operator_may_accept_what_could_not_be_proven(store: Store) -> None:
    service = Service(store, a_series(publish_unproven=True))
    service.hold_meeting()
    service.about(MARA, "reaction", service.card(), DESK, key="✅")
    service.minute = 90
    work = service.claim(outbox.FORUM)
    assert work is not None
    assert work.document is not None


def test_what_could_not_be_proven_is_told_and_tried_again_later(store: Store) -> None:
    service = Service(store)
    service.hold_meeting()
    service.about(MARA, "reaction", service.card(), DESK, key="✅")
    service.minute = 90
    work = service.claim(outbox.FORUM)
    assert work is not None
    refusal = OutsideError("An erasure would not be complete.", kind="rights", permanent=True)
    with store.transaction() as tx:
        assert outbox.failed(tx, work, refusal, outbox.Patience(), service.group, service.now), "a person must act"
    assert service.claim(outbox.FORUM) is None
    service.minute += 61
    again = service.claim(outbox.FORUM)
    assert again is not None
    assert again.unproven is not None


def test_what_a_person_wrote_in_the_forum_stays_until_a_moderator_overwrites_it(service: Service) -> None:
    published(service)
    service.say(MARA, "!overwrite 1", DESK)
    work = service.claim(outbox.FORUM)
    assert work is not None
    assert work.document is not None
    assert work.document.over
    edited = OutsideError("It was edited in the forum.", kind="conflict", permanent=True)
    with service.store.transaction() as tx:
        assert not outbox.failed(tx, work, edited, outbox.Patience(), service.group, service.now), "told, and then left alone"
    told = [w.text for w in service.deliver(outbox.CHAT)]
    assert [t for t in told if "was edited in the forum" in t and "!overwrite" in t]
    service.say(MARA, "!overwrite 1", DESK)
    again = service.deliver(outbox.FORUM)
    assert [w.document.over for w in again if w.document] == [True, True]
    service.minute += 24 * 60
    assert not service.deliver(outbox.FORUM)
    assert service.record().over == frozenset()


def test_a_tag_that_the_forum_dropped_and_an_edit_that_had_to_go_are_told_once(service: Service) -> None:
    service.hold_meeting()
    service.about(MARA, "reaction", service.card(), DESK, key="✅")
    service.minute = 90
    work = service.claim(outbox.FORUM)
    assert work is not None
    assert work.document is not None
    stands = Publication(work.document.document, 7, 70, "https://forum.example.org/t/7", 1, "", dropped=("meeting",), overrode=True)
    with service.store.transaction() as tx:
        outbox.put(tx, work, stands, service.group, service.now)
    told = [w.text for w in service.deliver(outbox.CHAT)]
    assert len([t for t in told if "did not take the tag meeting" in t]) == 1
    assert len([t for t in told if "had been edited in the forum" in t]) == 1


def test_what_waits_in_the_forums_own_queue_is_looked_at_again(service: Service) -> None:
    service.hold_meeting()
    service.about(MARA, "reaction", service.card(), DESK, key="✅")
    service.minute = 90
    work = service.claim(outbox.FORUM)
    assert work is not None
    assert work.document is not None
    waiting = Publication(work.document.document, 0, 0, "", 0, "", enqueued=True)
    with service.store.transaction() as tx:
        outbox.put(tx, work, waiting, service.group, service.now)
    assert service.claim(outbox.FORUM) is None
    service.minute = 101
    again = service.claim(outbox.FORUM)
    assert again is not None
    assert again.effect.key == work.effect.key
    assert again.known is not None
    assert again.known.enqueued


def test_retracting_takes_topic_and_index_away(service: Service) -> None:
    published(service)
    service.say(MARA, "!retract 1 too personal", DESK)
    works = service.deliver(outbox.ERASING)
    assert sorted(w.effect.document for w in works if isinstance(w.effect, Withdraw)) == [f"{KEY}/index", f"{KEY}/t1"]
    assert service.record().publications == {}


# --- what goes wrong ---------------------------------------------------------------------------------------------------------------


def test_waiting_times_double_up_to_a_bound_and_follow_the_other_sides_wish() -> None:
    patience, busy = outbox.Patience(5, 900), OutsideError("busy", kind="rate_limited", retry_after_s=60)
    assert [patience.wait(n, OutsideError("no", kind="server")).total_seconds() for n in (1, 2, 3, 100)] == [5, 10, 20, 900]
    assert patience.wait(1, busy) == timedelta(seconds=60)
    assert patience.wait(1, OutsideError("never", kind="rights", permanent=True)) == timedelta(hours=1)


def test_a_failed_message_is_tried_again_and_after_three_times_somebody_hears_of_it(service: Service) -> None:
    service.say(MARA, "!startmeeting")
    told = []
    for _ in range(3):
        work = service.claim()
        assert work is not None
        with service.store.transaction() as tx:
            told.append(outbox.failed(tx, work, OutsideError("slow", kind="slow"), outbox.Patience(), service.group, service.now))
        service.minute += 1
    assert told == [False, False, True]


def test_an_answer_that_can_never_arrive_is_let_go(service: Service) -> None:
    service.say(ALMA, "!help")
    work = service.claim()
    assert work is not None
    with service.store.transaction() as tx:
        assert not outbox.failed(
            tx, work, OutsideError("no", kind="invalid", permanent=True), outbox.Patience(), service.group, service.now
        )
        assert tx.outbox_counts() == {"failed": 1}


def test_a_groups_own_text_that_cannot_be_filled_steps_aside_and_stops_nothing_else(service: Service) -> None:
    service.group = replace(service.group, words=Words({"meeting-started.txt": "{{ name + 1 }}", "help-room.txt": "help"}))
    service.say(MARA, "!startmeeting")
    service.say(ALMA, "!help")
    assert texts(service.deliver()) == ["help-room"]
    with service.store.transaction() as tx:
        [trouble] = tx.troubles()
        assert trouble.sentence.startswith("config/texts/meeting-started.txt cannot be filled")


def test_thinking_of_an_older_round_is_dropped(service: Service) -> None:
    service.say(MARA, "!startmeeting")
    service.say(BO, "words 2", event_id=EventId("$m2"))
    service.say(MARA, "!endmeeting")
    service.say(BO, "!consent reported")
    work = service.claim(outbox.THINKING)
    assert work is not None
    assert isinstance(work.effect, Think)
    assert work.effect.round == 2
    assert work.transcript is not None
    assert [m.text for m in work.transcript.messages if m.left_out is None] == ["words 2"]
    service.perform(work)
    assert service.claim(outbox.THINKING) is None


def test_a_series_that_has_left_the_settings_does_no_harm(service: Service) -> None:
    service.say(MARA, "!startmeeting")
    service.group = replace(service.group, series=(a_series("another", management_room=RoomId("!else:example.org")),))
    service.say(ALMA, "hello")
    service.minute = 50
    with service.store.transaction() as tx:
        tick(tx, service.group, service.now)
    assert service.deliver() == []
    with service.store.transaction() as tx:
        assert tx.outbox_counts() == {"dropped": 1}


def test_a_meeting_goes_on_in_the_room_that_its_room_became(service: Service) -> None:
    service.say(MARA, "!startmeeting")
    service.deliver()
    service.hear(ROOM, an_event(MARA, "", 1, kind="tombstone", replacement=NEW))
    assert [w.effect.room for w in service.deliver() if isinstance(w.effect, Join)] == [NEW]
    service.hear(NEW, state=room_state(NEW))
    service.say(ALMA, "still the same meeting", NEW)
    service.say(MARA, "!endmeeting", NEW)
    with service.store.transaction() as tx:
        assert [k.event.body for k in tx.kept(KEY) if not k.left_out] == ["still the same meeting"]
        assert tx.record_keys() == (KEY,)
    assert {w.room for w in service.deliver() if isinstance(w.effect, Say) and w.effect.text == "meeting-ended"} == {NEW}


def test_nothing_that_was_left_out_can_be_found_in_the_file(service: Service, tmp_path: Path) -> None:
    service.say(MARA, "!startmeeting")
    service.say(ALMA, "[off] canaryone")
    said = service.say(ALMA, "canarytwo")
    service.about(ALMA, "edit", said, body="canarythree")
    service.about(ALMA, "reaction", said, key="🔒")
    service.say(MARA, "!pause")
    service.say(ALMA, "canaryfour")
    service.say(MARA, "!endmeeting")
    service.say(ALMA, "canaryfive")
    assert b"canary" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())
