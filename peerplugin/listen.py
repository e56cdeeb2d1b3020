"""LISTEN: one whole sync answer, with our sync token, in one transaction. What each event means is decided in `core.hearing`."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime

from peerplugin import diary
from peerplugin.core import floor, hearing, lifecycle, meetings
from peerplugin.core.capture import Floor, Kept
from peerplugin.core.effects import Answer, Join
from peerplugin.core.facts import AnyFact, Opened, Place, Sent
from peerplugin.core.listening import Heard, Listening, Memory
from peerplugin.core.model import EventId, MeetingKey, RoomEvent, RoomId, RoomState, Series, SeriesId, UserId
from peerplugin.core.record import Phase
from peerplugin.group import Group
from peerplugin.ports import Batch, Invitation, RoomBatch
from peerplugin.store import Tx


def listen(tx: Tx, batch: Batch, group: Group, now: datetime) -> Counter[str]:
    """Store a sync answer. Returns how many events were ignored, by reason."""
    ignored: Counter[str] = Counter()
    group = diary.today(tx, group)
    for room in batch.rooms:
        ignored += _room(tx, room, group, now)
    for invitation in batch.invitations:
        _invited(tx, invitation, group, now)
    tx.save_token(batch.token)
    return ignored


def tick(tx: Tx, group: Group, now: datetime) -> None:
    """Time passes without a word: meetings close and open by their schedule."""
    floors = tx.floors()
    if floors or any(s.start_by_schedule for s in group.series):
        group = diary.today(tx, group)
    begins = (s for s in group.series if s.start_by_schedule and meetings.current(s.schedule, now) is not None)
    for room in dict.fromkeys((*floors, *(tx.current_room(s.room) for s in begins))):
        listening = _listening(tx, room, group, now)
        if listening is None:
            continue
        after, facts = floor.on_time(listening, now, memory(tx, listening.series), now)
        _remember_facts(tx, facts, listening.series)
        _remember_place(tx, room, listening, after)


def _room(tx: Tx, room: RoomBatch, group: Group, now: datetime) -> Counter[str]:
    listening = _listening(tx, room.room_id, group, now)
    if listening is None:
        return Counter({"not our room": len(room.timeline)})
    before, counted = listening, Counter(room.skipped)
    known = memory(tx, listening.series)
    for event in room.state:
        listening = _take(tx, hearing.hear(listening, event, known, now), event, group, now, stored=False)
    meeting = listening.floor.meeting if listening.floor else None
    if room.gap is not None:
        tx.add_gap(meeting, room.gap)
    heard_before = set(tx.already_heard(event.event_id for event in room.timeline))
    for event in room.timeline:
        if event.event_id in heard_before:
            counted["heard before"] += 1
            continue
        heard_before.add(event.event_id)
        heard = hearing.hear(listening, event, known, now)
        if heard.ignored:
            counted[heard.ignored] += 1
        listening = _take(tx, heard, event, group, now, stored=True)
    _remember_place(tx, room.room_id, before, listening)
    if room.skipped:
        tx.add_skipped(listening.floor.meeting if listening.floor else meeting, room.skipped)
    return counted


def _take(tx: Tx, heard: Heard, event: RoomEvent, group: Group, now: datetime, *, stored: bool) -> Listening:
    """Write what one event changes."""
    if heard.kept is not None:
        tx.keep(*heard.kept)
    elif stored:
        tx.mark_heard(event.event_id, event.room_id, event.at)
    for event_id, reason in heard.erase:
        tx.erase([event_id], reason)
    for series_id, consent in heard.consents:
        tx.add_consent(series_id, consent)
    _remember_facts(tx, heard.facts, heard.listening.series)
    if heard.effects:
        tx.add_effects(heard.effects, now)
    for series_id, order in heard.orders:
        diary.ordered(tx, group, series_id, order, now)
    if heard.zone is not None:
        tx.save_zone(*heard.zone)
    if heard.receipt:
        received(tx, heard.receipt, event.event_id, event.at)
    return heard.listening


def received(tx: Tx, key: str, event_id: EventId, at: datetime) -> None:
    """An effect became this event: the same receipt twice (by answer and by sync) is one fact."""
    outgoing = tx.effect_of(key)
    if outgoing is None or not tx.receive(key, event_id):
        return
    tx.finish(key, "done", event_id=event_id)
    diary.sent(tx, outgoing.effect, Sent(at, key, event_id))
    if outgoing.effect.meeting is not None:
        tx.add_fact(Sent(at, key, event_id), outgoing.effect.meeting)


def _remember_facts(tx: Tx, facts: tuple[tuple[MeetingKey, AnyFact], ...], series: tuple[Series, ...]) -> None:
    for meeting, fact in facts:
        if isinstance(fact, Opened):
            tx.save_record(lifecycle.opened(fact), None)
        tx.add_fact(fact, meeting)


# --- the place ------------------------------------------------------------------------------------------------------------------


def _listening(tx: Tx, room: RoomId, group: Group, now: datetime) -> Listening | None:
    found = group.place_of(tx, room)
    if found is None:
        return None
    place, series = found
    state = tx.room_state(room) or RoomState(room)
    return Listening(group.us, place, state, series, _floor(tx, room, place, series), tx.began_at() or now, group.rules.crisis_phrases)


def _floor(tx: Tx, room: RoomId, place: Place, series: tuple[Series, ...]) -> Floor | None:
    """The open meeting of a room. One whose series has left the settings is over."""
    open_floor = tx.floor(room) if place == "room" else None
    return open_floor if open_floor is not None and any(s.series_id == open_floor.series for s in series) else None


def _remember_place(tx: Tx, room: RoomId, before: Listening, after: Listening) -> None:
    if after.state != before.state:
        tx.save_room_state(after.state)
    replacement = after.state.replaced_by
    if replacement is not None and after.floor is not None:  # the meeting goes on where the room went
        tx.save_floor(room, None)
        tx.save_floor(replacement, after.floor)
    elif after.floor != before.floor:
        tx.save_floor(room, after.floor)


def memory(tx: Tx, series: tuple[Series, ...]) -> Memory:
    """What hearing may look up, over one transaction."""

    def find(event_id: EventId) -> tuple[MeetingKey, Kept] | None:
        meeting = tx.meeting_of(event_id)
        kept = tx.kept_event(event_id) if meeting is not None else None
        return (meeting, kept) if meeting is not None and kept is not None else None

    def card(event_id: EventId) -> MeetingKey | None:
        key = tx.key_of_event(event_id)
        outgoing = tx.effect_of(key) if key is not None and key.startswith("card:") else None
        record = tx.record(outgoing.effect.meeting) if outgoing is not None and outgoing.effect.meeting is not None else None
        # The server does not look where a reaction points: a moderator of another desk has no vote here.
        return record.key if record is not None and any(s.series_id == record.series for s in series) else None

    def number(n: int) -> MeetingKey | None:
        keys = [k for s in series for k in reversed(tx.record_keys(series=s.series_id))]
        records = (tx.record(k) for k in keys)
        return next((r.key for r in records if r is not None and any(d.number == n for d in r.drafts)), None)

    def waiting() -> tuple[MeetingKey, ...]:
        keys = [k for s in series for phase in (Phase.SETTLED, Phase.REVIEW) for k in tx.record_keys(series=s.series_id, phase=phase)]
        records = [r for r in (tx.record(k) for k in keys) if r is not None]
        return tuple(r.key for r in sorted(records, key=lambda r: r.opened_at))

    def taken() -> frozenset[MeetingKey]:
        return frozenset(k for s in series for k in tx.record_keys(series=s.series_id))

    def said(series_id: SeriesId, user: UserId) -> tuple[tuple[MeetingKey, frozenset[EventId]], ...]:
        return tuple((m, tx.ids_of(m, user)) for m in tx.meetings_of(series_id, user))

    def prompt(event_id: EventId) -> SeriesId | None:
        key = tx.key_of_event(event_id)
        outgoing = tx.effect_of(key) if key is not None else None
        return diary.asked_for(outgoing.effect) if outgoing is not None else None

    return Memory(find, card, number, waiting, taken, prompt, said)


# --- invitations --------------------------------------------------------------------------------------------------------------------


def _invited(tx: Tx, invitation: Invitation, group: Group, now: datetime) -> None:
    """We enter the rooms of our settings, and plain direct rooms of people who are in one of those."""
    room = invitation.room_id
    ours = {tx.current_room(r) for s in group.series for r in (s.room, s.management_room)}
    if room in ours:
        tx.add_effects([Join(key=f"join:{room}:{now.isoformat(timespec='minutes')}", room=room)], now)
        return
    known = any(invitation.inviter in group.known_in(tx, s) for s in group.series)
    if not invitation.direct or not known:
        return
    if invitation.encrypted:
        tx.add_effects([Answer(key=f"encrypted:{room}", user=invitation.inviter, text="direct-encrypted")], now)
        return
    state = tx.room_state(room) or RoomState(room)
    tx.save_room_state(replace(state, direct_with=invitation.inviter))
    tx.save_direct_room(invitation.inviter, room)
    tx.add_effects([Join(key=f"join:{room}:{now.isoformat(timespec='minutes')}", room=room)], now)
