"""Batches in, rows and outbox out: listening and advancing over a real store, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from peerplugin import outbox
from peerplugin.advance import advance
from peerplugin.core.effects import Answer, Join, React, Redact
from peerplugin.core.model import EventId, Gap, RoomId, UserId
from peerplugin.core.record import Phase, Verdict
from peerplugin.errors import OutsideError
from peerplugin.listen import tick
from peerplugin.ports import Batch, Invitation, RoomBatch
from peerplugin.service import Service as Real
from peerplugin.store import Store
from tests.by_hand import Service, texts
from tests.core.scene import (
    ALMA,
    BO,
    DESK,
    KEY,
    MARA,
    PRIVATE,
    ROOM,
    US,
    a_series,
    an_event,
    at,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "store.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def service(store: Store) -> Service:
    return Service(store)


# --- the whole way ----------------------------------------------------------------------------------------------------------


def test_a_meeting_goes_from_its_first_word_to_the_link_in_the_room(service: Service) -> None:
    service.say(MARA, "!startmeeting")
    assert texts(service.deliver()) == ["meeting-started"]
    service.say(ALMA, "Does banding hurt?")
    service.minute = 50
    service.say(MARA, "!endmeeting")
    works = service.deliver()
    assert texts(works) == ["meeting-ended", "drafted", "card"]
    assert [w.effect.emoji for w in works if isinstance(w.effect, React)] == ["✅", "❌"]
    service.minute = 80
    service.about(MARA, "reaction", service.card(), DESK, key="✅")
    assert service.deliver() == []
    service.minute = 85
    works = service.deliver()
    assert [w.document.title for w in works if w.document] == [
        "Does variceal banding hurt?",
        "Liver Spot, 7 October 2026: procedures",
    ]
    assert texts(works) == ["meeting-published"]
    assert service.record().phase is Phase.SETTLED
    with service.store.transaction() as tx:
        assert tx.outbox_counts().keys() == {"done"}
        assert tx.token() == f"s{service.batches}"


def test_a_batch_that_is_heard_twice_changes_nothing_the_second_time(service: Service) -> None:
    start, said = an_event(MARA, "!startmeeting", 0), an_event(ALMA, "hello")
    service.hear(ROOM, start, said, said)
    assert service.hear(ROOM, start, said) == {"heard before": 2}
    with service.store.transaction() as tx:
        assert [k.event.event_id for k in tx.kept(KEY)] == [start.event_id, said.event_id]
        assert tx.pending() == 1


def test_an_event_that_is_ignored_is_counted_and_leaves_only_its_id(service: Service) -> None:
    gossip = an_event(ALMA, "canary")
    assert service.hear(ROOM, gossip, skipped={"no body": 2}) == {"outside": 1, "no body": 2}
    assert service.hear(RoomId("!other:example.org"), gossip) == {"not our room": 1}
    with service.store.transaction() as tx:
        assert tx.already_heard([gossip.event_id])
        assert tx.kept_event(gossip.event_id) is None
        assert tx.skipped(None) == {"no body": 2}


def test_a_hole_in_the_timeline_belongs_to_the_open_meeting(service: Service) -> None:
    gap = Gap(ROOM, at(1), at(2), "not to be had")
    service.say(MARA, "!startmeeting")
    service.hear(ROOM, gap=gap, skipped={"no body": 1})
    with service.store.transaction() as tx:
        assert tx.gaps(KEY) == (gap,)
        assert tx.skipped(KEY) == {"no body": 1}


def test_our_own_event_coming_back_is_the_receipt_of_a_message_whose_reply_was_lost(service: Service) -> None:
    service.say(MARA, "!startmeeting")
    work = service.claim()
    assert work is not None
    service.hear(ROOM, an_event(US, work.text, effect_key=work.effect.key, event_id=EventId("$ours")))
    service.hear(ROOM, an_event(US, "unheard of", effect_key="nothing"))
    with service.store.transaction() as tx:
        assert tx.effect_of(work.effect.key) == (work.effect, "done", "$ours")
        outbox.sent(tx, work, EventId("$ours"), service.now)
    assert service.deliver() == []


def test_time_alone_opens_and_closes_a_meeting(store: Store) -> None:
    service = Service(store, a_series(start_by_schedule=True))
    for minute in (-1, 0, 30, 61, 62):
        service.minute = minute
        with store.transaction() as tx:
            tick(tx, service.group, service.now)
            advance(tx, service.group, service.now)
    record = service.record()
    assert (record.opened_at, record.closed_at, record.closed_by) == (at(0), at(60), "silence")
    with store.transaction() as tx:
        assert tx.floors() == {}


# --- members -----------------------------------------------------------------------------------------------------------------


def test_an_optout_to_us_alone_empties_the_drafts_and_is_answered_there(service: Service) -> None:
    service.hold_meeting()
    service.batch(invitations=(Invitation(PRIVATE, BO, direct=True, encrypted=False),))
    assert [w.effect.room for w in service.deliver() if isinstance(w.effect, Join)] == [PRIVATE]
    service.say(BO, "!optout", PRIVATE)
    works = service.deliver()
    assert [(w.room, w.text[:18]) for w in works if isinstance(w.effect, Answer)] == [(PRIVATE, "Done (Liver Spot).")]
    assert [w.effect.event_id for w in works if isinstance(w.effect, Redact)] == [f"$card:{KEY}:1:1"]
    draft = service.record().drafts[0]
    assert [s.event_ids for s in draft.summary.statements] == [("$m4",)]
    assert draft.cards == {f"$card:{KEY}:1:2": 2}


def test_an_answer_to_somebody_we_share_no_direct_room_with_asks_for_one(service: Service) -> None:
    service.say(ALMA, "!help")
    work = service.claim()
    assert work is not None
    assert (work.room, work.effect) == (None, Answer(key=work.effect.key, user=ALMA, text="help-room"))


def test_a_redaction_erases_the_text_from_the_store_and_from_the_drafts(service: Service) -> None:
    said = service.hold_meeting()
    service.about(BO, "redaction", said[1])
    with service.store.transaction() as tx:
        kept = tx.kept_event(said[1])
        assert kept is not None
        assert (kept.event.body, kept.left_out) == ("", "redacted")
    assert len(service.record().drafts[0].summary.statements) == 2


def test_invitations_are_taken_only_where_we_have_business(service: Service) -> None:
    strangers, hers, secret = RoomId("!strangers:example.org"), RoomId("!hers:example.org"), RoomId("!secret:example.org")
    service.batch(
        invitations=(
            Invitation(strangers, UserId("@spam:example.org"), direct=True, encrypted=False),
            Invitation(hers, ALMA, direct=False, encrypted=False),
            Invitation(secret, ALMA, direct=True, encrypted=True),
            Invitation(ROOM, MARA, direct=False, encrypted=False),
            Invitation(PRIVATE, ALMA, direct=True, encrypted=False),
        )
    )
    works = service.deliver()
    assert {w.effect.room for w in works if isinstance(w.effect, Join)} == {ROOM, PRIVATE}
    assert texts(works) == ["direct-encrypted"]
    service.minute = 5
    service.batch(invitations=(Invitation(PRIVATE, ALMA, direct=True, encrypted=False),))
    assert [type(w.effect).__name__ for w in service.deliver()] == ["Join"], "thrown out and asked again, we come again"


# --- moderators ----------------------------------------------------------------------------------------------------------------


def test_a_vote_from_another_desk_does_not_count(store: Store) -> None:
    """A reaction may point anywhere; the moderators of another series have no vote on this one's drafts."""
    other_room, other_desk = RoomId("!other:example.org"), RoomId("!otherdesk:example.org")
    service = Service(store, a_series(), a_series("other", room=other_room, management_room=other_desk))
    service.hold_meeting()
    service.about(MARA, "reaction", service.card(), other_desk, key="✅")
    service.say(MARA, "!approve 1", other_desk)
    service.about(ALMA, "reaction", service.card(), DESK, key="✅")
    assert service.record().drafts[0].verdict is Verdict.WAITING
    service.about(MARA, "reaction", service.card(), DESK, key="✅")
    assert service.record().drafts[0].verdict is Verdict.APPROVED


def test_a_vote_that_is_redacted_in_time_publishes_nothing(service: Service) -> None:
    service.hold_meeting()
    vote = service.about(MARA, "reaction", service.card(), DESK, key="✅")
    service.about(MARA, "redaction", vote, DESK)
    service.minute = 200
    assert service.deliver(outbox.FORUM) == []
    with service.store.transaction() as tx:
        assert tx.outbox_counts()["dropped"] == 1


def test_a_command_finds_its_meeting_by_the_drafts_number(service: Service) -> None:
    service.hold_meeting()
    service.say(MARA, "!approve 1", DESK)
    service.say(MARA, "!approve 2", DESK)
    service.say(MARA, "!status", DESK)
    works = service.deliver(outbox.CHAT)
    assert texts(works) == ["no-such-draft", "status"]
    assert works[1].text.startswith("Liver Spot: captured 5 ")
    assert service.record().drafts[0].verdict is Verdict.APPROVED


def test_an_approval_that_was_written_while_we_were_away_does_not_cover_an_edit_of_that_time(service: Service) -> None:
    said = service.hold_meeting()
    edit = an_event(BO, "other words", 81, kind="edit", target=said[1], room_id=ROOM)
    yes = an_event(MARA, "!approve all", 82, room_id=DESK)
    service.minute = 200
    service.batch(rooms=(RoomBatch(ROOM, timeline=(edit,)), RoomBatch(DESK, timeline=(yes,))))
    assert service.record().drafts[0].verdict is Verdict.WAITING
    assert texts(service.deliver()) == ["card"]


def test_numbers_go_on_across_meetings_of_one_desk(service: Service) -> None:
    service.hold_meeting()
    service.say(MARA, "!startmeeting")
    service.say(MARA, "!endmeeting")
    service.deliver()
    with service.store.transaction() as tx:
        second = tx.record(tx.record_keys()[1])
        assert second is not None
        assert (second.key, [d.number for d in second.drafts], tx.first_free(DESK)) == (f"{KEY}-2", [2], 3)


# --- while we are deaf ---------------------------------------------------------------------------------------------------------


class Line:
    """The homeserver's end of a line that is dead until somebody puts an answer on it."""

    def __init__(self) -> None:
        self.answer: Batch | None = None

    async def sync(self, since: str | None, *, full_state: bool) -> Batch:
        if self.answer is None:
            raise OutsideError("The homeserver does not answer.", kind="slow")
        return self.answer


async def test_a_meeting_does_not_end_by_time_before_what_was_said_meanwhile_is_heard(service: Service) -> None:
    service.say(MARA, "!startmeeting")
    service.minute = 200
    line = Line()
    running = Real(service.store, line, None, service.group, lambda: service.now)  # type: ignore[arg-type]
    try:
        await running.begin()
        await running.advance_once()
        with pytest.raises(OutsideError):
            await running.listen_once()
        await running.advance_once()
        assert service.record().phase is Phase.OPEN
        line.answer = Batch("later", (RoomBatch(ROOM, timeline=(an_event(BO, "said while you were away", 20),)),))
        await running.listen_once()
        await running.advance_once()
    finally:
        running.close()
    record = service.record()
    assert (record.closed_at, record.closed_by) == (at(80), "silence")
    with service.store.transaction() as tx:
        assert [k.event.body for k in tx.kept(KEY) if k.event.sender == BO] == ["said while you were away"]
