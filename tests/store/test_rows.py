"""What the store remembers, and that it comes back as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from peerplugin.core.capture import Floor, Kept
from peerplugin.core.facts import Closed, Opened, Voted
from peerplugin.core.model import (
    Consent,
    DocumentId,
    EventId,
    Gap,
    Level,
    MeetingKey,
    Powers,
    RoomEvent,
    RoomId,
    RoomState,
    SeriesId,
    UserId,
)
from peerplugin.core.record import Phase, Record
from peerplugin.store import Account, LedgerRow, Store
from tests.store.heard import ALMA, BO, DESK, LIVER, NOW, ROOM, WEDNESDAY, command, event, keep

# --- ourselves and rooms -------------------------------------------------------------------------------------------


def test_another_account_does_not_go_on_with_the_sync_token_of_the_first(store: Store) -> None:
    first = Account(UserId("@bot:example.org"), "DEV1", "secret", "https://example.org")
    with store.transaction() as tx:
        assert tx.account() is None
        tx.save_account(first)
        tx.save_token("s1")
        tx.save_account(replace(first, access_token="renewed"))
        assert (tx.token(), tx.account()) == ("s1", replace(first, access_token="renewed"))
        tx.save_account(replace(first, device_id="DEV2"))
        assert tx.token() is None
    assert "secret" not in repr(first)


def test_the_first_start_is_remembered_with_its_zone(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.began_at() is None
        tx.set_began_at(NOW)
        assert tx.began_at() == NOW


def test_a_room_is_followed_through_its_upgrades_and_a_circle_has_an_end(store: Store) -> None:
    one, two, three = RoomId("!1:x"), RoomId("!2:x"), RoomId("!3:x")
    with store.transaction() as tx:
        tx.save_room_state(RoomState(one, replaced_by=two))
        tx.save_room_state(RoomState(two, replaced_by=three))
        assert (tx.current_room(one), tx.current_room(three)) == (three, three)
        tx.save_room_state(RoomState(three, replaced_by=one))
        assert tx.current_room(two) == one


def test_a_room_is_remembered_as_it_last_was(store: Store) -> None:
    state = RoomState(ROOM, "Liver Spot", "12", (BO,), Powers({ALMA: 50}), {ALMA: "Alma"}, {ALMA: ("Alma", "Ally 💛")})
    with store.transaction() as tx:
        assert tx.room_state(ROOM) is None
        tx.save_room_state(RoomState(ROOM))
        tx.save_room_state(state)
        assert tx.room_state(ROOM) == state
        assert tx.room_states() == (state,)


def test_a_direct_room_is_remembered_by_member(store: Store) -> None:
    with store.transaction() as tx:
        tx.save_direct_room(ALMA, RoomId("!old:x"))
        tx.save_direct_room(ALMA, RoomId("!new:x"))
        assert (tx.direct_room(ALMA), tx.direct_room(BO)) == (RoomId("!new:x"), None)


def test_the_floor_of_a_room_is_there_until_the_meeting_is_over(store: Store) -> None:
    floor = Floor(WEDNESDAY, LIVER, NOW, None, NOW, paused=True, chairs=frozenset({ALMA}), queue=(BO, ALMA))
    with store.transaction() as tx:
        tx.save_floor(ROOM, floor)
        assert (tx.floor(ROOM), tx.floors(), tx.key_taken(WEDNESDAY)) == (floor, {ROOM: floor}, True)
        tx.save_floor(ROOM, None)
        assert (tx.floor(ROOM), tx.floors(), tx.key_taken(WEDNESDAY)) == (None, {}, False)


# --- events --------------------------------------------------------------------------------------------------------


def test_events_come_back_in_the_order_of_their_arrival_whatever_their_clocks_say(store: Store) -> None:
    events = [replace(event(name), at=NOW - timedelta(days=days)) for name, days in (("c", 0), ("a", 2600), ("b", 1))]
    with store.transaction() as tx:
        keep(tx, *events)
        assert [kept.event for kept in tx.kept(WEDNESDAY)] == events


def test_every_field_of_an_event_comes_back(store: Store) -> None:
    full = RoomEvent(
        event_id=EventId("$full"),
        room_id=ROOM,
        sender=ALMA,
        at=NOW.astimezone(timezone(timedelta(hours=-7))),
        kind="powers",
        body="NUL \x00, bidi \u202e, a smile 🙂\r\n",
        reply_to=EventId("$r"),
        thread_root=EventId("$t"),
        target=EventId("$x"),
        key="✅",
        effect_key="k",
        mentions=(BO,),
        subject=BO,
        name="Bo",
        membership="join",
        powers=Powers({ALMA: 100}, 5),
        creators=(ALMA,),
        room_version="12",
        replacement=RoomId("!new:x"),
    )
    with store.transaction() as tx:
        tx.keep(WEDNESDAY, Kept(full, "Al\x00ma", moderator=True, left_out="media"))
        assert tx.kept_event(EventId("$full")) == Kept(full, "Al\x00ma", moderator=True, left_out="media")


def test_half_a_surrogate_pair_is_stored_as_a_question_mark(store: Store) -> None:
    with store.transaction() as tx:
        tx.keep(WEDNESDAY, Kept(replace(event("a", "tea \ud83d"), name="\udc00"), "Alma \ud83d", moderator=False, left_out=None))
        (kept,) = tx.kept(WEDNESDAY)
    assert (kept.event.body, kept.event.name, kept.name) == ("tea ?", "?", "Alma ?")


def test_an_event_that_comes_twice_is_kept_once_as_it_first_came(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.keep(WEDNESDAY, Kept(event("a"), "Alma", moderator=False, left_out=None))
        assert not tx.keep(WEDNESDAY, Kept(event("a", "something else"), "Alma", moderator=False, left_out=None))
        assert not tx.mark_heard(EventId("$a"), ROOM, NOW)
        assert [kept.event for kept in tx.kept(WEDNESDAY)] == [event("a")]


def test_an_event_that_was_only_heard_is_known_and_holds_nothing(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.mark_heard(EventId("$a"), ROOM, NOW)
        assert not tx.mark_heard(EventId("$a"), ROOM, NOW)
        assert tx.already_heard([EventId("$a")])
        assert (tx.meeting_of(EventId("$a")), tx.kept_event(EventId("$a"))) == (None, None)
        assert (tx.already_heard([EventId("$b")]), tx.meeting_of(EventId("$b"))) == (frozenset(), None)


def test_a_members_events_are_found_by_meeting_and_by_series(store: Store) -> None:
    october, november = MeetingKey("liver-spot/2026-10-14"), MeetingKey("liver-spot/2026-11-04-2")
    with store.transaction() as tx:
        keep(tx, event("a"), replace(event("b"), sender=BO), event("c"))
        keep(tx, event("d"), meeting=november)
        keep(tx, replace(event("e"), sender=BO), meeting=october)
        keep(tx, event("f"), meeting=MeetingKey("liver-spot-young/2026-10-07"))
        assert tx.ids_of(WEDNESDAY, ALMA) == {"$a", "$c"}
        assert tx.meetings_of(LIVER, ALMA) == (WEDNESDAY, november)
        assert tx.meetings_of(LIVER, BO) == (WEDNESDAY, october)
        assert tx.meeting_of(EventId("$d")) == november


def test_messages_are_counted_by_why_they_were_left_out_and_edits_are_no_messages(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.counts(WEDNESDAY) == {"kept": 0}
        keep(tx, event("a"), event("b"), event("a2", kind="edit", target="a"), event("r", kind="reaction", target="a"))
        keep(tx, event("c", ""), event("d", ""), left_out="off_record")
        tx.erase([EventId("$b")], "redacted")
        assert tx.counts(WEDNESDAY) == {"kept": 1, "off_record": 2, "redacted": 1}


def test_holes_and_skipped_events_are_remembered_for_their_meeting_or_for_none(store: Store) -> None:
    hole, other = Gap(ROOM, NOW, None, "history is hidden"), Gap(ROOM, None, NOW, "the homeserver failed")
    with store.transaction() as tx:
        tx.add_gap(WEDNESDAY, hole)
        tx.add_gap(None, other)
        tx.add_skipped(WEDNESDAY, {"malformed": 2})
        tx.add_skipped(WEDNESDAY, {"malformed": 1, "too long": 1})
        tx.add_skipped(None, {"malformed": 7})
        assert (tx.gaps(WEDNESDAY), tx.gaps(None)) == ((hole,), (other,))
        assert (tx.skipped(WEDNESDAY), tx.skipped(None)) == ({"malformed": 3, "too long": 1}, {"malformed": 7})


def test_a_moment_without_a_zone_is_never_stored(store: Store) -> None:
    with pytest.raises(Exception, match="without a time zone"), store.transaction() as tx:
        tx.mark_heard(EventId("$a"), ROOM, NOW.replace(tzinfo=None))


# --- meetings ------------------------------------------------------------------------------------------------------


def test_consents_are_appended_and_read_in_order(store: Store) -> None:
    given = (
        Consent(ALMA, Level.QUOTED, NOW, "room", EventId("$a")),
        Consent(ALMA, Level.NONE, NOW, "direct"),
        Consent(BO, Level.COUNTED, NOW, "operator"),
    )
    with store.transaction() as tx:
        for consent in given:
            tx.add_consent(LIVER, consent)
        tx.add_consent(SeriesId("kidney"), given[0])
        assert tx.consents(LIVER) == given


def test_facts_are_news_until_they_are_handled(store: Store) -> None:
    opened = Opened(NOW, WEDNESDAY, LIVER, ROOM, ALMA, None)
    vote = Voted(NOW, EventId("$v"), BO, EventId("$card"), "✅")
    tuesday = MeetingKey("kidney/2026-10-06")
    with store.transaction() as tx:
        first = tx.add_fact(opened, WEDNESDAY)
        tx.add_fact(Closed(NOW, "silence"), tuesday)
        second = tx.add_fact(vote, WEDNESDAY)
        tx.add_fact(command("later"), None)
        assert tx.meetings_with_news() == (WEDNESDAY, tuesday)
        assert tx.new_facts(WEDNESDAY) == ((first, opened), (second, vote))
        assert [fact for _, fact in tx.new_facts(None)] == [command("later")]
        tx.handled([first, second])
        assert (tx.has_news(WEDNESDAY), tx.has_news(tuesday), tx.has_news(None)) == (False, True, True)
        assert tx.new_facts(WEDNESDAY) == ()
        assert tx.meetings_with_news() == (tuesday,)
        assert tx.key_taken(WEDNESDAY)


def test_a_record_is_found_by_its_series_its_phase_and_its_moment(store: Store) -> None:
    wednesday = Record(WEDNESDAY, LIVER, ROOM, NOW)
    tuesday = Record(MeetingKey("kidney/2026-10-06"), SeriesId("kidney"), DESK, NOW - timedelta(days=1), phase=Phase.REVIEW)
    with store.transaction() as tx:
        assert (tx.record(WEDNESDAY), tx.next_wake()) == (None, None)
        tx.save_record(wednesday, NOW + timedelta(minutes=75))
        tx.save_record(tuesday, None)
        assert tx.record(WEDNESDAY) == wednesday
        assert tx.record_keys() == (tuesday.key, WEDNESDAY)
        assert (tx.record_keys(series=LIVER), tx.record_keys(phase=Phase.REVIEW)) == ((WEDNESDAY,), (tuesday.key,))
        assert tx.record_keys(LIVER, Phase.REVIEW) == ()
        assert (tx.due(NOW), tx.due(NOW + timedelta(minutes=75))) == ((), (WEDNESDAY,))
        assert tx.next_wake() == NOW + timedelta(minutes=75)
        tx.save_record(replace(wednesday, phase=Phase.THINKING), None)
        assert (tx.next_wake(), tx.record_keys(phase=Phase.THINKING)) == (None, (WEDNESDAY,))
        assert (tx.key_taken(WEDNESDAY), tx.key_taken(MeetingKey("liver-spot/2026-10-07-2"))) == (True, False)


def test_a_draft_number_is_never_given_twice(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.first_free(DESK) == 1
        assert list(tx.take_numbers(DESK, 9)) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
        assert list(tx.take_numbers(DESK, 2)) == [10, 11]
        assert (tx.first_free(DESK), tx.first_free(ROOM)) == (12, 1)


# --- ledger and troubles -------------------------------------------------------------------------------------------


def test_the_ledger_says_what_stands_behind_a_document_and_forgets_struck_messages(store: Store) -> None:
    document, other = DocumentId("liver-spot/2026-10-07/t8"), DocumentId("liver-spot/2026-10-07/index")
    with store.transaction() as tx:
        alma = tx.sender_key(ALMA)
        rows = [LedgerRow(EventId(f"${n}"), alma, WEDNESDAY, document, n, 1, 3) for n in (1, 2)]
        tx.enter_ledger([*rows, LedgerRow(EventId("$1"), alma, WEDNESDAY, other, 1, 1, 1)])
        tx.enter_ledger([replace(rows[0], version=4)])
        assert tx.ledger(document) == (replace(rows[0], version=4), rows[1])
        assert tx.strike([EventId("$1")]) == {document, other}
        assert tx.ledger(document) == (rows[1],)


def test_a_sender_is_the_same_in_one_ledger_and_another_in_the_next(store: Store, path: Path, tmp_path: Path) -> None:
    other = Store.open(tmp_path / "other.sqlite")
    with store.transaction() as tx, other.transaction() as elsewhere:
        first, second, stranger = tx.sender_key(ALMA), tx.sender_key(BO), elsewhere.sender_key(ALMA)
    other.close()
    store.close()
    again = Store.open(path)
    with again.transaction() as tx:
        assert tx.sender_key(ALMA) == first
    again.close()
    assert len({first, second, stranger}) == 3


def test_a_trouble_is_told_once_until_it_is_mended(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.trouble("token", "The homeserver refuses our token.", NOW)
        assert not tx.trouble("token", "The homeserver refuses our token.", NOW + timedelta(hours=1))
        assert [(known.kind, known.since) for known in tx.troubles()] == [("token", NOW)]
        assert (tx.calm("token"), tx.calm("token"), tx.troubles()) == (True, False, ())
        assert tx.trouble("token", "The homeserver refuses our token.", NOW)
